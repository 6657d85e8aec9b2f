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

#include "common/log.h"
#include "control.h"
#include "db.h"

/*
 * monitor: the event table from a row on, and what is added to it.  The
 * subscriber has a position and no queue: one that reads slowly reads from
 * the table later.
 */

static struct db_stmt	 rows = DB_STMT(
    "SELECT id, time, code, account, a, b, c FROM event WHERE id > ?1"
    " ORDER BY id LIMIT 64");
static struct db_stmt	 last = DB_STMT("SELECT max(id) FROM event");

static void	 event_item(struct request *, sqlite3_stmt *);
static enum pump monitor_pump(struct request *);

void
op_monitor(struct request *r)
{
	struct request	*other;

	if (!allowed_any(r->client, ALLOW_READ)) {
		request_fail(r, ERR_DENIED, "you may read no account",
		    "Ask for an `allow` line in kmaild.conf(5).");
		return;
	}
	TAILQ_FOREACH(other, &r->client->requests, entry)
		if (other != r && other->args.op == OP_MONITOR) {
			request_fail(r, ERR_BUSY,
			    "this connection has a monitor already", NULL);
			return;
		}
	r->cursor = r->args.given & KEY_SINCE ? r->args.since :
	    db_integer(&last, 0);
	r->pump = monitor_pump;
}

/* Rights as they are now: who lost them sees no more. */
static void
event_item(struct request *r, sqlite3_stmt *st)
{
	struct account_row	 row;
	struct m_log		 log;
	json_t			*item;
	char			 text[256];
	int			 known = 0;

	memset(&log, 0, sizeof(log));
	log.code = (uint32_t)sqlite3_column_int64(st, 2);
	log.a = sqlite3_column_int64(st, 4);
	log.b = sqlite3_column_int64(st, 5);
	log.c = sqlite3_column_int64(st, 6);
	if (sqlite3_column_bytes(st, 3) == ID_LEN) {
		memcpy(log.account.b, sqlite3_column_blob(st, 3), ID_LEN);
		log.has_account = 1;
		known = account_row(&log.account, &row) == 1;
	}
	if (known ? !allowed(r->client, ALLOW_READ, row.label, row.tenant) :
	    !allowed_all(r->client, ALLOW_READ))
		return;
	item = reply_item(r, "event");
	reply_int(item, "event", sqlite3_column_int64(st, 0));
	reply_time(item, "time", sqlite3_column_int64(st, 1));
	reply_text(item, "code", logcode_name(log.code));
	if (log.has_account)
		reply_id(item, "account", log.account.b);
	else
		reply_text(item, "account", NULL);
	reply_text(item, "label", known ? row.label : NULL);
	reply_int(item, "a", log.a);
	reply_int(item, "b", log.b);
	reply_int(item, "c", log.c);
	reply_text(item, "text", log_text(&log, text, sizeof(text)));
	reply_send(r, item);
}

static enum pump
monitor_pump(struct request *r)
{
	sqlite3_stmt	*st;
	int		 n = 0, step;

	if ((st = db_query(&rows, "i", r->cursor)) == NULL)
		return request_internal(r);
	while ((step = db_step(st)) == 1) {
		r->cursor = sqlite3_column_int64(st, 0);
		event_item(r, st);
		n++;
	}
	db_done(st);
	if (step == -1)
		return request_internal(r);
	return n == 0 ? PUMP_WAIT : PUMP_MORE;
}

void
control_event(int64_t id, int64_t time, uint32_t code,
    const struct id *account, int64_t a, int64_t b, int64_t c)
{
	struct request	*r = NULL;

	(void)id;
	(void)time;
	(void)code;
	(void)account;
	(void)a;
	(void)b;
	(void)c;
	while ((r = request_next(r, OP_MONITOR)) != NULL)
		client_wake(r->client);
}
