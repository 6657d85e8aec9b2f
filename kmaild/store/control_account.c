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
#include "control.h"
#include "db.h"

#define ACCOUNT_COLUMNS							\
	"SELECT id, label, tenant, auth, user, imap_host, imap_port,"	\
	" imap_tls, has_secret, committed, paused, every, since, newest," \
	" created, last_sync_at, last_sync_status, last_sync_reason,"	\
	" last_sync_imported, last_sync_duplicates, last_success,"	\
	" hold_until, epoch FROM account WHERE committed IN (1, 2) "

static struct db_stmt	 by_id = DB_STMT(ACCOUNT_COLUMNS "AND id = ?1");
static struct db_stmt	 by_label = DB_STMT(ACCOUNT_COLUMNS
    "AND label > ?1 ORDER BY label LIMIT 1");
static struct db_stmt	 patterns = DB_STMT(
    "SELECT folders FROM account WHERE id = ?1");
static struct db_stmt	 folders = DB_STMT(
    "SELECT id, name, utf8, uidvalidity, covered, present,"
    " (SELECT count(*) FROM seen WHERE folder = folder.id),"
    " (SELECT count(*) FROM waiting WHERE folder = folder.id"
    " AND state IN (0, 1)), flags FROM folder"
    " WHERE account = ?1 AND epoch = ?2 AND id > ?3 ORDER BY id LIMIT 64");

static void	 account_text(sqlite3_stmt *, int, char *, size_t);
static int	 account_read(sqlite3_stmt *, struct account_row *);
static json_t	*account_folders(const struct id *);
static void	 folder_item(struct request *, sqlite3_stmt *);
static enum pump account_list_pump(struct request *);
static enum pump account_show_pump(struct request *);
static enum pump account_folders_pump(struct request *);
static void	 account_switch(struct request *,
		    int (*)(const struct id *));

static void
account_text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const unsigned char	*text = sqlite3_column_text(st, column);

	strlcpy(out, text == NULL ? "" : (const char *)text, size);
}

/* Step the statement and finish it: 1 a row, 0 none, -1 database. */
static int
account_read(sqlite3_stmt *st, struct account_row *row)
{
	int	 found;

	memset(row, 0, sizeof(*row));
	if (st == NULL)
		return -1;
	found = db_step(st);
	if (found == 1 && sqlite3_column_bytes(st, 0) == ID_LEN) {
		memcpy(row->id.b, sqlite3_column_blob(st, 0), ID_LEN);
		account_text(st, 1, row->label, sizeof(row->label));
		account_text(st, 2, row->tenant, sizeof(row->tenant));
		row->auth = sqlite3_column_int(st, 3);
		account_text(st, 4, row->user, sizeof(row->user));
		account_text(st, 5, row->imap_host, sizeof(row->imap_host));
		row->imap_port = sqlite3_column_int(st, 6);
		row->imap_tls = sqlite3_column_int(st, 7);
		row->has_secret = sqlite3_column_int(st, 8);
		row->orphan = sqlite3_column_int(st, 9) == ACCOUNT_ORPHAN;
		row->paused = sqlite3_column_int(st, 10);
		row->every_default =
		    sqlite3_column_type(st, 11) == SQLITE_NULL;
		row->every = row->every_default ? store_conf()->sync_every :
		    sqlite3_column_int64(st, 11);
		row->since = sqlite3_column_int64(st, 12);
		row->newest = sqlite3_column_int64(st, 13);
		row->created = sqlite3_column_int64(st, 14);
		row->last_sync_at = sqlite3_column_int64(st, 15);
		row->last_sync_status =
		    (enum sync_status)(sqlite3_column_int(st, 16) % 6);
		row->last_sync_reason =
		    (enum reason)sqlite3_column_int(st, 17);
		row->last_sync_imported = sqlite3_column_int64(st, 18);
		row->last_sync_duplicates = sqlite3_column_int64(st, 19);
		row->last_success = sqlite3_column_int64(st, 20);
		row->hold_until = sqlite3_column_int64(st, 21);
		row->epoch = sqlite3_column_int64(st, 22);
	}
	db_done(st);
	return found;
}

