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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "fetcher.h"

/*
 * The commands are a few octets on an empty socket: a write that is not
 * complete at once is an error of the connection.
 */
struct cleartext {
	int		 fd;
	struct event	 ev;
	struct event	 timer;
	struct timeval	 idle;
	cleartext_cb	 cb;
	void		*arg;
	struct starttls	 dialogue;
};

static void	 cleartext_readable(evutil_socket_t, short, void *);
static void	 cleartext_expired(evutil_socket_t, short, void *);
static int	 cleartext_input(struct cleartext *, const unsigned char *,
		    size_t);
static void	 cleartext_end(struct cleartext *, enum reason);

struct cleartext *
cleartext_start(int fd, uint32_t step, uint32_t idle, cleartext_cb cb,
    void *arg)
{
	struct timeval		 tv = { .tv_sec = (time_t)step };
	struct cleartext	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		fatal(LC_MEMORY);
	c->fd = fd;
	c->idle.tv_sec = (time_t)idle;
	c->cb = cb;
	c->arg = arg;
	starttls_init(&c->dialogue);
	event_assign(&c->ev, fetcher_base(), fd, EV_READ | EV_PERSIST,
	    cleartext_readable, c);
	evtimer_assign(&c->timer, fetcher_base(), cleartext_expired, c);
	if (event_add(&c->ev, &c->idle) == -1 ||
	    evtimer_add(&c->timer, &tv) == -1)
		fatal(LC_MEMORY);
	return c;
}

void
cleartext_cancel(struct cleartext *c)
{
	event_del(&c->ev);
	evtimer_del(&c->timer);
	free(c);
}

static void
cleartext_end(struct cleartext *c, enum reason reason)
{
	cleartext_cb	 cb = c->cb;
	uint32_t	 backoff = c->dialogue.backoff;
	void		*arg = c->arg;

	cleartext_cancel(c);
	cb(arg, reason, backoff);
}

static void
cleartext_expired(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	cleartext_end(arg, R_TIMEOUT_STEP);
}

/* 0 to go on, -1 when it ended. */
static int
cleartext_input(struct cleartext *c, const unsigned char *p, size_t len)
{
	struct starttls	*s = &c->dialogue;
	size_t		 used, n;
	char		 peek;

	while (len > 0) {
		switch (starttls_input(s, p, len, &used)) {
		case STARTTLS_SEND:
			n = strlen(s->out);
			if (write(c->fd, s->out, n) == (ssize_t)n)
				break;
			cleartext_end(c, R_IMAP_CLOSED);
			return -1;
		case STARTTLS_DONE:
			/* TLS is ours to begin: nothing may come now */
			n = recv(c->fd, &peek, 1, MSG_PEEK) > 0;
			cleartext_end(c, n ? R_STARTTLS_INJECTED : R_NONE);
			return -1;
		case STARTTLS_FAIL:
			cleartext_end(c, s->reason);
			return -1;
		case STARTTLS_MORE:
			break;
		}
		p += used;
		len -= used;
	}
	return 0;
}

static void
cleartext_readable(evutil_socket_t fd, short events, void *arg)
{
	struct cleartext	*c = arg;
	unsigned char		 buf[4096];
	ssize_t			 n;

	if (events & EV_TIMEOUT) {
		cleartext_end(c, R_TIMEOUT_IDLE);
		return;
	}
	n = read(fd, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		cleartext_end(c, R_IMAP_CLOSED);
		return;
	}
	(void)cleartext_input(c, buf, (size_t)n);
}
