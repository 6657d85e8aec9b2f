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

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/util.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "fetcher.h"

#define LINGER		2000	/* ms for stragglers when replaced */

static struct event_base	*base;
static struct m_conf_fetcher	 conf;
static struct channel		 parent;
static struct channel		*store;
static struct channel		*vault;
static int			 peer_fd[P_MAX];	/* until the loop */
static struct event		 ev_sigchld;
static struct event		 ev_drain;
static int64_t			 drain_at;

static void	 configure(void);
static void	 conf_message(struct imsg *);
static void	 conf_ports(struct imsg *);
static void	 peer_add(enum proc, int);
static void	 parent_dispatch(struct channel *, struct imsg *, void *);
static void	 parent_closed(struct channel *, void *);
static void	 store_dispatch(struct channel *, struct imsg *, void *);
static void	 vault_dispatch(struct channel *, struct imsg *, void *);
static void	 peer_closed(struct channel *, void *);
static void	 sigchld(evutil_socket_t, short, void *);
static void	 drain(evutil_socket_t, short, void *);
static void	 drain_start(void);

struct event_base *
fetcher_base(void)
{
	return base;
}

uint32_t
fetcher_timeout_connect(void)
{
	return conf.timeout_connect;
}

int
fetcher_port_allowed(uint16_t port)
{
	uint32_t	 i;

	for (i = 0; i < conf.nports; i++)
		if (conf.ports[i] == port)
			return 1;
	return 0;
}

struct channel *
fetcher_peer(enum proc proc)
{
	return proc == P_STORE ? store : vault;
}

int
main(int argc, char **argv)
{
	struct sandbox_result	 sandbox;

	proc_start(P_FETCHER, argc, argv);
	if (evutil_secure_rng_init() == -1 || (base = event_base_new()) == NULL)
		fatal(LC_SETUP);
	configure();
	proc_drop();
	resolve_init(base);
	evsignal_assign(&ev_sigchld, base, SIGCHLD, sigchld, NULL);
	if (evsignal_add(&ev_sigchld, NULL) == -1)
		fatal(LC_SETUP);
	evtimer_assign(&ev_drain, base, drain, NULL);
	sandbox_prepare_worker();
	sandbox_fetcher(&sandbox, conf.ports, conf.nports);
	proc_ready(sandbox.landlock_abi, sandbox.missing);
	channel_adopt(&parent, base, proc_parent(), P_FETCHER, P_PARENT,
	    parent_dispatch, parent_closed, NULL);
	peer_add(P_STORE, peer_fd[P_STORE]);
	peer_add(P_VAULT, peer_fd[P_VAULT]);
	event_base_dispatch(base);
	exit(1);
}

/* From the parent until M_CONF_END. */
static void
configure(void)
{
	struct imsg	 imsg;
	struct m_peer	 peer;
	uint32_t	 type;

	peer_fd[P_STORE] = peer_fd[P_VAULT] = -1;
	do {
		proc_recv(&imsg);
		type = imsg_get_type(&imsg);
		if (type == M_PEER) {
			imsg_get_data(&imsg, &peer, sizeof(peer));
			if (peer.proc != P_STORE && peer.proc != P_VAULT)
				fatalx(LC_MALFORMED, type);
			peer_fd[peer.proc] = imsg_get_fd(&imsg);
		} else
			conf_message(&imsg);
		imsg_free(&imsg);
	} while (type != M_CONF_END);
}

/* M_CONF_*: at the start, and again at a reload. */
static void
conf_message(struct imsg *imsg)
{
	struct m_conf_nameserver	 ns;
	struct m_conf_resolvfile	 file;
	struct m_loglevel		 level;

	switch (imsg_get_type(imsg)) {
	case M_STOP:
		exit(0);
	case M_CONF_BEGIN:
		resolve_conf_begin();
		break;
	case M_CONF_FETCHER:
		conf_ports(imsg);
		break;
	case M_CONF_NAMESERVER:
		imsg_get_data(imsg, &ns, sizeof(ns));
		resolve_conf_nameserver(&ns.addr);
		break;
	case M_CONF_RESOLVFILE:
		imsg_get_data(imsg, &file, sizeof(file));
		resolve_conf_file(file.kind, imsg_get_fd(imsg));
		break;
	case M_CONF_END:
		resolve_conf_end();
		break;
	case M_LOGLEVEL:
		imsg_get_data(imsg, &level, sizeof(level));
		log_set_level((int)level.loglevel);
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}

/* Other ports come with another fetcher: this one's sandbox is closed. */
static void
conf_ports(struct imsg *imsg)
{
	struct m_conf_fetcher	 next;

	imsg_get_data(imsg, &next, sizeof(next));
	if (next.nports > KM_PORTS_MAX)
		fatalx(LC_MALFORMED, M_CONF_FETCHER);
	conf = next;
}

static void
peer_add(enum proc proc, int fd)
{
	struct channel	*ch;

	if (fd == -1)
		return;
	if ((ch = malloc(sizeof(*ch))) == NULL)
		fatal(LC_MEMORY);
	channel_init(ch, base, fd, P_FETCHER, proc, 0, proc == P_STORE ?
	    store_dispatch : vault_dispatch, peer_closed, NULL);
	if (proc == P_STORE)
		store = ch;
	else
		vault = ch;
}

static void
parent_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_peer	 peer;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_START:
		break;
	case M_PEER:
		imsg_get_data(imsg, &peer, sizeof(peer));
		if (peer.proc != P_STORE && peer.proc != P_VAULT)
			fatalx(LC_MALFORMED, M_PEER);
		peer_add((enum proc)peer.proc, imsg_get_fd(imsg));
		break;
	case M_DRAIN:
		drain_start();
		break;
	case M_STOP:
		session_end_all();
		exit(0);
	default:
		conf_message(imsg);
	}
}

static void
parent_closed(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	session_end_all();
	exit(1);
}

static void
store_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_session_order	 order;
	struct m_session	 s;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_SESSION_ORDER:
		imsg_get_data(imsg, &order, sizeof(order));
		if (msg_text_ok(order.imap_host, sizeof(order.imap_host)) ==
		    -1)
			fatalx(LC_MALFORMED, M_SESSION_ORDER);
		session_order(&order, imsg_get_fd(imsg));
		break;
	case M_SESSION_CANCEL:
		imsg_get_data(imsg, &s, sizeof(s));
		session_cancel(s.session);
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}

static void
vault_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_session	 s;

	(void)ch;
	(void)arg;
	imsg_get_data(imsg, &s, sizeof(s));
	switch (imsg_get_type(imsg)) {
	case M_CHANNEL:
		session_channel(s.session, imsg_get_fd(imsg));
		break;
	case M_SOCKET_REFUSED:
		session_refused(s.session);
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}

/* Vault or store died: the parent stops all of us, or sends another. */
static void
peer_closed(struct channel *ch, void *arg)
{
	(void)arg;
	if (store == ch)
		store = NULL;
	if (vault == ch)
		vault = NULL;
	channel_clear(ch);
	free(ch);
}

static void
sigchld(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	session_reap();
}

static void
drain_start(void)
{
	drain_at = clock_boot() + LINGER;
	drain(-1, 0, NULL);
}

/* Replaced: end when the last session has, and nothing is on its way. */
static void
drain(evutil_socket_t fd, short events, void *arg)
{
	struct timeval	 tv = { .tv_sec = 1 };

	(void)fd;
	(void)events;
	(void)arg;
	if (session_none() && clock_boot() >= drain_at) {
		if (store != NULL)
			channel_flush(store);
		exit(0);
	}
	evtimer_add(&ev_drain, &tv);
}
