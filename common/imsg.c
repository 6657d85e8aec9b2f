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
#include <sys/uio.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/imsg.h"

#define IMSG_LEN_HASFD	0x80000000u
#define IMSG_IOV_MAX	64	/* messages in one sendmsg(2) */

static int	 imsgbuf_recv(struct imsgbuf *, unsigned char *, size_t,
		    ssize_t *);
static int	 imsgbuf_take_fds(struct imsgbuf *, struct msghdr *);
static int	 imsgbuf_send(struct imsgbuf *, ssize_t *);
static void	 imsgbuf_sent(struct imsgbuf *, size_t);
static void	 ibuf_drop(struct imsgbuf *, struct ibuf *);

int
imsgbuf_init(struct imsgbuf *ib, int fd)
{
	memset(ib, 0, sizeof(*ib));
	TAILQ_INIT(&ib->queue);
	ib->pid = getpid();
	ib->fd = fd;
	return 0;
}

void
imsgbuf_allow_fdpass(struct imsgbuf *ib)
{
	ib->fdpass = 1;
}

void
imsgbuf_set_wipe(struct imsgbuf *ib)
{
	ib->wipe = 1;
}

/*
 * Keep the first descriptor of each control message, close any other.  A
 * sender of ours never passes two at once, so two are an attack.
 */
static int
imsgbuf_take_fds(struct imsgbuf *ib, struct msghdr *mh)
{
	struct cmsghdr	*cm;
	size_t		 i, n;
	int		 fd, bad = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			    sizeof(fd));
			if (i == 0 && !bad && ib->nfdq < IMSG_FDQ_MAX) {
				ib->fdq[ib->nfdq++] = fd;
				continue;
			}
			close(fd);
			bad = 1;
		}
	}
	if (bad) {
		errno = EBADMSG;
		return -1;
	}
	/* The table was full: hold the place, so that the order stays. */
	if (mh->msg_flags & MSG_CTRUNC) {
		if (ib->nfdq == IMSG_FDQ_MAX) {
			errno = EBADMSG;
			return -1;
		}
		ib->fdq[ib->nfdq++] = -1;
	}
	return 0;
}

static int
imsgbuf_recv(struct imsgbuf *ib, unsigned char *buf, size_t len, ssize_t *n)
{
	union {
		struct cmsghdr	hdr;
		unsigned char	buf[CMSG_SPACE(sizeof(int))];
	} cmsg;
	struct msghdr	 mh;
	struct iovec	 iov;

	if (!ib->fdpass) {
		*n = read(ib->fd, buf, len);
		return 0;
	}
	memset(&mh, 0, sizeof(mh));
	memset(&cmsg, 0, sizeof(cmsg));
	iov.iov_base = buf;
	iov.iov_len = len;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = &cmsg;
	mh.msg_controllen = sizeof(cmsg);
	*n = recvmsg(ib->fd, &mh, MSG_CMSG_CLOEXEC);
	if (*n == -1)
		return 0;
	return imsgbuf_take_fds(ib, &mh);
}

int
imsgbuf_read(struct imsgbuf *ib)
{
	ssize_t	 n;

	if (ib->rbuf == NULL) {
		ib->rbuf = malloc(IBUF_READ_SIZE);
		if (ib->rbuf == NULL)
			return -1;
	}
	if (ib->rpos > 0) {
		memmove(ib->rbuf, ib->rbuf + ib->rpos, ib->rlen - ib->rpos);
		ib->rlen -= ib->rpos;
		if (ib->wipe)
			explicit_bzero(ib->rbuf + ib->rlen, ib->rpos);
		ib->rpos = 0;
	}
	if (ib->rlen == IBUF_READ_SIZE)
		return 1;	/* whole messages wait for imsgbuf_get() */
	if (imsgbuf_recv(ib, ib->rbuf + ib->rlen, IBUF_READ_SIZE - ib->rlen,
	    &n) == -1)
		return -1;
	if (n == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return 1;
		return -1;
	}
	if (n == 0)
		return 0;
	ib->rlen += (size_t)n;
	return 1;
}

