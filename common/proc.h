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

#ifndef KMAILD_PROC_H
#define KMAILD_PROC_H

/*
 * How every child of kmaild starts, in the same order: proc_start(), then
 * proc_recv() until M_CONF_END, proc_drop(), open what the sandbox will
 * not allow any more, its sandbox_*(), proc_ready(), event loop.
 */

#include "common/imsg.h"
#include "common/msg.h"

#define PROC_FD		3	/* the channel to the parent */
#define PROC_BUILD	KM_BUILD	/* -DKM_BUILD="..." from the Makefile */

/*
 * First thing in main(): no arguments are allowed, descriptor 3 must be the
 * parent's channel.  Closes every descriptor above it; umask 077, no core,
 * not dumpable, SIGPIPE ignored, time zone loaded.  Says hello, checks the
 * parent's build (exit 75 if it differs), receives M_PROC.  Fatal on failure.
 */
void			 proc_start(enum proc, int, char **);
/* What M_PROC said. */
const struct m_proc	*proc_conf(void);
/* The blocking channel to the parent, until channel_adopt() moves it. */
struct imsgbuf		*proc_parent(void);
/*
 * Wait for the parent's next message and check it against the table.
 * Fatal when the parent is gone.  Free it with imsg_free().
 */
void			 proc_recv(struct imsg *);
/* Become the user of M_PROC if started as root: groups, gid, uid; verified. */
void			 proc_drop(void);
/* Send M_READY and wait for nothing. */
void			 proc_ready(uint32_t, uint32_t);
/*
 * For worker and session child, forked from a process that has done all
 * this: say hello on a channel without libevent and await the other's.
 */
int			 proc_hello(struct imsgbuf *, enum proc, enum proc);
/*
 * Blocking receive of one checked message on any imsgbuf: 1, 0 closed,
 * -1 malformed or error.
 */
int			 proc_recv_from(struct imsgbuf *, enum proc, enum proc,
			    struct imsg *);

#endif
