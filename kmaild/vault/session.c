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
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session.h"

/*
 * One login and the session after it, from the fetcher's socket to the end.
 * What the session child says and gets is in child.c.
 */
#define VERIFY_STEPS	2	/* handshake, greeting */
#define SESSIONS_MAX	8192

static TAILQ_HEAD(, session)	 sessions = TAILQ_HEAD_INITIALIZER(sessions);
static size_t			 nsessions;

static struct session	*session_find(uint64_t);
static unsigned int	 session_logins(const struct id *);
static enum reason	 session_admit(const struct m_socket *, int,
			    struct m_ticket *, struct account *);
static enum reason	 session_launch(struct session *, int);
static uint32_t		 lesser(uint32_t, uint32_t);
static void		 session_times(struct session *,
			    struct m_z_session *);
static void		 session_late(evutil_socket_t, short, void *);

void
session_init(void)
{
	child_init();
}

struct session *
session_next(const struct session *s)
{
	return s == NULL ? TAILQ_FIRST(&sessions) : TAILQ_NEXT(s, entry);
}

static struct session *
session_find(uint64_t number)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->ticket.session == number)
			return s;
	return NULL;
}

/* Logins of one account that may yet be refused. */
static unsigned int
session_logins(const struct id *account)
{
	struct session	*s;
	unsigned int	 n = 0;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->state < S_OPEN && id_equal(&s->account.id, account))
			n++;
	return n;
}

/* May this socket have a session?  Fills ticket and record. */
static enum reason
session_admit(const struct m_socket *m, int fd, struct m_ticket *t,
    struct account *acct)
{
	enum reason	 r;
	int		 n;

	if (ticket_use(m, clock_boot(), t) == -1 ||
	    session_find(m->session) != NULL) {
		log_warn_code(LC_TICKET_REFUSED, (int64_t)m->session, 0);
		return R_TICKET;
	}
	if (key_state() != R_NONE)
		return key_state();
	if ((n = account_load(&t->account, acct)) == -1)
		return db_reason();
	if (n == 0)
		return R_TICKET;
	if (!conf_port_allowed(acct->port))
		return R_PORT_NOT_ALLOWED;
	if (fd == -1 || socket_check(fd, acct->port) == -1) {
		log_warn_code(LC_SOCKET_REFUSED, (int64_t)m->session, 0);
		return R_TICKET;
	}
	if (!acct->has_secret)
		return R_PASSWORD_MISSING;
	r = rate_check(&acct->id, (t->flags & TICKET_OPERATOR) != 0,
	    session_logins(&acct->id), clock_utc());
	if (r != R_NONE)
		return r;
	if (nsessions >= SESSIONS_MAX)
		return R_RATE_LIMITED;
	return secret_check(acct);
}

void
session_socket(struct channel *fetcher, const struct m_socket *m, int fd)
{
	struct session	*s;
	enum reason	 r;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal(LC_MEMORY);
	s->ctl = s->relay = -1;
	s->fetcher = fetcher;
	if ((r = session_admit(m, fd, &s->ticket, &s->account)) != R_NONE) {
		if (fd != -1)
			close(fd);
	} else
		r = session_launch(s, fd);
	if (r == R_NONE)
		return;
	/* what the fetcher claims may name a session that lives */
	if (session_find(m->session) == NULL) {
		s->ticket.session = m->session;
		s->ticket.account = m->account;
		session_verdict(&s->ticket, r, NULL);
	}
	session_refuse(fetcher, m->session);
	freezero(s, sizeof(*s));
}

/* The lesser of two limits, 0 being none. */
static uint32_t
lesser(uint32_t a, uint32_t b)
{
	if (a == 0 || (b != 0 && b < a))
		return b;
	return a;
}

/* The store may shorten what the configuration says, not lengthen it. */
static void
session_times(struct session *s, struct m_z_session *z)
{
	const struct m_conf_vault	*v = conf_vault();
	const struct m_conf_account	*a = conf_account(s->account.label);

	z->timeout_idle = lesser(s->ticket.timeout_idle,
	    a != NULL && a->timeout_idle ? a->timeout_idle : v->timeout_idle);
	z->timeout_step = lesser(s->ticket.timeout_step,
	    a != NULL && a->timeout_step ? a->timeout_step : v->timeout_step);
	z->timeout_session = lesser(s->ticket.timeout_session,
	    a != NULL && a->timeout_session ? a->timeout_session :
	    v->timeout_session);
	z->ca_set = a != NULL ? a->ca_set : 0;
	s->step = z->timeout_step;
	s->total = z->timeout_session;
}

