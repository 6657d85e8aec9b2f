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

#include <event2/event_struct.h>

#include "common/clock.h"
#include "eventlog.h"
#include "peer.h"
#include "plan.h"
#include "report.h"
#include "segment.h"
#include "session.h"

#define PLAN_TIMER_MAX	((int64_t)3600 * 1000)	/* look at least this often */

static struct event	 ev;
static int		 begun;
static int		 full;		/* below `reserve`, said so */
static int		 room;		/* there is, in this turn of the plan */

static void	 plan_tick(evutil_socket_t, short, void *);
static void	 plan_arm(int64_t);
static int64_t	 plan_every(const struct account *);
static int64_t	 plan_spread(int64_t, int64_t);
static int64_t	 plan_boot(int64_t);
static int64_t	 plan_pause_after(const struct account *, enum reason,
		    uint32_t);
static enum reason plan_blocked(const struct account *, int);
static void	 plan_refuse(struct account *, enum reason, int);
static int	 plan_wants(struct account *, int64_t);
static struct account *plan_next(int64_t);
static int64_t	 plan_earliest(void);

void
plan_init(struct event_base *base)
{
	evtimer_assign(&ev, base, plan_tick, NULL);
}

void
plan_exit(void)
{
	event_del(&ev);
	begun = 0;
	full = 0;
}

void
plan_begin(void)
{
	begun = 1;
	plan_wake();
}

void
plan_end(void)
{
	begun = 0;
	event_del(&ev);
}

static void
plan_arm(int64_t ms)
{
	struct timeval	 tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	event_add(&ev, &tv);
}

void
plan_wake(void)
{
	if (begun)
		plan_arm(0);
}

/* Milliseconds between automatic fetches; 0 never. */
static int64_t
plan_every(const struct account *a)
{
	if (a->every == ACCOUNT_FOLLOW)
		return (int64_t)store_conf()->sync_every * 1000;
	return a->every * 1000;
}

/* A time from low to high, so that accounts do not all come at once. */
static int64_t
plan_spread(int64_t low, int64_t high)
{
	if (high <= low || high - low > UINT32_MAX)
		return low;
	return low + arc4random_uniform((uint32_t)(high - low));
}

int64_t
plan_utc(int64_t boot)
{
	if (boot == PLAN_NEVER || boot == 0)
		return 0;
	return clock_utc() + (boot - clock_boot()) * 1000;
}

/* A stored time; one far off comes from a clock that was wrong. */
static int64_t
plan_boot(int64_t utc)
{
	int64_t	 ms = (utc - clock_utc()) / 1000;
	int64_t	 most = (int64_t)86400 * 1000;

	if (ms < 0)
		ms = 0;
	return clock_boot() + (ms > most ? most : ms);
}

void
plan_load(struct account *a, int64_t next_due, int64_t hold_until)
{
	int64_t	 every = plan_every(a);

	a->hold = hold_until == 0 ? 0 : plan_boot(hold_until);
	a->due = PLAN_NEVER;
	if (every == 0)
		return;
	a->due = next_due == 0 ? clock_boot() : plan_boot(next_due);
	if (a->due > clock_boot() + every && a->failures == 0)
		a->due = clock_boot() + every;
}

void
plan_changed(struct account *a, int reset)
{
	if (reset)
		a->hold = 0;
	if (plan_every(a) == 0)
		a->due = PLAN_NEVER;
	else if (reset || a->due == PLAN_NEVER)
		a->due = clock_boot();
	else if (a->failures == 0 &&
	    a->due > clock_boot() + plan_every(a))
		a->due = clock_boot() + plan_every(a);
	plan_wake();
}

void
plan_forget_account(struct account *a)
{
	report_forget_account(a);
	ask_clear(a);
}

void
plan_key_changed(void)
{
	struct account	*a;

	/* a missing key goes into every report, also of those never fetched */
	RB_FOREACH(a, account_tree, account_all()) {
		if (a->state != ACCOUNT_LIVE)
			continue;
		if (store_key_state() != R_NONE)
			plan_refuse(a, store_key_state(), 0);
		else
			plan_changed(a, 0);
	}
}

void
plan_every_changed(void)
{
	struct account	*a;

	RB_FOREACH(a, account_tree, account_all())
		plan_changed(a, 0);
}

/* Milliseconds until the next automatic try after a failure. */
static int64_t
plan_pause_after(const struct account *a, enum reason reason,
    uint32_t backoff)
{
	int64_t	 pause = PLAN_PAUSE, most = PLAN_PAUSE_MAX;
	uint32_t i;

	if (backoff > 0) {
		pause = backoff > PLAN_BACKOFF_MAX ? PLAN_BACKOFF_MAX : backoff;
		return plan_spread(pause * 1000, pause * 1250 + 1000);
	}
	if (reason == R_IMAP_AUTH_FAILED)
		pause = PLAN_PAUSE_REFUSED;
	if (reason == R_IMAP_THROTTLED) {
		pause = PLAN_PAUSE_THROTTLED;
		most = PLAN_PAUSE_THROTTLED_MAX;
	}
	for (i = 1; i < a->failures && pause < most; i++)
		pause *= 2;
	if (pause > most)
		pause = most;
	return plan_spread(pause * 900, pause * 1100);
}

