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

#ifndef KMAILD_STORE_SEGMENT_H
#define KMAILD_STORE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/id.h"
#include "common/reason.h"

/*
 * Message bodies lie in append-only files FOLDER/ACCOUNT/SEGMENT.seg,
 * written before the transaction that speaks of them.  What lies behind a
 * segment's length in mail.db does not exist and is cut off.
 */

#define SEGMENT_ROLL	((int64_t)256 * 1024 * 1024)	/* then the next one */
#define SEGMENT_BUF	((size_t)128 * 1024)	/* one write for many */

/* The writing end: one for each account that is being fetched. */
struct segment {
	struct id	 account;
	int64_t		 id;		/* 0: none is open */
	int		 fd;
	int		 is_new;	/* not yet in the database */
	int64_t		 committed;	/* length in the database */
	int64_t		 done;		/* end of the last whole message */
	int64_t		 written;	/* octets of it that are in the file */
	int64_t		 synced;	/* octets of it that are on disk */
	unsigned char	*buf;		/* what follows `written` */
	size_t		 buflen;
	enum reason	 reason;	/* why a call returned -1 */
};

/* Open the mail folder, which is there: 0, or -1 with errno. */
int	 segment_init(const char *);
void	 segment_exit(void);

/* Begin with nothing open; segment_close() drops all that is uncommitted. */
void	 segment_start(struct segment *, const struct id *);
void	 segment_close(struct segment *);
/* 1 when the next message belongs in a new segment: commit first, and close. */
int	 segment_is_full(const struct segment *);
/* Append to the open message; 0 or -1. */
int	 segment_append(struct segment *, const void *, size_t);
/* The open message is whole: its offset.  Or forget its octets. */
int64_t	 segment_accept(struct segment *);
void	 segment_undo(struct segment *);
/* Whole messages onto the disk; then their length into the transaction. */
int	 segment_sync(struct segment *);
int	 segment_write_row(struct segment *);
void	 segment_committed(struct segment *);

/* The mail folder, for recovery; stays ours. */
int	 segment_dir(void);
/* Open a segment for reading: descriptor or -1. */
int	 segment_open_read(const struct id *, int64_t);
/* Octets that the file system has left for us; INT64_MAX if unknown. */
int64_t	 segment_free_space(void);

#endif
