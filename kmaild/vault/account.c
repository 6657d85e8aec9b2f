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

#define ACCOUNT_COLUMNS							\
    "SELECT id, label, tenant, auth, user, imap_host, imap_port, "	\
    "imap_tls, generation, ca, EXISTS (SELECT 1 FROM secret WHERE "	\
    "secret.account = account.id) FROM account "

static int	 account_row(sqlite3_stmt *, struct account *);
static int	 account_one(sqlite3_stmt *, struct account *);
static void	 account_hash(struct account *, const void *, size_t);

static void
account_hash(struct account *acct, const void *ca, size_t len)
{
	memset(acct->ca_hash, 0, sizeof(acct->ca_hash));
	acct->ca_len = (uint32_t)len;
	if (len > 0)
		crypto_generichash(acct->ca_hash, sizeof(acct->ca_hash), ca,
		    len, NULL, 0);
}

/* 0, or -1 when the row cannot be ours. */
static int
account_row(sqlite3_stmt *st, struct account *acct)
{
	int64_t	 port;
	int	 ca_len;

	memset(acct, 0, sizeof(*acct));
	if (db_column_id(st, 0, &acct->id) == -1 ||
	    db_column_text(st, 1, acct->label, sizeof(acct->label)) == -1 ||
	    db_column_text(st, 2, acct->tenant, sizeof(acct->tenant)) == -1 ||
	    db_column_text(st, 4, acct->user, sizeof(acct->user)) == -1 ||
	    db_column_text(st, 5, acct->host, sizeof(acct->host)) == -1)
		return -1;
	port = sqlite3_column_int64(st, 6);
	ca_len = sqlite3_column_bytes(st, 9);
	if (port < 1 || port > UINT16_MAX || ca_len > KM_CA_MAX)
		return -1;
	acct->auth = (uint32_t)sqlite3_column_int64(st, 3);
	acct->port = (uint16_t)port;
	acct->tls = (uint32_t)sqlite3_column_int64(st, 7);
	acct->generation = (uint64_t)sqlite3_column_int64(st, 8);
	account_hash(acct, sqlite3_column_blob(st, 9), (size_t)ca_len);
	acct->has_secret = sqlite3_column_int(st, 10);
	return 0;
}

static int
account_one(sqlite3_stmt *st, struct account *acct)
{
	int	 n;

	if (st == NULL)
		return -1;
	if ((n = db_step(st)) == 1 && account_row(st, acct) == -1) {
		log_code(LOG_ERR, LC_VDB_DAMAGED, NULL, 0, 0, 0);
		n = -1;
	}
	db_done(st);
	return n;
}

int
account_load(const struct id *id, struct account *acct)
{
	return account_one(db_select(ACCOUNT_COLUMNS "WHERE id = ?", "d", id),
	    acct);
}

int
account_by_label(const char *label, struct account *acct)
{
	return account_one(db_select(ACCOUNT_COLUMNS "WHERE label = ?", "t",
	    label), acct);
}

int
account_each(void (*f)(const struct account *, void *), void *arg)
{
	struct account	 acct;
	sqlite3_stmt	*st;
	int		 n;

	if ((st = db_select(ACCOUNT_COLUMNS "ORDER BY label", "")) == NULL)
		return -1;
	while ((n = db_step(st)) == 1) {
		if (account_row(st, &acct) == -1) {
			log_code(LOG_ERR, LC_VDB_DAMAGED, NULL, 0, 0, 0);
			n = -1;
			break;
		}
		f(&acct, arg);
	}
	db_done(st);
	return n;
}

int
account_insert(const struct account *acct)
{
	return db_run("INSERT INTO account (id, label, tenant, auth, user, "
	    "imap_host, imap_port, imap_tls, generation, created) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "dttittiiii", &acct->id,
	    acct->label, acct->tenant, (int64_t)acct->auth, acct->user,
	    acct->host, (int64_t)acct->port, (int64_t)acct->tls,
	    (int64_t)acct->generation, clock_utc());
}

int
account_update(const struct account *acct)
{
	return db_run("UPDATE account SET label = ?, tenant = ?, user = ?, "
	    "imap_host = ?, imap_port = ?, imap_tls = ?, generation = ? "
	    "WHERE id = ?", "ttttiiid", acct->label, acct->tenant, acct->user,
	    acct->host, (int64_t)acct->port, (int64_t)acct->tls,
	    (int64_t)acct->generation, &acct->id);
}

/* The id stays in `removed' until the store has removed it too. */
int
account_delete(const struct id *id)
{
	if (db_run("DELETE FROM secret WHERE account = ?", "d", id) == -1 ||
	    db_run("DELETE FROM login WHERE account = ?", "d", id) == -1 ||
	    db_run("DELETE FROM refusal WHERE account = ?", "d", id) == -1 ||
	    db_run("INSERT OR REPLACE INTO removed (account) VALUES (?)", "d",
	    id) == -1)
		return -1;
	return db_run("DELETE FROM account WHERE id = ?", "d", id);
}

int
account_set_ca(struct account *acct, const unsigned char *ca, size_t len)
{
	account_hash(acct, ca, len);
	return db_run("UPDATE account SET ca = ? WHERE id = ?", "bd",
	    len > 0 ? ca : NULL, len, &acct->id);
}

ssize_t
account_ca(const struct id *id, unsigned char *buf)
{
	sqlite3_stmt	*st;
	ssize_t		 len = -1;

	st = db_select("SELECT ca FROM account WHERE id = ?", "d", id);
	if (st == NULL)
		return -1;
	if (db_step(st) == 1 && sqlite3_column_bytes(st, 0) <= KM_CA_MAX) {
		len = sqlite3_column_bytes(st, 0);
		if (len > 0)
			memcpy(buf, sqlite3_column_blob(st, 0), (size_t)len);
	}
	db_done(st);
	return len;
}

int
account_same_remote(const struct account *a, const struct account *b)
{
	return strcmp(a->user, b->user) == 0 &&
	    strcmp(a->host, b->host) == 0 && a->port == b->port &&
	    a->tls == b->tls && a->auth == b->auth;
}

int
account_same_ca(const struct account *a, const struct account *b)
{
	return a->ca_len == b->ca_len && memcmp(a->ca_hash, b->ca_hash,
	    sizeof(a->ca_hash)) == 0;
}

void
account_put(const struct account *acct, uint32_t flags)
{
	struct channel		*store = vault_peer(P_STORE);
	struct m_account_put	 m;

	if (store == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.account = acct->id;
	m.auth = acct->auth;
	m.flags = flags | (acct->has_secret ? ACCOUNT_HAS_SECRET : 0);
	m.imap_tls = acct->tls;
	m.imap_port = acct->port;
	strlcpy(m.label, acct->label, sizeof(m.label));
	strlcpy(m.tenant, acct->tenant, sizeof(m.tenant));
	strlcpy(m.user, acct->user, sizeof(m.user));
	strlcpy(m.imap_host, acct->host, sizeof(m.imap_host));
	channel_send(store, M_ACCOUNT_PUT, -1, &m, sizeof(m));
}
