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


/* Who may talk to whom; nothing else is connected. */

#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "parent.h"

static const enum proc pairs[][2] = {
	{ P_VAULT, P_SESSION },
	{ P_VAULT, P_FETCHER },
	{ P_VAULT, P_STORE },
	{ P_STORE, P_FETCHER }
};

#define NPAIRS	(sizeof(pairs) / sizeof(pairs[0]))

static void
peer_send(struct child *c, enum proc peer, int fd)
{
	struct m_peer	 m;

	memset(&m, 0, sizeof(m));
	m.proc = peer;
	channel_send(&c->chan, M_PEER, fd, &m, sizeof(m));
}

int
peer_connect_all(struct parent *p)
{
	size_t	 i;
	int	 fds[2];

	(void)p;
	for (i = 0; i < NPAIRS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    fds) == -1)
			return -1;
		peer_send(service_current(pairs[i][0]), pairs[i][1], fds[0]);
		peer_send(service_current(pairs[i][1]), pairs[i][0], fds[1]);
	}
	return 0;
}

int
peer_connect(struct child *c)
{
	size_t		 i;
	enum proc	 other;
	int		 fds[2];

	for (i = 0; i < NPAIRS; i++) {
		if (pairs[i][0] == c->proc)
			other = pairs[i][1];
		else if (pairs[i][1] == c->proc)
			other = pairs[i][0];
		else
			continue;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    fds) == -1)
			return -1;
		peer_send(c, other, fds[0]);
		c->peers[other] = fds[1];
	}
	return 0;
}

void
peer_hand_over(struct child *c)
{
	struct child	*other;
	int		 i;

	for (i = 0; i < P_MAX; i++) {
		if (c->peers[i] == -1)
			continue;
		if ((other = service_current((enum proc)i)) != NULL)
			peer_send(other, c->proc, c->peers[i]);
		else
			close(c->peers[i]);
		c->peers[i] = -1;
	}
}
