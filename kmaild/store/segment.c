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

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "db.h"
#include "segment.h"

#define SEGMENT_NAME_SIZE	32

static int	 mail_fd = -1;	/* the mail folder */
static int64_t	 next_id;	/* rows are written later than ids given out */

static const char	*segment_name(int64_t, char[SEGMENT_NAME_SIZE]);
static int	 segment_open_dir(const struct id *, int);
static int	 segment_fail(struct segment *);
static int	 segment_open(struct segment *);
static int	 segment_open_last(struct segment *, int);
static int	 segment_open_new(struct segment *, int);
static int	 segment_write(struct segment *, const void *, size_t);
static int	 segment_sync_dirs(struct segment *);

static const char *
segment_name(int64_t id, char buf[SEGMENT_NAME_SIZE])
{
	snprintf(buf, SEGMENT_NAME_SIZE, "%08" PRIx64 ".seg", (uint64_t)id);
	return buf;
}

int
segment_init(const char *dir)
{
	static struct db_stmt	 s = DB_STMT("SELECT"
	    " coalesce(max(id), 0) + 1 FROM segment");

	if ((mail_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (next_id = db_integer(&s, -1)) == -1)
		return -1;
	return 0;
}

void
segment_exit(void)
{
	if (mail_fd != -1)
		close(mail_fd);
	mail_fd = -1;
}

int
segment_dir(void)
{
	return mail_fd;
}

static int
segment_open_dir(const struct id *account, int create)
{
	char	 hex[ID_HEX_SIZE];

	id_hex(account, hex);
	if (create && mkdirat(mail_fd, hex, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(mail_fd, hex, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
segment_fail(struct segment *s)
{
	s->reason = db_reason_errno(errno);
	log_code(LOG_ERR, LC_SEGMENT_ERROR, &s->account, s->id, errno, 0);
	return -1;
}

void
segment_start(struct segment *s, const struct id *account)
{
	struct id	 id = *account;		/* perhaps the segment's own */

	memset(s, 0, sizeof(*s));
	s->account = id;
	s->fd = -1;
}

void
segment_close(struct segment *s)
{
	char	 hex[ID_HEX_SIZE], name[SEGMENT_NAME_SIZE];
	char	 path[ID_HEX_SIZE + SEGMENT_NAME_SIZE];

	if (s->fd != -1) {
		if (s->is_new) {
			snprintf(path, sizeof(path), "%s/%s",
			    id_hex(&s->account, hex),
			    segment_name(s->id, name));
			unlinkat(mail_fd, path, 0);
		} else if (s->written > s->committed &&
		    ftruncate(s->fd, s->committed) == -1)
			segment_fail(s);	/* cut off at the next start */
		close(s->fd);
	}
	free(s->buf);
	segment_start(s, &s->account);
}

int
segment_is_full(const struct segment *s)
{
	return s->fd != -1 && s->done >= SEGMENT_ROLL;
}

/* Go on with the account's newest segment: 1, 0 there is none, -1 error. */
static int
segment_open_last(struct segment *s, int dir)
{
	static struct db_stmt	 q = DB_STMT("SELECT id, length FROM segment"
	    " WHERE account = ? ORDER BY id DESC LIMIT 1");
	struct stat		 st;
	sqlite3_stmt		*row;
	char			 name[SEGMENT_NAME_SIZE];
	int			 n;

	if ((row = db_query(&q, "b", &s->account, sizeof(s->account))) == NULL)
		return -1;
	if ((n = db_step(row)) == 1) {
		s->id = sqlite3_column_int64(row, 0);
		s->committed = sqlite3_column_int64(row, 1);
	}
	db_done(row);
	if (n != 1)
		return n;
	if (s->committed >= SEGMENT_ROLL)
		return 0;
	s->fd = openat(dir, segment_name(s->id, name), O_RDWR | O_CLOEXEC);
	/* one that lost octets is left for the person who restores it */
	if (s->fd != -1 && (fstat(s->fd, &st) == -1 ||
	    st.st_size < s->committed)) {
		close(s->fd);
		s->fd = -1;
	}
	return s->fd != -1;
}

static int
segment_open_new(struct segment *s, int dir)
{
	char	 name[SEGMENT_NAME_SIZE];

	s->id = next_id++;
	s->committed = 0;
	s->is_new = 1;
	s->fd = openat(dir, segment_name(s->id, name),
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return s->fd == -1 ? -1 : 0;
}

static int
segment_open(struct segment *s)
{
	int	 dir, n;

	if ((s->buf = malloc(SEGMENT_BUF)) == NULL)
		fatal(LC_MEMORY);
	if ((dir = segment_open_dir(&s->account, 1)) == -1)
		return segment_fail(s);
	if ((n = segment_open_last(s, dir)) == -1)
		s->reason = db_reason();
	else if (n == 0 && (n = segment_open_new(s, dir)) == -1)
		segment_fail(s);
	close(dir);
	if (n == -1)
		return -1;
	s->done = s->written = s->synced = s->committed;
	return 0;
}

static int
segment_write(struct segment *s, const void *data, size_t len)
{
	const unsigned char	*p = data;
	ssize_t			 n;

	while (len > 0) {
		if ((n = pwrite(s->fd, p, len, s->written)) == -1) {
			if (errno == EINTR)
				continue;
			return segment_fail(s);
		}
		s->written += n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
segment_append(struct segment *s, const void *data, size_t len)
{
	if (s->fd == -1 && segment_open(s) == -1)
		return -1;
	if (len > SEGMENT_BUF - s->buflen) {
		if (segment_write(s, s->buf, s->buflen) == -1)
			return -1;
		s->buflen = 0;
	}
	if (len >= SEGMENT_BUF)
		return segment_write(s, data, len);
	memcpy(s->buf + s->buflen, data, len);
	s->buflen += len;
	return 0;
}

int64_t
segment_accept(struct segment *s)
{
	int64_t	 offset = s->done;

	s->done = s->written + (int64_t)s->buflen;
	return offset;
}

void
segment_undo(struct segment *s)
{
	if (s->done >= s->written) {
		s->buflen = (size_t)(s->done - s->written);
		return;
	}
	/* written over by the next message, or cut off at the end */
	s->written = s->done;
	s->buflen = 0;
	if (s->synced > s->written)
		s->synced = s->written;
}

/* A new file is found again after a crash only when its folders are synced. */
static int
segment_sync_dirs(struct segment *s)
{
	int	 dir, n;

	if ((dir = segment_open_dir(&s->account, 0)) == -1)
		return segment_fail(s);
	n = fsync(dir) == -1 || fsync(mail_fd) == -1 ? segment_fail(s) : 0;
	close(dir);
	return n;
}

int
segment_sync(struct segment *s)
{
	if (s->fd == -1 || s->done == s->committed)
		return 0;
	if (s->done > s->written) {
		if (segment_write(s, s->buf, s->buflen) == -1)
			return -1;
		s->buflen = 0;
	}
	if (s->done > s->synced) {
		if (fdatasync(s->fd) == -1)
			return segment_fail(s);
		s->synced = s->written;
	}
	return s->is_new ? segment_sync_dirs(s) : 0;
}

int
segment_write_row(struct segment *s)
{
	static struct db_stmt	 q = DB_STMT("INSERT INTO segment"
	    " (id, account, length) VALUES (?, ?, ?)"
	    " ON CONFLICT (id) DO UPDATE SET length = excluded.length");

	if (s->fd == -1 || s->done == s->committed)
		return 0;
	return db_run(&q, "ibi", s->id, &s->account, sizeof(s->account),
	    s->done);
}

void
segment_committed(struct segment *s)
{
	if (s->fd == -1 || s->done == s->committed)
		return;
	s->committed = s->done;
	s->is_new = 0;
}

int
segment_open_read(const struct id *account, int64_t id)
{
	char	 name[SEGMENT_NAME_SIZE];
	int	 dir, fd;

	if ((dir = segment_open_dir(account, 0)) == -1)
		return -1;
	fd = openat(dir, segment_name(id, name), O_RDONLY | O_CLOEXEC);
	close(dir);
	return fd;
}

int64_t
segment_free_space(void)
{
	struct statvfs	 sv;

	if (fstatvfs(mail_fd, &sv) == -1)
		return INT64_MAX;
	return (int64_t)(sv.f_bavail * sv.f_frsize);
}
