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

#define RELAY_SIZE	16384	/* each way: one TLS record */
#define RELAY_TURNS	32	/* buffers from the server, then a look around */
#define RELAY_WAIT_MAX	3600000	/* ms of one poll(2) */

/*
 * Two directions over one poll(2).  down is from the server to the worker,
 * up the other way, through the filter.  A tls call that wants the socket
 * is repeated once poll says so.
 */
struct relay {
	struct conn	*c;
	int		 fd;
	short		 read_wants;	/* poll events, 0: call it at once */
	short		 write_wants;
	int		 relay_eof;	/* the worker will say no more */
	int		 server_eof;
	int		 broken;	/* it ended in a TLS error */
	int		 busy;		/* there may be more: do not wait */
	int64_t		 last;		/* an octet moved, either way */
	enum reason	 reason;
	size_t		 down_pos, down_len;
	size_t		 up_pos, up_len;	/* as the worker sent it */
	const unsigned char *out;	/* as the filter passed it */
	size_t		 out_len;
	struct filter	 filter;
	unsigned char	 down[RELAY_SIZE];
	unsigned char	 up[RELAY_SIZE];
};

static struct relay	 relay;

static short	 relay_tls_wants(ssize_t);
static void	 relay_server_read(struct relay *);
static int	 relay_worker_write(struct relay *);
static int	 relay_worker_read(struct relay *);
static int	 relay_filter(struct relay *);
static int	 relay_server_write(struct relay *);
static int	 relay_move(struct relay *);
static int	 relay_poll(struct relay *);
static int	 relay_over(struct relay *);

/* Poll events for a TLS_WANT_* value, 0 for any other. */
static short
relay_tls_wants(ssize_t n)
{
	if (n == TLS_WANT_POLLIN)
		return POLLIN;
	return n == TLS_WANT_POLLOUT ? POLLOUT : 0;
}

/* Fill down as far as there is something: records may be small. */
static void
relay_server_read(struct relay *r)
{
	ssize_t	 n;

	if (r->down_pos > 0 && r->down_pos == r->down_len)
		r->down_pos = r->down_len = 0;
	while (!r->server_eof && r->read_wants == 0 &&
	    r->down_len < sizeof(r->down)) {
		n = tls_read(r->c->tls, r->down + r->down_len,
		    sizeof(r->down) - r->down_len);
		if (n > 0) {
			r->down_len += (size_t)n;
			r->last = clock_boot();
		} else if (n == TLS_WANT_POLLIN && conn_buffered(r->c)) {
			continue;	/* stopped by a session ticket */
		} else if ((r->read_wants = relay_tls_wants(n)) == 0) {
			/* many servers leave out close_notify */
			r->server_eof = 1;
			r->broken = n != 0 && !r->c->eof;
		}
	}
}

/* 0, or -1 when the worker is gone. */
static int
relay_worker_write(struct relay *r)
{
	ssize_t	 n;

	while (r->down_pos < r->down_len) {
		n = write(r->fd, r->down + r->down_pos,
		    r->down_len - r->down_pos);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n == -1)
			return -1;
		r->down_pos += (size_t)n;
		r->last = clock_boot();
	}
	return 0;
}

static int
relay_worker_read(struct relay *r)
{
	ssize_t	 n;

	if (r->relay_eof || r->up_pos < r->up_len || r->out_len > 0)
		return 0;
	n = read(r->fd, r->up, sizeof(r->up));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		r->relay_eof = 1;
		return n == 0 ? 0 : -1;
	}
	r->up_pos = 0;
	r->up_len = (size_t)n;
	r->last = clock_boot();
	return 0;
}

/* The next complete command into out: 0, or -1 when it is forbidden. */
static int
relay_filter(struct relay *r)
{
	size_t	 used;

	if (r->out_len > 0 || r->up_pos == r->up_len)
		return 0;
	switch (filter_input(&r->filter, r->up + r->up_pos,
	    r->up_len - r->up_pos, &used)) {
	case FILTER_FORBIDDEN:
		return -1;
	case FILTER_PASS:
		r->out = r->filter.out;
		r->out_len = r->filter.out_len;
		break;
	case FILTER_MORE:
		break;
	}
	r->up_pos += used;
	return 0;
}