int
imsgbuf_get(struct imsgbuf *ib, struct imsg *imsg)
{
	struct imsg_hdr	 hdr;
	size_t		 len;

	if (ib->rlen - ib->rpos < sizeof(hdr))
		return 0;
	memcpy(&hdr, ib->rbuf + ib->rpos, sizeof(hdr));
	len = hdr.len & ~IMSG_LEN_HASFD;
	if (len < sizeof(hdr) || len > MAX_IMSGSIZE) {
		errno = EBADMSG;
		return -1;
	}
	if (ib->rlen - ib->rpos < len)
		return 0;

	memset(imsg, 0, sizeof(*imsg));
	imsg->hasfd = (hdr.len & IMSG_LEN_HASFD) != 0;
	imsg->fd = -1;
	if (imsg->hasfd) {
		if (ib->nfdq == 0) {
			errno = EBADMSG;
			return -1;
		}
		imsg->fd = ib->fdq[0];
		ib->nfdq--;
		memmove(ib->fdq, ib->fdq + 1, (size_t)ib->nfdq * sizeof(int));
	}
	hdr.len = (uint32_t)len;
	imsg->hdr = hdr;
	imsg->wipe = ib->wipe;
	imsg->data = ib->rbuf + ib->rpos + sizeof(hdr);
	imsg->datalen = len - sizeof(hdr);
	ib->rpos += len;
	return 1;
}

/* One sendmsg(2) from the head of the queue; a descriptor must come first. */
static int
imsgbuf_send(struct imsgbuf *ib, ssize_t *n)
{
	union {
		struct cmsghdr	hdr;
		unsigned char	buf[CMSG_SPACE(sizeof(int))];
	} cmsg;
	struct iovec	 iov[IMSG_IOV_MAX];
	struct msghdr	 mh;
	struct ibuf	*b, *first;
	size_t		 i = 0;

	first = TAILQ_FIRST(&ib->queue);
	memset(&mh, 0, sizeof(mh));
	TAILQ_FOREACH(b, &ib->queue, entry) {
		if (i == IMSG_IOV_MAX || (b != first && b->fd != -1))
			break;
		iov[i].iov_base = b->buf + b->rpos;
		iov[i].iov_len = b->len - b->rpos;
		i++;
	}
	mh.msg_iov = iov;
	mh.msg_iovlen = i;
	if (first->fd != -1) {
		memset(&cmsg, 0, sizeof(cmsg));
		mh.msg_control = &cmsg;
		mh.msg_controllen = sizeof(cmsg.buf);
		cmsg.hdr.cmsg_len = CMSG_LEN(sizeof(int));
		cmsg.hdr.cmsg_level = SOL_SOCKET;
		cmsg.hdr.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&cmsg.hdr), &first->fd, sizeof(int));
	}
	*n = sendmsg(ib->fd, &mh, MSG_NOSIGNAL);
	if (*n == -1)
		return -1;
	if (first->fd != -1) {
		close(first->fd);
		first->fd = -1;
	}
	return 0;
}

static void
ibuf_drop(struct imsgbuf *ib, struct ibuf *b)
{
	TAILQ_REMOVE(&ib->queue, b, entry);
	ib->queued--;
	ib->queued_bytes -= b->len - b->rpos;
	if (b->fd != -1)
		close(b->fd);
	if (ib->wipe)
		explicit_bzero(b->buf, b->len);
	free(b);
}

static void
imsgbuf_sent(struct imsgbuf *ib, size_t n)
{
	struct ibuf	*b;
	size_t		 left;

	while (n > 0) {
		b = TAILQ_FIRST(&ib->queue);
		left = b->len - b->rpos;
		if (n < left) {
			b->rpos += n;
			ib->queued_bytes -= n;
			return;
		}
		n -= left;
		ibuf_drop(ib, b);
	}
}

int
imsgbuf_write(struct imsgbuf *ib)
{
	ssize_t	 n;

	while (!TAILQ_EMPTY(&ib->queue)) {
		if (imsgbuf_send(ib, &n) == -1) {
			if (errno == EINTR)
				continue;
			/* ETOOMANYREFS: descriptors in flight; they drain */
			if (errno == EAGAIN || errno == ENOBUFS ||
			    errno == ETOOMANYREFS)
				return 0;
			return -1;
		}
		imsgbuf_sent(ib, (size_t)n);
	}
	return 0;
}

