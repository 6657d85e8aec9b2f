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
#include <unistd.h>

#include "worker_state.h"

#define PROGRESS_EVERY	500	/* ms between two W_PROGRESS */

static void	 store_dispatch(struct worker *, struct imsg *);
static void	 store_position(struct worker *, struct imsg *);

/* The store is ours: what it may not say is a broken build. */

void
store_read(struct worker *w)
{
	struct imsg	 imsg;
	int		 n;

	if (imsgbuf_read(&w->store) != 1)
		_exit(0);	/* it let go of this session */
	while ((n = imsgbuf_get(&w->store, &imsg)) == 1) {
		if (msg_check(imsg_get_type(&imsg), P_STORE, P_WORKER,
		    imsg_get_len(&imsg), imsg.hasfd) == -1)
			_exit(1);
		store_dispatch(w, &imsg);
		imsg_free(&imsg);
	}
	if (n == -1)
		_exit(1);
}

static void
store_dispatch(struct worker *w, struct imsg *imsg)
{
	struct w_ack	 ack;

	switch (imsg_get_type(imsg)) {
	case W_POSITION:
		store_position(w, imsg);
		break;
	case W_ACK:
		if (imsg_get_data(imsg, &ack, sizeof(ack)) == -1)
			_exit(1);
		w->acked_messages = ack.messages;
		w->acked_octets = ack.octets;
		break;
	case W_DONE_ACK:
		w->acked = 1;
		break;
	default:
		_exit(1);
	}
}

static void
store_position(struct worker *w, struct imsg *imsg)
{
	struct w_position	*p = w->position;

	if (w->stage == STAGE_ENDING)
		return;		/* the connection was lost meanwhile */
	if (p == NULL && (p = malloc(sizeof(*p))) == NULL)
		worker_nomem();
	w->position = p;
	if (w->stage != STAGE_POSITION ||
	    imsg_get_data(imsg, p, sizeof(*p)) == -1 || p->folder == 0 ||
	    p->nretry > KM_RETRY_MAX || p->nskip > KM_SKIP_MAX)
		_exit(1);
	sync_start(w);
}

void
worker_tell(struct worker *w, enum msg_type type, const void *p, size_t len)
{
	if (imsg_compose(&w->store, type, 0, 0, -1, p, len) == -1)
		worker_nomem();
}

void
worker_progress(struct worker *w, int now)
{
	struct w_progress	 p;

	if (!now && w->now - w->told < PROGRESS_EVERY)
		return;
	memset(&p, 0, sizeof(p));
	p.found = w->found;
	p.folders = w->nchosen;
	p.folders_done = w->folders_done;
	if (memcmp(&p, &w->progress, sizeof(p)) == 0)
		return;
	w->progress = p;
	w->told = w->now;
	worker_tell(w, W_PROGRESS, &p, sizeof(p));
}
