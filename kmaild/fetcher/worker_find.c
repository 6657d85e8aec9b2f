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

#include "worker_state.h"

/*
 * Discovery: UIDs above the position, in windows so wide that each brings
 * about WINDOW_WANTED of them, one window in flight, asked for while bodies
 * still come.  A window that brings more than the ring holds is cut at the
 * highest UID kept, and the next one begins behind it; so memory does not
 * depend on how many there are nor on how they lie.
 */

#define WINDOW_WANTED	1024
#define WINDOW_FREE	(RING_SIZE / 2)	/* ring places that must be free */
#define WINDOW_AHEAD	768	/* UIDs not yet asked for that are enough */

static void	 find_width(struct worker *);
static void	 find_window(struct worker *);
static void	 find_sizes(struct worker *);
static int	 find_needs_newest(const struct worker *);
static void	 find_window_done(struct worker *);
static void	 find_take(struct worker *, uint32_t);
static int	 find_skips(const struct worker *, uint32_t);

void
find_start(struct worker *w)
{
	struct discovery	*d = &w->disc;

	*d = (struct discovery){ 0 };
	d->next = (uint64_t)w->covered + 1;
	if (w->examined.exists == 0)
		d->last = w->covered;
	else if (w->examined.uidnext == 0)
		d->last = UINT32_MAX;	/* not told */
	else
		d->last = w->examined.uidnext - 1;
	find_width(w);
}

/* As wide as WINDOW_WANTED messages are on average, if spread evenly. */
static void
find_width(struct worker *w)
{
	struct discovery	*d = &w->disc;

	d->width = WINDOW_WANTED;
	if (w->examined.exists > 0)
		d->width *= d->last / w->examined.exists + 1;
	d->width_max = 4 * d->width;
}

int
find_done(const struct worker *w)
{
	return w->disc.busy == CMD_NONE && w->disc.sizes == 0 &&
	    w->disc.next > w->disc.last;
}

/* At most N new ones: then all of them are among the newest N. */
static int
find_needs_newest(const struct worker *w)
{
	const struct discovery	*d = &w->disc;

	return w->order.newest != 0 && !d->newest &&
	    w->examined.exists > w->order.newest &&
	    d->last - d->next >= w->order.newest;
}

void
find_turn(struct worker *w)
{
	struct discovery	*d = &w->disc;

	if (d->busy != CMD_NONE || !worker_may_send(w))
		return;
	if (d->sizes > 0) {
		find_sizes(w);
		return;
	}
	if (d->next > d->last || w->ring.nwait > WINDOW_AHEAD ||
	    RING_SIZE - w->ring.n < WINDOW_FREE)
		return;
	d->got = 0;
	d->cut = 0;
	if (d->last == UINT32_MAX) {
		d->busy = CMD_LAST;
		worker_cmd(w, CMD_LAST, "UID FETCH * (UID)");
	} else if (find_needs_newest(w)) {
		/* RFC 3501 6.4.4: a message's number in, its UID out */
		d->busy = CMD_NEWEST;
		d->newest = 1;
		worker_cmd(w, CMD_NEWEST, "UID SEARCH %u",
		    w->examined.exists - w->order.newest + 1);
	} else
		find_window(w);
}

static void
find_window(struct worker *w)
{
	struct discovery	*d = &w->disc;
	char			 date[IMAP_DATE_SIZE];

	d->lo = d->next;
	d->hi = d->last - d->lo < d->width ? d->last : d->lo + d->width - 1;
	if (w->order.since == 0) {
		d->busy = CMD_WINDOW;
		worker_cmd(w, CMD_WINDOW, "UID FETCH %u:%u (UID RFC822.SIZE)",
		    (uint32_t)d->lo, (uint32_t)d->hi);
	} else {
		d->busy = CMD_SEARCH;
		worker_cmd(w, CMD_SEARCH, "UID SEARCH UID %u:%u SINCE %s",
		    (uint32_t)d->lo, (uint32_t)d->hi,
		    imap_date_text(w->order.since, date));
	}
}

