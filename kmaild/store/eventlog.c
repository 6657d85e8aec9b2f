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

#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "commit.h"
#include "db.h"
#include "eventlog.h"
#include "store.h"

struct event_row {
	TAILQ_ENTRY(event_row) entry;
	int64_t		 rowid;		/* 0 until written, or known before */
	int		 in_commit;	/* speaks of what is being committed */
	int64_t		 time;
	uint64_t	 vault_seq;	/* 0: our own */
	uint32_t	 code;
	int		 has_account;
	struct id	 account;
	int64_t		 a, b, c;
};

static TAILQ_HEAD(, event_row)	 rows = TAILQ_HEAD_INITIALIZER(rows);
static unsigned int		 nrows;
static int			 in_commit;

static struct event_row	*eventlog_queue(uint32_t, const struct id *);
static int		 eventlog_prune(int64_t);

static struct event_row *
eventlog_queue(uint32_t code, const struct id *account)
{
	struct event_row	*r;

	if (nrows >= EVENTLOG_QUEUE) {
		r = TAILQ_FIRST(&rows);
		TAILQ_REMOVE(&rows, r, entry);
		nrows--;
		memset(r, 0, sizeof(*r));
	} else if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal(LC_MEMORY);
	r->code = code;
	r->in_commit = in_commit;
	if (account != NULL) {
		r->has_account = 1;
		r->account = *account;
	}
	TAILQ_INSERT_TAIL(&rows, r, entry);
	nrows++;
	commit_within(COMMIT_EVENT_MS);
	return r;
}

void
eventlog_add(int level, enum logcode code, const struct id *account,
    int64_t a, int64_t b, int64_t c)
{
	struct event_row	*r;

	log_code(level, code, account, a, b, c);
	r = eventlog_queue(code, account);
	r->time = clock_utc();
	r->a = a;
	r->b = b;
	r->c = c;
}

void
eventlog_add_vault(const struct m_vault_event *e)
{
	struct event_row	*r;

	r = eventlog_queue(e->code, e->has_account ? &e->account : NULL);
	r->time = e->time;
	r->vault_seq = e->seq;
	r->a = e->a;
	r->b = e->b;
}

int
eventlog_pending(void)
{
	return !TAILQ_EMPTY(&rows);
}

void
eventlog_begin(void)
{
	in_commit = 1;
}

static int
eventlog_prune(int64_t newest)
{
	static struct db_stmt	 q = DB_STMT("DELETE FROM event WHERE id <= ?");

	/* now and then is enough */
	if (newest % 256 != 0 || newest <= EVENTLOG_KEEP)
		return 0;
	return db_run(&q, "i", newest - EVENTLOG_KEEP);
}

int
eventlog_write(void)
{
	/* an event that the vault sends again is there already */
	static struct db_stmt	 q = DB_STMT("INSERT OR IGNORE INTO event"
	    " (time, code, account, a, b, c, vault_seq)"
	    " VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0))");
	struct event_row	*r;

	TAILQ_FOREACH(r, &rows, entry) {
		if (db_run(&q, "iibiiii", r->time, (int64_t)r->code,
		    r->has_account ? &r->account : NULL, sizeof(r->account),
		    r->a, r->b, r->c, (int64_t)r->vault_seq) == -1)
			return -1;
		if (db_changes() == 0)
			continue;
		r->rowid = sqlite3_last_insert_rowid(db_handle());
		if (eventlog_prune(r->rowid) == -1)
			return -1;
	}
	return 0;
}

void
eventlog_committed(void)
{
	TAILQ_HEAD(, event_row)	 done = TAILQ_HEAD_INITIALIZER(done);
	struct event_row	*r;

	in_commit = 0;
	TAILQ_CONCAT(&done, &rows, entry);
	nrows = 0;
	while ((r = TAILQ_FIRST(&done)) != NULL) {
		TAILQ_REMOVE(&done, r, entry);
		if (r->rowid != 0)
			control_event(r->rowid, r->time, r->code,
			    r->has_account ? &r->account : NULL, r->a, r->b,
			    r->c);
		if (r->vault_seq != 0)
			vault_event_ack(r->vault_seq);
		free(r);
	}
}

void
eventlog_rolled_back(void)
{
	struct event_row	*r, *next;

	in_commit = 0;
	TAILQ_FOREACH_SAFE(r, &rows, entry, next) {
		r->rowid = 0;
		if (!r->in_commit)
			continue;
		TAILQ_REMOVE(&rows, r, entry);
		nrows--;
		free(r);
	}
}
