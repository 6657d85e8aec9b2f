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


/* kmaild.sock and vault.sock: made here, accepted on by store and vault. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "parent.h"

#define BACKLOG		64
#define LISTEN_PATH_SIZE (KM_PATH_SIZE + 16)
#define OLD_TRIES	60	/* of 50 ms: an instance that is ending */

static struct listener {
	const char	*name;
	int		 fd;
	char		 path[LISTEN_PATH_SIZE];	/* "" not made by us */
} listeners[P_MAX] = {
	[P_VAULT] = { "vault.sock", -1, "" },
	[P_STORE] = { "kmaild.sock", -1, "" }
};

static int
listen_socket(const char *path, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlcpy(sun->sun_path, path, sizeof(sun->sun_path)) >=
	    sizeof(sun->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* 1 somebody answers, 0 nobody, -1 error. */
static int
listen_answers(const char *path)
{
	struct sockaddr_un	 sun;
	int			 fd, ret = 1;

	if ((fd = listen_socket(path, &sun)) == -1)
		return -1;
	/* EAGAIN: it has more clients waiting than it takes */
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 &&
	    errno != EAGAIN)
		ret = errno == ECONNREFUSED || errno == ENOENT ? 0 : -1;
	close(fd);
	return ret;
}

/*
 * 0 when the way is free: no file, or an old socket that nobody answers on.
 * The lock is ours, so whoever answers with this state folder is about to end.
 */
static int
listen_check(const char *path)
{
	struct timespec	 pause = { 0, 50000000 };
	struct stat	 st;
	int		 i, answers = 0;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return 0;
		warn("%s", path);
		return -1;
	}
	if (!S_ISSOCK(st.st_mode)) {
		warnx("%s: is there and is not a socket; move it away", path);
		return -1;
	}
	for (i = 0; i < OLD_TRIES; i++) {
		if ((answers = listen_answers(path)) != 1)
			break;
		nanosleep(&pause, NULL);
	}
	if (answers == 1) {
		warnx("%s is in use: kmaild is already running and answers "
		    "there; each instance needs folders of its own", path);
		return -1;
	}
	if (answers == -1) {
		warn("%s", path);
		return -1;
	}
	return 0;
}

static void
listen_path(const struct conf *conf, const struct listener *l,
    char path[LISTEN_PATH_SIZE])
{
	snprintf(path, LISTEN_PATH_SIZE, "%s/%s", conf->socket, l->name);
}

static int
listen_one(struct listener *l, const struct conf *conf)
{
	struct sockaddr_un	 sun;
	char			 path[LISTEN_PATH_SIZE];
	mode_t			 old;
	int			 ret;

	listen_path(conf, l, path);
	if ((l->fd = listen_socket(path, &sun)) == -1) {
		warn("%s", path);
		return -1;
	}
	(void)unlink(path);
	old = umask(0777);
	ret = bind(l->fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (ret == -1 || listen(l->fd, BACKLOG) == -1) {
		warn("%s", path);
		return -1;
	}
	strlcpy(l->path, path, sizeof(l->path));
	return 0;
}

int
listen_setup(const struct conf *conf)
{
	char	 path[LISTEN_PATH_SIZE];
	int	 i;

	/* both first: nothing of a running instance is touched */
	for (i = 0; i < P_MAX; i++) {
		if (listeners[i].name == NULL)
			continue;
		listen_path(conf, &listeners[i], path);
		if (listen_check(path) == -1)
			return -1;
	}
	if (listen_one(&listeners[P_STORE], conf) == -1 ||
	    listen_one(&listeners[P_VAULT], conf) == -1)
		return -1;
	if (listen_access(conf) == -1) {
		warn("%s: group or mode of the sockets", conf->socket);
		return -1;
	}
	return 0;
}

int
listen_fd(enum proc proc)
{
	int	 fd;

	if (listeners[proc].name == NULL)
		return -1;
	fd = listeners[proc].fd;
	listeners[proc].fd = -1;
	return fd;
}

int
listen_access(const struct conf *conf)
{
	int	 i;

	for (i = 0; i < P_MAX; i++) {
		if (listeners[i].path[0] == '\0')
			continue;
		if (conf->socket_gid != (gid_t)-1 && chown(listeners[i].path,
		    (uid_t)-1, conf->socket_gid) == -1)
			return -1;
		if (chmod(listeners[i].path, conf->socket_mode) == -1)
			return -1;
	}
	return 0;
}

void
listen_remove(void)
{
	int	 i;

	for (i = 0; i < P_MAX; i++)
		if (listeners[i].path[0] != '\0')
			(void)unlink(listeners[i].path);
}
