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

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "db.h"
#include "eventlog.h"
#include "peer.h"
#include "session.h"

/*
 * From receipt of a ticket to the login: names, several addresses, STARTTLS
 * and handshake, each with timeouts of its own.  Seconds.
 */
#define TICKET_LIFETIME	600

static int	 order_settings(const struct session *, struct w_order *);
static void	 order_ticket(const struct session *, const struct id *, int,
		    const struct w_order *);
static void	 order_fetcher(struct session *, const struct id *, int,
		    const struct w_order *);

static int
order_settings(const struct session *s, struct w_order *o)
{
	static struct db_stmt	 q = DB_STMT("SELECT since, newest, folders"
	    " FROM account WHERE id = ?");
	sqlite3_stmt		*row;
	size_t			 len;

	if ((row = db_query(&q, "b", &s->id, sizeof(s->id))) == NULL)
		return -1;
	if (db_step(row) != 1) {
		db_done(row);
		return -1;
	}
	memset(o, 0, sizeof(*o));
	o->session = s->number;
	o->purpose = s->purpose;
	o->max_size = s->max_size;
	o->since = sqlite3_column_int64(row, 0);
	o->newest = (uint32_t)sqlite3_column_int64(row, 1);
	len = (size_t)sqlite3_column_bytes(row, 2);
	if (len > 0 && len <= sizeof(o->folders)) {
		memcpy(o->folders, sqlite3_column_blob(row, 2), len);
		o->folders_len = (uint32_t)len;
	}
	db_done(row);
	conf_timeouts(s->account, &o->timeout_idle, &o->timeout_step,
	    &o->timeout_session);
	return 0;
}

static void
order_ticket(const struct session *s, const struct id *ticket, int operator,
    const struct w_order *o)
{
	struct m_ticket	 m;

	memset(&m, 0, sizeof(m));
	m.ticket = *ticket;
	m.account = s->id;
	m.session = s->number;
	m.purpose = s->purpose;
	m.uses = 1;
	m.flags = operator ? TICKET_OPERATOR : 0;
	m.lifetime = TICKET_LIFETIME;
	m.timeout_idle = o->timeout_idle;
	m.timeout_step = o->timeout_step;
	m.timeout_session = o->timeout_session;
	channel_send(peer_vault(), M_TICKET, -1, &m, sizeof(m));
}

static void
order_fetcher(struct session *s, const struct id *ticket, int fd,
    const struct w_order *o)
{
	struct m_session_order	 m;
	const struct account	*a = s->account;

	memset(&m, 0, sizeof(m));
	m.session = s->number;
	m.ticket = *ticket;
	m.account = s->id;
	m.purpose = s->purpose;
	m.imap_tls = a->imap_tls;
	m.imap_port = a->imap_port;
	strlcpy(m.imap_host, a->imap_host, sizeof(m.imap_host));
	m.timeout_step = o->timeout_step;
	m.timeout_idle = o->timeout_idle;
	s->fetcher = peer_fetcher();
	channel_send(s->fetcher, M_SESSION_ORDER, fd, &m, sizeof(m));
}

/*
 * The ticket to the vault, the order with one end of the worker's channel to
 * the fetcher; the other end is bound to this session from here on.
 */
int
order_send(struct session *s, int operator)
{
	struct w_order	 o;
	struct id	 ticket;
	int		 sv[2];

	if (order_settings(s, &o) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1) {
		log_code(LOG_ERR, LC_SETUP, &s->id, errno, 0, __LINE__);
		return -1;
	}
	id_mint(&ticket);
	order_ticket(s, &ticket, operator, &o);
	/* the vault shall have it before the fetcher can use it */
	channel_flush(peer_vault());
	order_fetcher(s, &ticket, sv[1], &o);
	channel_init(&s->worker, store_base(), sv[0], P_STORE, P_WORKER,
	    CHANNEL_STRANGER, worker_dispatch, worker_closed, s);
	channel_send(&s->worker, W_ORDER, -1, &o, sizeof(o));
	s->begun = 1;
	return 0;
}
