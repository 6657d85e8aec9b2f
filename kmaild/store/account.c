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

#include <sodium.h>

#include "account.h"
#include "body.h"
#include "common/clock.h"
#include "db.h"
#include "eventlog.h"
#include "plan.h"
#include "recover.h"
#include "session.h"

static struct account_tree	 accounts = RB_INITIALIZER(&accounts);

static int		 account_cmp(struct account *, struct account *);
static struct account	*account_new(const struct id *);
static void		 account_free(struct account *);
static void		 account_text(sqlite3_stmt *, int, char *, size_t);
static int		 account_read(struct account *);
static int		 account_read_all(sqlite3_stmt *);
static int		 account_insert(const struct id *);
static int		 account_update_settings(const struct id *,
			    const struct settings *);
static int		 account_update_put(const struct m_account_put *, int);
static int		 account_put_is_new(const struct account *,
			    const struct m_account_put *);
static int		 account_has_mail(const struct account *);
static int		 account_orphan(struct account *);

RB_GENERATE(account_tree, account, entry, account_cmp)

static int
account_cmp(struct account *a, struct account *b)
{
	return memcmp(&a->id, &b->id, sizeof(a->id));
}

struct account *
account_get(const struct id *id)
{
	struct account	 key;

	key.id = *id;
	return RB_FIND(account_tree, &accounts, &key);
}

struct account_tree *
account_all(void)
{
	return &accounts;
}

static struct account *
account_new(const struct id *id)
{
	struct account	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal(LC_MEMORY);
	a->id = *id;
	a->due = PLAN_NEVER;
	TAILQ_INIT(&a->asks);
	RB_INSERT(account_tree, &accounts, a);
	return a;
}

static void
account_free(struct account *a)
{
	session_forget_account(a);
	plan_forget_account(a);
	RB_REMOVE(account_tree, &accounts, a);
	sodium_memzero(a->hash_key, sizeof(a->hash_key));
	free(a);
}

static void
account_text(sqlite3_stmt *row, int col, char *buf, size_t size)
{
	const char	*s = (const char *)sqlite3_column_text(row, col);

	strlcpy(buf, s == NULL ? "" : s, size);
}

/* Bring the struct up to its row: 0, or -1 when it has none. */
static int
account_read(struct account *a)
{
	static struct db_stmt	 q = DB_STMT("SELECT committed, label, user,"
	    " imap_host, imap_port, imap_tls, has_secret, paused, every,"
	    " epoch, hash_key, failures, refusals, last_sync_status,"
	    " last_sync_reason, tenant, auth FROM account WHERE id = ?");
	sqlite3_stmt		*row;

	if ((row = db_query(&q, "b", &a->id, sizeof(a->id))) == NULL)
		return -1;
	if (db_step(row) != 1) {
		db_done(row);
		return -1;
	}
	a->state = (enum account_state)sqlite3_column_int(row, 0);
	account_text(row, 1, a->label, sizeof(a->label));
	account_text(row, 2, a->user, sizeof(a->user));
	account_text(row, 3, a->imap_host, sizeof(a->imap_host));
	a->imap_port = (uint16_t)sqlite3_column_int(row, 4);
	a->imap_tls = (uint32_t)sqlite3_column_int(row, 5);
	a->has_secret = sqlite3_column_int(row, 6);
	a->paused = sqlite3_column_int(row, 7);
	a->every = sqlite3_column_type(row, 8) == SQLITE_NULL ?
	    ACCOUNT_FOLLOW : sqlite3_column_int64(row, 8);
	a->epoch = sqlite3_column_int64(row, 9);
	if (sqlite3_column_bytes(row, 10) == ACCOUNT_KEY_LEN)
		memcpy(a->hash_key, sqlite3_column_blob(row, 10),
		    ACCOUNT_KEY_LEN);
	a->failures = (uint32_t)sqlite3_column_int(row, 11);
	a->refusals = (uint32_t)sqlite3_column_int(row, 12);
	a->status = (enum sync_status)sqlite3_column_int(row, 13);
	a->reason = (enum reason)sqlite3_column_int(row, 14);
	account_text(row, 15, a->tenant, sizeof(a->tenant));
	a->auth = (uint32_t)sqlite3_column_int(row, 16);
	db_done(row);
	return 0;
}

