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

#ifndef KMAILD_CHANNEL_H
#define KMAILD_CHANNEL_H

/*
 * An imsg channel on a libevent loop.  Sends M_HELLO first and expects it
 * first; checks every message against the table in msg.c before anybody
 * sees it.  Programs without libevent use imsgbuf and proc.h directly.
 */

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/imsg.h"
#include "common/msg.h"

struct channel;

/* One checked message; the callee may take its descriptor, does not free it. */
typedef void	(*channel_dispatch)(struct channel *, struct imsg *, void *);
/*
 * The peer is gone, or (CHANNEL_STRANGER only) sent something malformed.
 * The callee calls channel_clear() now or later; it may free the memory
 * that the channel is in.
 */
typedef void	(*channel_closed)(struct channel *, void *);

#define CHANNEL_STRANGER	0x01	/* malformed closes it; else it is fatal */
#define CHANNEL_SECRET		0x02	/* wipe buffers */
#define CHANNEL_HELLO_DONE	0x04	/* was exchanged before (proc.h) */

struct channel {
	struct imsgbuf	 ibuf;
	struct event	 ev_read;
	struct event	 ev_write;
	enum proc	 self;
	enum proc	 peer;
	int		 flags;
	int		 open;
	int		 greeted;
	int		 paused;
	int		 deaf;		/* peer reads no more: sends are dropped */
	int		*gone;		/* set by channel_clear() within dispatch */
	channel_dispatch dispatch;
	channel_closed	 closed;
	void		*arg;
};

/*
 * Take over the socket (made non-blocking) and start reading.  Zeroed or
 * unused memory is expected; it must stay where it is.  Fatal on failure.
 */
void	 channel_init(struct channel *, struct event_base *, int, enum proc,
	    enum proc, int, channel_dispatch, channel_closed, void *);
/* As above for an imsgbuf that proc.h used until now; it is moved. */
void	 channel_adopt(struct channel *, struct event_base *,
	    struct imsgbuf *, enum proc, enum proc, channel_dispatch,
	    channel_closed, void *);
/*
 * Queue a message; the descriptor, if not -1, is owned by the channel from
 * here on, also on failure.  0, or -1 when the channel is closed.
 */
int	 channel_send(struct channel *, enum msg_type, int, const void *,
	    size_t);
/* The same from several pieces, for W_BODY. */
struct iovec;
int	 channel_sendv(struct channel *, enum msg_type, int,
	    const struct iovec *, int);
/* Bytes not yet written: the sender's measure for flow control. */
size_t	 channel_backlog(struct channel *);
/*
 * Read and dispatch all that has arrived, now: for what must be known before
 * another channel's message is dealt with.  Not from its own dispatch; it may
 * be cleared on return.
 */
void	 channel_pump(struct channel *);
/* Stop and start reading: back-pressure to the peer. */
void	 channel_pause(struct channel *);
void	 channel_resume(struct channel *);
/* Write all that is queued, blocking; 0 or -1. */
int	 channel_flush(struct channel *);
/* Close the socket and free everything but the struct itself.  Idempotent. */
void	 channel_clear(struct channel *);

#endif
