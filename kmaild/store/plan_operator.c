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

#include <string.h>

#include "common/clock.h"
#include "eventlog.h"
#include "peer.h"
#include "plan.h"
#include "session.h"

/* What an operator asks of the plan; store.h says what it means. */

int64_t
plan_next_due(const struct id *id)
{
	struct account	*a;
	int64_t		 t;

	if ((a = account_get(id)) == NULL || a->due == PLAN_NEVER ||
	    a->state != ACCOUNT_LIVE || a->refusals >= PLAN_REFUSALS)
		return 0;
	t = a->hold > a->due ? a->hold : a->due;
	return plan_utc(t < clock_boot() ? clock_boot() : t);
}

int
plan_sync_now(const struct id *id, uint64_t client)
{
	struct account	*a;

	if ((a = account_get(id)) == NULL || a->state == ACCOUNT_SETTINGS)
		return -1;
	ask_add(a, client);
	plan_wake();
	return 0;
}

int
plan_test(const struct id *id, uint64_t client)
{
	struct account	*a;

	if ((a = account_get(id)) == NULL || a->state == ACCOUNT_SETTINGS)
		return -1;
	session_test(a, client);
	return 0;
}

void
plan_forget(uint64_t client)
{
	ask_forget(client);
	session_forget_client(client);
}

int
plan_pause(const struct id *id)
{
	struct m_account_pause	 m;
	struct account		*a;

	if ((a = account_get(id)) == NULL || a->state == ACCOUNT_SETTINGS)
		return -1;
	if (account_set_paused(a, 1) == -1)
		return -2;
	memset(&m, 0, sizeof(m));
	m.account = *id;
	if (peer_vault() != NULL)
		channel_send(peer_vault(), M_ACCOUNT_PAUSE, -1, &m, sizeof(m));
	session_cancel_account(a, R_ACCOUNT_PAUSED);
	eventlog_add(LOG_INFO, LC_ACCOUNT_PAUSED, id, 0, 0, 0);
	return 0;
}

int
plan_resume(const struct id *id)
{
	struct account	*a;

	if ((a = account_get(id)) == NULL || a->state == ACCOUNT_SETTINGS)
		return -1;
	if (account_set_paused(a, 0) == -1)
		return -2;
	eventlog_add(LOG_INFO, LC_ACCOUNT_RESUMED, id, 0, 0, 0);
	a->due = PLAN_NEVER;	/* that is: now, but for a server's hold */
	plan_changed(a, 0);
	return 0;
}