static int
account_read_all(sqlite3_stmt *row)
{
	struct account	*a;
	struct id	 id;
	int		 n;

	while ((n = db_step(row)) == 1) {
		if (sqlite3_column_bytes(row, 0) != ID_LEN)
			continue;
		memcpy(&id, sqlite3_column_blob(row, 0), ID_LEN);
		a = account_new(&id);
		if (account_read(a) == -1)
			return -1;
		plan_load(a, sqlite3_column_int64(row, 1),
		    sqlite3_column_int64(row, 2));
	}
	return n;
}

int
account_load(void)
{
	static struct db_stmt	 q = DB_STMT("SELECT id, next_due, hold_until"
	    " FROM account WHERE committed <> 3");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "")) == NULL)
		return -1;
	n = account_read_all(row);
	db_done(row);
	return n;
}

void
account_unload(void)
{
	struct account	*a, *next;

	RB_FOREACH_SAFE(a, account_tree, &accounts, next)
		account_free(a);
}

int
account_find(const char *label, struct id *id)
{
	struct account	*a;

	RB_FOREACH(a, account_tree, &accounts) {
		if (a->state != ACCOUNT_LIVE && a->state != ACCOUNT_ORPHAN)
			continue;
		if (strcmp(a->label, label) == 0) {
			*id = a->id;
			return 0;
		}
	}
	return -1;
}

static int
account_insert(const struct id *id)
{
	static struct db_stmt	 q = DB_STMT("INSERT OR IGNORE INTO account"
	    " (id, created, hash_key) VALUES (?, ?, ?)");
	unsigned char		 key[ACCOUNT_KEY_LEN];
	int			 n;

	randombytes_buf(key, sizeof(key));
	n = db_run(&q, "bib", id, sizeof(*id), clock_utc(), key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	return n;
}

static int
account_update_settings(const struct id *id, const struct settings *s)
{
	static struct db_stmt	 q = DB_STMT("UPDATE account SET"
	    " every = iif(?1 & 2, nullif(?2, -1), every),"
	    " since = iif(?1 & 4, ?3, since),"
	    " newest = iif(?1 & 8, ?4, newest),"
	    " folders = iif(?1 & 1, ?5, folders) WHERE id = ?6");

	return db_run(&q, "iiiibb", (int64_t)s->given,
	    s->every_default ? (int64_t)ACCOUNT_FOLLOW : (int64_t)s->every,
	    s->since, (int64_t)s->newest,
	    s->folders_len == 0 ? NULL : s->folders, (size_t)s->folders_len,
	    id, sizeof(*id));
}

int
account_settings(const struct m_account_settings *m)
{
	struct account	*a;

	if (db_begin() == -1)
		return -1;
	if (account_insert(&m->account) == -1 ||
	    account_update_settings(&m->account, &m->settings) == -1) {
		db_rollback();
		return -1;
	}
	if (db_commit() == -1)
		return -1;
	if ((a = account_get(&m->account)) == NULL)
		a = account_new(&m->account);
	if (account_read(a) == -1)
		return -1;
	plan_changed(a, 0);
	return 0;
}

/* Another host or user is another mailbox: its folders begin anew. */
static int
account_update_put(const struct m_account_put *m, int elsewhere)
{
	static struct db_stmt	 clear = DB_STMT("UPDATE account"
	    " SET label = NULL WHERE label = ? AND id <> ?");
	static struct db_stmt	 folders = DB_STMT("UPDATE folder"
	    " SET present = 0 WHERE account = ? AND ?");
	static struct db_stmt	 q = DB_STMT("UPDATE account SET label = ?,"
	    " tenant = ?, auth = ?, user = ?, imap_host = ?, imap_port = ?,"
	    " imap_tls = ?, has_secret = ?, committed = 1, epoch = epoch + ?,"
	    " refusals = iif(?, 0, refusals), failures = iif(?10, 0, failures),"
	    " hold_until = iif(?10, 0, hold_until) WHERE id = ?");
	int64_t			 reset;

	reset = elsewhere || (m->flags & ACCOUNT_SECRET_RESET);
	if (db_run(&clear, "tb", m->label, &m->account,
	    sizeof(m->account)) == -1 ||
	    db_run(&folders, "bi", &m->account, sizeof(m->account),
	    (int64_t)elsewhere) == -1)
		return -1;
	return db_run(&q, "ttittiiiiib", m->label, m->tenant,
	    (int64_t)m->auth, m->user, m->imap_host, (int64_t)m->imap_port,
	    (int64_t)m->imap_tls,
	    (int64_t)((m->flags & ACCOUNT_HAS_SECRET) != 0),
	    (int64_t)elsewhere, reset, &m->account, sizeof(m->account));
}

/* The vault repeats all its accounts at each start: write what changed. */
static int
account_put_is_new(const struct account *a, const struct m_account_put *m)
{
	return a->state != ACCOUNT_LIVE || a->auth != m->auth ||
	    (m->flags & ACCOUNT_SECRET_RESET) != 0 ||
	    a->has_secret != ((m->flags & ACCOUNT_HAS_SECRET) != 0) ||
	    a->imap_tls != m->imap_tls || a->imap_port != m->imap_port ||
	    strcmp(a->label, m->label) != 0 ||
	    strcmp(a->tenant, m->tenant) != 0 ||
	    strcmp(a->user, m->user) != 0 ||
	    strcmp(a->imap_host, m->imap_host) != 0;
}

int
account_put(const struct m_account_put *m)
{
	struct account	*a, *other;
	struct id	 holder;
	int		 elsewhere = 0;

	if ((a = account_get(&m->account)) != NULL && a->imap_host[0] != '\0')
		elsewhere = strcmp(a->imap_host, m->imap_host) != 0 ||
		    strcmp(a->user, m->user) != 0;
	if (a != NULL && !account_put_is_new(a, m)) {
		a->put = 1;
		return 0;
	}
	if (db_begin() == -1)
		return -1;
	if (account_insert(&m->account) == -1 ||
	    account_update_put(m, elsewhere) == -1) {
		db_rollback();
		return -1;
	}
	if (db_commit() == -1)
		return -1;
	if (account_find(m->label, &holder) == 0 &&
	    !id_equal(&holder, &m->account) &&
	    (other = account_get(&holder)) != NULL)
		other->label[0] = '\0';
	if (a == NULL)
		a = account_new(&m->account);
	if (account_read(a) == -1)
		return -1;
	a->put = 1;
	if (elsewhere)
		session_cancel_account(a, R_CANCELLED);
	plan_changed(a, elsewhere || (m->flags & ACCOUNT_SECRET_RESET) != 0);
	return 0;
}

void
account_sync_begin(void)
{
	struct account	*a;

	RB_FOREACH(a, account_tree, &accounts)
		a->put = 0;
}

static int
account_has_mail(const struct account *a)
{
	static struct db_stmt	 q = DB_STMT("SELECT 1 FROM message"
	    " WHERE account = ? LIMIT 1");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "b", &a->id, sizeof(a->id))) == NULL)
		return -1;
	n = db_step(row);
	db_done(row);
	return n;
}

