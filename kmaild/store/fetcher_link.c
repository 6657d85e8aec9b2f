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

#include <stdlib.h>

#include "common/log.h"
#include "fetcher_link.h"
#include "peer.h"
#include "session.h"

/* Newest first; the others end with their last session. */
struct link {
	TAILQ_ENTRY(link) entry;
	struct channel	 ch;
};

static TAILQ_HEAD(, link)	 links = TAILQ_HEAD_INITIALIZER(links);

static void	 fetcher_get(struct imsg *, void *, size_t);
static void	 fetcher_dispatch(struct channel *, struct imsg *, void *);
static void	 fetcher_closed(struct channel *, void *);

void
fetcher_link(struct event_base *base, int fd)
{
	struct link	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal(LC_MEMORY);
	TAILQ_INSERT_HEAD(&links, l, entry);
	channel_init(&l->ch, base, fd, P_STORE, P_FETCHER, 0,
	    fetcher_dispatch, fetcher_closed, l);
}

struct channel *
peer_fetcher(void)
{
	struct link	*l = TAILQ_FIRST(&links);

	return l == NULL ? NULL : &l->ch;
}

static void
fetcher_get(struct imsg *imsg, void *p, size_t size)
{
	if (imsg_get_data(imsg, p, size) == -1)
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
}

static void
fetcher_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_session_step	 step;
	struct m_session_failed	 failed;
	struct m_worker_gone	 gone;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_SESSION_STEP:
		fetcher_get(imsg, &step, sizeof(step));
		session_step(&step);
		break;
	case M_SESSION_FAILED:
		fetcher_get(imsg, &failed, sizeof(failed));
		if (reason_check(failed.reason) == -1 ||
		    failed.reason == R_NONE)
			fatalx(LC_MALFORMED, M_SESSION_FAILED);
		session_failed(&failed);
		break;
	case M_WORKER_GONE:
		fetcher_get(imsg, &gone, sizeof(gone));
		session_worker_gone(&gone);
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}

/* It died, or was replaced and is done: the parent makes a new one. */
static void
fetcher_closed(struct channel *ch, void *arg)
{
	struct link	*l = arg;

	TAILQ_REMOVE(&links, l, entry);
	session_fetcher_lost(ch);
	channel_clear(ch);
	free(l);
}
