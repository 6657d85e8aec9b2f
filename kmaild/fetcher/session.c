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

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "fetcher.h"
#include "worker.h"

#define FD_RELAY	3	/* where a worker keeps its descriptors */
#define FD_STORE	4

/*
 * One order of the store, from the name's look-up until its worker is gone.
 * Of the members for the stages, those that are not NULL or -1 are at work.
 */
struct session {
	TAILQ_ENTRY(session) entry;
	struct m_session_order order;
	int		 store_fd;	/* the worker's channel */
	struct resolve	*resolve;
	struct connect	*connect;
	struct cleartext *cleartext;
	int		 net;		/* connected, not yet the vault's */
	pid_t		 pid;		/* of the worker, 0 none */
	int		 cancelled;
};

static TAILQ_HEAD(, session) sessions = TAILQ_HEAD_INITIALIZER(sessions);

static struct session *session_find(uint64_t);
static void	 session_free(struct session *);
static void	 session_fail(struct session *, enum reason, uint32_t);
static void	 session_step(struct session *, enum session_step, uint32_t,
		    const struct sockaddr_storage *);
static void	 session_resolved(void *, enum reason,
		    const struct sockaddr_storage *, size_t);
static void	 session_connected(void *, enum reason, int,
		    const struct sockaddr_storage *);
static void	 session_cleartext(void *, enum reason, uint32_t);
static void	 session_hand_over(struct session *);
static void	 store_send(enum msg_type, const void *, size_t);
static void	 worker_start(struct session *, int);
_Noreturn static void worker_enter(int, int);

static struct session *
session_find(uint64_t number)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->order.session == number)
			return s;
	return NULL;
}

static void
store_send(enum msg_type type, const void *data, size_t len)
{
	if (fetcher_peer(P_STORE) != NULL)
		channel_send(fetcher_peer(P_STORE), type, -1, data, len);
}

void
session_order(const struct m_session_order *order, int fd)
{
	struct session	*s;

	if (session_find(order->session) != NULL)
		fatalx(LC_MALFORMED, M_SESSION_ORDER);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal(LC_MEMORY);
	s->order = *order;
	s->store_fd = fd;
	s->net = -1;
	TAILQ_INSERT_TAIL(&sessions, s, entry);
	if (fd == -1)		/* our table was full when it arrived */
		session_fail(s, R_PROCESS_RESTARTED, 0);
	else if (!fetcher_port_allowed(order->imap_port))
		session_fail(s, R_PORT_NOT_ALLOWED, 0);
	else
		s->resolve = resolve_start(order->imap_host, order->imap_port,
		    order->timeout_step, session_resolved, s);
}

static void
session_free(struct session *s)
{
	TAILQ_REMOVE(&sessions, s, entry);
	if (s->resolve != NULL)
		resolve_cancel(s->resolve);
	if (s->connect != NULL) {
		connect_cancel(s->connect);
		free(s->connect);
	}
	if (s->cleartext != NULL)
		cleartext_cancel(s->cleartext);
	if (s->net != -1)
		close(s->net);
	if (s->store_fd != -1)
		close(s->store_fd);
	free(s);
}

static void
session_fail(struct session *s, enum reason reason, uint32_t backoff)
{
	struct m_session_failed	 failed;

	memset(&failed, 0, sizeof(failed));
	failed.session = s->order.session;
	failed.reason = reason;
	failed.backoff = backoff;
	store_send(M_SESSION_FAILED, &failed, sizeof(failed));
	session_free(s);
}

static void
session_step(struct session *s, enum session_step step, uint32_t count,
    const struct sockaddr_storage *addr)
{
	struct m_session_step	 m;

	memset(&m, 0, sizeof(m));
	m.session = s->order.session;
	m.step = step;
	m.count = count;
	if (addr != NULL)
		m.addr = *addr;
	store_send(M_SESSION_STEP, &m, sizeof(m));
}

static void
session_resolved(void *arg, enum reason reason,
    const struct sockaddr_storage *addrs, size_t n)
{
	struct session	*s = arg;

	s->resolve = NULL;
	if (reason != R_NONE) {
		session_fail(s, reason, 0);
		return;
	}
	session_step(s, STEP_RESOLVED, (uint32_t)n, NULL);
	if ((s->connect = malloc(sizeof(*s->connect))) == NULL)
		fatal(LC_MEMORY);
	connect_start(s->connect, addrs, n, session_connected, s);
}