int
account_row(const struct id *id, struct account_row *row)
{
	return account_read(db_query(&by_id, "b", id->b, sizeof(id->b)), row);
}

int
account_row_after(const char *label, struct account_row *row)
{
	return account_read(db_query(&by_label, "t", label), row);
}

int
account_want(struct request *r, const char *name, unsigned int rights,
    struct account_row *row)
{
	static const char	 missing[] =
	    "`kmailctl account list` shows the accounts that there are.";
	struct id		 id;
	int			 found = 0;

	if (id_parse(&id, name) == 0)
		found = account_row(&id, row);
	if (found == 0 && account_find(name, &id) == 0)
		found = account_row(&id, row);
	if (found == -1) {
		request_fail(r, ERR_INTERNAL,
		    "the database could not be read",
		    "See the log of kmaild.");
		return -1;
	}
	/* Without any right on it, it is not even there. */
	if (found == 0 || rights_on(r->client, row->label,
	    row->tenant) == 0) {
		request_fail(r, ERR_MISSING, "no such account", missing);
		return -1;
	}
	if (!allowed(r->client, rights, row->label, row->tenant)) {
		request_fail(r, ERR_DENIED,
		    "you have no right to this on that account",
		    "Ask for an `allow` line in kmaild.conf(5).");
		return -1;
	}
	return 0;
}

const char *
status_word(enum sync_status status)
{
	static const char *const	 words[] = { "never", "running", "ok",
	    "partial", "deferred", "failed" };

	return words[status];
}

enum sync_status
account_status(const struct account_row *row)
{
	return session_running(&row->id) ? STATUS_RUNNING :
	    row->last_sync_status;
}

enum reason
account_reason(const struct account_row *row)
{
	if (store_key_state() != R_NONE)
		return store_key_state();
	if (row->last_sync_reason == R_NONE && !row->has_secret)
		return R_PASSWORD_MISSING;
	return row->last_sync_reason;
}

void
account_item(struct request *r, const char *type,
    const struct account_row *row)
{
	json_t	*item, *imap;

	item = reply_item(r, type);
	reply_id(item, "account", row->id.b);
	reply_text(item, "label", row->label);
	reply_text(item, "tenant", row->tenant[0] == '\0' ? NULL :
	    row->tenant);
	reply_text(item, "auth", row->auth == AUTH_PASSWORD ? "password" :
	    NULL);
	reply_text(item, "user", row->user);
	imap = json_object();
	reply_text(imap, "host", row->imap_host);
	reply_int(imap, "port", row->imap_port);
	reply_text(imap, "tls", row->imap_tls == TLS_STARTTLS ? "starttls" :
	    "tls");
	reply_json(item, "imap", imap);
	reply_bool(item, "password", row->has_secret);
	reply_bool(item, "orphan", row->orphan);
	reply_bool(item, "paused", row->paused);
	reply_int(item, "every", row->every);
	reply_bool(item, "every_default", row->every_default);
	reply_time(item, "next_due", plan_next_due(&row->id));
	reply_text(item, "last_sync_status", status_word(account_status(row)));
	reply_time(item, "last_sync_at", row->last_sync_at);
	reply_time(item, "last_success", row->last_success);
	reply_reason(item, "last_sync_error", account_reason(row));
	if (r->args.op == OP_ACCOUNT_SHOW) {
		reply_time(item, "created", row->created);
		reply_time(item, "since", row->since * 1000000);
		reply_int(item, "newest", row->newest);
		reply_json(item, "folders", account_folders(&row->id));
		reply_remedy(item, "remedy", account_reason(row));
	}
	reply_send(r, item);
}