/* 0, or -1 when the server takes no more. */
static int
relay_server_write(struct relay *r)
{
	ssize_t	 n;

	while (r->out_len > 0 && r->write_wants == 0) {
		n = tls_write(r->c->tls, r->out, r->out_len);
		if (n > 0) {
			r->out += n;
			r->out_len -= (size_t)n;
			r->last = clock_boot();
		} else if ((r->write_wants = relay_tls_wants(n)) == 0)
			return -1;
	}
	return 0;
}

/* Move what can be moved: 0, or -1 with the reason set when it is over. */
static int
relay_move(struct relay *r)
{
	int	 turns = 0;

	do {
		if (relay_worker_read(r) == -1)
			r->relay_eof = 1;
		if (relay_filter(r) == -1) {
			r->reason = R_RELAY_FORBIDDEN;
			return -1;
		}
		if (relay_server_write(r) == -1) {
			/* its last words may still be read */
			r->out_len = 0;
			r->up_pos = r->up_len;
			r->relay_eof = 1;
		}
	} while (r->out_len == 0 && r->up_pos < r->up_len);
	r->busy = 0;
	do {
		if (turns++ == RELAY_TURNS) {
			r->busy = 1;
			break;
		}
		relay_server_read(r);
		if (relay_worker_write(r) == -1) {
			r->reason = R_NONE;	/* the worker hung up */
			return -1;
		}
	} while (r->down_pos == r->down_len && r->read_wants == 0 &&
	    !r->server_eof);
	return relay_over(r);
}

static int
relay_over(struct relay *r)
{
	if (r->server_eof && r->down_pos == r->down_len) {
		r->reason = r->filter.logout && !r->broken ? R_NONE :
		    R_TLS_CLOSED;
		return -1;
	}
	/* without LOGOUT there is nothing more to come for nobody */
	if (r->relay_eof && r->out_len == 0 && !r->filter.logout) {
		r->reason = R_NONE;
		return -1;
	}
	return 0;
}

/* Wait for something to do: 0, or -1 with the reason set. */
static int
relay_poll(struct relay *r)
{
	struct pollfd	 pfd[3];
	struct conn	*c = r->c;
	int64_t		 now = clock_boot(), until;
	int		 blocked = r->down_pos < r->down_len, wait;

	memset(pfd, 0, sizeof(pfd));
	pfd[0].fd = c->ctl;
	pfd[1].fd = c->net;
	pfd[2].fd = r->fd;
	if (r->down_len < sizeof(r->down) && !r->server_eof)
		pfd[1].events |= r->read_wants;
	if (r->out_len > 0)
		pfd[1].events |= r->write_wants;
	if (blocked)
		pfd[2].events |= POLLOUT;
	if (!r->relay_eof && r->out_len == 0 && r->up_pos == r->up_len)
		pfd[2].events |= POLLIN;
	/* poll(2) reports a hang-up also to who waits for nothing */
	if (pfd[1].events == 0)
		pfd[1].fd = -1;
	if (pfd[2].events == 0)
		pfd[2].fd = -1;

	/* a worker that the store holds back is not the server's silence */
	until = r->last + (int64_t)c->idle * 1000;
	if (blocked || c->session_end < until)
		until = c->session_end;
	if (now >= until) {
		r->reason = until == c->session_end ? R_TIMEOUT_SESSION :
		    R_TIMEOUT_IDLE;
		return -1;
	}
	wait = until - now < RELAY_WAIT_MAX ? (int)(until - now) + 1 :
	    RELAY_WAIT_MAX;
	if (poll(pfd, 3, r->busy ? 0 : wait) == -1)
		return 0;
	if (pfd[0].revents != 0) {
		r->reason = R_CANCELLED;
		return -1;
	}
	if (pfd[1].revents != 0)
		r->read_wants = r->write_wants = 0;
	return 0;
}

enum reason
relay_run(struct conn *c, int fd, const unsigned char *first, size_t len)
{
	struct relay	*r = &relay;

	memset(r, 0, sizeof(*r));
	r->c = c;
	r->fd = fd;
	r->last = clock_boot();
	filter_init(&r->filter);
	if (len > sizeof(r->down))
		len = sizeof(r->down);
	memcpy(r->down, first, len);
	r->down_len = len;
	while (relay_move(r) == 0)
		if (relay_poll(r) == -1)
			break;
	return r->reason;
}
