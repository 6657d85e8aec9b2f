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

#include <string.h>
#include <unistd.h>

#include "body.h"
#include "db.h"
#include "segment.h"
#include "store.h"

/* Where the message that was read last lies: reading goes piece by piece. */
static struct {
	int64_t		 message;
	int64_t		 segment;
	int64_t		 offset;
	int64_t		 size;
	int		 fd;		/* of segment; -1 none */
} last = { 0, 0, 0, 0, -1 };

static int	 body_locate(int64_t);

void
body_forget(void)
{
	if (last.fd != -1)
		close(last.fd);
	memset(&last, 0, sizeof(last));
	last.fd = -1;
}

static int
body_locate(int64_t message)
{
	static struct db_stmt	 q = DB_STMT("SELECT account, segment,"
	    " offset, size FROM message WHERE id = ?");
	sqlite3_stmt		*row;
	struct id		 account;
	int64_t			 segment;

	if (last.fd != -1 && last.message == message)
		return 0;
	if ((row = db_query(&q, "i", message)) == NULL)
		return -1;
	if (db_step(row) != 1 || sqlite3_column_bytes(row, 0) != ID_LEN) {
		db_done(row);
		return -1;
	}
	memcpy(&account, sqlite3_column_blob(row, 0), ID_LEN);
	segment = sqlite3_column_int64(row, 1);
	last.message = message;
	last.offset = sqlite3_column_int64(row, 2);
	last.size = sqlite3_column_int64(row, 3);
	db_done(row);
	if (last.fd != -1 && last.segment == segment)
		return 0;
	if (last.fd != -1)
		close(last.fd);
	last.segment = segment;
	last.fd = segment_open_read(&account, segment);
	return last.fd == -1 ? -1 : 0;
}

ssize_t
body_read(int64_t message, uint64_t off, void *buf, size_t len)
{
	ssize_t	 n;

	if (body_locate(message) == -1)
		return -1;
	if (off >= (uint64_t)last.size)
		return 0;
	if (len > (uint64_t)last.size - off)
		len = (size_t)((uint64_t)last.size - off);
	n = pread(last.fd, buf, len, last.offset + (int64_t)off);
	/* a segment that ends early has lost octets: never a short message */
	return n == 0 && len > 0 ? -1 : n;
}