void
plan_finished(struct account *a, enum reason reason, uint32_t backoff)
{
	int64_t	 now = clock_boot(), every = plan_every(a), pause;

	a->hold = 0;
	if (reason == R_NONE) {
		a->failures = 0;
		a->refusals = 0;
		a->due = every == 0 ? PLAN_NEVER :
		    now + plan_spread(every / 10 * 9, every / 10 * 11);
		return;
	}
	if (reason == R_CANCELLED) {
		/* nobody's failure: again when it may */
		a->due = every == 0 ? PLAN_NEVER : now;
		return;
	}
	a->failures++;
	pause = plan_pause_after(a, reason, backoff);
	if (backoff > 0 || reason == R_IMAP_THROTTLED)
		a->hold = now + pause;
	a->due = now + pause;
	if (every == 0 || a->refusals >= PLAN_REFUSALS)
		a->due = PLAN_NEVER;
}

int
plan_space(void)
{
	int64_t	 space = segment_free_space();
	int64_t	 reserve = (int64_t)store_conf()->reserve;

	if (space < reserve) {
		if (!full)
			eventlog_add(LOG_WARNING, LC_STORE_FULL, NULL, space,
			    reserve, 0);
		full = 1;
		return -1;
	}
	if (full)
		eventlog_add(LOG_NOTICE, LC_STORE_ROOM, NULL, 0, 0, 0);
	full = 0;
	return 0;
}

/* Why the account cannot be fetched now; an operator overrules the hold. */
static enum reason
plan_blocked(const struct account *a, int operator)
{
	if (store_key_state() != R_NONE)
		return store_key_state();
	if (a->paused)
		return R_ACCOUNT_PAUSED;
	if (a->state != ACCOUNT_LIVE || !a->has_secret)
		return R_PASSWORD_MISSING;
	if (a->refusals >= PLAN_REFUSALS && !operator)
		return R_PASSWORD_REFUSED_HOLD;
	if (!room)
		return R_STORE_FULL;
	return R_NONE;
}

/* Report why it was not started; by itself it is not tried until changed. */
static void
plan_refuse(struct account *a, enum reason reason, int operator)
{
	struct outcome	 o = { 0 };
	uint32_t	 failures = a->failures;

	if (operator || a->reason != reason) {
		o.reason = reason;
		ask_begin(a);
		report_add(a, &o);
		a->reason = reason;
	}
	a->failures = failures;
	a->due = PLAN_NEVER;
	if (reason == R_STORE_FULL && plan_every(a) != 0)
		a->due = clock_boot() + PLAN_PAUSE * 1000;
}

/* 1 when it shall start now, 2 on an operator's word. */
static int
plan_wants(struct account *a, int64_t now)
{
	enum reason	 reason;
	int		 operator;

	if (a->fetch != NULL || a->report != NULL)
		return 0;
	operator = ask_waiting(a);
	if (!operator && (a->state != ACCOUNT_LIVE || a->due > now ||
	    a->hold > now))
		return 0;
	if ((reason = plan_blocked(a, operator)) != R_NONE) {
		plan_refuse(a, reason, operator);
		return 0;
	}
	if (session_count_host(a->imap_host) >= store_conf()->sessions_host)
		return 0;
	return operator ? 2 : 1;
}

static struct account *
plan_next(int64_t now)
{
	struct account	*a, *best = NULL;
	unsigned int	 n = session_count();
	int		 wants, most = 0;

	RB_FOREACH(a, account_tree, account_all()) {
		if ((wants = plan_wants(a, now)) == 0)
			continue;
		if (n >= store_conf()->sessions +
		    (wants == 2 ? PLAN_OPERATOR_EXTRA : 0))
			continue;
		if (best == NULL || wants > most ||
		    (wants == most && a->due < best->due)) {
			best = a;
			most = wants;
		}
	}
	return best;
}

static int64_t
plan_earliest(void)
{
	struct account	*a;
	int64_t		 t, next = PLAN_NEVER;

	RB_FOREACH(a, account_tree, account_all()) {
		/* what runs, or waits for a slot, wakes us when it ends */
		if (a->state != ACCOUNT_LIVE || a->fetch != NULL)
			continue;
		t = a->hold > a->due ? a->hold : a->due;
		if (t > clock_boot() && t < next)
			next = t;
	}
	return next;
}

static void
plan_tick(evutil_socket_t fd, short events, void *arg)
{
	struct account	*a;
	int64_t		 now = clock_boot(), next;

	(void)fd;
	(void)events;
	(void)arg;
	if (peer_vault() == NULL || peer_fetcher() == NULL)
		return;
	room = plan_space() == 0;
	while ((a = plan_next(now)) != NULL) {
		if (session_start(a, ask_waiting(a)) == -1) {
			plan_arm(1000);
			return;
		}
		ask_begin(a);
	}
	next = plan_earliest();
	if (next == PLAN_NEVER || next - now > PLAN_TIMER_MAX)
		next = now + PLAN_TIMER_MAX;
	plan_arm(next - now);
}
