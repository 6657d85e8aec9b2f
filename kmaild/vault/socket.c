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
#include <sys/stat.h>

#include <netinet/in.h>
#include <string.h>

#include "vault.h"

static int	 socket_is(int, int, int);
static int	 socket_peer_port(int, uint16_t *);

static int
socket_is(int fd, int option, int want)
{
	socklen_t	 len = sizeof(int);
	int		 value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 &&
	    len == sizeof(value) && value == want;
}

static int
socket_peer_port(int fd, uint16_t *port)
{
	struct sockaddr_storage	 ss;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	socklen_t		 len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getpeername(fd, (struct sockaddr *)&ss, &len) == -1)
		return -1;
	if (ss.ss_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, &ss, sizeof(in));
		*port = ntohs(in.sin_port);
	} else if (ss.ss_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, &ss, sizeof(in6));
		*port = ntohs(in6.sin6_port);
	} else
		return -1;
	return 0;
}

int
socket_check(int fd, uint16_t port)
{
	struct stat	 st;
	uint16_t	 peer;

	if (fstat(fd, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    (!socket_is(fd, SO_DOMAIN, AF_INET) &&
	    !socket_is(fd, SO_DOMAIN, AF_INET6)) ||
	    !socket_is(fd, SO_TYPE, SOCK_STREAM) ||
	    !socket_is(fd, SO_PROTOCOL, IPPROTO_TCP) ||
	    !socket_is(fd, SO_ACCEPTCONN, 0))
		return -1;
	if (socket_peer_port(fd, &peer) == -1 || peer != port)
		return -1;
	return 0;
}
