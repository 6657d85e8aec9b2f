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
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <tls.h>

#include "common/clock.h"
#include "session.h"

#define CONN_WAIT_MAX	3600000	/* ms of one poll(2) */

static ssize_t	 conn_recv(struct tls *, void *, size_t, void *);
static ssize_t	 conn_send(struct tls *, const void *, size_t, void *);
static int	 conn_wait(struct conn *, int, short);
static int	 conn_wait_tls(struct conn *, ssize_t);
static int	 conn_expired(struct conn *, int64_t);
static void	 conn_step(struct conn *);
static enum reason conn_tls_reason(const struct conn *);

static struct conn	 self;

struct conn *
conn_self(void)
{
	return &self;
}

int
conn_prime(struct tls *tls, const char *host)
{
	return tls_connect_cbs(tls, conn_recv, conn_send, &self, host);
}

void
conn_init(struct conn *c, const struct child_order *order)
{
	memset(c, 0, sizeof(*c));
	c->tls = order->tls;
	c->net = order->net;
	c->ctl = order->ctl;
	c->idle = order->zs.timeout_idle;
	c->step = order->zs.timeout_step;
	c->last = clock_boot();
	c->session_end = c->last + (int64_t)order->zs.timeout_session * 1000;
	conn_step(c);
}

static void
conn_step(struct conn *c)
{
	c->step_end = clock_boot() + (int64_t)c->step * 1000;
}

/*
 * TLS asks for five octets, then for the rest of a record: read ahead, so
 * that this costs one system call and not two.
 */
static ssize_t
conn_recv(struct tls *tls, void *buf, size_t len, void *arg)
{
	struct conn	*c = arg;
	ssize_t		 n;

	(void)tls;
	if (c->in_pos == c->in_len) {
		c->in_pos = c->in_len = 0;
		n = read(c->net, c->in, sizeof(c->in));
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return TLS_WANT_POLLIN;
		if (n <= 0) {
			c->eof = 1;
			return n;
		}
		c->last = clock_boot();
		c->in_len = (size_t)n;
	}
	if (len > c->in_len - c->in_pos)
		len = c->in_len - c->in_pos;
	memcpy(buf, c->in + c->in_pos, len);
	c->in_pos += len;
	return (ssize_t)len;
}

