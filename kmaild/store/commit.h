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

#ifndef KMAILD_STORE_COMMIT_H
#define KMAILD_STORE_COMMIT_H

#include <event2/event.h>

/*
 * The group commit: messages and positions of all sessions, reports and
 * events, in one transaction.  Between commits no transaction is open, and
 * what waits for one is in memory, bounded by its owners.
 */

#define COMMIT_NOW_MS	0	/* when this turn of the event loop is done */
#define COMMIT_EVENT_MS	100
#define COMMIT_BODY_MS	500
#define COMMIT_RETRY_MS	1000	/* after a failure */

void	 commit_init(struct event_base *);
/* Not later than this, milliseconds. */
void	 commit_within(int);
/* At once: 0, or -1 when it failed (then sessions with messages are gone). */
int	 commit_all(void);

#endif
