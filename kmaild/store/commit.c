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

#include <event2/event_struct.h>

#include "commit.h"
#include "common/clock.h"
#include "common/log.h"
#include "db.h"
#include "eventlog.h"
#include "plan.h"
#include "report.h"
#include "session.h"

static struct event	 ev;
static int64_t		 armed;		/* clock_boot() of the timer; 0 none */

static void	 commit_tick(evutil_socket_t, short, void *);
static int	 commit_transaction(void);

void
commit_init(struct event_base *base)
{
	evtimer_assign(&ev, base, commit_tick, NULL);
	armed = 0;
}

void
commit_within(int ms)
{
	struct timeval	 tv;
	int64_t		 at = clock_boot() + ms;

	if (armed != 0 && armed <= at)
		return;
	armed = at;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	event_add(&ev, &tv);
}

static void
commit_tick(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	commit_all();
}

static int
commit_transaction(void)
{
	if (db_begin() == -1)
		return -1;
	eventlog_begin();
	/* events last: the others add some */
	if (session_write() == -1 || report_write() == -1 ||
	    eventlog_write() == -1) {
		db_rollback();
		return -1;
	}
	return db_commit();
}

int
commit_all(void)
{
	armed = 0;
	event_del(&ev);
	if (!session_pending() && !report_pending() && !eventlog_pending())
		return 0;
	/* bodies are on the disk before a row speaks of them */
	session_sync();
	if (commit_transaction() == -1) {
		eventlog_rolled_back();
		session_rolled_back(db_reason());
		commit_within(COMMIT_RETRY_MS);
		return -1;
	}
	session_committed();
	report_committed();
	eventlog_committed();
	if (session_count() > 0 && plan_space() == -1)
		session_cancel_all(R_STORE_FULL);
	return 0;
}
