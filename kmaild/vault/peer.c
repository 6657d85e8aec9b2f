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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "vault.h"

/* A channel to another process; a replaced one stays until it closes. */
struct peer {
	TAILQ_ENTRY(peer) entry;
	struct channel	 ch;
	enum proc	 proc;
	int		 fd;		/* until it is opened */
};

static TAILQ_HEAD(peers_head, peer) peers = TAILQ_HEAD_INITIALIZER(peers);
/*
 * Came with a configuration that is not in force yet: a new zygote numbers
 * its CA sets as the new configuration does.
 */
static struct peers_head	 held = TAILQ_HEAD_INITIALIZER(held);
static struct event		 ev_outbox;

static void	 peer_open(struct peer *);
static void	 peer_dispatch(struct channel *, struct imsg *, void *);
static void	 peer_closed(struct channel *, void *);
static void	 peer_outbox_idle(evutil_socket_t, short, void *);
static void	 store_dispatch(struct imsg *);
static void	 store_ticket(struct imsg *);
static void	 store_event_ack(struct imsg *);
static void	 fetcher_dispatch(struct channel *, struct imsg *);
static void	 zygote_dispatch(struct imsg *);

void
peer_init(void)
{
	evtimer_assign(&ev_outbox, vault_base(), peer_outbox_idle, NULL);
}

struct channel *
vault_peer(enum proc proc)
{
	struct peer	*p;

	TAILQ_FOREACH_REVERSE(p, &peers, peers_head, entry)
		if (p->ch.peer == proc)
			return &p->ch;
	return NULL;
}

void
peer_add(struct imsg *imsg)
{
	struct m_peer	 m;
	struct peer	*p;

	peer_get(imsg, &m, sizeof(m));
	if (m.proc != P_SESSION && m.proc != P_FETCHER && m.proc != P_STORE)
		fatalx(LC_INVARIANT, M_PEER);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatal(LC_MEMORY);
	p->proc = (enum proc)m.proc;
	if ((p->fd = imsg_get_fd(imsg)) == -1)
		fatalx(LC_SETUP, EMFILE);
	if (conf_collecting())
		TAILQ_INSERT_TAIL(&held, p, entry);
	else
		peer_open(p);
}

static void
peer_open(struct peer *p)
{
	channel_init(&p->ch, vault_base(), p->fd, P_VAULT, p->proc, 0,
	    peer_dispatch, peer_closed, p);
	TAILQ_INSERT_TAIL(&peers, p, entry);
	if (p->proc == P_STORE)
		vault_greet_store();
}

void
peer_open_held(void)
{
	struct peer	*p;

	while ((p = TAILQ_FIRST(&held)) != NULL) {
		TAILQ_REMOVE(&held, p, entry);
		peer_open(p);
	}
}

static void
peer_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	(void)arg;
	switch (ch->peer) {
	case P_STORE:
		store_dispatch(imsg);
		break;
	case P_FETCHER:
		fetcher_dispatch(ch, imsg);
		break;
	case P_SESSION:
		zygote_dispatch(imsg);
		break;
	default:
		fatalx(LC_INVARIANT, ch->peer);
	}
}

/* The parent deals with it; sessions that need no peer any more go on. */
static void
peer_closed(struct channel *ch, void *arg)
{
	struct peer	*p = arg;

	TAILQ_REMOVE(&peers, p, entry);
	channel_clear(ch);
	if (ch->peer == P_FETCHER)
		session_fetcher_gone(ch);
	free(p);
}

static void
store_dispatch(struct imsg *imsg)
{
	struct m_account_ack	 ack;
	struct m_account_pause	 pause;
	struct m_session	 session;

	switch (imsg_get_type(imsg)) {
	case M_ACCOUNT_ACK:
		peer_get(imsg, &ack, sizeof(ack));
		change_ack(&ack);
		break;
	case M_ACCOUNT_PAUSE:
		peer_get(imsg, &pause, sizeof(pause));
		ticket_drop_account(&pause.account);
		session_end_account(&pause.account, R_ACCOUNT_PAUSED);
		break;
	case M_TICKET:
		store_ticket(imsg);
		break;
	case M_TICKET_CANCEL:
		peer_get(imsg, &session, sizeof(session));
		ticket_drop_session(session.session);
		session_cancel(session.session);
		break;
	case M_VAULT_EVENT_ACK:
		store_event_ack(imsg);
		break;
	default:
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
	}
}

static void
store_ticket(struct imsg *imsg)
{
	struct m_ticket	 m;

	peer_get(imsg, &m, sizeof(m));
	if (ticket_add(&m, clock_boot()) == -1)
		log_warn_code(LC_TICKET_REFUSED, (int64_t)m.session, 0);
}

static void
store_event_ack(struct imsg *imsg)
{
	struct m_vault_event_ack	 m;
	struct timeval			 tv = { 1, 0 };

	peer_get(imsg, &m, sizeof(m));
	outbox_ack(m.seq);
	if (!evtimer_pending(&ev_outbox, NULL))
		evtimer_add(&ev_outbox, &tv);
}

static void
fetcher_dispatch(struct channel *ch, struct imsg *imsg)
{
	struct m_socket	 m;
	struct channel	*store;

	if (imsg_get_type(imsg) != M_SOCKET)
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
	peer_get(imsg, &m, sizeof(m));
	/* the store wrote the ticket before it gave the fetcher the order */
	if ((store = vault_peer(P_STORE)) != NULL)
		channel_pump(store);
	session_socket(ch, &m, imsg_get_fd(imsg));
}

static void
zygote_dispatch(struct imsg *imsg)
{
	struct m_session_failed	 m;

	if (imsg_get_type(imsg) != M_Z_FAILED)
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
	peer_get(imsg, &m, sizeof(m));
	if (reason_check(m.reason) == -1 || m.reason == R_NONE)
		fatalx(LC_INVARIANT, M_Z_FAILED);
	session_failed(m.session, (enum reason)m.reason);
}

void
peer_get(struct imsg *imsg, void *p, size_t len)
{
	if (imsg_get_data(imsg, p, len) == -1)
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
}

static void
peer_outbox_idle(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	outbox_idle();
}
