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

#include "imap_parse.h"
#include "imap_state.h"

/* The values that we know; any other is skipped. */
enum item {
	ITEM_OTHER = 0,
	ITEM_UID,
	ITEM_SIZE,
	ITEM_DATE,
	ITEM_BODY
};

static int	fetch_name(struct imap_parser *, struct imap_word *);
static int	fetch_value(struct imap_parser *, enum imap_token,
		    struct imap_word *);
static int	fetch_body(struct imap_parser *, enum imap_token,
		    struct imap_word *);
static int	fetch_skip(struct imap_parser *, enum imap_token,
		    struct imap_word *);

int
imap_fetch_word(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	switch (ip->state) {
	case S_FETCH_OPEN:
		if (t != IMAP_T_OPEN)
			return imap_broken(ip);
		ip->state = S_FETCH_NAME;
		return 0;
	case S_FETCH_NAME:
		if (t == IMAP_T_CLOSE) {
			ip->state = S_FETCH_END;
			return 0;
		}
		return t == IMAP_T_ATOM ? fetch_name(ip, w) : imap_broken(ip);
	case S_FETCH_VALUE:
		return fetch_value(ip, t, w);
	case S_FETCH_SKIP:
		return fetch_skip(ip, t, w);
	default:
		return imap_broken(ip);	/* something after the end */
	}
}

static int
fetch_name(struct imap_parser *ip, struct imap_word *w)
{
	ip->item = ITEM_OTHER;
	if (imap_word_is(w, "UID"))
		ip->item = ITEM_UID;
	else if (imap_word_is(w, "RFC822.SIZE"))
		ip->item = ITEM_SIZE;
	else if (imap_word_is(w, "INTERNALDATE"))
		ip->item = ITEM_DATE;
	else if (imap_word_is(w, "BODY[]") || imap_word_is(w, "BODY[]<0>"))
		ip->item = ITEM_BODY;
	/* A second body in one response is dropped. */
	if (ip->item == ITEM_BODY && (ip->fetch.has & IMAP_HAS_BODY))
		ip->item = ITEM_OTHER;
	ip->state = S_FETCH_VALUE;
	return 0;
}

static int
fetch_value(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	uint64_t	 n;

	ip->state = S_FETCH_NAME;
	if (ip->item == ITEM_BODY)
		return fetch_body(ip, t, w);
	if (t == IMAP_T_CLOSE || (ip->item == ITEM_UID && t != IMAP_T_ATOM))
		return imap_broken(ip);
	if (t == IMAP_T_OPEN) {
		ip->depth = 1;
		ip->state = S_FETCH_SKIP;
		return 0;
	}
	if (t == IMAP_T_LITERAL)
		return imap_literal(ip, w->literal, LITERAL_DROP);
	if (ip->item == ITEM_UID) {
		if (imap_word_number(w, UINT32_MAX, &n) == -1 || n == 0 ||
		    (ip->fetch.has & IMAP_HAS_UID))
			return imap_broken(ip);
		ip->fetch.uid = (uint32_t)n;
		ip->fetch.has |= IMAP_HAS_UID;
	} else if (ip->item == ITEM_SIZE && t == IMAP_T_ATOM &&
	    imap_word_number(w, INT64_MAX, &n) == 0) {
		ip->fetch.size = n;
		ip->fetch.has |= IMAP_HAS_SIZE;
	} else if (ip->item == ITEM_DATE && t == IMAP_T_STRING &&
	    imap_date_parse(w->p, w->len, &ip->fetch.date) == 0)
		ip->fetch.has |= IMAP_HAS_DATE;
	return 0;
}

static int
fetch_body(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	int	 wanted;

	if (t == IMAP_T_ATOM && imap_word_is(w, "NIL")) {
		ip->fetch.has |= IMAP_HAS_BODY | IMAP_BODY_NIL;
		return 0;
	}
	if (t != IMAP_T_LITERAL && t != IMAP_T_STRING)
		return imap_broken(ip);
	ip->fetch.body_len = t == IMAP_T_LITERAL ? w->literal : w->len;
	wanted = ip->ops->body(ip->arg, &ip->fetch, ip->fetch.body_len);
	ip->fetch.has |= IMAP_HAS_BODY;
	if (t == IMAP_T_LITERAL)
		return imap_literal(ip, w->literal,
		    wanted ? LITERAL_BODY : LITERAL_DROP);
	if (wanted && w->len > 0)
		ip->ops->data(ip->arg, w->p, w->len);
	return 0;
}

static int
fetch_skip(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	if (t == IMAP_T_LITERAL)
		return imap_literal(ip, w->literal, LITERAL_DROP);
	if (t == IMAP_T_OPEN && ++ip->depth > IMAP_DEPTH_MAX)
		return imap_too_long(ip);
	if (t == IMAP_T_CLOSE && --ip->depth == 0)
		ip->state = S_FETCH_NAME;
	return 0;
}
