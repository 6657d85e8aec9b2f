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

#ifndef KMAILD_IMAPCODE_H
#define KMAILD_IMAPCODE_H

#include <stddef.h>
#include <stdint.h>

#include "common/reason.h"

#define IMAPCODE_BACKOFF_MAX	900	/* seconds: more is not obeyed */
#define IMAPCODE_QUOTA_HOLD	14400	/* seconds after [OVERQUOTA] */

/*
 * What follows NO, BAD or BYE: a response code (RFC 3501 7.1, RFC 5530) or
 * the texts of large providers.  Returns R_NONE when it says nothing that is
 * known, else the reason; *backoff gets the seconds that the server asked
 * for, 0 for none.  The text needs no NUL.
 */
enum reason	 imapcode_classify(const char *, size_t, uint32_t *);

#endif
