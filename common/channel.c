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

#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/log.h"

/*
 * Octets that may wait for a peer.  Flow control keeps bodies far below
 * this; a stranger that does not read is cut off, a process of ours that
 * does not read is broken.
 */
#define CHANNEL_BACKLOG_MAX	((size_t)64 * 1024 * 1024)

static struct channel	*log_channel;	/* the parent's, set by channel_adopt */

static void	 channel_setup(struct channel *, struct event_base *,
		    enum proc, enum proc, int, channel_dispatch,
		    channel_closed, void *);
static int	 channel_turn(struct channel *);
static void	 channel_readable(evutil_socket_t, short, void *);
static void	 channel_writable(evutil_socket_t, short, void *);
static int	 channel_drain(struct channel *, int *);
static int	 channel_take(struct channel *, struct imsg *);
static int	 channel_hello(struct channel *, struct imsg *);
static void	 channel_end(struct channel *);
static void	 channel_malformed(struct channel *, uint32_t);
static void	 channel_log(const struct m_log *);

static void
channel_log(const struct m_log *m)
{
	struct channel	*ch = log_channel;

	if (ch == NULL || !ch->open)
		return;
	channel_send(ch, M_LOG, -1, m, sizeof(*m));
	/* a fatal error exits before the loop comes round */
	if (m->level <= LOG_CRIT)
		channel_flush(ch);
}

static void
channel_setup(struct channel *ch, struct event_base *base, enum proc self,
    enum proc peer, int flags, channel_dispatch dispatch,
    channel_closed closed, void *arg)
{
	int	 fl;

	ch->self = self;
	ch->peer = peer;
	ch->flags = flags;
	ch->dispatch = dispatch;
	ch->closed = closed;
	ch->arg = arg;
	ch->open = 1;
	if ((fl = fcntl(ch->ibuf.fd, F_GETFL)) == -1 ||
	    fcntl(ch->ibuf.fd, F_SETFL, fl | O_NONBLOCK) == -1)
		fatal(LC_SETUP);
	if (event_assign(&ch->ev_read, base, ch->ibuf.fd,
	    EV_READ | EV_PERSIST, channel_readable, ch) == -1 ||
	    event_assign(&ch->ev_write, base, ch->ibuf.fd, EV_WRITE,
	    channel_writable, ch) == -1 ||
	    event_add(&ch->ev_read, NULL) == -1)
		fatal(LC_SETUP);
	/* what proc.h read ahead waits in the buffer, not in the socket */
	if (ch->ibuf.rlen > ch->ibuf.rpos)
		event_active(&ch->ev_read, EV_READ, 0);
	if (imsgbuf_queuelen(&ch->ibuf) > 0)
		event_add(&ch->ev_write, NULL);
}

void
channel_init(struct channel *ch, struct event_base *base, int fd,
    enum proc self, enum proc peer, int flags, channel_dispatch dispatch,
    channel_closed closed, void *arg)
{
	struct m_hello	 hello;

	memset(ch, 0, sizeof(*ch));
	imsgbuf_init(&ch->ibuf, fd);
	/* kmailctl and workers pass no descriptors */
	if ((flags & CHANNEL_STRANGER) == 0)
		imsgbuf_allow_fdpass(&ch->ibuf);
	if (flags & CHANNEL_SECRET)
		imsgbuf_set_wipe(&ch->ibuf);
	channel_setup(ch, base, self, peer, flags, dispatch, closed, arg);
	if (flags & CHANNEL_HELLO_DONE) {
		ch->greeted = 1;
		return;
	}
	memset(&hello, 0, sizeof(hello));
	strlcpy(hello.build, KM_BUILD, sizeof(hello.build));
	hello.proc = self;
	channel_send(ch, M_HELLO, -1, &hello, sizeof(hello));
}

void
channel_adopt(struct channel *ch, struct event_base *base,
    struct imsgbuf *ib, enum proc self, enum proc peer,
    channel_dispatch dispatch, channel_closed closed, void *arg)
{
	memset(ch, 0, sizeof(*ch));
	ch->ibuf = *ib;
	/* the queue's head points into the struct that it is in */
	TAILQ_INIT(&ch->ibuf.queue);
	TAILQ_CONCAT(&ch->ibuf.queue, &ib->queue, entry);
	imsgbuf_init(ib, -1);
	channel_setup(ch, base, self, peer, 0, dispatch, closed, arg);
	ch->greeted = 1;
	if (peer == P_PARENT) {
		log_channel = ch;
		log_init(channel_log, log_level());
	}
}

/* Tell the owner once, who may free the channel. */
static void
channel_end(struct channel *ch)
{
	event_del(&ch->ev_read);
	ch->closed(ch, ch->arg);
}

/* A broken process of ours ends this one; a stranger only itself. */
static void
channel_malformed(struct channel *ch, uint32_t type)
{
	if (ch->flags & CHANNEL_STRANGER) {
		channel_end(ch);
		return;
	}
	log_code(LOG_CRIT, LC_MALFORMED, NULL, type, ch->peer, 0);
	_exit(1);
}

static int
channel_hello(struct channel *ch, struct imsg *imsg)
{
	struct m_hello	 hello;

	if (imsg_get_type(imsg) != M_HELLO ||
	    imsg_get_data(imsg, &hello, sizeof(hello)) == -1 ||
	    msg_text_ok(hello.build, sizeof(hello.build)) == -1 ||
	    hello.proc != ch->peer)
		return -1;
	if (strcmp(hello.build, KM_BUILD) != 0) {
		if (ch->flags & CHANNEL_STRANGER)
			return -1;
		log_code(LOG_CRIT, LC_BUILD, NULL, 0, 0, 0);
		_exit(75);	/* EX_TEMPFAIL: init starts us again */
	}
	ch->greeted = 1;
	return 0;
}

