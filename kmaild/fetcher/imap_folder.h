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

#ifndef IMAP_FOLDER_H
#define IMAP_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "imap_parse.h"

/*
 * A folder's name is the octets that LIST gave.  Decoding serves the
 * comparison with what the operator wrote and nothing else.
 */

/* A UTF-16 unit takes 8/3 octets of modified UTF-7 and 3 of UTF-8. */
#define FOLDER_UTF8_SIZE	(KM_FOLDER_MAX * 2)

/*
 * Modified UTF-7 (RFC 3501 5.1.3) to UTF-8, no NUL.  Returns the octets
 * written, or -1 when the name is not valid or the result too long.
 */
ptrdiff_t	 folder_utf8(const unsigned char *, size_t, unsigned char *,
		    size_t);
/*
 * 1 when the pattern chooses this folder: INBOX in any case, a special use
 * ("\Sent"), or a name with "*" and "%" as in LIST (RFC 3501 6.3.8), in
 * UTF-8 or as LIST showed it.
 */
int		 folder_match(const char *, const struct imap_list *);
/* 1 when the name is INBOX in any case. */
int		 folder_is_inbox(const unsigned char *, size_t);

#endif
