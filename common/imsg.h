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

#ifndef KMAILD_IMSG_H
#define KMAILD_IMSG_H

/*
 * The part of OpenBSD 7.8's imsg(3) that kmaild uses, with the same names
 * and meanings, for systems without it.
 *
 * A message is a 16-byte header in host order and at most
 * MAX_IMSGSIZE - IMSG_HEADER_SIZE bytes of payload, over a stream
 * socketpair, with at most one descriptor.
 */

#include <sys/queue.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#define IMSG_HEADER_SIZE	sizeof(struct imsg_hdr)
#define MAX_IMSGSIZE		16384
#define IBUF_READ_SIZE		65536	/* one read(2): four largest messages */
#define IMSG_FDQ_MAX		64	/* one read(2) brings one; more is abuse */

struct imsg_hdr {
	uint32_t	 type;
	uint32_t	 len;		/* with header; top bit: has descriptor */
	uint32_t	 peerid;
	uint32_t	 pid;
};

struct ibuf {				/* one message to be written */
	TAILQ_ENTRY(ibuf) entry;
	size_t		 len;
	size_t		 rpos;		/* written so far */
	int		 fd;		/* goes with the first octet, or -1 */
	unsigned char	 buf[];
};

/*
 * The payload lies in the imsgbuf, perhaps unaligned, and is valid until
 * the next imsgbuf_get(), imsgbuf_read() or imsg_free(): copy structs out
 * with imsg_get_data().
 */
struct imsg {
	struct imsg_hdr	 hdr;
	int		 hasfd;		/* the sender passed one; fd is -1 if lost */
	int		 fd;		/* -1 when none; closed by imsg_free */
	int		 wipe;
	unsigned char	*data;		/* payload */
	size_t		 datalen;
};

struct imsgbuf {
	TAILQ_HEAD(, ibuf) queue;	/* to be written */
	uint32_t	 queued;	/* messages in queue */
	size_t		 queued_bytes;
	int		 fdq[IMSG_FDQ_MAX];	/* received, oldest first */
	int		 nfdq;
	unsigned char	*rbuf;		/* IBUF_READ_SIZE, lazily allocated */
	size_t		 rpos, rlen;
	pid_t		 pid;
	int		 fd;
	int		 fdpass;
	int		 wipe;		/* zero consumed bytes: secret channel */
};

int	 imsgbuf_init(struct imsgbuf *, int);
void	 imsgbuf_allow_fdpass(struct imsgbuf *);
/* Zero received bytes once consumed and queued bytes once written. */
void	 imsgbuf_set_wipe(struct imsgbuf *);
/* 1 read something or try later, 0 peer closed, -1 error. */
int	 imsgbuf_read(struct imsgbuf *);
/* 1 one message taken, 0 none complete, -1 malformed (EBADMSG). */
int	 imsgbuf_get(struct imsgbuf *, struct imsg *);
/* 0 written or try later, -1 error (EPIPE when the peer is gone). */
int	 imsgbuf_write(struct imsgbuf *);
/* Write all; the socket must be blocking or the wait is a poll(2). */
int	 imsgbuf_flush(struct imsgbuf *);
uint32_t imsgbuf_queuelen(struct imsgbuf *);
/* Bytes waiting to be written. */
size_t	 imsgbuf_queuebytes(struct imsgbuf *);
/* Free both directions, closing descriptors; the socket stays open. */
void	 imsgbuf_clear(struct imsgbuf *);

/*
 * Queue one message: type, peerid, pid (0: own), descriptor or -1, payload.
 * Returns 1, or -1 with errno (ERANGE: too large).  Owns the descriptor
 * only on success, and closes it after it was sent.
 */
int	 imsg_compose(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
	    const void *, size_t);
struct iovec;
int	 imsg_composev(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
	    const struct iovec *, int);
uint32_t imsg_get_type(struct imsg *);
uint32_t imsg_get_id(struct imsg *);
size_t	 imsg_get_len(struct imsg *);
/* Copy the payload when it has exactly this size: 0, or -1 (EBADMSG). */
int	 imsg_get_data(struct imsg *, void *, size_t);
/* Take the descriptor out; -1 when there is none. */
int	 imsg_get_fd(struct imsg *);
void	 imsg_free(struct imsg *);

#endif
