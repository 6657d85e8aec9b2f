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

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/id.h"
#include "common/limits.h"
#include "ctl.h"

/*
 * A file's name is the message's id and nothing else, so a second export
 * finds what is there, wherever a mail program moved it within new and cur.
 */

#define SUFFIX		".kmaild"
#define NAME_SIZE	(ID_HEX_SIZE + sizeof(SUFFIX))
#define WINDOW		8	/* requests under way: the daemon has 16 */
#define BATCH		64	/* files written before they are synced */

struct ids {
	struct id	*id;
	size_t		 n, size;
};

struct maildir {
	int		 tmp, new, cur;	/* folders */
	struct ids	 present;	/* sorted */
	struct ids	 wanted;
	uint64_t	 total;
	uint64_t	 written;
	uint64_t	 octets;
	int		 fds[BATCH];	/* in tmp, not synced */
	struct id	 ids[BATCH];
	size_t		 nfds;
	struct progress	 progress;
};

static void	 ids_add(struct ids *, const struct id *);
static int	 id_compare(const void *, const void *);
static int	 maildir_folder(const char *, const char *);
static int	 maildir_fresh(const char *);
static int	 maildir_open(struct maildir *, const char *);
static int	 maildir_names(struct maildir *, int);
static const char *maildir_name(const struct id *, char[NAME_SIZE]);
static int	 list_item(json_t *, void *);
static int	 file_put(void *, const unsigned char *, size_t);
static int	 maildir_file(struct maildir *, const json_t *);
static int	 maildir_commit(struct maildir *);
static void	 maildir_request(struct maildir *, const char *, size_t);
static int	 maildir_fetch(struct maildir *, const char *);

static void
ids_add(struct ids *ids, const struct id *id)
{
	struct id	*bigger;
	size_t		 size;

	if (ids->n == ids->size) {
		size = ids->size == 0 ? 1024 : 2 * ids->size;
		if ((bigger = reallocarray(ids->id, size,
		    sizeof(*bigger))) == NULL) {
			complain(NULL, "out of memory");
			exit(CTL_FAILED);
		}
		ids->id = bigger;
		ids->size = size;
	}
	ids->id[ids->n++] = *id;
}

static int
id_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

/* Make it if need be and open it; -1, complaint made. */
static int
maildir_folder(const char *dir, const char *name)
{
	char	 path[KM_PATH_SIZE];
	int	 fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    sizeof(path)) {
		complain(NULL, "%s: name too long", dir);
		return -1;
	}
	if ((mkdir(path, 0700) == -1 && errno != EEXIST) || (fd = open(path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		complain(NULL, "%s: %s", path, strerror(errno));
		return -1;
	}
	return fd;
}

/* A folder that holds other things is not made into a Maildir. */
static int
maildir_fresh(const char *path)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 things = 0, ours = 0;

	if ((dir = opendir(path)) == NULL)
		return 1;	/* what is wrong is said when it is used */
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, "new") == 0)
			ours = 1;
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			things = 1;
	}
	closedir(dir);
	return ours || !things;
}

static int
maildir_open(struct maildir *m, const char *path)
{
	if (!maildir_fresh(path)) {
		complain("Name a Maildir, an empty folder, or one that is "
		    "not there yet.", "%s holds other things", path);
		return CTL_FAILED;
	}
	if (mkdir(path, 0700) == -1 && errno != EEXIST) {
		complain(NULL, "%s: %s", path, strerror(errno));
		return CTL_FAILED;
	}
	if ((m->tmp = maildir_folder(path, "tmp")) == -1 ||
	    (m->new = maildir_folder(path, "new")) == -1 ||
	    (m->cur = maildir_folder(path, "cur")) == -1)
		return CTL_FAILED;
	/* Until the end: the names in tmp are the same for each export. */
	if (flock(m->tmp, LOCK_EX | LOCK_NB) == -1) {
		complain("Wait for it to end.",
		    "%s: another export writes there", path);
		return CTL_LATER;
	}
	return CTL_DONE;
}

static const char *
maildir_name(const struct id *id, char name[NAME_SIZE])
{
	char	 hex[ID_HEX_SIZE];

	snprintf(name, NAME_SIZE, "%s" SUFFIX, id_hex(id, hex));
	return name;
}