/* The descriptor is owned. */
static enum reason
session_launch(struct session *s, int fd)
{
	struct m_z_session	 z;
	enum reason		 r;

	memset(&z, 0, sizeof(z));
	z.session = s->ticket.session;
	z.purpose = s->ticket.purpose;
	z.imap_tls = s->account.tls;
	z.port = s->account.port;
	z.ca_len = s->account.ca_len;
	strlcpy(z.host, s->account.host, sizeof(z.host));
	session_times(s, &z);
	if ((r = launch(&z, &s->account, fd, &s->ctl, &s->relay)) != R_NONE)
		return r;
	if (fcntl(s->ctl, F_SETFL, O_NONBLOCK) == -1 ||
	    event_assign(&s->ev_ctl, vault_base(), s->ctl, EV_READ |
	    EV_PERSIST, child_readable, s) == -1 ||
	    event_add(&s->ev_ctl, NULL) == -1)
		fatal(LC_SETUP);
	evtimer_assign(&s->ev_deadline, vault_base(), session_late, s);
	s->state = S_HANDSHAKE;
	s->born = clock_boot();
	session_deadline(s, s->step * VERIFY_STEPS + SESSION_GRACE);
	TAILQ_INSERT_TAIL(&sessions, s, entry);
	nsessions++;
	return R_NONE;
}

void
session_deadline(struct session *s, uint32_t seconds)
{
	struct timeval	 tv;

	tv.tv_sec = seconds;
	tv.tv_usec = 0;
	evtimer_add(&s->ev_deadline, &tv);
}

/*
 * The child keeps its deadlines itself.  It cannot while somebody who
 * shares its socket makes it block.
 */
static void
session_late(evutil_socket_t fd, short events, void *arg)
{
	struct session	*s = arg;

	(void)fd;
	(void)events;
	log_code(LOG_WARNING, LC_CHILD_HUNG, &s->account.id,
	    (int64_t)s->ticket.session, 0, 0);
	session_end(s, s->state < S_OPEN ? R_TIMEOUT_STEP :
	    R_TIMEOUT_SESSION);
}

void
session_verdict(const struct m_ticket *t, enum reason reason,
    const struct ctl_record *c)
{
	struct channel			*store = vault_peer(P_STORE);
	struct m_session_verdict	 m;

	if (store == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.session = t->session;
	m.account = t->account;
	m.reason = reason;
	m.refusals = rate_refusals(&t->account);
	if (c != NULL) {
		m.backoff = c->backoff;
		m.tls_done = c->tls_done != 0;
	}
	if (c != NULL && t->purpose == PURPOSE_TEST) {
		m.notbefore = c->notbefore;
		m.notafter = c->notafter;
		strlcpy(m.subject, c->subject, sizeof(m.subject));
		strlcpy(m.issuer, c->issuer, sizeof(m.issuer));
		strlcpy(m.spki, c->spki, sizeof(m.spki));
	}
	channel_send(store, M_SESSION_VERDICT, -1, &m, sizeof(m));
}

void
session_refuse(struct channel *fetcher, uint64_t number)
{
	struct m_session	 m;

	memset(&m, 0, sizeof(m));
	m.session = number;
	channel_send(fetcher, M_SOCKET_REFUSED, -1, &m, sizeof(m));
}

/* Close the pair, which ends the child, and tell both who wait. */
void
session_end(struct session *s, enum reason reason)
{
	struct channel		*store = vault_peer(P_STORE);
	struct m_session	 m;

	if (s->state < S_OPEN) {
		session_verdict(&s->ticket, reason, NULL);
		if (s->fetcher != NULL)
			session_refuse(s->fetcher, s->ticket.session);
	} else if (store != NULL) {
		if (s->state == S_OPEN)
			session_verdict(&s->ticket, reason, NULL);
		memset(&m, 0, sizeof(m));
		m.session = s->ticket.session;
		channel_send(store, M_SESSION_CLOSED, -1, &m, sizeof(m));
	}
	session_free(s);
}

void
session_free(struct session *s)
{
	TAILQ_REMOVE(&sessions, s, entry);
	nsessions--;
	event_del(&s->ev_ctl);
	event_del(&s->ev_deadline);
	close(s->ctl);
	if (s->relay != -1)
		close(s->relay);
	freezero(s, sizeof(*s));
}

void
session_cancel(uint64_t number)
{
	struct session	*s;

	if ((s = session_find(number)) != NULL)
		session_end(s, R_CANCELLED);
}

void
session_failed(uint64_t number, enum reason reason)
{
	struct session	*s;

	if ((s = session_find(number)) != NULL && s->state == S_HANDSHAKE)
		session_end(s, reason);
}

void
session_end_account(const struct id *account, enum reason reason)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		if (id_equal(&s->account.id, account))
			session_end(s, reason);
}

void
session_end_all(enum reason reason)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next)
		session_end(s, reason);
}

void
session_fetcher_gone(struct channel *fetcher)
{
	struct session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &sessions, entry, next) {
		if (s->fetcher != fetcher)
			continue;
		s->fetcher = NULL;
		/* a logged in one is its worker's alone */
		if (s->state < S_OPEN)
			session_end(s, R_PROCESS_RESTARTED);
	}
}
