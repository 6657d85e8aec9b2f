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
#include <string.h>

#include "common/log.h"
#include "vault.h"

struct ticket {
	TAILQ_ENTRY(ticket) entry;
	struct m_ticket	 m;
	int64_t		 expires;	/* clock_boot() */
};

static TAILQ_HEAD(, ticket)	 tickets = TAILQ_HEAD_INITIALIZER(tickets);
static size_t			 ntickets;

static void	 ticket_free(struct ticket *);
static void	 ticket_expire(int64_t);

static void
ticket_free(struct ticket *t)
{
	TAILQ_REMOVE(&tickets, t, entry);
	ntickets--;
	freezero(t, sizeof(*t));
}

static void
ticket_expire(int64_t now)
{
	struct ticket	*t, *next;

	TAILQ_FOREACH_SAFE(t, &tickets, entry, next)
		if (t->expires <= now)
			ticket_free(t);
}

int
ticket_add(const struct m_ticket *m, int64_t now)
{
	struct ticket	*t;

	if (id_is_zero(&m->ticket) || id_is_zero(&m->account) ||
	    m->purpose == 0 || m->purpose >= PURPOSE_MAX || m->uses == 0 ||
	    m->uses > TICKET_USES_MAX || m->lifetime == 0 ||
	    m->lifetime > TICKET_LIFETIME_MAX)
		return -1;
	if (ntickets >= TICKETS_MAX)
		ticket_expire(now);
	if (ntickets >= TICKETS_MAX)
		return -1;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		fatal(LC_MEMORY);
	t->m = *m;
	t->expires = now + (int64_t)m->lifetime * 1000;
	TAILQ_INSERT_TAIL(&tickets, t, entry);
	ntickets++;
	return 0;
}

int
ticket_use(const struct m_socket *m, int64_t now, struct m_ticket *found)
{
	struct ticket	*t;

	TAILQ_FOREACH(t, &tickets, entry)
		if (sodium_memcmp(t->m.ticket.b, m->ticket.b, ID_LEN) == 0)
			break;
	if (t == NULL)
		return -1;
	if (t->expires <= now) {
		ticket_free(t);
		return -1;
	}
	if (!id_equal(&t->m.account, &m->account) ||
	    t->m.session != m->session)
		return -1;
	*found = t->m;
	if (--t->m.uses == 0)
		ticket_free(t);
	return 0;
}

void
ticket_drop_session(uint64_t session)
{
	struct ticket	*t, *next;

	TAILQ_FOREACH_SAFE(t, &tickets, entry, next)
		if (t->m.session == session)
			ticket_free(t);
}

void
ticket_drop_account(const struct id *account)
{
	struct ticket	*t, *next;

	TAILQ_FOREACH_SAFE(t, &tickets, entry, next)
		if (id_equal(&t->m.account, account))
			ticket_free(t);
}

size_t
ticket_count(void)
{
	return ntickets;
}
