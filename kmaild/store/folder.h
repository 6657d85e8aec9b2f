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

#ifndef KMAILD_STORE_FOLDER_H
#define KMAILD_STORE_FOLDER_H

#include <stddef.h>

#include "ingest.h"

/*
 * Folder rows.  Key is account, epoch, name (opaque octets) and UIDVALIDITY;
 * at most one row of a name is present: the one under which the server last
 * showed it.  An UIDVALIDITY that comes back finds its row again.
 */

/* Once: the number of the next new folder; 0 or -1. */
int		 folder_init(void);
/* Rows that are present now: 0 or -1. */
int		 folder_load_known(struct ingest *);
void		 folder_free_known(struct ingest *);
/* LIST showed it; at the end of LIST, queue what it did not show. */
void		 folder_mark_listed(struct ingest *, const unsigned char *,
		    size_t);
void		 folder_queue_absent(struct ingest *);
/* The position for an examined folder, to be freed; NULL on error. */
struct position	*folder_examine(struct ingest *, const struct w_examined *);
/* Within a transaction: insert or update; set a row absent.  0 or -1. */
int		 folder_write(const struct ingest *, const struct position *);
int		 folder_write_absent(int64_t);

#endif
