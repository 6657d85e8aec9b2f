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
#include "common/log.h"
#include "vault.h"

/*
 * Events wait in vault.db until the store has committed them.  What it
 * acknowledged is deleted with the next transaction, or after a moment of
 * quiet: a delete of its own for each would cost one fsync(2) a login.
 */
#define ACKED_MAX	64

static int64_t	 sent;			/* highest seq given to the channel */
static uint64_t	 acked[ACKED_MAX];
static size_t	 nacked;

int
outbox_add(uint32_t code, const struct id *account, int64_t a, int64_t b)
{
	return db_run("INSERT INTO event (time, code, account, a, b) "
	    "VALUES (?, ?, ?, ?, ?)", "iidii", clock_utc(), (int64_t)code,
	    account, a, b);
}

void
outbox_send(void)
{
	struct channel		*store = vault_peer(P_STORE);
	struct m_vault_event	 m;
	sqlite3_stmt		*st;

	if (store == NULL)
		return;
	st = db_select("SELECT seq, time, code, account, a, b FROM event "
	    "WHERE seq > ? ORDER BY seq", "i", sent);
	if (st == NULL)
		return;
	while (db_step(st) == 1) {
		memset(&m, 0, sizeof(m));
		sent = sqlite3_column_int64(st, 0);
		m.seq = (uint64_t)sent;
		m.time = sqlite3_column_int64(st, 1);
		m.code = (uint32_t)sqlite3_column_int64(st, 2);
		m.has_account = db_column_id(st, 3, &m.account) == 0;
		m.a = sqlite3_column_int64(st, 4);
		m.b = sqlite3_column_int64(st, 5);
		channel_send(store, M_VAULT_EVENT, -1, &m, sizeof(m));
		log_code(LOG_INFO, m.code, m.has_account ? &m.account : NULL,
		    m.a, m.b, 0);
	}
	db_done(st);
}

void
outbox_resend(void)
{
	sent = 0;
	outbox_send();
}

void
outbox_ack(uint64_t seq)
{
	if (nacked == ACKED_MAX)
		outbox_idle();
	acked[nacked++] = seq;
}

int
outbox_purge(void)
{
	size_t	 i;

	for (i = 0; i < nacked; i++)
		if (db_run("DELETE FROM event WHERE seq = ?", "i",
		    (int64_t)acked[i]) == -1)
			return -1;
	return 0;
}

void
outbox_purged(void)
{
	nacked = 0;
}

void
outbox_idle(void)
{
	if (nacked == 0)
		return;
	if (db_begin() == -1 || outbox_purge() == -1 || db_commit() == -1)
		db_rollback();
	/* if it failed they are sent again after the next start */
	nacked = 0;
}
