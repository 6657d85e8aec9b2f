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

#ifndef KMAILD_LOGCODE_H
#define KMAILD_LOGCODE_H

/*
 * What can be logged or be an event: number, constant, name for programs,
 * text for people.  Numbers are stored in databases: append within your
 * section, never renumber.  Placeholders as log_text() has them.
 */
#define LOGCODES(X)							\
	/* every process: 1 to 99 */					\
	X(1, LC_SETUP, "setup-failed", "cannot start: {e}, line {c}")	\
	X(2, LC_MALFORMED, "malformed-message",				\
	    "malformed message of type {a} from {pb}")			\
	X(3, LC_MEMORY, "out-of-memory", "out of memory: {e}, line {c}") \
	X(4, LC_SANDBOX, "sandbox-failed",				\
	    "sandbox cannot be applied: {e}, line {c}")			\
	X(5, LC_BUILD, "build-mismatch",				\
	    "a process of another build answers; is an upgrade under way?") \
	X(6, LC_INVARIANT, "broken-invariant",				\
	    "broken invariant {a}, line {c}")				\
	X(7, LC_PARENT_GONE, "parent-gone", "the parent is gone")	\
	X(8, LC_PRIVDROP, "privdrop-failed",				\
	    "cannot become the configured user: {e}, line {c}")		\
	/* parent: 100 to 199 */					\
	/* vault: 200 to 299 */						\
	/* session: 300 to 399 */					\
	/* fetcher: 400 to 499 */					\
	/* worker: 500 to 599 */					\
	/* store: 600 to 699 */						\
	/* end */

enum logcode {
#define LOGCODE_ENUM(number, constant, name, text)	constant = (number),
	LOGCODES(LOGCODE_ENUM)
#undef LOGCODE_ENUM
	LC_MAX = 1000
};

#endif
