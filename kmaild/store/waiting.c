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

#include "common/clock.h"
#include "common/log.h"
#include "db.h"
#include "eventlog.h"
#include "store.h"
#include "waiting.h"

static int	 waiting_state(int64_t, uint32_t, int *, int64_t *);
static int	 waiting_due(int, int64_t, int64_t, int);
static int	 waiting_set(struct db_stmt *, int64_t, uint32_t);

/* The row's state and attempts: 1, 0 not there, -1. */
static int
waiting_state(int64_t folder, uint32_t uid, int *state, int64_t *attempts)
{
	static struct db_stmt	 q = DB_STMT("SELECT state, attempts"
	    " FROM waiting WHERE folder = ? AND uid = ?");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "ii", folder, (int64_t)uid)) == NULL)
		return -1;
	if ((n = db_step(row)) == 1) {
		*state = sqlite3_column_int(row, 0);
		*attempts = sqlite3_column_int64(row, 1);
	}
	db_done(row);
	return n;
}

int
waiting_note(const struct id *account, int64_t folder, uint32_t uid,
    enum reason reason, uint64_t size)
{
	static struct db_stmt	 q = DB_STMT("INSERT INTO waiting (folder,"
	    " uid, reason, attempts, size, first, last, state)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)"
	    " ON CONFLICT (folder, uid) DO UPDATE SET reason = ?3,"
	    " attempts = ?4, size = ?5, last = ?6, state = ?7");
	int64_t			 attempts = 0;
	int			 n, state, was = -1;

	if ((n = waiting_state(folder, uid, &was, &attempts)) == -1)
		return -1;
	if (n == 1 && was == WAITING_DROPPED)
		return 0;
	attempts++;
	if (attempts >= WAITING_TRIES)
		state = WAITING_QUARANTINED;
	else if (n == 0 && (reason == R_MSG_CRASHED ||
	    reason == R_MSG_INTERRUPTED))
		state = WAITING_SUSPECT;
	else
		state = WAITING_RETRY;
	if (state == WAITING_QUARANTINED && was != state)
		eventlog_add(LOG_WARNING, LC_MSG_QUARANTINED, account, folder,
		    uid, reason);
	if (state == WAITING_RETRY && was != state)
		eventlog_add(LOG_NOTICE, LC_MSG_WAITING, account, folder, uid,
		    reason);
	return db_run(&q, "iiiiiii", folder, (int64_t)uid, (int64_t)reason,
	    attempts, (int64_t)size, clock_utc(), (int64_t)state);
}

int
waiting_clear(const struct id *account, int64_t folder, uint32_t uid)
{
	int64_t			 attempts;
	int			 n, state;

	if ((n = waiting_state(folder, uid, &state, &attempts)) != 1)
		return n;
	if (state != WAITING_SUSPECT)
		eventlog_add(LOG_INFO, LC_MSG_RECOVERED, account, folder, uid,
		    attempts);
	return waiting_gone(folder, uid);
}

int
waiting_gone(int64_t folder, uint32_t uid)
{
	static struct db_stmt	 q = DB_STMT("DELETE FROM waiting"
	    " WHERE folder = ? AND uid = ?");

	return db_run(&q, "ii", folder, (int64_t)uid);
}

int
waiting_is_listed(int64_t folder, uint32_t uid)
{
	int64_t	 attempts;
	int	 n, state;

	if ((n = waiting_state(folder, uid, &state, &attempts)) != 1)
		return n;
	return state == WAITING_RETRY || state == WAITING_QUARANTINED;
}

static int
waiting_due(int state, int64_t attempts, int64_t last, int all)
{
	int64_t	 pause = (int64_t)WAITING_PAUSE * 1000000;

	if (state == WAITING_SUSPECT)
		return 1;
	if (state != WAITING_RETRY)
		return 0;
	if (attempts > 1)
		pause *= 4;
	/* a clock that was set back does not make it wait for ever */
	return all || attempts == 0 || clock_utc() - last >= pause ||
	    clock_utc() < last;
}

int
waiting_position(struct w_position *p, int all)
{
	static struct db_stmt	 q = DB_STMT("SELECT uid, state, attempts,"
	    " last FROM waiting WHERE folder = ? ORDER BY uid");
	sqlite3_stmt		*row;
	uint32_t		 uid;
	int			 due, n, any = 0;

	if ((row = db_query(&q, "i", (int64_t)p->folder)) == NULL)
		return -1;
	while ((n = db_step(row)) == 1) {
		any = 1;
		uid = (uint32_t)sqlite3_column_int64(row, 0);
		due = waiting_due(sqlite3_column_int(row, 1),
		    sqlite3_column_int64(row, 2),
		    sqlite3_column_int64(row, 3), all);
		if (due && uid <= p->covered && p->nretry < KM_RETRY_MAX)
			p->retry[p->nretry++] = uid;
		else if (!due && uid > p->covered && p->nskip < KM_SKIP_MAX)
			p->skip[p->nskip++] = uid;
	}
	db_done(row);
	return n == -1 ? -1 : any;
}

int
waiting_reason(const struct id *account)
{
	/* CROSS JOIN: by the account's folders, not by the whole list */
	static struct db_stmt	 q = DB_STMT("SELECT w.reason FROM folder f"
	    " CROSS JOIN waiting w ON w.folder = f.id WHERE f.account = ?"
	    " AND f.present = 1 AND w.state = 0 LIMIT 1");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "b", account, sizeof(*account))) == NULL)
		return -1;
	if ((n = db_step(row)) == 1)
		n = sqlite3_column_int(row, 0);
	db_done(row);
	return n;
}

static int
waiting_set(struct db_stmt *q, int64_t folder, uint32_t uid)
{
	if (db_run(q, "ii", folder, (int64_t)uid) == -1)
		return -2;
	return db_changes() == 1 ? 0 : -1;
}

int
waiting_retry(int64_t folder, uint32_t uid)
{
	static struct db_stmt	 q = DB_STMT("UPDATE waiting SET state = 0,"
	    " attempts = 0 WHERE folder = ? AND uid = ? AND state <> 3");

	return waiting_set(&q, folder, uid);
}

int
waiting_drop(int64_t folder, uint32_t uid)
{
	static struct db_stmt	 q = DB_STMT("UPDATE waiting SET state = 2"
	    " WHERE folder = ? AND uid = ? AND state <> 3");

	return waiting_set(&q, folder, uid);
}
