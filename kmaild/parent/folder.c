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


/* The state folder, one below it for each database, the sockets' folder. */

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

static int	 lock_fd = -1;		/* held until the process ends */

/* Ours now: owner and mode. */
static int
folder_new(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	int	 fd, ret = 0;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		warn("%s", path);
		return -1;
	}
	if (fchown(fd, uid, gid) == -1 || fchmod(fd, mode) == -1) {
		warn("%s", path);
		ret = -1;
	}
	close(fd);
	return ret;
}

/* One that was there: its owner's, and as closed as it has to be. */
static int
folder_check(const char *path, mode_t mode, uid_t uid)
{
	struct stat	 st;

	if (stat(path, &st) == -1) {
		warn("%s", path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		warnx("%s: not a folder", path);
		return -1;
	}
	if (st.st_uid != uid && (st.st_uid != 0 || (mode & 0077) == 0)) {
		warnx("%s: belongs to user %u; say: chown %u %s", path,
		    (unsigned int)st.st_uid, (unsigned int)uid, path);
		return -1;
	}
	if (st.st_mode & 0777 & ~mode) {
		warnx("%s: others may do too much there; say: chmod %o %s",
		    path, (unsigned int)mode, path);
		return -1;
	}
	return 0;
}

static int
folder_make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, 0700) == 0)
		return folder_new(path, mode, uid, gid);
	if (errno == EEXIST)
		return folder_check(path, mode, uid);
	if (errno == ENOENT)
		warnx("%s: the folder above it does not exist", path);
	else
		warn("%s", path);
	return -1;
}

static int
folder_below(const struct conf *conf, const char *name,
    const struct conf_id *id, int root)
{
	char	 path[KM_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/%s", conf->state, name);
	if (root)
		return folder_make(path, 0700, id->uid, id->gid);
	return folder_make(path, 0700, geteuid(), getegid());
}

/* Two instances never share a state folder. */
static int
folder_lock(const struct conf *conf)
{
	char	 path[KM_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/lock", conf->state);
	lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock_fd == -1) {
		warn("%s", path);
		return -1;
	}
	if (flock(lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		warnx("state folder %s is in use: kmaild is already running "
		    "with it", conf->state);
	else
		warn("%s", path);
	return -1;
}

int
folder_setup(const struct conf *conf, int root)
{
	uid_t	 uid = geteuid();
	gid_t	 gid = getegid();

	/* as root the others pass through it to their own */
	if (folder_make(conf->state, root ? 0711 : 0700, uid, gid) == -1 ||
	    folder_lock(conf) == -1)
		return -1;
	if (folder_below(conf, "vault", &conf->users[CONF_USER_VAULT],
	    root) == -1 || folder_below(conf, "mail",
	    &conf->users[CONF_USER_STORE], root) == -1)
		return -1;
	if (strcmp(conf->socket, conf->state) == 0)
		return 0;
	return folder_make(conf->socket, 0755, uid, gid);
}