/* The patterns as the operator gave them. */
static json_t *
account_folders(const struct id *id)
{
	sqlite3_stmt	*st;
	json_t		*array = json_array();
	const char	*p, *end;
	size_t		 len;

	if ((st = db_query(&patterns, "b", id->b, sizeof(id->b))) == NULL)
		return array;
	if (db_step(st) == 1 && (p = sqlite3_column_blob(st, 0)) != NULL) {
		end = p + sqlite3_column_bytes(st, 0);
		for (; p < end; p += len + 1) {
			len = strnlen(p, (size_t)(end - p));
			json_array_append_new(array, percent_json(p, len));
		}
	}
	db_done(st);
	return array;
}

static enum pump
account_list_pump(struct request *r)
{
	struct account_row	 row;
	int			 found, i;

	for (i = 0; i < 32 && client_room(r->client) > 0; i++) {
		if ((found = account_row_after(r->label, &row)) == -1)
			return request_internal(r);
		if (found == 0)
			return request_end(r);
		strlcpy(r->label, row.label, sizeof(r->label));
		if (allowed(r->client, ALLOW_READ, row.label, row.tenant))
			account_item(r, "account", &row);
	}
	return PUMP_MORE;
}

void
op_account_list(struct request *r)
{
	r->pump = account_list_pump;
}

void
op_account_show(struct request *r)
{
	struct account_row	 row;

	if (account_want(r, r->args.account, ALLOW_READ, &row) == -1)
		return;
	r->account = row.id;
	r->pump = account_show_pump;
}

static enum pump
account_show_pump(struct request *r)
{
	struct account_row	 row;

	if (account_row(&r->account, &row) != 1)
		return request_internal(r);
	account_item(r, "account", &row);
	r->pump = account_folders_pump;
	return PUMP_MORE;
}

static void
folder_item(struct request *r, sqlite3_stmt *st)
{
	json_t	*item = reply_item(r, "folder");

	reply_percent(item, "folder", sqlite3_column_blob(st, 1),
	    (size_t)sqlite3_column_bytes(st, 1));
	reply_bool(item, "utf8", sqlite3_column_int(st, 2));
	reply_bool(item, "present", sqlite3_column_int(st, 5));
	reply_int(item, "uidvalidity", sqlite3_column_int64(st, 3));
	reply_int(item, "covered", sqlite3_column_int64(st, 4));
	reply_int(item, "messages", sqlite3_column_int64(st, 6));
	reply_int(item, "waiting", sqlite3_column_int64(st, 7));
	reply_send(r, item);
}

static enum pump
account_folders_pump(struct request *r)
{
	struct account_row	 row;
	sqlite3_stmt		*st;
	int			 n = 0, step;

	if (account_row(&r->account, &row) != 1 ||
	    (st = db_query(&folders, "bii", row.id.b, sizeof(row.id.b),
	    row.epoch, r->cursor)) == NULL)
		return request_internal(r);
	while ((step = db_step(st)) == 1) {
		r->cursor = sqlite3_column_int64(st, 0);
		folder_item(r, st);
		n++;
	}
	db_done(st);
	if (step == -1)
		return request_internal(r);
	return n == 0 ? request_end(r) : PUMP_MORE;
}

static void
account_switch(struct request *r, int (*change)(const struct id *))
{
	struct account_row	 row;

	if (account_want(r, r->args.account, ALLOW_OPERATE, &row) == -1)
		return;
	switch (change(&row.id)) {
	case 0:
		break;
	case -1:
		request_fail(r, ERR_MISSING, "no such account", NULL);
		break;
	default:
		request_fail(r, ERR_UNAVAILABLE,
		    "the database could not be written",
		    "See the log of kmaild.");
	}
}

void
op_account_pause(struct request *r)
{
	account_switch(r, plan_pause);
}

void
op_account_resume(struct request *r)
{
	account_switch(r, plan_resume);
}