/* Sizes of what SEARCH found, as many as fit on a line. */
static void
find_sizes(struct worker *w)
{
	struct imap_set	 set;
	struct entry	*e;
	uint32_t	 i, n = 0;

	imap_set_init(&set);
	for (i = 0; i < w->ring.n; i++) {
		e = ring_at(&w->ring, i);
		if (e->state != E_FOUND)
			continue;
		if (imap_set_add(&set, e->uid) == -1)
			break;
		n++;
	}
	w->disc.got = n;
	w->disc.busy = CMD_SIZES;
	worker_cmd(w, CMD_SIZES, "UID FETCH %s (UID RFC822.SIZE)",
	    imap_set_text(&set));
}

/* SEARCH gave this UID. */
void
find_uid(struct worker *w, uint32_t uid)
{
	struct discovery	*d = &w->disc;

	if (w->folder == 0)
		return;
	if (d->busy == CMD_NEWEST && uid > d->next)
		d->next = uid;
	if (d->busy == CMD_SEARCH && uid >= d->lo && uid <= d->hi &&
	    ring_insert(&w->ring, uid, &d->cut) != NULL)
		d->got++;
}

/* A FETCH without a body: perhaps of what was asked for. */
void
find_size(struct worker *w, const struct imap_fetch *f)
{
	struct discovery	*d = &w->disc;
	struct entry		*e = NULL;

	if (d->busy == CMD_LAST && f->uid > d->got)
		d->got = f->uid;
	if (d->busy == CMD_WINDOW && f->uid >= d->lo && f->uid <= d->hi) {
		e = ring_insert(&w->ring, f->uid, &d->cut);
		d->got++;
	} else if (d->busy == CMD_SIZES)
		e = ring_find(&w->ring, f->uid);
	if (e != NULL && (f->has & IMAP_HAS_SIZE)) {
		e->size = f->size > UINT32_MAX ? UINT32_MAX :
		    (uint32_t)f->size;
		e->flags |= ENTRY_SIZE;
	}
}

static int
find_skips(const struct worker *w, uint32_t uid)
{
	uint32_t	 i;

	for (i = 0; i < w->position->nskip; i++)
		if (w->position->skip[i] == uid)
			return 1;
	return 0;
}

/*
 * The first n that were found are to be fetched, but for those that are too
 * large by their own word.
 */
static void
find_take(struct worker *w, uint32_t n)
{
	struct entry	*e;
	uint32_t	 i;

	for (i = 0; i < w->ring.n && n > 0; i++) {
		e = ring_at(&w->ring, i);
		if (e->state != E_FOUND)
			continue;
		n--;
		if (find_skips(w, e->uid)) {
			ring_set(&w->ring, e, E_DONE);
			continue;
		}
		w->found++;
		if ((e->flags & ENTRY_SIZE) && e->size > w->order.max_size) {
			e->reason = R_MSG_TOO_LARGE;
			ring_set(&w->ring, e, E_FAILED);
		} else
			ring_set(&w->ring, e, E_WAIT);
	}
}

static void
find_window_done(struct worker *w)
{
	struct discovery	*d = &w->disc;

	d->next = d->hi + 1;
	if (d->cut) {
		d->next = (uint64_t)ring_at(&w->ring, w->ring.n - 1)->uid + 1;
		d->width = d->next - d->lo;
	} else if (d->got > 2 * WINDOW_WANTED && d->width > 1)
		d->width /= 2;
	else if (d->got < WINDOW_WANTED / 4 && d->width < d->width_max)
		d->width *= 2;
}

void
find_status(struct worker *w, const struct cmd *c,
    const struct imap_status *st)
{
	struct discovery	*d = &w->disc;
	uint32_t		 i;

	d->busy = CMD_NONE;
	if (c->kind == CMD_SIZES) {
		/* without sizes they can be fetched as well */
		find_take(w, d->got);
		d->sizes -= d->got;
		return;
	}
	if (st->cond != IMAP_OK) {
		sync_refused(w);
		return;
	}
	switch (c->kind) {
	case CMD_LAST:
		d->last = d->got;
		find_width(w);
		break;
	case CMD_WINDOW:
		find_window_done(w);
		find_take(w, RING_SIZE);
		break;
	case CMD_SEARCH:
		find_window_done(w);
		for (i = 0; i < w->ring.n; i++)
			if (ring_at(&w->ring, i)->state == E_FOUND)
				d->sizes++;
		break;
	default:
		break;
	}
}
