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

#include "worker_state.h"

static int	 fetch_asked(const struct entry *);
static struct entry *fetch_only(struct worker *);
static int	 fetch_hold(struct worker *, const struct imap_fetch *,
		    uint64_t);
static int	 fetch_stream(struct worker *, struct entry *,
		    const struct imap_fetch *, uint64_t);
static void	 fetch_body_done(struct worker *, const struct imap_fetch *);
static void	 fetch_delivered(struct worker *, struct entry *);
static void	 fetch_failed(struct worker *, struct entry *, enum reason);
static int	 fetch_empty(const struct entry *, const struct imap_fetch *);

static int
fetch_asked(const struct entry *e)
{
	return e != NULL &&
	    (e->state == E_ASKED || e->state == E_ASKED_ALONE);
}

/* When the server can only be answering a command for one message. */
static struct entry *
fetch_only(struct worker *w)
{
	const struct cmd	*c = &w->cmds[w->cmd_head];

	if (w->ncmds == 0 || c->kind != CMD_ALONE)
		return NULL;
	return ring_find(&w->ring, c->uid);
}

static int
fetch_stream(struct worker *w, struct entry *e, const struct imap_fetch *f,
    uint64_t len)
{
	struct body	*b = &w->body;

	b->uid = e->uid;
	b->size = len;
	b->date = f->date;
	if (len > w->order.max_size) {
		b->mode = BODY_DROPPED;
		b->reason = R_MSG_TOO_LARGE;
		return 0;
	}
	b->mode = BODY_STREAM;
	body_begin(w);
	return 1;
}

static int
fetch_hold(struct worker *w, const struct imap_fetch *f, uint64_t len)
{
	struct body	*b = &w->body;

	if ((b->hold = malloc(len == 0 ? 1 : (size_t)len)) == NULL)
		worker_nomem();
	b->mode = BODY_HOLD;
	b->uid = f->uid;
	b->size = len;
	b->got = 0;
	return 1;
}

/*
 * The octets of a body follow.  It is taken for a UID that was asked for.
 * A server may send UID and INTERNALDATE after it (the order is free): a
 * short body is kept until they come, a long one is asked for alone, where
 * its UID can only be that one.
 */
int
fetch_body(void *arg, const struct imap_fetch *f, uint64_t len)
{
	struct worker	*w = arg;
	struct entry	*e;

	w->body.mode = BODY_IGNORE;
	w->body_since = w->waited;
	if (w->folder == 0)
		return 0;
	if (f->has & IMAP_HAS_UID) {
		e = ring_find(&w->ring, f->uid);
		if (!fetch_asked(e))
			return 0;
		if ((f->has & IMAP_HAS_DATE) || len > BODY_HOLD_MAX)
			return fetch_stream(w, e, f, len);
		return fetch_hold(w, f, len);
	}
	if (len <= BODY_HOLD_MAX)
		return fetch_hold(w, f, len);
	if ((e = fetch_only(w)) != NULL && fetch_asked(e))
		return fetch_stream(w, e, f, len);
	w->body.mode = BODY_DROPPED;
	w->body.reason = R_NONE;
	w->body.uid = 0;
	w->body.size = len;
	return 0;
}

void
fetch_data(void *arg, const unsigned char *p, size_t len)
{
	struct worker	*w = arg;
	struct body	*b = &w->body;

	if (b->mode == BODY_STREAM)
		body_add(w, p, len);
	else if (b->mode == BODY_HOLD) {
		memcpy(b->hold + b->got, p, len);
		b->got += len;
	}
}

void
fetch_done(void *arg, const struct imap_fetch *f)
{
	struct worker	*w = arg;
	struct entry	*e;

	if (f->has & IMAP_HAS_BODY) {
		fetch_body_done(w, f);
		w->body.mode = BODY_IGNORE;
		return;
	}
	if ((f->has & IMAP_HAS_UID) == 0 || w->folder == 0)
		return;
	if ((e = ring_find(&w->ring, f->uid)) != NULL &&
	    e->state == E_CHECKING)
		e->flags |= ENTRY_EXISTS;
	find_size(w, f);
}

static void
fetch_body_done(struct worker *w, const struct imap_fetch *f)
{
	struct body	*b = &w->body;
	struct entry	*e = NULL;
	unsigned char	*hold = b->hold;

	b->hold = NULL;
	if ((f->has & IMAP_HAS_UID) && w->folder != 0)
		e = ring_find(&w->ring, f->uid);
	if (!fetch_asked(e) || (b->mode == BODY_STREAM && b->uid != f->uid)) {
		if (b->mode == BODY_STREAM)
			body_abort(w);	/* not the one that was implied */
		free(hold);
		return;
	}
	if ((f->has & IMAP_HAS_SIZE) && (e->flags & ENTRY_SIZE) == 0) {
		e->size = f->size > UINT32_MAX ? UINT32_MAX :
		    (uint32_t)f->size;
		e->flags |= ENTRY_SIZE;
	}
	if (b->mode == BODY_DROPPED && b->reason == R_NONE) {
		e->reason = R_MSG_INVALID;
		ring_set(&w->ring, e, e->state == E_ASKED ? E_ALONE : E_CHECK);
	} else if (b->mode == BODY_DROPPED)
		fetch_failed(w, e, b->reason);
	else if (fetch_empty(e, f)) {
		if (b->mode == BODY_STREAM)
			body_abort(w);
		fetch_failed(w, e, R_MSG_EMPTY);
	} else {
		if (b->mode == BODY_HOLD &&
		    fetch_stream(w, e, f, b->size) != 0)
			body_add(w, hold, (size_t)b->size);
		if (b->mode == BODY_STREAM) {
			body_finish(w);
			fetch_delivered(w, e);
		} else
			fetch_failed(w, e, b->reason);
	}
	free(hold);
}

/* No octets, although there should be some, or none that say so. */
static int
fetch_empty(const struct entry *e, const struct imap_fetch *f)
{
	if (f->has & IMAP_BODY_NIL)
		return 1;
	return f->body_len == 0 &&
	    ((e->flags & ENTRY_SIZE) == 0 || e->size > 0);
}

static void
fetch_delivered(struct worker *w, struct entry *e)
{
	ring_set(&w->ring, e, E_DONE);
	w->delivered++;
	w->refused = 0;
	worker_stepped(w);
}

static void
fetch_failed(struct worker *w, struct entry *e, enum reason reason)
{
	if (reason == R_MSG_TOO_LARGE)
		e->size = w->body.size > UINT32_MAX ? UINT32_MAX :
		    (uint32_t)w->body.size;
	e->reason = (uint8_t)reason;
	ring_set(&w->ring, e, E_FAILED);
	worker_stepped(w);
}
