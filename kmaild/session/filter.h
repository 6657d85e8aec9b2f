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

#ifndef SESSION_FILTER_H
#define SESSION_FILTER_H

#include "session.h"

/*
 * Tokens of IMAP commands.  Each function returns 1 and moves the cursor
 * behind what it took, or 0.
 */

/* A cursor over a command; end is behind what has come so far. */
struct cur {
	const unsigned char *p;
	const unsigned char *end;
	int		 prefix;	/* ran into the end at a literal */
};

int	 is_item(int);
int	 is_set(int);
int	 is_search(int);
/* One octet or more of a kind. */
int	 run(struct cur *, int (*)(int));
/* This octet. */
int	 one(struct cur *, int);
/* Exactly this word, in any case, and no more letters of it. */
int	 word(struct cur *, const char *);
/* "(" word *(SP word) ")" */
int	 words(struct cur *, int (*)(int));
int	 quoted(struct cur *);
/* Atom, quoted or literal; for LIST also with wildcards. */
int	 mailbox(struct cur *, int);
/* "{n}" or "{n+}" between two places: 1, its length, and whether it waits. */
int	 literal_head(const unsigned char *, const unsigned char *, size_t *,
	    int *);

#endif
