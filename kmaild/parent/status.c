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


/* What kmailctl status shows of the processes: kept here, sent to the store. */

#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#include "parent.h"

static struct m_proc_status	 table[P_MAX];

static void
status_send(struct parent *p, enum proc proc)
{
	struct child	*store = service_current(P_STORE);

	if (p->phase == PARENT_RUNNING && store != NULL)
		channel_send(&store->chan, M_PROC_STATUS, -1, &table[proc],
		    sizeof(table[proc]));
}

void
status_set(struct parent *p, enum proc proc, enum proc_state state, pid_t pid,
    const struct m_ready *ready)
{
	struct m_proc_status	*s = &table[proc];

	if (s->proc == 0)
		s->last_exit = -1;
	s->proc = proc;
	s->state = state;
	s->pid = pid;
	s->since = clock_utc();
	if (ready != NULL) {
		s->landlock_abi = ready->landlock_abi;
		s->missing = ready->missing;
	}
	status_send(p, proc);
}

void
status_died(enum proc proc, int status)
{
	table[proc].restarts++;
	table[proc].last_exit = status;
}

void
status_send_all(struct parent *p)
{
	int	 i;

	for (i = 0; i < P_MAX; i++)
		if (table[i].proc != 0)
			status_send(p, (enum proc)i);
}
