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

#include <sys/uio.h>

#include <stdlib.h>
#include <string.h>

#include "worker_state.h"

static void	 body_side(struct worker *, const unsigned char *, size_t);
static size_t	 body_piece(struct worker *, const unsigned char *, size_t,
		    int);
static void	 body_tell(struct worker *, const struct w_body *,
		    const uint32_t *, const unsigned char *);

/*
 * A body goes to the store in pieces of at most PIECE_MAX octets, straight
 * from the input buffer where a whole piece or the whole rest stands in it;
 * else it is put together in the side buffer.  The last octet is held back
 * until the response around the body has ended well.
 */

void
body_begin(struct worker *w)
{
	struct body	*b = &w->body;

	if (b->header == NULL &&
	    (b->header = malloc(sizeof(*b->header))) == NULL)
		worker_nomem();
	header_init(b->header);
	b->begun = 0;
	b->got = 0;
	b->direct = NULL;
	b->direct_len = b->side_len = 0;
}

static void
body_side(struct worker *w, const unsigned char *p, size_t len)
{
	struct body	*b = &w->body;

	if (b->side == NULL && (b->side = malloc(PIECE_MAX + 1)) == NULL)
		worker_nomem();
	memcpy(b->side + b->side_len, p, len);
	b->side_len += len;
}

void
body_add(struct worker *w, const unsigned char *p, size_t len)
{
	struct body	*b = &w->body;
	size_t		 n, rest;

	body_settle(w);
	b->got += len;
	while (b->side_len > 0) {
		n = PIECE_MAX + 1 - b->side_len;
		if (n > len)
			n = len;
		body_side(w, p, n);
		p += n;
		len -= n;
		if (b->side_len <= PIECE_MAX)
			return;
		rest = b->side_len - body_piece(w, b->side, PIECE_MAX, 0);
		if (rest <= n) {
			/* what is left stands in the input buffer too */
			p -= rest;
			len += rest;
			b->side_len = 0;
		} else {
			memmove(b->side, b->side + b->side_len - rest, rest);
			b->side_len = rest;
		}
	}
	while (len > PIECE_MAX) {
		n = body_piece(w, p, PIECE_MAX, 0);
		p += n;
		len -= n;
	}
	b->direct = p;
	b->direct_len = len;
}

void
body_settle(struct worker *w)
{
	struct body	*b = &w->body;
	size_t		 len = b->direct_len;

	b->direct_len = 0;
	if (len > 0)
		body_side(w, b->direct, len);
}

void
body_finish(struct worker *w)
{
	struct body		*b = &w->body;
	const unsigned char	*p = b->side;
	size_t			 len = b->side_len, n;

	if (b->direct_len > 0) {
		p = b->direct;
		len = b->direct_len;
	}
	do {
		n = body_piece(w, p, len, 1);
		p += n;
		len -= n;
	} while (len > 0);
	b->direct_len = b->side_len = 0;
	w->sent_messages++;
	w->sent_octets += b->size;
}

/*
 * Send what the header scanner is done with; the last piece takes all that
 * is left.  Returns its octets.
 */
static size_t
body_piece(struct worker *w, const unsigned char *p, size_t len, int last)
{
	struct body	*b = &w->body;
	uint32_t	 runs[BODY_RUNS_MAX];
	struct w_body	 head;
	size_t		 n, nruns;
	int		 i;

	n = header_scan(b->header, p, len, last, runs, &nruns);
	memset(&head, 0, sizeof(head));
	head.folder = w->folder;
	head.size = b->size;
	head.internaldate = b->date;
	head.uid = b->uid;
	head.nruns = (uint32_t)nruns;
	head.data_len = (uint32_t)n;
	if (!b->begun)
		head.flags |= BODY_FIRST;
	if (last && n == len) {
		head.flags |= BODY_LAST;
		for (i = 0; i < BODY_NFIELDS; i++)
			head.field_len[i] = b->header->len[i];
	}
	body_tell(w, &head, runs, p);
	b->begun = 1;
	return n;
}

static void
body_tell(struct worker *w, const struct w_body *head, const uint32_t *runs,
    const unsigned char *data)
{
	struct iovec	 iov[3 + BODY_NFIELDS];
	int		 n = 0, i;

	iov[n].iov_base = (void *)(uintptr_t)head;
	iov[n++].iov_len = sizeof(*head);
	iov[n].iov_base = (void *)(uintptr_t)runs;
	iov[n++].iov_len = head->nruns * sizeof(*runs);
	for (i = 0; i < BODY_NFIELDS; i++) {
		iov[n].iov_base = w->body.header->text[i];
		iov[n++].iov_len = head->field_len[i];
	}
	iov[n].iov_base = (void *)(uintptr_t)data;
	iov[n++].iov_len = head->data_len;
	if (imsg_composev(&w->store, W_BODY, 0, 0, -1, iov, n) == -1)
		worker_nomem();
}

void
body_abort(struct worker *w)
{
	struct body	*b = &w->body;

	if (b->mode == BODY_STREAM && b->begun)
		worker_tell(w, W_BODY_ABORT, NULL, 0);
	body_free(w);
}

void
body_free(struct worker *w)
{
	struct body	*b = &w->body;

	free(b->side);
	free(b->hold);
	free(b->header);
	memset(b, 0, sizeof(*b));
}