static ssize_t
conn_send(struct tls *tls, const void *buf, size_t len, void *arg)
{
	struct conn	*c = arg;
	ssize_t		 n;

	(void)tls;
	n = write(c->net, buf, len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return TLS_WANT_POLLOUT;
	if (n == -1)
		c->eof = 1;
	else
		c->last = clock_boot();
	return n;
}

/* 1 with the reason set when one of the deadlines is over. */
static int
conn_expired(struct conn *c, int64_t now)
{
	if (now >= c->session_end)
		c->reason = R_TIMEOUT_SESSION;
	else if (now >= c->step_end)
		c->reason = R_TIMEOUT_STEP;
	else if (now >= c->last + (int64_t)c->idle * 1000)
		c->reason = R_TIMEOUT_IDLE;
	else
		return 0;
	return 1;
}

/* Wait for fd: 0, or -1 with the reason set. */
static int
conn_wait(struct conn *c, int fd, short events)
{
	struct pollfd	 pfd[2];
	int64_t		 now, until;

	for (;;) {
		now = clock_boot();
		if (conn_expired(c, now))
			return -1;
		until = c->last + (int64_t)c->idle * 1000;
		if (c->step_end < until)
			until = c->step_end;
		if (c->session_end < until)
			until = c->session_end;
		pfd[0].fd = c->ctl;
		pfd[0].events = 0;
		pfd[1].fd = fd;
		pfd[1].events = events;
		if (until > now + CONN_WAIT_MAX)
			until = now + CONN_WAIT_MAX;
		if (poll(pfd, 2, (int)(until - now) + 1) == -1) {
			if (errno == EINTR)
				continue;
			c->reason = R_IMAP_CLOSED;
			return -1;
		}
		/* the vault's word to end, unless its last octets are due */
		if ((pfd[0].revents & (POLLHUP | POLLERR)) != 0 &&
		    fd != c->ctl) {
			c->reason = R_CANCELLED;
			return -1;
		}
		if (pfd[1].revents != 0)
			return 0;
	}
}

int
conn_buffered(const struct conn *c)
{
	return c->in_pos < c->in_len;
}

/* After TLS_WANT_*: a session ticket may stop it short of the next record. */
static int
conn_wait_tls(struct conn *c, ssize_t want)
{
	if (want == TLS_WANT_POLLIN && conn_buffered(c))
		return 0;
	return conn_wait(c, c->net, want == TLS_WANT_POLLIN ? POLLIN :
	    POLLOUT);
}

/*
 * libretls tells why only in words.  They are matched and go no further.
 */
static enum reason
conn_tls_reason(const struct conn *c)
{
	const char	*text = tls_error(c->tls);

	if (text == NULL)
		text = "";
	if (strstr(text, "not present in server certificate") != NULL ||
	    strstr(text, "ostname mismatch") != NULL ||
	    strstr(text, "address mismatch") != NULL)
		return R_TLS_CERT_NAME;
	if (strstr(text, "certificate verification failed") != NULL) {
		if (strstr(text, "has expired") != NULL)
			return R_TLS_CERT_EXPIRED;
		if (strstr(text, "not yet valid") != NULL)
			return R_TLS_CERT_NOT_YET;
		return R_TLS_CERT_UNTRUSTED;
	}
	return c->eof ? R_TLS_CLOSED : R_TLS_HANDSHAKE;
}

enum reason
conn_handshake(struct conn *c)
{
	int	 n;

	for (;;) {
		n = tls_handshake(c->tls);
		if (n == 0) {
			conn_step(c);
			return R_NONE;
		}
		if (n != TLS_WANT_POLLIN && n != TLS_WANT_POLLOUT)
			return conn_tls_reason(c);
		if (conn_wait_tls(c, n) == -1)
			return c->reason;
	}
}

ssize_t
conn_read(void *arg, void *buf, size_t len)
{
	struct conn	*c = arg;
	ssize_t		 n;

	for (;;) {
		n = tls_read(c->tls, buf, len);
		if (n >= 0)
			return n;
		if (n != TLS_WANT_POLLIN && n != TLS_WANT_POLLOUT) {
			if (c->eof)
				return 0;	/* no close_notify came */
			c->reason = R_TLS_CLOSED;
			return -1;
		}
		if (conn_wait_tls(c, n) == -1)
			return -1;
	}
}

int
conn_write(void *arg, const void *buf, size_t len)
{
	struct conn		*c = arg;
	const unsigned char	*p = buf;
	ssize_t			 n;

	conn_step(c);
	while (len > 0) {
		n = tls_write(c->tls, p, len);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n != TLS_WANT_POLLIN && n != TLS_WANT_POLLOUT) {
			c->reason = c->eof ? R_IMAP_CLOSED : R_TLS_CLOSED;
			return -1;
		}
		if (conn_wait_tls(c, n) == -1)
			return -1;
	}
	return 0;
}

int
conn_read_ctl(struct conn *c, void *buf, size_t len)
{
	unsigned char	*p = buf;
	ssize_t		 n;

	conn_step(c);
	/* the server has nothing to say now: its silence does not count */
	c->last = c->step_end;
	while (len > 0) {
		n = read(c->ctl, p, len);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			c->reason = R_CANCELLED;
			return -1;
		}
		if (conn_wait(c, c->ctl, POLLIN) == -1)
			return -1;
	}
	c->last = clock_boot();
	conn_step(c);
	return 0;
}

void
conn_close(struct conn *c)
{
	(void)tls_close(c->tls);
}
