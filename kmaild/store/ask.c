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

#include <stdlib.h>

#include "common/log.h"
#include "plan.h"

static int	 ask_take(struct account *, uint64_t *);

int
ask_waiting(const struct account *a)
{
	const struct ask	*k;

	TAILQ_FOREACH(k, &a->asks, entry)
		if (!k->running)
			return 1;
	return 0;
}

void
ask_begin(struct account *a)
{
	struct ask	*k;

	TAILQ_FOREACH(k, &a->asks, entry)
		k->running = 1;
}

void
ask_add(struct account *a, uint64_t client)
{
	struct ask	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		fatal(LC_MEMORY);
	k->client = client;
	TAILQ_INSERT_TAIL(&a->asks, k, entry);
}

void
ask_forget(uint64_t client)
{
	struct account	*a;
	struct ask	*k, *next;

	RB_FOREACH(a, account_tree, account_all()) {
		TAILQ_FOREACH_SAFE(k, &a->asks, entry, next) {
			if (k->client != client)
				continue;
			TAILQ_REMOVE(&a->asks, k, entry);
			free(k);
		}
	}
}

/* Take out one that the ended fetch answers: 1, or 0 when there is none. */
static int
ask_take(struct account *a, uint64_t *client)
{
	struct ask	*k, *next;

	TAILQ_FOREACH_SAFE(k, &a->asks, entry, next) {
		if (!k->running)
			continue;
		*client = k->client;
		TAILQ_REMOVE(&a->asks, k, entry);
		free(k);
		return 1;
	}
	return 0;
}

void
ask_answer(struct account *a)
{
	uint64_t	 client = 0;

	while (ask_take(a, &client))
		control_sync_done(client, &a->id);
}

/* The account goes: whoever waits for it waits no longer. */
void
ask_clear(struct account *a)
{
	ask_begin(a);
	ask_answer(a);
}
