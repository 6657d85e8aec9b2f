/*
 * Copyright (c) 2026 The kmaild authors
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "vault.h"

/*
 * What a client of vault.sock asks for.  Its rights are looked up at each
 * request.  V_PASSWORD is dealt with here, what takes the store's consent
 * in change.c.
 */
static void	 request_get(struct client *, struct imsg *);
static void	 request_rename(struct client *, struct imsg *);
static enum v_status rename_commit(struct account *, const char *,
		    struct v_reply *);
static void	 request_password(struct client *, struct imsg *);
static enum v_status password_check(struct client *, struct v_password *,
		    struct account *, struct v_reply *);
static enum v_status password_commit(struct account *, struct arena *,
		    struct v_reply *);
static int	 take(struct client *, struct imsg *, void *, size_t);

void
request(struct client *c, struct imsg *imsg)
{
	if (admin_is_busy(c)) {
		admin_malformed(c);	/* one request at a time */
		return;
	}
	switch (imsg_get_type(imsg)) {
	case V_ACCOUNT_GET:
		request_get(c, imsg);
		break;
	case V_ACCOUNT_RENAME:
		request_rename(c, imsg);
		break;
	case V_PASSWORD:
		request_password(c, imsg);
		break;
	case V_ACCOUNT_ADD:
		change_add(c, imsg);
		break;
	case V_ACCOUNT_SET:
		change_set(c, imsg);
		break;
	case V_ACCOUNT_REMOVE:
		change_remove(c, imsg);
		break;
	default:
		admin_malformed(c);
		break;
	}
}

/* Denials are logged, but a client cannot fill the log with them. */
enum v_status
request_denied(struct client *c, uint32_t type)
{
	static int64_t	 last = -1000;
	int64_t		 now = clock_boot();

	if (now - last >= 1000) {
		last = now;
		log_warn_code(LC_REQUEST_DENIED, (int64_t)admin_uid(c), type);
	}
	return V_DENIED;
}

enum v_status
request_find(struct client *c, uint32_t type, const char *label,
    struct account *acct, struct v_reply *reply)
{
	uid_t	 uid = admin_uid(c);
	gid_t	 gid = admin_gid(c);
	int	 n;

	if ((n = account_by_label(label, acct)) == -1) {
		reply->reason = db_reason();
		return V_ERROR;
	}
	/* who may not see all does not learn which names there are */
	if (n == 0)
		return conf_admin(uid, gid, NULL) ? V_MISSING :
		    request_denied(c, type);
	return conf_admin(uid, gid, acct) ? V_OK : request_denied(c, type);
}

void
request_show(struct v_reply *reply, const struct account *acct)
{
	reply->auth = acct->auth;
	reply->imap_tls = acct->tls;
	reply->has_secret = acct->has_secret != 0;
	reply->imap_port = acct->port;
	reply->account = acct->id;
	strlcpy(reply->label, acct->label, sizeof(reply->label));
	strlcpy(reply->user, acct->user, sizeof(reply->user));
	strlcpy(reply->imap_host, acct->host, sizeof(reply->imap_host));
}

/* Payload to struct: 0, or -1 and the client is gone. */
static int
take(struct client *c, struct imsg *imsg, void *p, size_t len)
{
	if (imsg_get_data(imsg, p, len) == 0)
		return 0;
	admin_malformed(c);
	return -1;
}

static void
request_get(struct client *c, struct imsg *imsg)
{
	struct v_label	 m;
	struct v_reply	 reply;
	struct account	 acct;

	memset(&reply, 0, sizeof(reply));
	if (take(c, imsg, &m, sizeof(m)) == -1)
		return;
	if (msg_text_ok(m.label, sizeof(m.label)) == -1) {
		admin_malformed(c);
		return;
	}
	reply.status = request_find(c, V_ACCOUNT_GET, m.label, &acct, &reply);
	if (reply.status == V_OK)
		request_show(&reply, &acct);
	admin_reply(c, &reply);
}

