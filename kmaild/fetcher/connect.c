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

#include <sys/types.h>

#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "fetcher.h"

static void	 connect_next(struct connect *);
static int	 connect_try(struct connect *, struct sockaddr_storage *);
static void	 connect_ready(evutil_socket_t, short, void *);
static void	 connect_failed(struct connect *, int);

void
connect_start(struct connect *c, const struct sockaddr_storage *addrs,
    size_t n, connect_cb cb, void *arg)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->addrs, addrs, n * sizeof(*addrs));
	c->naddrs = n;
	c->fd = -1;
	c->cb = cb;
	c->arg = arg;
	connect_next(c);
}

void
connect_cancel(struct connect *c)
{
	if (c->fd == -1)
		return;
	event_del(&c->ev);
	close(c->fd);
	c->fd = -1;
}

/* Start with the next address that does not fail at once. */
static void
connect_next(struct connect *c)
{
	while (c->next < c->naddrs)
		if (connect_try(c, &c->addrs[c->next++]) == 0)
			return;
	c->cb(c->arg, c->reason != R_NONE ? c->reason : R_CONNECT_UNREACHABLE,
	    -1, NULL);
}

/* 0: the event will tell; -1 when it failed. */
static int
connect_try(struct connect *c, struct sockaddr_storage *ss)
{
	struct timeval	 tv = { .tv_sec = (time_t)fetcher_timeout_connect() };
	socklen_t	 len;

	len = ss->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);
	c->fd = socket(ss->ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (c->fd == -1) {
		/* no IPv6 here is no news; a full table is */
		if (errno != EAFNOSUPPORT)
			log_warn_code(LC_FETCHER_SOCKET, errno, 0);
		return -1;
	}
	tcp_options(c->fd);
	if (connect(c->fd, (struct sockaddr *)ss, len) == -1 &&
	    errno != EINPROGRESS) {
		connect_failed(c, errno);
		return -1;
	}
	event_assign(&c->ev, fetcher_base(), c->fd, EV_WRITE, connect_ready,
	    c);
	if (event_add(&c->ev, &tv) == -1)
		fatal(LC_MEMORY);
	return 0;
}

/* Of several failures the one that says most: somebody answered. */
static void
connect_failed(struct connect *c, int error)
{
	enum reason	 r = R_CONNECT_UNREACHABLE;

	if (error == ECONNREFUSED)
		r = R_CONNECT_REFUSED;
	else if (error == ETIMEDOUT)
		r = R_CONNECT_TIMEOUT;
	if (c->reason == R_NONE || r == R_CONNECT_REFUSED ||
	    (r == R_CONNECT_TIMEOUT && c->reason == R_CONNECT_UNREACHABLE))
		c->reason = r;
	close(c->fd);
	c->fd = -1;
}

static void
connect_ready(evutil_socket_t fd, short events, void *arg)
{
	struct connect	*c = arg;
	socklen_t	 len;
	int		 error = 0;

	(void)fd;
	len = sizeof(error);
	if (events & EV_TIMEOUT)
		error = ETIMEDOUT;
	else if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		connect_failed(c, error);
		connect_next(c);
		return;
	}
	fd = c->fd;
	c->fd = -1;
	c->cb(c->arg, R_NONE, fd, &c->addrs[c->next - 1]);
}
