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

#ifndef KMAILD_TEXT_H
#define KMAILD_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Octets from outside on their way to JSON, terminals and back. */

/*
 * Decode one code point of strict UTF-8 (RFC 3629: no surrogates, nothing
 * overlong, nothing above U+10FFFF).  Returns its octets, 1 to 4, or 0 when
 * those at the pointer are none.
 */
size_t	 text_utf8(const unsigned char *, size_t, uint32_t *);
/* Write a code point as UTF-8 without NUL; returns its octets, 1 to 4. */
size_t	 text_utf8_put(uint32_t, unsigned char[4]);
/*
 * 1 for what must not reach a terminal as it is: C0, DEL, C1, and the
 * invisible characters that reorder or hide what stands around them.
 */
int	 text_unsafe(uint32_t);

/*
 * Octets outside 0x21 to 0x7e, and "%", as %XX.  The buffer needs 3 times
 * the length and one; returns the buffer.
 */
#define TEXT_PERCENT_SIZE(n)	(3 * (n) + 1)
char	*text_percent(const void *, size_t, char *);
/* The reverse, into at most size octets; their number, or -1. */
int	 text_unpercent(const char *, void *, size_t);

#endif
