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

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "vault.h"

#define CA_PIECE	(MAX_IMSGSIZE - IMSG_HEADER_SIZE)

static int	 launch_pair(int[2]);
static void	 launch_ca(struct channel *, const unsigned char *, size_t);

static int
launch_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

static void
launch_ca(struct channel *zygote, const unsigned char *ca, size_t len)
{
	size_t	 n;

	for (; len > 0; ca += n, len -= n) {
		n = len > CA_PIECE ? CA_PIECE : len;
		channel_send(zygote, M_Z_CA, -1, ca, n);
	}
}

enum reason
launch(const struct m_z_session *z, const struct account *acct, int fd,
    int *ctl, int *relay)
{
	static unsigned char	 ca[KM_CA_MAX];
	struct channel		*zygote;
	struct m_session	 m;
	enum reason		 r = R_RATE_LIMITED;
	int			 c[2] = { -1, -1 }, rl[2];

	if ((zygote = vault_peer(P_SESSION)) == NULL) {
		r = R_PROCESS_RESTARTED;
		goto fail;
	}
	if (acct->ca_len > 0 &&
	    account_ca(&acct->id, ca) != (ssize_t)acct->ca_len) {
		r = R_CA_UNREADABLE;
		goto fail;
	}
	if (launch_pair(c) == -1 || launch_pair(rl) == -1)
		goto fail;
	memset(&m, 0, sizeof(m));
	m.session = z->session;
	channel_send(zygote, M_Z_SESSION, fd, z, sizeof(*z));
	launch_ca(zygote, ca, acct->ca_len);
	channel_send(zygote, M_Z_CTL, c[1], &m, sizeof(m));
	channel_send(zygote, M_Z_RELAY, rl[1], &m, sizeof(m));
	*ctl = c[0];
	*relay = rl[0];
	return R_NONE;

fail:
	close(fd);
	if (c[0] != -1) {
		close(c[0]);
		close(c[1]);
	}
	return r;
}
