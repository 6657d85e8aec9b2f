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

/* A file of the configuration: who may write it, and its text. */

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

#define SOURCE_MAX	1048576	/* octets of one file */

/* An include is relative to the file that it stands in. */
static int
source_path(const char *path, const char *base, char out[KM_PATH_SIZE])
{
	const char	*slash;
	int		 len;

	if (path[0] == '/' || base == NULL ||
	    (slash = strrchr(base, '/')) == NULL)
		return strlcpy(out, path, KM_PATH_SIZE) < KM_PATH_SIZE ?
		    0 : -1;
	len = snprintf(out, KM_PATH_SIZE, "%.*s/%s", (int)(slash - base),
	    base, path);
	return len < 0 || len >= KM_PATH_SIZE ? -1 : 0;
}

/* Whoever can write the configuration is the daemon. */
static int
source_trusted(int fd, const char *path, struct stat *st)
{
	if (fstat(fd, st) == -1) {
		lex_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		lex_error("%s: not a regular file", path);
		return -1;
	}
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		lex_error("%s: must be owned by root or by the user who "
		    "starts kmaild", path);
		return -1;
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		lex_error("%s: group or others can write it; say: "
		    "chmod go-w %s", path, path);
		return -1;
	}
	if (st->st_size > SOURCE_MAX) {
		lex_error("%s: larger than %d octets", path, SOURCE_MAX);
		return -1;
	}
	return 0;
}

static int
source_read(int fd, struct conf_source *s, size_t size)
{
	ssize_t	n;

	if ((s->text = malloc(size + 1)) == NULL)
		return -1;
	while (s->len < size) {
		n = read(fd, s->text + s->len, size - s->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		s->len += (size_t)n;
	}
	return 0;
}

int
conf_source_open(struct conf_source *s, const char *path, const char *base)
{
	struct stat	 st;
	int		 fd, ret = -1;

	memset(s, 0, sizeof(*s));
	if (source_path(path, base, s->path) == -1) {
		lex_error("file name is too long");
		return -1;
	}
	if ((fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1) {
		lex_error("%s: %s%s", s->path, strerror(errno),
		    base == NULL && errno == ENOENT ? "; an empty file "
		    "means the defaults, see kmaild.conf(5)" : "");
		return -1;
	}
	if (source_trusted(fd, s->path, &st) == 0) {
		ret = source_read(fd, s, (size_t)st.st_size);
		if (ret == -1)
			lex_error("%s: %s", s->path, strerror(errno));
	}
	close(fd);
	if (ret == -1) {
		free(s->text);
		s->text = NULL;
	}
	return ret;
}
