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

#ifndef KMAILD_STORE_EVENTLOG_H
#define KMAILD_STORE_EVENTLOG_H

#include <stdint.h>

#include "common/id.h"
#include "common/log.h"
#include "common/msg.h"

#define EVENTLOG_KEEP	100000	/* newest rows that stay; in kmaild.db(5) */
#define EVENTLOG_QUEUE	8192	/* not yet committed; then the oldest go */

/*
 * Log it and, with the next group commit, make it a row of the event table:
 * level, code, account or NULL, three integers.
 */
void	 eventlog_add(int, enum logcode, const struct id *, int64_t, int64_t,
	    int64_t);
/* The same for an event of the vault's, which logged it itself. */
void	 eventlog_add_vault(const struct m_vault_event *);

/*
 * For the group commit: 1 when something waits; the transaction begins;
 * into it, 0 or -1; then tell subscribers and the vault, or keep all but
 * what was added since the beginning for the next time.
 */
int	 eventlog_pending(void);
void	 eventlog_begin(void);
int	 eventlog_write(void);
void	 eventlog_committed(void);
void	 eventlog_rolled_back(void);

/* Tell the vault that its event is kept (store.c). */
void	 vault_event_ack(uint64_t);

#endif
