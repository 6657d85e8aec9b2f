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

#include "session.h"

/* What vault and fetcher say of sessions. */

void
session_verdict(const struct m_session_verdict *v)
{
	struct session	*s;

	if ((s = session_find(v->session)) == NULL || s->concluded ||
	    !id_equal(&s->id, &v->account))
		return;
	if (v->backoff > s->backoff)
		s->backoff = v->backoff;
	if (s->logged_in) {
		s->relay = (enum reason)v->reason;
		session_check(s);
		return;
	}
	s->account->refusals = v->refusals;
	test_verdict(s, v);
	if (v->reason == R_NONE) {
		s->logged_in = 1;
		s->stage = STAGE_LOGGED_IN;
		return;
	}
	s->child_gone = 1;
	session_cancel(s, (enum reason)v->reason);
}

void
session_closed(const struct m_session *m)
{
	struct session	*s;

	if ((s = session_find(m->session)) == NULL)
		return;
	s->child_gone = 1;
	session_check(s);
}

void
session_step(const struct m_session_step *m)
{
	struct session	*s;

	if ((s = session_find(m->session)) == NULL || s->concluded ||
	    s->stage >= STAGE_LOGGED_IN)
		return;
	s->stage = m->step == STEP_RESOLVED ? STAGE_RESOLVED :
	    STAGE_CONNECTED;
	test_connecting(s, m);
}

void
session_failed(const struct m_session_failed *m)
{
	struct session	*s;

	if ((s = session_find(m->session)) == NULL || s->concluded)
		return;
	s->backoff = m->backoff;
	s->gone = 1;
	session_cancel(s, (enum reason)m->reason);
}

void
session_worker_gone(const struct m_worker_gone *m)
{
	struct session	*s;

	if ((s = session_find(m->session)) == NULL)
		return;
	s->gone = 1;
	s->status = m->status;
	/* what it said before is still in its channel */
	session_check(s);
}

void
session_fetcher_lost(struct channel *fetcher)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (s->fetcher != fetcher)
			continue;
		s->fetcher = NULL;
		session_check(s);
	}
}
