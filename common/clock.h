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

#ifndef KMAILD_CLOCK_H
#define KMAILD_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970, UTC: for display and databases only. */
int64_t	 clock_utc(void);
/* Milliseconds on a clock that goes on in suspend and never jumps. */
int64_t	 clock_boot(void);
/* "2026-11-22T20:14:00Z" for microseconds UTC; returns the buffer. */
#define CLOCK_TEXT_SIZE	32
const char *clock_text(int64_t, char[CLOCK_TEXT_SIZE]);

#endif
