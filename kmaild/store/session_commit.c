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

#include "report.h"
#include "session.h"

/* The group commit's part, for all sessions. */

static void	 session_drop(struct session *, enum reason);

int
session_pending(void)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->unacked || (s->concluded && !s->reported) ||
		    (s->ingest != NULL && ingest_pending(s->ingest)))
			return 1;
	return 0;
}

/* What it brought cannot be kept: forget it, whatever it said at its end. */
static void
session_drop(struct session *s, enum reason reason)
{
	ingest_drop(s->ingest);
	s->unacked = 0;
	if (s->concluded)
		report_fail(s->account, reason);
	session_cancel(s, reason);
}

void
session_sync(void)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (s->ingest != NULL && ingest_sync(s->ingest) == -1)
			session_drop(s, s->ingest->reason);
}

int
session_write(void)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->ingest != NULL && ingest_write(s->ingest) == -1)
			return -1;
	return 0;
}

void
session_rolled_back(enum reason reason)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (s->ingest != NULL && ingest_pending(s->ingest))
			session_drop(s, reason);
}

void
session_committed(void)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		worker_committed(s);
		if (s->concluded)
			s->reported = 1;
		session_check(s);
	}
}