static enum v_status
rename_commit(struct account *acct, const char *label, struct v_reply *reply)
{
	struct account	 other;
	int		 n;

	if (form_label(label) == -1) {
		strlcpy(reply->field, "name", sizeof(reply->field));
		return V_INVALID;
	}
	if (change_pending(&acct->id) || change_label_pending(label))
		return V_BUSY;
	if ((n = account_by_label(label, &other)) == 1)
		return V_EXISTS;
	strlcpy(acct->label, label, sizeof(acct->label));
	if (n == -1 || db_begin() == -1 || account_update(acct) == -1 ||
	    outbox_add(LC_ACCOUNT_RENAMED, &acct->id, 0, 0) == -1 ||
	    db_commit() == -1) {
		db_rollback();
		reply->reason = db_reason();
		return V_ERROR;
	}
	return V_OK;
}

static void
request_rename(struct client *c, struct imsg *imsg)
{
	struct v_rename	 m;
	struct v_reply	 reply;
	struct account	 acct;

	memset(&reply, 0, sizeof(reply));
	if (take(c, imsg, &m, sizeof(m)) == -1)
		return;
	if (msg_text_ok(m.label, sizeof(m.label)) == -1 ||
	    msg_text_ok(m.new_label, sizeof(m.new_label)) == -1) {
		admin_malformed(c);
		return;
	}
	reply.status = request_find(c, V_ACCOUNT_RENAME, m.label, &acct,
	    &reply);
	if (reply.status == V_OK)
		reply.status = rename_commit(&acct, m.new_label, &reply);
	if (reply.status == V_OK) {
		account_put(&acct, 0);
		outbox_send();
		request_show(&reply, &acct);
	}
	admin_reply(c, &reply);
}

/* Everything but the secret itself; fills the record. */
static enum v_status
password_check(struct client *c, struct v_password *m, struct account *acct,
    struct v_reply *reply)
{
	int	 n;

	if ((n = account_load(&m->account, acct)) == -1) {
		reply->reason = db_reason();
		return V_ERROR;
	}
	if (n == 0)
		return conf_admin(admin_uid(c), admin_gid(c), NULL) ?
		    V_MISSING : request_denied(c, V_PASSWORD);
	if (!conf_admin(admin_uid(c), admin_gid(c), acct))
		return request_denied(c, V_PASSWORD);
	if (key_state() != R_NONE) {
		reply->reason = key_state();
		return V_KEY;
	}
	if (change_pending(&acct->id))
		return V_BUSY;
	/* what the operator saw, not what the account is by now */
	if (strcmp(m->user, acct->user) != 0 ||
	    strcmp(m->imap_host, acct->host) != 0 ||
	    m->imap_port != acct->port)
		return V_CHANGED;
	if (form_secret(m->secret, m->secret_len) == -1) {
		strlcpy(reply->field, "password", sizeof(reply->field));
		return V_INVALID;
	}
	return V_OK;
}

static enum v_status
password_commit(struct account *acct, struct arena *a, struct v_reply *reply)
{
	if (db_begin() == -1 ||
	    secret_put(acct, a, a->password.secret,
	    a->password.secret_len) == -1 || rate_reset(&acct->id) == -1 ||
	    outbox_add(LC_PASSWORD_SET, &acct->id, 0, 0) == -1 ||
	    db_commit() == -1) {
		db_rollback();
		reply->reason = db_reason();
		return V_ERROR;
	}
	return V_OK;
}

static void
request_password(struct client *c, struct imsg *imsg)
{
	struct arena		*a;
	struct v_password	*m;
	struct v_reply		 reply;
	struct account		 acct;
	int			 bad;

	memset(&reply, 0, sizeof(reply));
	a = arena_open();
	m = &a->password;
	bad = imsg_get_data(imsg, m, sizeof(*m)) == -1 ||
	    msg_text_ok(m->user, sizeof(m->user)) == -1 ||
	    msg_text_ok(m->imap_host, sizeof(m->imap_host)) == -1 ||
	    m->secret_len > sizeof(m->secret);
	if (!bad) {
		reply.status = password_check(c, m, &acct, &reply);
		if (reply.status == V_OK)
			reply.status = password_commit(&acct, a, &reply);
	}
	arena_close();
	if (bad) {
		admin_malformed(c);
		return;
	}
	if (reply.status == V_OK) {
		db_scrub();	/* of the box that was there before */
		account_put(&acct, ACCOUNT_SECRET_RESET);
		outbox_send();
		request_show(&reply, &acct);
	}
	admin_reply(c, &reply);
}