/* One received message: 0, or -1 when it is malformed. */
static int
channel_take(struct channel *ch, struct imsg *imsg)
{
	const struct msg_desc	*d;

	if (!ch->greeted)
		return channel_hello(ch, imsg);
	if (imsg_get_type(imsg) == M_HELLO ||
	    msg_check(imsg_get_type(imsg), ch->peer, ch->self,
	    imsg_get_len(imsg), imsg->hasfd) == -1)
		return -1;
	d = msg_desc(imsg_get_type(imsg));
	if (d->secret)
		imsg->wipe = 1;
	ch->dispatch(ch, imsg, ch->arg);
	return 0;
}

/* Dispatch what is buffered; -1 when the channel may not be touched again. */
static int
channel_drain(struct channel *ch, int *gone)
{
	struct imsg	 imsg;
	uint32_t	 type;
	int		 n, bad;

	while (!ch->paused) {
		if ((n = imsgbuf_get(&ch->ibuf, &imsg)) == 0)
			return 0;
		if (n == -1) {
			channel_malformed(ch, M_NONE);
			return -1;
		}
		type = imsg_get_type(&imsg);
		bad = channel_take(ch, &imsg);
		if (*gone) {
			/* its buffer went with the channel */
			if (imsg.fd != -1)
				close(imsg.fd);
			return -1;
		}
		imsg_free(&imsg);
		if (bad == -1) {
			channel_malformed(ch, type);
			return -1;
		}
	}
	return 0;
}

/* What is buffered, one read, what that brought; -1 when it was cleared. */
static int
channel_turn(struct channel *ch)
{
	int	 gone = 0, n;

	ch->gone = &gone;
	n = channel_drain(ch, &gone);
	if (n == 0 && !ch->paused) {
		n = imsgbuf_read(&ch->ibuf);
		if (n == 1)
			(void)channel_drain(ch, &gone);
		else if (n == -1 && errno == EBADMSG)
			channel_malformed(ch, M_NONE);
		else
			channel_end(ch);	/* closed or reset */
	}
	if (gone)
		return -1;
	ch->gone = NULL;
	return 0;
}

static void
channel_readable(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)channel_turn(arg);
}

void
channel_pump(struct channel *ch)
{
	struct pollfd	 pfd;

	memset(&pfd, 0, sizeof(pfd));
	pfd.fd = ch->ibuf.fd;
	pfd.events = POLLIN;
	while (!ch->paused && poll(&pfd, 1, 0) == 1)
		if (channel_turn(ch) == -1)
			return;
}

static void
channel_writable(evutil_socket_t fd, short events, void *arg)
{
	struct channel	*ch = arg;

	(void)fd;
	(void)events;
	if (imsgbuf_write(&ch->ibuf) == -1) {
		/* the reading side will find the end, after what was sent */
		ch->deaf = 1;
		return;
	}
	if (imsgbuf_queuelen(&ch->ibuf) > 0)
		event_add(&ch->ev_write, NULL);
}

int
channel_sendv(struct channel *ch, enum msg_type type, int fd,
    const struct iovec *iov, int niov)
{
	if (!ch->open || ch->deaf)
		goto fail;
	if (imsgbuf_queuebytes(&ch->ibuf) > CHANNEL_BACKLOG_MAX) {
		if ((ch->flags & CHANNEL_STRANGER) == 0)
			fatalx(LC_INVARIANT, type);
		goto fail;
	}
	if (imsg_composev(&ch->ibuf, type, 0, 0, fd, iov, niov) == -1)
		fatal(LC_MEMORY);
	event_add(&ch->ev_write, NULL);
	return 0;

fail:
	if (fd != -1)
		close(fd);
	return -1;
}

int
channel_send(struct channel *ch, enum msg_type type, int fd,
    const void *data, size_t len)
{
	struct iovec	 iov;

	iov.iov_base = (void *)(uintptr_t)data;
	iov.iov_len = len;
	return channel_sendv(ch, type, fd, &iov, 1);
}

size_t
channel_backlog(struct channel *ch)
{
	return imsgbuf_queuebytes(&ch->ibuf);
}

void
channel_pause(struct channel *ch)
{
	if (ch->paused || !ch->open)
		return;
	ch->paused = 1;
	event_del(&ch->ev_read);
}

void
channel_resume(struct channel *ch)
{
	if (!ch->paused || !ch->open)
		return;
	ch->paused = 0;
	event_add(&ch->ev_read, NULL);
	if (ch->ibuf.rlen > ch->ibuf.rpos)
		event_active(&ch->ev_read, EV_READ, 0);
}

int
channel_flush(struct channel *ch)
{
	if (!ch->open || ch->deaf)
		return -1;
	return imsgbuf_flush(&ch->ibuf);
}

void
channel_clear(struct channel *ch)
{
	if (!ch->open)
		return;
	ch->open = 0;
	if (ch->gone != NULL) {
		*ch->gone = 1;
		ch->gone = NULL;
	}
	if (log_channel == ch)
		log_channel = NULL;
	event_del(&ch->ev_read);
	event_del(&ch->ev_write);
	imsgbuf_clear(&ch->ibuf);
	close(ch->ibuf.fd);
	ch->ibuf.fd = -1;
}
