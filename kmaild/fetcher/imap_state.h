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

#ifndef IMAP_STATE_H
#define IMAP_STATE_H

#include <stdint.h>

/* Within the parser: where it is in a response. */

enum imap_state {
	S_START = 0,		/* a new response */
	S_FETCH_OPEN,
	S_FETCH_NAME,
	S_FETCH_VALUE,
	S_FETCH_SKIP,		/* the rest of a list that is a value */
	S_FETCH_END,
	S_LIST_OPEN,
	S_LIST_FLAGS,
	S_LIST_DELIMITER,
	S_LIST_NAME,
	S_CAPABILITY,
	S_ENABLED,
	S_SEARCH,
	S_SKIP			/* not ours: well-formed words up to the end */
};

enum imap_literal_use {
	LITERAL_DROP = 0,
	LITERAL_BODY,
	LITERAL_NAME
};

/* The response is refused: -1, with the reason set. */
int	 imap_broken(struct imap_parser *);
int	 imap_too_long(struct imap_parser *);
/* A literal of this length follows; returns 0. */
int	 imap_literal(struct imap_parser *, uint64_t, int);

/* The next word of a FETCH response (imap_fetch.c): 0, or -1. */
int	 imap_fetch_word(struct imap_parser *, enum imap_token,
	    struct imap_word *);
/* The next word of a LIST response (imap_list.c): 0, or -1. */
int	 imap_list_word(struct imap_parser *, enum imap_token,
	    struct imap_word *);

#endif
