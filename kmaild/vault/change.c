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

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "change.h"

/*
 * Requests in two phases, since record and settings live in two databases.
 * Adding and setting: the store keeps the settings, then the vault commits
 * the record, then the store learns of it.  Removing: the vault forgets the
 * secret first and keeps the id until the store has deleted the mail.
 * Whatever dies in between, after the next start the store follows the vault.
 */
static TAILQ_HEAD(, change)	 changes = TAILQ_HEAD_INITIALIZER(changes);
static uint64_t			 last_seq;

static struct change	*change_new(struct client *, enum change_kind);
static void		 change_free(struct change *);
static void		 change_reply(struct change *, enum v_status,
			    enum reason, int);
static enum v_status	 store_away(struct v_reply *);
static void		 change_ask(struct change *,
			    const struct settings *);
static void		 change_apply(struct client *, struct imsg *,
			    enum change_kind);
static void		 change_send_remove(struct change *);
static enum reason	 commit_add(struct change *);
static void		 add_done(struct change *);
static enum reason	 commit_set(struct change *, const struct account *,
			    int *);
static enum reason	 set_secret(struct change *, const struct account *,
			    int *);
static void		 set_done(struct change *);
static enum reason	 commit_remove(const struct account *);

static struct change *
change_new(struct client *c, enum change_kind kind)
{
	struct change	*ch;

	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		fatal(LC_MEMORY);
	ch->kind = kind;
	ch->client = c;
	ch->seq = ++last_seq;
	if (c != NULL)
		ch->ca = admin_take_ca(c, &ch->ca_len);
	TAILQ_INSERT_TAIL(&changes, ch, entry);
	return ch;
}

static void
change_free(struct change *ch)
{
	TAILQ_REMOVE(&changes, ch, entry);
	free(ch->ca);
	free(ch);
}

/* Answer the client, if it is still there. */
static void
change_reply(struct change *ch, enum v_status status, enum reason reason,
    int dropped)
{
	struct v_reply	 reply;

	if (ch->client == NULL)
		return;
	memset(&reply, 0, sizeof(reply));
	reply.status = status;
	reply.reason = reason;
	reply.secret_dropped = dropped != 0;
	if (status == V_OK)
		request_show(&reply, &ch->account);
	admin_reply(ch->client, &reply);
	ch->client = NULL;
}

void
change_client_gone(struct client *c)
{
	struct change	*ch;

	TAILQ_FOREACH(ch, &changes, entry)
		if (ch->client == c)
			ch->client = NULL;
}

int
change_pending(const struct id *account)
{
	struct change	*ch;

	TAILQ_FOREACH(ch, &changes, entry)
		if (id_equal(&ch->account.id, account))
			return 1;
	return 0;
}

int
change_label_pending(const char *label)
{
	struct change	*ch;

	TAILQ_FOREACH(ch, &changes, entry)
		if (ch->kind == CHANGE_ADD &&
		    strcmp(ch->account.label, label) == 0)
			return 1;
	return 0;
}

static enum v_status
store_away(struct v_reply *reply)
{
	if (vault_peer(P_STORE) != NULL)
		return V_OK;
	reply->reason = R_PROCESS_RESTARTED;
	return V_STORE;
}

static void
change_apply(struct client *c, struct imsg *imsg, enum change_kind kind)
{
	static struct v_account	 m;
	struct v_reply		 reply;
	struct change		*ch;

	memset(&reply, 0, sizeof(reply));
	if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
	    !change_text_ok(&m)) {
		admin_malformed(c);
		return;
	}
	ch = change_new(c, kind);
	reply.status = kind == CHANGE_ADD ? change_check_add(ch, &m, &reply) :
	    change_check_set(ch, &m, &reply);
	if (reply.status == V_OK)
		reply.status = store_away(&reply);
	if (reply.status != V_OK) {
		change_free(ch);
		admin_reply(c, &reply);
		return;
	}
	admin_busy(c);
	change_ask(ch, &m.settings);
}

void
change_add(struct client *c, struct imsg *imsg)
{
	change_apply(c, imsg, CHANGE_ADD);
}

void
change_set(struct client *c, struct imsg *imsg)
{
	change_apply(c, imsg, CHANGE_SET);
}

static void
change_ask(struct change *ch, const struct settings *settings)
{
	static struct m_account_settings	 m;

	memset(&m, 0, sizeof(m));
	m.seq = ch->seq;
	m.account = ch->account.id;
	m.create = ch->kind == CHANGE_ADD;
	m.settings = *settings;
	channel_send(vault_peer(P_STORE), M_ACCOUNT_SETTINGS, -1, &m,
	    sizeof(m));
}

static void
change_send_remove(struct change *ch)
{
	struct channel		*store;
	struct m_account_remove	 m;

	if ((store = vault_peer(P_STORE)) == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.seq = ch->seq;
	m.account = ch->account.id;
	channel_send(store, M_ACCOUNT_REMOVE, -1, &m, sizeof(m));
}

/* The secret is gone before anybody hears of it. */
void
change_remove(struct client *c, struct imsg *imsg)
{
	struct v_label	 m;
	struct v_reply	 reply;
	struct account	 acct;
	struct change	*ch;

	memset(&reply, 0, sizeof(reply));
	if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
	    msg_text_ok(m.label, sizeof(m.label)) == -1) {
		admin_malformed(c);
		return;
	}
	reply.status = request_find(c, V_ACCOUNT_REMOVE, m.label, &acct,
	    &reply);
	if (reply.status == V_OK && change_pending(&acct.id))
		reply.status = V_BUSY;
	if (reply.status == V_OK)
		reply.status = store_away(&reply);
	if (reply.status == V_OK &&
	    (reply.reason = commit_remove(&acct)) != R_NONE)
		reply.status = V_ERROR;
	if (reply.status != V_OK) {
		admin_reply(c, &reply);
		return;
	}
	ticket_drop_account(&acct.id);
	session_end_account(&acct.id, R_CANCELLED);
	ch = change_new(c, CHANGE_REMOVE);
	ch->account = acct;
	admin_busy(c);
	change_send_remove(ch);
	outbox_send();
}