static void
session_connected(void *arg, enum reason reason, int fd,
    const struct sockaddr_storage *addr)
{
	struct session	*s = arg;

	if (reason != R_NONE) {
		session_fail(s, reason, 0);
		return;
	}
	session_step(s, STEP_CONNECTED, 1, addr);
	free(s->connect);
	s->connect = NULL;
	s->net = fd;
	if (s->order.imap_tls == TLS_STARTTLS)
		s->cleartext = cleartext_start(fd, s->order.timeout_step,
		    s->order.timeout_idle, session_cleartext, s);
	else
		session_hand_over(s);
}

static void
session_cleartext(void *arg, enum reason reason, uint32_t backoff)
{
	struct session	*s = arg;

	s->cleartext = NULL;
	if (reason != R_NONE)
		session_fail(s, reason, backoff);
	else
		session_hand_over(s);
}

/* The socket goes to the vault and is no more ours. */
static void
session_hand_over(struct session *s)
{
	struct m_socket	 m;
	int		 fd = s->net;

	memset(&m, 0, sizeof(m));
	m.session = s->order.session;
	m.ticket = s->order.ticket;
	m.account = s->order.account;
	s->net = -1;
	if (fetcher_peer(P_VAULT) == NULL) {
		close(fd);
		session_fail(s, R_PROCESS_RESTARTED, 0);
	} else if (channel_send(fetcher_peer(P_VAULT), M_SOCKET, fd, &m,
	    sizeof(m)) == -1)
		session_fail(s, R_PROCESS_RESTARTED, 0);
}

void
session_refused(uint64_t number)
{
	struct session	*s;

	/* the store knows why from the vault */
	if ((s = session_find(number)) != NULL && s->pid == 0)
		session_free(s);
}

void
session_cancel(uint64_t number)
{
	struct session	*s;

	if ((s = session_find(number)) == NULL)
		return;
	s->cancelled = 1;
	if (s->pid != 0)
		kill(s->pid, SIGKILL);	/* session_reap() tells the store */
	else
		session_free(s);
}

void
session_channel(uint64_t number, int fd)
{
	struct session	*s;

	if (fd == -1)
		return;		/* our table was full: the child sees the end */
	if ((s = session_find(number)) == NULL || s->pid != 0) {
		close(fd);	/* cancelled meanwhile */
		return;
	}
	worker_start(s, fd);
}

/* Both descriptors are closed here, also when there is no worker. */
static void
worker_start(struct session *s, int relay)
{
	struct m_worker_gone	 gone;
	pid_t			 pid;

	switch (pid = fork()) {
	case -1:
		log_code(LOG_ERR, LC_FETCHER_FORK, &s->order.account, errno,
		    (int64_t)s->order.session, 0);
		memset(&gone, 0, sizeof(gone));
		gone.session = s->order.session;
		gone.status = SIGKILL;	/* as wait(2) would say it */
		store_send(M_WORKER_GONE, &gone, sizeof(gone));
		close(relay);
		session_free(s);
		return;
	case 0:
		worker_enter(relay, s->store_fd);
	default:
		s->pid = pid;
		close(relay);
		close(s->store_fd);
		s->store_fd = -1;
	}
}

/* The child: two descriptors, no event loop, no way to open anything. */
_Noreturn static void
worker_enter(int relay, int store)
{
	signal(SIGCHLD, SIG_DFL);
	log_init(NULL, LOG_EMERG);
	relay = fcntl(relay, F_DUPFD_CLOEXEC, FD_STORE + 1);
	store = fcntl(store, F_DUPFD_CLOEXEC, FD_STORE + 1);
	if (relay == -1 || store == -1 || dup2(relay, FD_RELAY) == -1 ||
	    dup2(store, FD_STORE) == -1)
		_exit(1);
	closefrom(FD_STORE + 1);
	worker_main(FD_RELAY, FD_STORE);
}

void
session_reap(void)
{
	struct m_worker_gone	 gone;
	struct session		*s;
	pid_t			 pid;
	int			 status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		TAILQ_FOREACH(s, &sessions, entry)
			if (s->pid == pid)
				break;
		if (s == NULL)
			continue;
		if (WIFSIGNALED(status) && !s->cancelled)
			log_code(LOG_ERR, LC_FETCHER_SIGNAL, &s->order.account,
			    WTERMSIG(status), (int64_t)s->order.session, 0);
		memset(&gone, 0, sizeof(gone));
		gone.session = s->order.session;
		gone.status = status;
		store_send(M_WORKER_GONE, &gone, sizeof(gone));
		session_free(s);
	}
}

int
session_none(void)
{
	return TAILQ_EMPTY(&sessions);
}

void
session_end_all(void)
{
	struct session	*s;

	TAILQ_FOREACH(s, &sessions, entry)
		if (s->pid != 0)
			kill(s->pid, SIGKILL);
}
