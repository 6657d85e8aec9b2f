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

#include "change.h"

static enum v_status	 invalid(struct v_reply *, const char *);
static enum v_status	 fill_remote(struct account *,
			    const struct v_account *, struct v_reply *);
static enum v_status	 fill(struct change *, const struct v_account *,
			    struct v_reply *);

int
change_text_ok(const struct v_account *m)
{
	return msg_text_ok(m->label, sizeof(m->label)) == 0 &&
	    msg_text_ok(m->tenant, sizeof(m->tenant)) == 0 &&
	    msg_text_ok(m->user, sizeof(m->user)) == 0 &&
	    msg_text_ok(m->imap_host, sizeof(m->imap_host)) == 0;
}

static enum v_status
invalid(struct v_reply *reply, const char *field)
{
	strlcpy(reply->field, field, sizeof(reply->field));
	return V_INVALID;
}

/* Host, port and mode. */
static enum v_status
fill_remote(struct account *acct, const struct v_account *m,
    struct v_reply *reply)
{
	strlcpy(acct->host, m->imap_host, sizeof(acct->host));
	acct->port = m->imap_port;
	acct->tls = m->imap_tls;
	if (form_host(acct->host) == -1 || acct->port == 0)
		return invalid(reply, "imap");
	if (acct->tls != TLS_IMPLICIT && acct->tls != TLS_STARTTLS)
		return invalid(reply, "tls");
	if (!conf_port_allowed(acct->port)) {
		reply->imap_port = acct->port;
		return V_PORT;
	}
	return V_OK;
}

/* Put what was given into the record. */
static enum v_status
fill(struct change *ch, const struct v_account *m, struct v_reply *reply)
{
	struct account	*acct = &ch->account;
	enum v_status	 status;

	ch->given = m->given;
	if (m->given & VSET_USER) {
		strlcpy(acct->user, m->user, sizeof(acct->user));
		if (form_user(acct->user) == -1)
			return invalid(reply, "user");
	}
	if (m->given & VSET_IMAP &&
	    (status = fill_remote(acct, m, reply)) != V_OK)
		return status;
	if (m->given & VSET_TENANT) {
		strlcpy(acct->tenant, m->tenant, sizeof(acct->tenant));
		if (acct->tenant[0] != '\0' && form_label(acct->tenant) == -1)
			return invalid(reply, "tenant");
	}
	if (m->given & VSET_CA && ch->ca_len > 0 &&
	    form_ca(ch->ca, ch->ca_len) == -1)
		return invalid(reply, "ca");
	if (form_settings(&m->settings) == -1)
		return invalid(reply, "settings");
	return V_OK;
}

enum v_status
change_check_add(struct change *ch, struct v_account *m, struct v_reply *reply)
{
	struct account	 other;
	enum v_status	 status;
	int		 n;

	if (!conf_admin(admin_uid(ch->client), admin_gid(ch->client), NULL))
		return request_denied(ch->client, V_ACCOUNT_ADD);
	if (form_label(m->label) == -1)
		return invalid(reply, "name");
	if (m->auth != AUTH_PASSWORD)
		return invalid(reply, "auth");
	m->given |= VSET_USER | VSET_IMAP;
	if ((status = fill(ch, m, reply)) != V_OK)
		return status;
	if ((n = account_by_label(m->label, &other)) == -1) {
		reply->reason = db_reason();
		return V_ERROR;
	}
	if (n == 1)
		return V_EXISTS;
	if (change_label_pending(m->label))
		return V_BUSY;
	ch->account.auth = m->auth;
	strlcpy(ch->account.label, m->label, sizeof(ch->account.label));
	id_mint(&ch->account.id);
	return V_OK;
}

enum v_status
change_check_set(struct change *ch, struct v_account *m, struct v_reply *reply)
{
	struct client	*c = ch->client;
	struct account	 acct;
	enum v_status	 status;

	if ((status = request_find(c, V_ACCOUNT_SET, m->label, &acct,
	    reply)) != V_OK)
		return status;
	/* a tenant's administrator does not move accounts between tenants */
	if (m->given & VSET_TENANT &&
	    !conf_admin(admin_uid(c), admin_gid(c), NULL))
		return request_denied(c, V_ACCOUNT_SET);
	if (change_pending(&acct.id))
		return V_BUSY;
	ch->account = acct;
	if ((status = fill(ch, m, reply)) != V_OK)
		return status;
	/* the secret is bound to the CA: it has to be sealed again */
	if (m->given & VSET_CA && acct.has_secret &&
	    account_same_remote(&acct, &ch->account) &&
	    key_state() != R_NONE) {
		reply->reason = key_state();
		return V_KEY;
	}
	return V_OK;
}