static enum reason
commit_remove(const struct account *acct)
{
	if (db_begin() == -1 || account_delete(&acct->id) == -1 ||
	    outbox_add(LC_ACCOUNT_REMOVED, &acct->id, 0, 0) == -1 ||
	    db_commit() == -1) {
		db_rollback();
		return db_reason();
	}
	db_scrub();
	return R_NONE;
}

/* What the store has not removed yet, once more. */
int
change_resume(void)
{
	struct change	*ch;
	struct id	 id;
	sqlite3_stmt	*st;
	int		 n;

	if ((st = db_select("SELECT account FROM removed", "")) == NULL)
		return -1;
	while ((n = db_step(st)) == 1) {
		if (db_column_id(st, 0, &id) == -1 || change_pending(&id))
			continue;
		ch = change_new(NULL, CHANGE_REMOVE);
		ch->account.id = id;
		change_send_remove(ch);
	}
	db_done(st);
	return n;
}

void
change_ack(const struct m_account_ack *m)
{
	struct change	*ch;

	TAILQ_FOREACH(ch, &changes, entry)
		if (ch->seq == m->seq)
			break;
	if (ch == NULL || reason_check(m->reason) == -1)
		fatalx(LC_INVARIANT, M_ACCOUNT_ACK);
	if (ch->kind == CHANGE_REMOVE && m->reason == R_NONE)
		(void)db_run("DELETE FROM removed WHERE account = ?", "d",
		    &ch->account.id);
	if (ch->kind == CHANGE_UNDO)
		change_free(ch);
	else if (m->reason != R_NONE) {
		change_reply(ch, V_STORE, (enum reason)m->reason, 0);
		change_free(ch);
	} else if (ch->kind == CHANGE_ADD)
		add_done(ch);
	else if (ch->kind == CHANGE_SET)
		set_done(ch);
	else {
		change_reply(ch, V_OK, R_NONE, 0);
		change_free(ch);
	}
}

static enum reason
commit_add(struct change *ch)
{
	struct account	*acct = &ch->account;

	if (db_begin() == -1 || account_insert(acct) == -1 ||
	    (ch->given & VSET_CA &&
	    account_set_ca(acct, ch->ca, ch->ca_len) == -1) ||
	    outbox_add(LC_ACCOUNT_ADDED, &acct->id, 0, 0) == -1 ||
	    db_commit() == -1) {
		db_rollback();
		return db_reason();
	}
	return R_NONE;
}

static void
add_done(struct change *ch)
{
	enum reason	 r;

	if ((r = commit_add(ch)) != R_NONE) {
		/* the store takes its settings back, under the same number */
		change_reply(ch, V_ERROR, r, 0);
		ch->kind = CHANGE_UNDO;
		change_send_remove(ch);
		return;
	}
	account_put(&ch->account, 0);
	outbox_send();
	change_reply(ch, V_OK, R_NONE, 0);
	change_free(ch);
}

/* Drop the secret, seal it again, or leave it alone; update the record. */
static enum reason
set_secret(struct change *ch, const struct account *old, int *dropped)
{
	struct account	*acct = &ch->account;

	*dropped = 0;
	if (!account_same_remote(old, acct)) {
		*dropped = old->has_secret;
		if (secret_drop(acct) == -1 || (*dropped &&
		    outbox_add(LC_SECRET_DROPPED, &acct->id, 0, 0) == -1))
			return db_reason();
	} else if (!account_same_ca(old, acct) && old->has_secret)
		return secret_rebind(old, acct);
	return account_update(acct) == -1 ? db_reason() : R_NONE;
}

static enum reason
commit_set(struct change *ch, const struct account *old, int *dropped)
{
	struct account	*acct = &ch->account;
	enum reason	 r;

	if (db_begin() == -1)
		return db_reason();
	if (ch->given & VSET_CA &&
	    account_set_ca(acct, ch->ca, ch->ca_len) == -1)
		goto fail;
	if ((r = set_secret(ch, old, dropped)) != R_NONE) {
		db_rollback();
		return r;
	}
	if (outbox_add(LC_ACCOUNT_SET, &acct->id, ch->given, 0) == -1 ||
	    db_commit() == -1)
		goto fail;
	return R_NONE;

fail:
	db_rollback();
	return db_reason();
}

static void
set_done(struct change *ch)
{
	struct account	*acct = &ch->account, old;
	enum reason	 r;
	int		 dropped = 0, moved;

	if (account_load(&acct->id, &old) != 1)
		r = db_reason();
	else
		r = commit_set(ch, &old, &dropped);
	if (r != R_NONE) {
		change_reply(ch, V_ERROR, r, 0);
		change_free(ch);
		return;
	}
	if (dropped)
		db_scrub();
	moved = !account_same_remote(&old, acct);
	if (moved || !account_same_ca(&old, acct))
		session_end_account(&acct->id, R_CANCELLED);
	account_put(acct, moved ? ACCOUNT_REMOTE_CHANGED : 0);
	outbox_send();
	change_reply(ch, V_OK, R_NONE, dropped);
	change_free(ch);
}
