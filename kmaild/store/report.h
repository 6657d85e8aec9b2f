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

#ifndef KMAILD_STORE_REPORT_H
#define KMAILD_STORE_REPORT_H

#include <stdint.h>

#include "account.h"

/* What a fetch came to; zeroed for one that could not start. */
struct outcome {
	enum reason	 reason;	/* R_NONE: it went to its end */
	enum reason	 folder_reason;	/* first folder that did not work */
	uint32_t	 backoff;	/* seconds the server asked for */
	const struct ingest *ingest;	/* counts, after its commit; or NULL */
};

/*
 * A fetch ended: plan the next, and with the next group commit write the
 * report, the event, and answer those who asked.
 */
void	 report_add(struct account *, const struct outcome *);
/* What was reported as done could not be committed. */
void	 report_fail(struct account *, enum reason);
/* The ingest's memory goes: take over its counts; after its commit. */
void	 report_detach(struct account *);
void	 report_forget_account(struct account *);

int	 report_pending(void);
int	 report_write(void);
void	 report_committed(void);

#endif
