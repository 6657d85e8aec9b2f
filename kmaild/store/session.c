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

#include <sys/wait.h>

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "eventlog.h"
#include "peer.h"
#include "plan.h"
#include "report.h"
#include "session.h"

struct sessions		 sessions = TAILQ_HEAD_INITIALIZER(sessions);
static uint64_t			 last_number;

static struct session	*session_new(struct account *, enum purpose);
static void		 session_timer(evutil_socket_t, short, void *);
static int		 session_judge(struct session *, enum reason *);
static int		 session_judge_lost(struct session *, enum reason *);
static void		 session_conclude(struct session *, enum reason);
static void		 session_end(struct session *);
static void		 session_revoke(struct session *);

void
session_init(void)
{
	TAILQ_INIT(&sessions);
}

void
session_exit(void)
{
	struct session	*s;

	while ((s = TAILQ_FIRST(&sessions)) != NULL)
		session_end(s);
}

static struct session *
session_new(struct account *a, enum purpose purpose)
{
	struct session	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal(LC_MEMORY);
	s->number = ++last_number;
	s->account = a;
	s->id = a->id;
	strlcpy(s->host, a->imap_host, sizeof(s->host));
	s->purpose = purpose;
	s->stage = STAGE_STARTING;
	s->since = clock_utc();
	evtimer_assign(&s->timer, store_base(), session_timer, s);
	TAILQ_INSERT_TAIL(&sessions, s, entry);
	return s;
}

struct session *
session_find(uint64_t number)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->number == number)
			return s;
	return NULL;
}

void
session_alarm(struct session *s, int64_t seconds)
{
	struct timeval	 tv = { 0, 0 };

	tv.tv_sec = (time_t)seconds;
	event_add(&s->timer, &tv);
}

int
session_start(struct account *a, int operator)
{
	struct session	*s;
	uint32_t	 idle, step, whole;

	s = session_new(a, PURPOSE_FETCH);
	s->max_size = store_conf()->max_size;
	if ((s->ingest = ingest_new(a, s->max_size, operator)) == NULL ||
	    order_send(s, operator) == -1) {
		session_end(s);
		return -1;
	}
	a->fetch = s;
	conf_timeouts(a, &idle, &step, &whole);
	session_alarm(s, (int64_t)whole + SESSION_GRACE);
	eventlog_add(LOG_INFO, LC_SYNC_STARTED, &a->id, (int64_t)s->number,
	    0, 0);
	return 0;
}

/* Begins with the next turn of the loop: see session_timer(). */
void
session_test(struct account *a, uint64_t client)
{
	struct session	*s;

	s = session_new(a, PURPOSE_TEST);
	s->client = client;
	session_alarm(s, 0);
}

void
session_forget_client(uint64_t client)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (s->purpose != PURPOSE_TEST || s->client != client)
			continue;
		s->client = 0;
		if (!s->concluded)
			session_cancel(s, R_CANCELLED);
	}
}

void
session_forget_account(struct account *a)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (s->account != a)
			continue;
		if (!s->concluded)
			session_cancel(s, R_CANCELLED);
	}
	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (s->account == a)
			session_end(s);
}

void
session_cancel_account(struct account *a, enum reason reason)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (s->account == a && !s->concluded)
			session_cancel(s, reason);
}

void
session_cancel_all(enum reason reason)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (s->purpose == PURPOSE_FETCH && !s->concluded)
			session_cancel(s, reason);
}

unsigned int
session_count(void)
{
	struct session	*s;
	unsigned int	 n = 0;

	TAILQ_FOREACH(s, &sessions, entry)
		n++;
	return n;
}

unsigned int
session_count_host(const char *host)
{
	struct session	*s;
	unsigned int	 n = 0;

	TAILQ_FOREACH(s, &sessions, entry)
		if (strcmp(s->host, host) == 0)
			n++;
	return n;
}

int
session_running(const struct id *id)
{
	struct account	*a;

	return (a = account_get(id)) != NULL && a->fetch != NULL &&
	    !a->fetch->reported;
}

