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

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <tls.h>

#include "common/log.h"
#include "common/sandbox.h"
#include "session.h"

#define FD_NET		3	/* where a child keeps its descriptors */
#define FD_CTL		4
#define FD_RELAY	5

static void	 child_fds(struct child_order *);
static void	 child_nonblock(int);
static void	 child_say(enum ctl_type, enum reason, uint32_t);
static void	 child_cert(struct tls *, int);
static void	 child_name(char *, size_t, const char *);
static enum reason child_login(struct conn *, int, uint32_t *);
static enum reason child_reason(void *);

/* All of a child's secrets are in these two. */
static struct credential credential;
static struct auth	 auth;

static struct ctl_record record;
static unsigned char	 rest[AUTH_LINE_MAX + 2];
static size_t		 rest_len;

static void
child_nonblock(int fd)
{
	int	 fl;

	if ((fl = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1)
		_exit(1);
}

/* Three descriptors at known places, and no other but 0 to 2. */
static void
child_fds(struct child_order *order)
{
	int	*fds[3] = { &order->net, &order->ctl, &order->relay };
	int	 i, fd;

	for (i = 0; i < 3; i++) {
		if ((fd = fcntl(*fds[i], F_DUPFD_CLOEXEC, FD_RELAY + 1)) == -1)
			_exit(1);
		*fds[i] = fd;
	}
	for (i = 0; i < 3; i++) {
		if (dup2(*fds[i], FD_NET + i) == -1)
			_exit(1);
		*fds[i] = FD_NET + i;
		child_nonblock(FD_NET + i);
	}
	closefrom(FD_RELAY + 1);
}

/* Nothing can be done when the vault does not take it: it has hung up. */
static void
child_say(enum ctl_type type, enum reason reason, uint32_t backoff)
{
	const char	*p = (const char *)&record;
	struct pollfd	 pfd;
	size_t		 len = sizeof(record);
	ssize_t		 n;

	record.type = type;
	record.reason = reason;
	record.backoff = backoff;
	while (len > 0) {
		n = write(FD_CTL, p, len);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == -1 && errno == EAGAIN) {
			pfd.fd = FD_CTL;
			pfd.events = POLLOUT;
			poll(&pfd, 1, -1);
		} else
			_exit(0);
	}
}

/* A name of the certificate, safe to be printed anywhere. */
static void
child_name(char *dst, size_t size, const char *src)
{
	size_t	 i;

	if (src == NULL)
		src = "";
	strlcpy(dst, src, size);
	for (i = 0; dst[i] != '\0'; i++)
		if (dst[i] < 0x20 || dst[i] > 0x7e)
			dst[i] = '?';
}

static void
child_cert(struct tls *tls, int test)
{
	const uint8_t	*pem;
	size_t		 len;

	record.tls_done = 1;
	record.notbefore = tls_peer_cert_notbefore(tls);
	record.notafter = tls_peer_cert_notafter(tls);
	if (!test)
		return;
	child_name(record.subject, sizeof(record.subject),
	    tls_peer_cert_subject(tls));
	child_name(record.issuer, sizeof(record.issuer),
	    tls_peer_cert_issuer(tls));
	pem = tls_peer_cert_chain_pem(tls, &len);
	if (pem == NULL || spki_hash(pem, len, record.spki) == -1)
		record.spki[0] = '\0';
}

static enum reason
child_reason(void *arg)
{
	return ((struct conn *)arg)->reason;
}

/* Everything between verified peer and verdict; no secret is left. */
static enum reason
child_login(struct conn *c, int greets, uint32_t *backoff)
{
	static struct auth_io	 io;
	const unsigned char	*p;
	enum reason		 r;

	io.read = conn_read;
	io.write = conn_write;
	io.reason = child_reason;
	io.arg = c;
	auth_init(&auth, &io);
	if ((r = auth_greeting(&auth, greets)) == R_NONE) {
		child_say(C_VERIFIED, R_NONE, 0);
		if (conn_read_ctl(c, &credential, sizeof(credential)) == -1)
			r = c->reason;
		else
			r = auth_login(&auth, &credential);
		explicit_bzero(&credential, sizeof(credential));
	}
	*backoff = auth.backoff;
	if (r == R_NONE) {
		rest_len = auth_rest(&auth, &p);
		memcpy(rest, p, rest_len);
	}
	auth_wipe(&auth);
	return r;
}

_Noreturn void
child_main(const struct child_order *o)
{
	struct child_order	 order = *o;
	struct conn		*c = conn_self();
	enum reason		 r;
	uint32_t		 backoff = 0;

	signal(SIGCHLD, SIG_DFL);
	log_init(NULL, LOG_EMERG);
	child_fds(&order);
	sandbox_session_child();

	conn_init(c, &order);
	if ((r = conn_handshake(c)) == R_NONE) {
		child_cert(c->tls, order.zs.purpose == PURPOSE_TEST);
		r = child_login(c, order.zs.imap_tls == TLS_IMPLICIT,
		    &backoff);
	}
	if (r == R_CANCELLED)
		_exit(0);
	child_say(C_VERDICT, r, backoff);
	if (r == R_NONE) {
		r = relay_run(c, FD_RELAY, rest, rest_len);
		if (r == R_CANCELLED)
			_exit(0);
		child_say(C_VERDICT, r, 0);
	}
	conn_close(c);
	_exit(0);
}
