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

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "ctl.h"

static void	 unreachable(const char *, int);

/* Why the socket cannot be reached, and what to do. */
static void
unreachable(const char *path, int error)
{
	switch (error) {
	case ENOENT:
		refuse("unreachable", "Start kmaild(8), or give the folder of "
		    "its sockets with -s.",
		    "kmaild is not running: there is no %s", path);
		break;
	case ECONNREFUSED:
		refuse("unreachable",
		    "Start kmaild(8); this socket was left behind.",
		    "kmaild is not running: nobody answers at %s", path);
		break;
	case EACCES:
	case EPERM:
		refuse("unreachable", "Become a member of the group that owns "
		    "the socket, see `socket' in kmaild.conf(5), or use "
		    "root's rights.",
		    "no permission for %s", path);
		break;
	default:
		refuse("unreachable", NULL, "%s: %s", path, strerror(error));
	}
}

int
socket_open(const char *name)
{
	struct sockaddr_un	 sun;
	int			 fd, saved;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if ((size_t)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s",
	    options()->folder, name) >= sizeof(sun.sun_path)) {
		complain(NULL, "-s %s: longer than a socket's path can be",
		    options()->folder);
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1) {
		complain(NULL, "socket: %s", strerror(errno));
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		saved = errno;
		close(fd);
		unreachable(sun.sun_path, saved);
		return -1;
	}
	return fd;
}

int
socket_wait(int fd, int seconds)
{
	struct pollfd	 pfd = { fd, POLLIN, 0 };
	int		 n;

	do
		n = poll(&pfd, 1, seconds == 0 ? -1 : seconds * 1000);
	while (n == -1 && errno == EINTR);
	if (n == 0)
		complain("Look at its log; if it hangs, restart it.",
		    "kmaild did not answer within %d seconds", seconds);
	return n == 1 ? 0 : -1;
}

void
ctl_sandbox(const char *dir)
{
	struct sandbox_result	 result;

	sandbox_ctl(&result, dir);
}