void
session_each(void (*fn)(const struct session_info *, void *), void *arg)
{
	struct session_info	 i;
	struct session		*s;

	TAILQ_FOREACH(s, &sessions, entry) {
		memset(&i, 0, sizeof(i));
		i.session = s->number;
		i.account = s->id;
		i.purpose = s->purpose;
		i.stage = s->stage;
		i.since = s->since;
		i.found = s->found;
		if (s->ingest != NULL) {
			i.done = (uint32_t)s->ingest->messages +
			    s->ingest->failed;
			i.octets = s->ingest->message_octets;
		}
		fn(&i, arg);
	}
}

static void
session_timer(evutil_socket_t fd, short events, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)events;
	if (!s->begun) {
		test_begin(s);
		return;
	}
	if (s->concluded) {
		/* reported, but the worker does not go */
		session_revoke(s);
		channel_clear(&s->worker);
		session_check(s);
	} else if (s->done || !s->worker.open) {
		s->late = 1;
		session_check(s);
	} else {
		log_code(LOG_WARNING, LC_SESSION_TIMEOUT, &s->id,
		    (int64_t)s->number, 0, 0);
		session_cancel(s, R_TIMEOUT_SESSION);
	}
}

/* The worker left without W_DONE: 1 and why, 0 when that is still open. */
static int
session_judge_lost(struct session *s, enum reason *reason)
{
	if (s->gone || s->late)
		*reason = R_WORKER_DIED;
	else if (s->fetcher == NULL)
		*reason = R_PROCESS_RESTARTED;
	else
		return 0;
	if (s->gone && WIFSIGNALED(s->status))
		log_code(LOG_WARNING, LC_WORKER_DIED, &s->id,
		    (int64_t)s->number, WTERMSIG(s->status), 0);
	if (s->gone && s->ingest != NULL)
		ingest_broken(s->ingest, R_MSG_CRASHED);
	return 1;
}

static int
session_judge(struct session *s, enum reason *reason)
{
	if (s->failure != R_NONE) {
		*reason = s->failure;
		return 1;
	}
	if (!s->done)
		return s->worker.open ? 0 : session_judge_lost(s, reason);
	*reason = s->done_reason;
	if (s->done_reason == R_IMAP_CLOSED) {
		/* the session child knows better why */
		if (!s->child_gone && !s->late)
			return 0;
		if (s->relay != R_NONE)
			*reason = s->relay;
	}
	if (*reason != R_NONE && s->ingest != NULL)
		ingest_broken(s->ingest, R_MSG_INTERRUPTED);
	return 1;
}

void
session_check(struct session *s)
{
	enum reason	 reason;

	if (!s->concluded && session_judge(s, &reason))
		session_conclude(s, reason);
	else if (!s->concluded && (s->done || !s->worker.open))
		session_alarm(s, SESSION_LINGER);
	if (s->concluded && s->reported && !s->worker.open)
		session_end(s);
}

static void
session_conclude(struct session *s, enum reason reason)
{
	struct outcome	 o = { 0 };

	s->concluded = 1;
	s->stage = STAGE_ENDING;
	if (reason != R_NONE)
		session_revoke(s);
	if (s->purpose == PURPOSE_TEST) {
		test_end(s, reason);
		s->reported = 1;
	} else {
		o.reason = reason;
		o.folder_reason = s->ingest->folder_reason;
		o.backoff = s->backoff;
		o.ingest = s->ingest;
		report_add(s->account, &o);
	}
	session_alarm(s, SESSION_LINGER);
}

/* Tell those who may still work for it that nobody waits for them. */
static void
session_revoke(struct session *s)
{
	struct m_session	 m;

	memset(&m, 0, sizeof(m));
	m.session = s->number;
	if (peer_vault() != NULL && !s->child_gone)
		channel_send(peer_vault(), M_TICKET_CANCEL, -1, &m, sizeof(m));
	if (s->fetcher != NULL && !s->gone)
		channel_send(s->fetcher, M_SESSION_CANCEL, -1, &m, sizeof(m));
}

void
session_cancel(struct session *s, enum reason reason)
{
	if (s->failure == R_NONE)
		s->failure = reason;
	channel_clear(&s->worker);
	session_check(s);
}

static void
session_end(struct session *s)
{
	struct account	*a = s->account;

	channel_clear(&s->worker);
	event_del(&s->timer);
	TAILQ_REMOVE(&sessions, s, entry);
	if (a->fetch == s) {
		a->fetch = NULL;
		report_detach(a);
	}
	if (s->ingest != NULL)
		ingest_free(s->ingest);
	free(s);
	plan_wake();
}
