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
#include "control.h"
#include "db.h"

/* The not-fetched list: shown, tried again, dropped. */

struct place {
	int64_t		 folder;	/* folder.id */
	uint32_t	 uid;
	int64_t		 changed;
};

static struct db_stmt	 rows = DB_STMT(
    "SELECT waiting.folder, waiting.uid, folder.name, waiting.reason,"
    " waiting.attempts, waiting.state, waiting.first, waiting.last,"
    " waiting.size FROM folder JOIN waiting ON waiting.folder = folder.id"
    " WHERE folder.account = ?1 AND waiting.state IN (0, 1)"
    " AND (waiting.folder, waiting.uid) > (?2, ?3)"
    " AND (?4 IS NULL OR folder.name = ?4)"
    " AND (?5 = 0 OR waiting.uid = ?5)"
    " ORDER BY waiting.folder, waiting.uid LIMIT 64");

static void	 waiting_clear(struct request *);
static void	 waiting_state(struct request *);
static sqlite3_stmt *waiting_page(struct request *);
static void	 waiting_item(struct request *, const struct account_row *,
		    sqlite3_stmt *);
static enum pump waiting_one_pump(struct request *);
static enum pump waiting_all_pump(struct request *);
static int	 waiting_items(struct request *, const struct account_row *);
static enum pump change_pump(struct request *);
static enum pump change_end(struct request *);

static void
waiting_clear(struct request *r)
{
	free(r->state);
}

static void
waiting_state(struct request *r)
{
	if ((r->state = calloc(1, sizeof(struct place))) == NULL)
		fatal(LC_MEMORY);
	r->clear = waiting_clear;
}

/* The next rows of r->account, from where the last page ended. */
static sqlite3_stmt *
waiting_page(struct request *r)
{
	struct place	*place = r->state;
	const void	*name = NULL;

	if (r->args.given & KEY_FOLDER)
		name = r->args.folder;
	return db_query(&rows, "biibi", r->account.b, sizeof(r->account.b),
	    place->folder, (int64_t)place->uid, name, r->args.folder_len,
	    (int64_t)r->args.uid);
}

static void
waiting_item(struct request *r, const struct account_row *row,
    sqlite3_stmt *st)
{
	enum reason	 reason = (enum reason)sqlite3_column_int(st, 3);
	json_t		*item = reply_item(r, "waiting");

	if (reason_check((uint32_t)reason) == -1)
		reason = R_NONE;
	reply_id(item, "account", row->id.b);
	reply_text(item, "label", row->label);
	reply_percent(item, "folder", sqlite3_column_blob(st, 2),
	    (size_t)sqlite3_column_bytes(st, 2));
	reply_int(item, "uid", sqlite3_column_int64(st, 1));
	reply_text(item, "reason", reason == R_NONE ? NULL :
	    reason_word(reason));
	reply_text(item, "detail", reason == R_NONE ? NULL :
	    reason_detail(reason));
	reply_remedy(item, "remedy", reason);
	reply_int(item, "attempts", sqlite3_column_int64(st, 4));
	reply_text(item, "state", sqlite3_column_int(st, 5) ==
	    WAITING_QUARANTINED ? "quarantined" : "retry");
	reply_time(item, "first", sqlite3_column_int64(st, 6));
	reply_time(item, "last", sqlite3_column_int64(st, 7));
	reply_int(item, "size", sqlite3_column_int64(st, 8));
	reply_send(r, item);
}

/* One page: how many, or -1. */
static int
waiting_items(struct request *r, const struct account_row *row)
{
	struct place	*place = r->state;
	sqlite3_stmt	*st;
	int		 n = 0, step;

	if ((st = waiting_page(r)) == NULL)
		return -1;
	while ((step = db_step(st)) == 1) {
		place->folder = sqlite3_column_int64(st, 0);
		place->uid = (uint32_t)sqlite3_column_int64(st, 1);
		waiting_item(r, row, st);
		n++;
	}
	db_done(st);
	return step == -1 ? -1 : n;
}

static enum pump
waiting_one_pump(struct request *r)
{
	struct account_row	 row;
	int			 n;

	if (account_row(&r->account, &row) != 1 ||
	    (n = waiting_items(r, &row)) == -1)
		return request_internal(r);
	return n == 0 ? request_end(r) : PUMP_MORE;
}

static enum pump
waiting_all_pump(struct request *r)
{
	struct account_row	 row;
	struct place		*place = r->state;
	int			 found, n;

	if (r->cursor == 0) {	/* to the next account */
		if ((found = account_row_after(r->label, &row)) == -1)
			return request_internal(r);
		if (found == 0)
			return request_end(r);
		strlcpy(r->label, row.label, sizeof(r->label));
		if (!allowed(r->client, ALLOW_READ, row.label, row.tenant))
			return PUMP_MORE;
		r->account = row.id;
		place->folder = 0;
		place->uid = 0;
		r->cursor = 1;
	} else if (account_row(&r->account, &row) != 1) {
		r->cursor = 0;	/* removed meanwhile */
		return PUMP_MORE;
	}
	if ((n = waiting_items(r, &row)) == -1)
		return request_internal(r);
	if (n == 0)
		r->cursor = 0;
	return PUMP_MORE;
}

void
op_waiting_list(struct request *r)
{
	struct account_row	 row;

	r->pump = waiting_all_pump;
	if (r->args.given & KEY_ACCOUNT) {
		if (account_want(r, r->args.account, ALLOW_READ, &row) == -1)
			return;
		r->account = row.id;
		r->pump = waiting_one_pump;
	}
	waiting_state(r);
}

static enum pump
change_end(struct request *r)
{
	struct place	*place = r->state;
	json_t		*item;

	if (place->changed == 0) {
		request_fail(r, ERR_MISSING,
		    "nothing like this is on the not-fetched list",
		    "`kmailctl message waiting` shows what is.");
		return request_error(r);
	}
	item = reply_item(r, "end");
	reply_int(item, "changed", place->changed);
	reply_send(r, item);
	return PUMP_DONE;
}

/* Row by row: a change may not happen while a statement reads the table. */
static enum pump
change_pump(struct request *r)
{
	struct place	*place = r->state;
	sqlite3_stmt	*st;
	int		 i, step, result;

	for (i = 0; i < 64; i++) {
		if ((st = waiting_page(r)) == NULL)
			return request_internal(r);
		if ((step = db_step(st)) == 1) {
			place->folder = sqlite3_column_int64(st, 0);
			place->uid = (uint32_t)sqlite3_column_int64(st, 1);
		}
		db_done(st);
		if (step == -1)
			return request_internal(r);
		if (step == 0)
			return change_end(r);
		result = r->args.op == OP_WAITING_RETRY ?
		    waiting_retry(place->folder, place->uid) :
		    waiting_drop(place->folder, place->uid);
		if (result == -2)
			return request_internal(r);
		if (result == 0)
			place->changed++;
	}
	return PUMP_MORE;
}

void
op_waiting_change(struct request *r)
{
	struct account_row	 row;

	if (account_want(r, r->args.account, ALLOW_OPERATE, &row) == -1)
		return;
	r->account = row.id;
	waiting_state(r);
	r->pump = change_pump;
}
