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

#include <event2/event_struct.h>

#include "account.h"
#include "db.h"
#include "eventlog.h"
#include "recover.h"
#include "store.h"

/* Rows of one table in one transaction: some ten milliseconds. */
#define REMOVAL_ROWS	((int64_t)2000)
#define REMOVAL_RETRY	5	/* seconds after an error */

static struct event	 ev;
static int		 active;

static void	 removal_tick(evutil_socket_t, short, void *);
static int	 removal_next(struct id *);
static int	 removal_rows(const struct id *);
static int	 removal_step(const struct id *);

void
removal_start(void)
{
	struct timeval	 tv = { 0, 0 };

	if (!active) {
		evtimer_assign(&ev, store_base(), removal_tick, NULL);
		active = 1;
	}
	event_add(&ev, &tv);
}

void
removal_stop(void)
{
	if (active)
		event_del(&ev);
	active = 0;
}

/* An account that is being removed: 1, 0 none, -1. */
static int
removal_next(struct id *id)
{
	static struct db_stmt	 q = DB_STMT("SELECT id FROM account"
	    " WHERE committed = 3 LIMIT 1");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "")) == NULL)
		return -1;
	if ((n = db_step(row)) == 1 && sqlite3_column_bytes(row, 0) == ID_LEN)
		memcpy(id, sqlite3_column_blob(row, 0), ID_LEN);
	db_done(row);
	return n;
}

/* Delete some rows: how many, or -1.  What refers goes before its target. */
static int
removal_rows(const struct id *id)
{
	static struct db_stmt	 q[] = {
		DB_STMT("DELETE FROM seen WHERE (folder, uid) IN"
		    " (SELECT s.folder, s.uid FROM folder f"
		    " JOIN seen s ON s.folder = f.id"
		    " WHERE f.account = ? LIMIT ?)"),
		DB_STMT("DELETE FROM waiting WHERE (folder, uid) IN"
		    " (SELECT w.folder, w.uid FROM folder f"
		    " JOIN waiting w ON w.folder = f.id"
		    " WHERE f.account = ? LIMIT ?)"),
		DB_STMT("DELETE FROM folder WHERE id IN"
		    " (SELECT id FROM folder WHERE account = ? LIMIT ?)"),
		DB_STMT("DELETE FROM message WHERE id IN"
		    " (SELECT id FROM message WHERE account = ? LIMIT ?)"),
		DB_STMT("DELETE FROM segment WHERE id IN"
		    " (SELECT id FROM segment WHERE account = ? LIMIT ?)")
	};
	size_t			 i;

	for (i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
		if (db_run(&q[i], "bi", id, sizeof(*id), REMOVAL_ROWS) == -1)
			return -1;
		if (db_changes() > 0)
			return db_changes();
	}
	return 0;
}

static int
removal_step(const struct id *id)
{
	static struct db_stmt	 q = DB_STMT("DELETE FROM account"
	    " WHERE id = ?");
	int			 n;

	if ((n = removal_rows(id)) != 0)
		return n;
	/* again: the crash may have come before the first time */
	recover_unlink(id);
	if (db_run(&q, "b", id, sizeof(*id)) == -1)
		return -1;
	eventlog_add(LOG_INFO, LC_MAIL_REMOVED, id, 0, 0, 0);
	return 0;
}

static void
removal_tick(evutil_socket_t fd, short events, void *arg)
{
	struct timeval	 tv = { 0, 0 };
	struct id	 id;
	int		 n;

	(void)fd;
	(void)events;
	(void)arg;
	if ((n = removal_next(&id)) == 0)
		return;
	if (n == -1 || removal_step(&id) == -1)
		tv.tv_sec = REMOVAL_RETRY;
	event_add(&ev, &tv);
}
