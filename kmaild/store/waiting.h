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

#ifndef KMAILD_STORE_WAITING_H
#define KMAILD_STORE_WAITING_H

#include <stdint.h>

#include "common/id.h"
#include "common/msg.h"
#include "common/reason.h"

/*
 * The not-fetched list.  A message that failed is tried again, after
 * WAITING_TRIES it is quarantined.  One crash or lost connection within a
 * message is only noted; the second lists it.
 */
#define WAITING_TRIES	3
/* Pause before an automatic try, by four longer each time; seconds. */
#define WAITING_PAUSE	900

/* Within a transaction: one more failure of the message; 0 or -1. */
int	 waiting_note(const struct id *, int64_t, uint32_t, enum reason,
	    uint64_t);
/* Within a transaction: it was stored; or it is gone from the server. */
int	 waiting_clear(const struct id *, int64_t, uint32_t);
int	 waiting_gone(int64_t, uint32_t);
/* 1 when it waits or is quarantined; 0, also for a mere suspect; -1. */
int	 waiting_is_listed(int64_t, uint32_t);
/*
 * Fill retry and skip of the position for its folder; `all` counts every
 * one as due.  1 when the folder has any row, 0 none, -1.
 */
int	 waiting_position(struct w_position *, int all);
/*
 * The reason of one message of the account that waits to be tried again,
 * R_NONE when none does; -1 on error.
 */
int	 waiting_reason(const struct id *);

#endif