/* Mail goes by M_ACCOUNT_REMOVE alone, never because vault.db was lost. */
static int
account_orphan(struct account *a)
{
	static struct db_stmt	 q = DB_STMT("UPDATE account"
	    " SET committed = 2 WHERE id = ?");

	if (a->state == ACCOUNT_ORPHAN)
		return 0;
	if (db_run(&q, "b", &a->id, sizeof(a->id)) == -1)
		return -1;
	a->state = ACCOUNT_ORPHAN;
	plan_changed(a, 0);
	eventlog_add(LOG_WARNING, LC_ACCOUNT_ORPHAN, &a->id, 0, 0, 0);
	return 0;
}

int
account_synced(void)
{
	struct account	*a, *next;
	int		 n;

	RB_FOREACH_SAFE(a, account_tree, &accounts, next) {
		if (a->put)
			continue;
		if ((n = account_has_mail(a)) == -1)
			return -1;
		if ((n == 1 ? account_orphan(a) : account_remove(&a->id)) == -1)
			return -1;
	}
	return 0;
}

int
account_remove(const struct id *which)
{
	static struct db_stmt	 q = DB_STMT("UPDATE account SET label = NULL,"
	    " committed = 3 WHERE id = ?");
	struct account		*a;
	struct id		 id = *which;	/* perhaps the account's own */

	if ((a = account_get(&id)) != NULL)
		session_cancel_account(a, R_CANCELLED);
	if (db_run(&q, "b", &id, sizeof(id)) == -1)
		return -1;
	if (a == NULL)
		return 0;
	account_free(a);
	body_forget();
	recover_unlink(&id);
	removal_start();
	return 0;
}

int
account_set_paused(struct account *a, int paused)
{
	static struct db_stmt	 q = DB_STMT("UPDATE account SET paused = ?"
	    " WHERE id = ?");

	if (db_run(&q, "ib", (int64_t)paused, &a->id, sizeof(a->id)) == -1)
		return -1;
	a->paused = paused;
	return 0;
}
