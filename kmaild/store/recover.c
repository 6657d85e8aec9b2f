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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "db.h"
#include "recover.h"
#include "segment.h"

static DIR	*recover_opendir(int, const char *);
static int	 recover_cut(int, const char *, const struct id *, int64_t,
		    int64_t);
static int	 recover_file(int, const char *, const struct id *);
static int	 recover_account(const char *);
static int	 recover_missing(void);

/* A stream of its own position on a folder below; NULL with errno. */
static DIR *
recover_opendir(int at, const char *name)
{
	DIR	*d;
	int	 fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	if ((d = fdopendir(fd)) == NULL)
		close(fd);
	return d;
}

static int
recover_cut(int dir, const char *name, const struct id *account, int64_t id,
    int64_t length)
{
	struct stat	 st;
	int		 fd, n = -1;

	if ((fd = openat(dir, name, O_RDWR | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		goto done;
	if (st.st_size < length)
		log_code(LOG_ERR, LC_SEGMENT_SHORT, account, id, st.st_size,
		    length);
	if (st.st_size > length) {
		if (ftruncate(fd, length) == -1)
			goto done;
		log_code(LOG_NOTICE, LC_SEGMENT_RECOVERED, account, id,
		    st.st_size - length, 0);
	}
	n = 0;

done:
	if (n == -1)
		log_code(LOG_ERR, LC_SEGMENT_ERROR, account, id, errno, 0);
	if (fd != -1)
		close(fd);
	return n;
}

/* One file of an account's folder; what is not named as ours stays. */
static int
recover_file(int dir, const char *name, const struct id *account)
{
	static struct db_stmt	 q = DB_STMT("SELECT length FROM segment"
	    " WHERE id = ? AND account = ?");
	sqlite3_stmt		*row;
	int64_t			 id, length = 0;
	char			*end;
	int			 n;

	errno = 0;
	id = strtoll(name, &end, 16);
	if (errno != 0 || end == name || strcmp(end, ".seg") != 0)
		return 0;
	if ((row = db_query(&q, "ib", id, account, sizeof(*account))) == NULL)
		return -1;
	if ((n = db_step(row)) == 1)
		length = sqlite3_column_int64(row, 0);
	db_done(row);
	if (n == 1)
		return recover_cut(dir, name, account, id, length);
	if (n == 0)
		unlinkat(dir, name, 0);
	return n;
}

static int
recover_account(const char *name)
{
	struct id	 account;
	struct dirent	*e;
	DIR		*d;
	int		 n = 0;

	if (id_parse(&account, name) == -1)
		return 0;
	if ((d = recover_opendir(segment_dir(), name)) == NULL) {
		log_code(LOG_ERR, LC_SEGMENT_ERROR, &account, 0, errno, 0);
		return -1;
	}
	while (n == 0 && (e = readdir(d)) != NULL)
		n = recover_file(dirfd(d), e->d_name, &account);
	closedir(d);
	/* goes only when it is empty */
	unlinkat(segment_dir(), name, AT_REMOVEDIR);
	return n;
}

/* Rows without a file: their messages cannot be read, say so. */
static int
recover_missing(void)
{
	static struct db_stmt	 q = DB_STMT("SELECT id, account, length"
	    " FROM segment");
	sqlite3_stmt		*row;
	struct id		 account;
	int64_t			 id;
	int			 fd, n;

	if ((row = db_query(&q, "")) == NULL)
		return -1;
	while ((n = db_step(row)) == 1) {
		id = sqlite3_column_int64(row, 0);
		if (sqlite3_column_bytes(row, 1) != ID_LEN)
			continue;
		memcpy(&account, sqlite3_column_blob(row, 1), ID_LEN);
		if ((fd = segment_open_read(&account, id)) == -1)
			log_code(LOG_ERR, LC_SEGMENT_SHORT, &account, id, 0,
			    sqlite3_column_int64(row, 2));
		else
			close(fd);
	}
	db_done(row);
	return n;
}

int
recover_segments(void)
{
	struct dirent	*e;
	DIR		*d;
	int		 n = 0;

	if ((d = recover_opendir(segment_dir(), ".")) == NULL) {
		log_code(LOG_ERR, LC_SEGMENT_ERROR, NULL, 0, errno, 0);
		return -1;
	}
	while (n == 0 && (e = readdir(d)) != NULL)
		n = recover_account(e->d_name);
	closedir(d);
	return n == 0 ? recover_missing() : -1;
}

void
recover_unlink(const struct id *account)
{
	struct dirent	*e;
	char		 hex[ID_HEX_SIZE];
	DIR		*d;

	id_hex(account, hex);
	if ((d = recover_opendir(segment_dir(), hex)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	unlinkat(segment_dir(), hex, AT_REMOVEDIR);
}
