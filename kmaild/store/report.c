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

#include "common/clock.h"
#include "commit.h"
#include "db.h"
#include "eventlog.h"
#include "ingest.h"
#include "plan.h"
#include "report.h"
#include "waiting.h"

struct report {
	TAILQ_ENTRY(report) entry;
	struct account	*account;
	struct outcome	 outcome;
	uint64_t	 imported;
	uint64_t	 duplicates;
	enum sync_status status;
	enum reason	 reason;
};

static TAILQ_HEAD(, report)	 reports = TAILQ_HEAD_INITIALIZER(reports);

static int	 report_broken(const struct report *);
static int	 report_judge_failure(struct report *);
static int	 report_judge(struct report *);
static void	 report_count(struct report *);
static int	 report_write_one(struct report *);
static enum sync_status report_failure(enum reason);

/* Time alone heals these: nothing is wrong with the account. */
static enum sync_status
report_failure(enum reason reason)
{
	switch (reason) {
	case R_IMAP_UNAVAILABLE:
	case R_IMAP_LIMIT:
	case R_IMAP_THROTTLED:
	case R_RATE_LIMITED:
	case R_STORE_FULL:
	case R_ACCOUNT_PAUSED:
	case R_CANCELLED:
		return STATUS_DEFERRED;
	default:
		return STATUS_FAILED;
	}
}

void
report_add(struct account *a, const struct outcome *o)
{
	struct report	*r = a->report;

	if (r == NULL) {
		if ((r = calloc(1, sizeof(*r))) == NULL)
			fatal(LC_MEMORY);
		r->account = a;
		a->report = r;
		TAILQ_INSERT_TAIL(&reports, r, entry);
	}
	r->outcome = *o;
	r->imported = r->duplicates = 0;
	plan_finished(a, o->reason, o->backoff);
	commit_within(COMMIT_NOW_MS);
}

void
report_fail(struct account *a, enum reason reason)
{
	if (a->report == NULL)
		return;
	a->report->outcome.reason = reason;
	plan_finished(a, reason, 0);
}

static void
report_count(struct report *r)
{
	const struct ingest	*in = r->outcome.ingest;

	if (in == NULL)
		return;
	r->imported = in->imported + in->tx_imported;
	r->duplicates = in->duplicates + in->tx_duplicates;
}

void
report_detach(struct account *a)
{
	if (a->report == NULL)
		return;
	report_count(a->report);
	a->report->outcome.ingest = NULL;
}

void
report_forget_account(struct account *a)
{
	if (a->report == NULL)
		return;
	TAILQ_REMOVE(&reports, a->report, entry);
	free(a->report);
	a->report = NULL;
}

int
report_pending(void)
{
	return !TAILQ_EMPTY(&reports);
}

/*
 * One message that is on the list already broke the session: all else was
 * read, as far as that one let it.  1, 0, -1.
 */
static int
report_broken(const struct report *r)
{
	const struct ingest	*in = r->outcome.ingest;

	if (in == NULL || in->last_broken_uid == 0)
		return 0;
	return waiting_is_listed(in->last_broken_folder, in->last_broken_uid);
}

static int
report_judge_failure(struct report *r)
{
	int	 n;

	if ((n = report_broken(r)) == -1)
		return -1;
	r->status = report_failure(r->reason);
	if (n || (r->status == STATUS_FAILED &&
	    r->imported + r->duplicates > 0))
		r->status = STATUS_PARTIAL;	/* as far as it came */
	if (n)
		r->reason = R_MSG_INTERRUPTED;
	else if (r->reason == R_IMAP_AUTH_FAILED &&
	    r->account->refusals >= PLAN_REFUSALS)
		r->reason = R_PASSWORD_REFUSED_HOLD;
	return 0;
}

/* Status and reason; `ok` only when nothing waits to be tried again. */
static int
report_judge(struct report *r)
{
	int	 n;

	r->reason = r->outcome.reason;
	if (r->reason != R_NONE)
		return report_judge_failure(r);
	r->status = STATUS_PARTIAL;
	if (r->outcome.folder_reason != R_NONE) {
		r->reason = r->outcome.folder_reason;
		return 0;
	}
	if ((n = waiting_reason(&r->account->id)) == -1)
		return -1;
	r->reason = (enum reason)n;
	if (n == R_NONE)
		r->status = STATUS_OK;
	return 0;
}

static int
report_write_one(struct report *r)
{
	static struct db_stmt	 q = DB_STMT("UPDATE account SET"
	    " last_sync_at = ?1, last_sync_status = ?2,"
	    " last_sync_reason = ?3, last_sync_imported = ?4,"
	    " last_sync_duplicates = ?5,"
	    " last_success = iif(?2 = 2, ?1, last_success), failures = ?6,"
	    " refusals = ?7, next_due = ?8, hold_until = ?9 WHERE id = ?10");
	struct account		*a = r->account;

	report_count(r);
	if (report_judge(r) == -1)
		return -1;
	return db_run(&q, "iiiiiiiiib", clock_utc(), (int64_t)r->status,
	    (int64_t)r->reason, (int64_t)r->imported, (int64_t)r->duplicates,
	    (int64_t)a->failures, (int64_t)a->refusals, plan_utc(a->due),
	    plan_utc(a->hold), &a->id, sizeof(a->id));
}

int
report_write(void)
{
	struct report	*r;

	TAILQ_FOREACH(r, &reports, entry) {
		if (report_write_one(r) == -1)
			return -1;
		eventlog_add(LOG_INFO, LC_SYNC_FINISHED, &r->account->id,
		    (int64_t)r->imported, (int64_t)r->duplicates,
		    (int64_t)r->reason);
	}
	return 0;
}

void
report_committed(void)
{
	struct account	*a;
	struct report	*r;

	while ((r = TAILQ_FIRST(&reports)) != NULL) {
		a = r->account;
		a->status = r->status;
		a->reason = r->reason;
		report_forget_account(a);
		ask_answer(a);
	}
}