/* The ids of what is there; a mail program may have added ":2,S". */
static int
maildir_names(struct maildir *m, int folder)
{
	struct dirent	*entry;
	struct id	 id;
	DIR		*dir;
	char		 hex[ID_HEX_SIZE];
	int		 fd;

	if ((fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1 || (dir = fdopendir(fd)) == NULL) {
		complain(NULL, "Maildir: %s", strerror(errno));
		return CTL_FAILED;
	}
	while ((entry = readdir(dir)) != NULL) {
		strlcpy(hex, entry->d_name, sizeof(hex));
		if (strncmp(entry->d_name + strlen(hex), SUFFIX,
		    strlen(SUFFIX)) == 0 && id_parse(&id, hex) == 0)
			ids_add(&m->present, &id);
	}
	closedir(dir);
	return CTL_DONE;
}

static int
list_item(json_t *item, void *arg)
{
	struct maildir	*m = arg;
	struct id	 id;

	if (id_parse(&id, json_text(item, "message")) == -1)
		return CTL_DONE;
	m->total++;
	if (m->present.n == 0 || bsearch(&id, m->present.id, m->present.n,
	    sizeof(id), id_compare) == NULL)
		ids_add(&m->wanted, &id);
	return CTL_DONE;
}

static int
file_put(void *arg, const unsigned char *data, size_t len)
{
	return write_all(*(int *)arg, data, len);
}

/* One message{} and its octets into tmp. */
static int
maildir_file(struct maildir *m, const json_t *item)
{
	struct timespec	 times[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
	struct tm	 tm;
	struct id	 id;
	char		 name[NAME_SIZE];
	size_t		 bytes = (size_t)json_int(item, "bytes");
	int		 code, fd;

	if (id_parse(&id, json_text(item, "message")) == -1) {
		complain(NULL, "kmaild sent a message without an id");
		return CTL_FAILED;
	}
	if ((fd = openat(m->tmp, maildir_name(&id, name), O_WRONLY | O_CREAT |
	    O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)) == -1) {
		complain(NULL, "tmp/%s: %s", name, strerror(errno));
		return CTL_FAILED;
	}
	if ((code = export_octets(bytes, file_put, &fd)) != CTL_DONE) {
		close(fd);
		unlinkat(m->tmp, name, 0);
		return code;
	}
	memset(&tm, 0, sizeof(tm));
	if (strptime(json_text(item, "internaldate"), "%Y-%m-%dT%H:%M:%S",
	    &tm) != NULL) {
		times[1].tv_sec = timegm(&tm);
		futimens(fd, times);
	}
	m->ids[m->nfds] = id;
	m->fds[m->nfds++] = fd;
	m->octets += bytes;
	progress_draw(&m->progress, m->written + m->nfds, m->wanted.n,
	    m->octets);
	return m->nfds == BATCH ? maildir_commit(m) : CTL_DONE;
}

/* What is in new is complete and on the disk. */
static int
maildir_commit(struct maildir *m)
{
	char	 name[NAME_SIZE];
	size_t	 i;
	int	 code = CTL_DONE;

	for (i = 0; i < m->nfds; i++) {
		maildir_name(&m->ids[i], name);
		if (code == CTL_DONE && (fsync(m->fds[i]) == -1 ||
		    renameat(m->tmp, name, m->new, name) == -1)) {
			complain(NULL, "%s: %s", name, strerror(errno));
			code = CTL_FAILED;
		}
		if (code == CTL_DONE)
			m->written++;
		close(m->fds[i]);
	}
	m->nfds = 0;
	return code;
}

static void
maildir_request(struct maildir *m, const char *account, size_t i)
{
	json_t	*request = request_new("message-get");
	char	 hex[ID_HEX_SIZE];

	request_text(request, "account", account);
	request_text(request, "message", id_hex(&m->wanted.id[i], hex));
	daemon_send(request);
}

/* Several requests under way: the disk and the daemon work at once. */
static int
maildir_fetch(struct maildir *m, const char *account)
{
	json_t	*object;
	size_t	 asked = 0, ended = 0, errors = 0;
	int	 code = CTL_DONE, failed = CTL_DONE;

	while (code == CTL_DONE && ended < m->wanted.n) {
		for (; asked < m->wanted.n && asked - ended < WINDOW; asked++)
			maildir_request(m, account, asked);
		if ((object = daemon_next()) == NULL)
			code = CTL_NODAEMON;
		else if (json_type_is(object, "message"))
			code = maildir_file(m, object);
		else {
			ended++;
			if (json_type_is(object, "error") && errors++ == 0)
				failed = daemon_error(object);
		}
		json_decref(object);
	}
	if (maildir_commit(m) != CTL_DONE && code == CTL_DONE)
		code = CTL_FAILED;
	fsync(m->new);
	if (errors > 1)
		complain(NULL, "so it was with %zu messages", errors);
	return code == CTL_DONE ? failed : code;
}

int
export_maildir(const char *account, const char *path)
{
	struct maildir	 m;
	json_t		*request;
	int		 code;

	memset(&m, 0, sizeof(m));
	if ((code = daemon_open()) != CTL_DONE ||
	    (code = maildir_open(&m, path)) != CTL_DONE)
		return code;
	ctl_sandbox(path);
	if ((code = maildir_names(&m, m.new)) != CTL_DONE ||
	    (code = maildir_names(&m, m.cur)) != CTL_DONE)
		return code;
	if (m.present.n > 0)
		qsort(m.present.id, m.present.n, sizeof(struct id),
		    id_compare);
	request = request_new("message-list");
	request_text(request, "account", account);
	code = daemon_run(request, list_item, &m);
	progress_begin(&m.progress, "export");
	if (code == CTL_DONE)
		code = maildir_fetch(&m, account);
	progress_end(&m.progress);
	free(m.present.id);
	free(m.wanted.id);
	if (code == CTL_DONE || m.written > 0)
		export_done(account, m.total, m.written);
	return code;
}
