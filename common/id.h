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

#ifndef KMAILD_ID_H
#define KMAILD_ID_H

#include <stdint.h>

/*
 * An account, message, or ticket: 128 random bits, minted once, never
 * reused, written as 32 lower-case hexadecimal digits.
 */
#define ID_LEN		16
#define ID_HEX_SIZE	33

struct id {
	uint8_t	b[ID_LEN];
};

/* Fill id from arc4random_buf(3). */
void		 id_mint(struct id *);
/* 1 when all bits are zero ("no id"), else 0. */
int		 id_is_zero(const struct id *);
int		 id_equal(const struct id *, const struct id *);
/* Write 32 digits and a NUL to the buffer; returns the buffer. */
const char	*id_hex(const struct id *, char[ID_HEX_SIZE]);
/* Exactly 32 lower-case digits; 0, or -1 and *id zeroed. */
int		 id_parse(struct id *, const char *);

#endif