int
imsgbuf_flush(struct imsgbuf *ib)
{
	struct pollfd	 pfd;

	for (;;) {
		if (imsgbuf_write(ib) == -1)
			return -1;
		if (TAILQ_EMPTY(&ib->queue))
			return 0;
		pfd.fd = ib->fd;
		pfd.events = POLLOUT;
		if (poll(&pfd, 1, -1) == -1 && errno != EINTR)
			return -1;
	}
}

uint32_t
imsgbuf_queuelen(struct imsgbuf *ib)
{
	return ib->queued;
}

size_t
imsgbuf_queuebytes(struct imsgbuf *ib)
{
	return ib->queued_bytes;
}

void
imsgbuf_clear(struct imsgbuf *ib)
{
	struct ibuf	*b;

	while ((b = TAILQ_FIRST(&ib->queue)) != NULL)
		ibuf_drop(ib, b);
	while (ib->nfdq > 0) {
		ib->nfdq--;
		if (ib->fdq[ib->nfdq] != -1)
			close(ib->fdq[ib->nfdq]);
	}
	if (ib->rbuf != NULL && ib->wipe)
		explicit_bzero(ib->rbuf, IBUF_READ_SIZE);
	free(ib->rbuf);
	ib->rbuf = NULL;
	ib->rpos = ib->rlen = 0;
}

int
imsg_composev(struct imsgbuf *ib, uint32_t type, uint32_t peerid, pid_t pid,
    int fd, const struct iovec *iov, int niov)
{
	struct imsg_hdr	 hdr;
	struct ibuf	*b;
	size_t		 len = sizeof(hdr), off;
	int		 i;

	for (i = 0; i < niov; i++) {
		if (iov[i].iov_len > MAX_IMSGSIZE - len) {
			errno = ERANGE;
			return -1;
		}
		len += iov[i].iov_len;
	}
	b = malloc(sizeof(*b) + len);
	if (b == NULL)
		return -1;
	b->len = len;
	b->rpos = 0;
	b->fd = fd;
	hdr.type = type;
	hdr.len = (uint32_t)len | (fd != -1 ? IMSG_LEN_HASFD : 0);
	hdr.peerid = peerid;
	hdr.pid = (uint32_t)(pid != 0 ? pid : ib->pid);
	memcpy(b->buf, &hdr, sizeof(hdr));
	off = sizeof(hdr);
	for (i = 0; i < niov; i++) {
		if (iov[i].iov_len == 0)
			continue;
		memcpy(b->buf + off, iov[i].iov_base, iov[i].iov_len);
		off += iov[i].iov_len;
	}
	TAILQ_INSERT_TAIL(&ib->queue, b, entry);
	ib->queued++;
	ib->queued_bytes += len;
	return 1;
}

int
imsg_compose(struct imsgbuf *ib, uint32_t type, uint32_t peerid, pid_t pid,
    int fd, const void *data, size_t len)
{
	struct iovec	 iov;

	iov.iov_base = (void *)(uintptr_t)data;
	iov.iov_len = len;
	return imsg_composev(ib, type, peerid, pid, fd, &iov, 1);
}

uint32_t
imsg_get_type(struct imsg *imsg)
{
	return imsg->hdr.type;
}

uint32_t
imsg_get_id(struct imsg *imsg)
{
	return imsg->hdr.peerid;
}

size_t
imsg_get_len(struct imsg *imsg)
{
	return imsg->datalen;
}

int
imsg_get_data(struct imsg *imsg, void *data, size_t len)
{
	if (imsg->datalen != len) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(data, imsg->data, len);
	return 0;
}

int
imsg_get_fd(struct imsg *imsg)
{
	int	 fd = imsg->fd;

	imsg->fd = -1;
	return fd;
}

void
imsg_free(struct imsg *imsg)
{
	if (imsg->fd != -1)
		close(imsg->fd);
	imsg->fd = -1;
	if (imsg->wipe && imsg->datalen > 0)
		explicit_bzero(imsg->data, imsg->datalen);
	imsg->data = NULL;
	imsg->datalen = 0;
}
