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

static void	ring_count(struct ring *, const struct entry *, int);

struct entry *
ring_at(const struct ring *r, uint32_t i)
{
	return &r->e[(r->head + i) & (RING_SIZE - 1)];
}

struct entry *
ring_find(const struct ring *r, uint32_t uid)
{
	uint32_t	 lo = 0, hi = r->n, mid;
	struct entry	*e;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		e = ring_at(r, mid);
		if (e->uid == uid)
			return e;
		if (e->uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void
ring_count(struct ring *r, const struct entry *e, int by)
{
	uint32_t	*n;

	if (e->state == E_WAIT)
		n = &r->nwait;
	else if (e->state == E_ALONE)
		n = &r->nalone;
	else if (e->state == E_CHECK)
		n = &r->ncheck;
	else
		return;
	*n = (uint32_t)((int64_t)*n + by);
}

void
ring_set(struct ring *r, struct entry *e, enum entry_state state)
{
	ring_count(r, e, -1);
	e->state = (uint8_t)state;
	ring_count(r, e, 1);
}

struct entry *
ring_insert(struct ring *r, uint32_t uid, int *cut)
{
	static const struct entry	 fresh;
	struct entry			*e;
	uint32_t			 i;

	if ((e = ring_find(r, uid)) != NULL)
		return e;
	if (r->n == RING_SIZE) {
		*cut = 1;
		e = ring_at(r, r->n - 1);
		if (e->uid < uid)
			return NULL;
		ring_set(r, e, E_DONE);
		r->n--;
	}
	for (i = r->n; i > 0 && ring_at(r, i - 1)->uid > uid; i--)
		*ring_at(r, i) = *ring_at(r, i - 1);
	r->n++;
	e = ring_at(r, i);
	*e = fresh;
	e->uid = uid;
	return e;
}

void
ring_pop(struct ring *r)
{
	ring_set(r, ring_at(r, 0), E_DONE);
	r->head = (r->head + 1) & (RING_SIZE - 1);
	r->n--;
}
