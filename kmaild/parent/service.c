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


/*
 * Which child does what: start barrier, restart with growing pause, stop.
 * Vault and store cannot be replaced under the others: without one of them
 * all stops, for init to start again.
 */

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"

#include "parent.h"

#define PAUSE_FIRST	100	/* ms before the first restart, then doubled */
#define PAUSE_MAX	60000
#define PAUSE_FORGET	10000	/* ms of running after which it begins anew */
#define EXIT_BUILD	75	/* EX_TEMPFAIL: init tries again */

struct service {
	struct child	*current;
	struct parent	*parent;
	struct event	 restart;
	int		 pause;		/* ms, of the last restart; 0 none */
	int64_t		 ready_at;	/* clock_boot() */
};

static struct service	 services[P_MAX];
static struct event	 stop_limit;

static const enum proc	 all[] = { P_STORE, P_VAULT, P_SESSION, P_FETCHER };

#define NALL	(sizeof(all) / sizeof(all[0]))

static void	 service_restart(evutil_socket_t, short, void *);

struct child *
service_current(enum proc proc)
{
	return services[proc].current;
}

static void
service_listen(struct child *c)
{
	int	 fd;

	if ((fd = listen_fd(c->proc)) != -1)
		channel_send(&c->chan, M_LISTEN, fd, NULL, 0);
}

static int
service_configure(struct child *c, const struct conf *conf)
{
	struct parent	*p = c->parent;

	if (send_conf(c, conf, p->generation) == -1)
		return -1;
	service_listen(c);
	return 0;
}

void
service_start_all(struct parent *p)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < NALL; i++) {
		services[all[i]].parent = p;
		evtimer_assign(&services[all[i]].restart, p->base,
		    service_restart, &services[all[i]]);
		if ((c = child_new(p, all[i])) == NULL)
			fatal(LC_SETUP);
		services[all[i]].current = c;
		status_set(p, all[i], PROC_STARTING, c->pid, NULL);
	}
	for (i = 0; i < NALL; i++)
		if (service_configure(services[all[i]].current, p->conf) == -1)
			fatalx(LC_SETUP, ENOENT);
	if (peer_connect_all(p) == -1)
		fatal(LC_SETUP);
	for (i = 0; i < NALL; i++)
		send_end(services[all[i]].current, p->generation);
}

struct child *
service_spawn(struct parent *p, enum proc proc, const struct conf *conf)
{
	struct child	*c;

	if ((c = child_new(p, proc)) == NULL) {
		log_warn_code(LC_CHILD_FORK, proc, errno);
		return NULL;
	}
	if (service_configure(c, conf) == -1 || peer_connect(c) == -1)
		child_kill(c);
	else
		send_end(c, p->generation);
	return c;
}

static void
service_begin(struct child *c)
{
	struct service	*s = &services[c->proc];

	s->ready_at = clock_boot();
	channel_send(&c->chan, M_START, -1, NULL, 0);
	status_set(c->parent, c->proc, PROC_RUNNING, c->pid, &c->ready);
}

static void
service_all_ready(struct parent *p)
{
	size_t	 i;

	for (i = 0; i < NALL; i++)
		if (services[all[i]].current->phase != CHILD_RUNNING)
			return;
	for (i = 0; i < NALL; i++)
		service_begin(services[all[i]].current);
	p->phase = PARENT_RUNNING;
	status_send_all(p);
	p->started();
}

void
service_ready(struct child *c)
{
	struct parent	*p = c->parent;

	if (p->phase == PARENT_STOPPING) {
		child_kill(c);
		return;
	}
	if (p->phase == PARENT_STARTING) {
		service_all_ready(p);
		return;
	}
	if (c->replacement) {
		reload_ready(p, c);
		return;
	}
	peer_hand_over(c);
	service_begin(c);
}

void
service_replace(struct child *c)
{
	struct service	*s = &services[c->proc];
	struct child	*old = s->current;

	event_del(&s->restart);
	peer_hand_over(c);
	s->current = c;
	s->pause = 0;
	c->replacement = 0;
	service_begin(c);
	if (old == NULL)
		return;
	if (old->phase != CHILD_RUNNING) {
		child_kill(old);
		return;
	}
	old->phase = CHILD_DRAINING;
	channel_send(&old->chan, M_DRAIN, -1, NULL, 0);
	log_info_code(LC_CHILD_REPLACED, c->proc, 0);
}

static void
service_log_death(const struct child *c)
{
	int	 level = LOG_WARNING, stopping;

	stopping = c->parent->phase == PARENT_STOPPING;
	if (stopping && c->phase == CHILD_DOOMED)
		level = LOG_DEBUG;
	else if ((stopping || c->phase == CHILD_DRAINING) &&
	    WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0)
		level = LOG_DEBUG;
	if (WIFSIGNALED(c->status))
		log_code(level, LC_CHILD_SIGNAL, NULL, c->proc,
		    WTERMSIG(c->status), 0);
	else
		log_code(level, LC_CHILD_EXIT, NULL, c->proc,
		    WEXITSTATUS(c->status), 0);
}

/* Start it again, after a while if it has happened before. */
static void
service_pause(struct service *s, enum proc proc)
{
	struct timeval	 tv;

	if (clock_boot() - s->ready_at > PAUSE_FORGET)
		s->pause = 0;
	s->pause = s->pause == 0 ? PAUSE_FIRST : s->pause * 2;
	if (s->pause > PAUSE_MAX)
		s->pause = PAUSE_MAX;
	tv.tv_sec = s->pause / 1000;
	tv.tv_usec = (s->pause % 1000) * 1000;
	evtimer_add(&s->restart, &tv);
	log_warn_code(LC_CHILD_RESTART, proc, s->pause);
	status_set(s->parent, proc, PROC_WAITING, 0, NULL);
}

static void
service_restart(evutil_socket_t fd, short events, void *arg)
{
	struct service	*s = arg;
	enum proc	 proc = (enum proc)(s - services);

	(void)fd;
	(void)events;
	s->current = service_spawn(s->parent, proc, s->parent->conf);
	if (s->current == NULL)
		service_pause(s, proc);
	else
		status_set(s->parent, proc, PROC_STARTING, s->current->pid,
		    NULL);
}

/* The one that its service consists of has died. */
static void
service_lost(struct parent *p, enum proc proc, int status)
{
	struct service	*s = &services[proc];
	int		 build;

	build = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_BUILD;
	s->current = NULL;
	status_died(proc, status);
	if (p->phase == PARENT_STOPPING)
		return;
	if (p->phase == PARENT_RUNNING && !build &&
	    (proc == P_SESSION || proc == P_FETCHER)) {
		service_pause(s, proc);
		return;
	}
	if (build)
		log_code(LOG_ERR, LC_BUILD, NULL, 0, 0, 0);
	log_code(LOG_ERR, LC_CHILD_LOST, NULL, proc, 0, 0);
	service_stop_all(p, build ? EXIT_BUILD : 1);
}

void
service_gone(struct child *c)
{
	struct parent	*p = c->parent;
	enum proc	 proc = c->proc;
	int		 status = c->status, current, replacement;

	current = services[proc].current == c;
	replacement = c->replacement;
	service_log_death(c);
	if (replacement)
		reload_gone(p, c);
	child_free(c);
	if (current)
		service_lost(p, proc, status);
	if (p->phase == PARENT_STOPPING && TAILQ_EMPTY(&p->children))
		event_base_loopbreak(p->base);
}

static void
service_stop_late(evutil_socket_t fd, short events, void *arg)
{
	struct parent	*p = arg;
	struct child	*c;

	(void)fd;
	(void)events;
	TAILQ_FOREACH(c, &p->children, entry) {
		log_warn_code(LC_CHILD_STUCK, c->proc, 0);
		child_kill(c);
	}
}

void
service_stop_all(struct parent *p, int exit_code)
{
	struct child	*c;
	struct timeval	 tv = { STOP_SECONDS, 0 };
	size_t		 i;

	if (p->phase == PARENT_STOPPING)
		return;
	p->phase = PARENT_STOPPING;
	p->exit_code = exit_code;
	log_info_code(LC_STOPPING, 0, 0);
	for (i = 0; i < NALL; i++)
		event_del(&services[all[i]].restart);
	TAILQ_FOREACH(c, &p->children, entry) {
		/* one that is starting waits for other messages */
		if (c->phase == CHILD_STARTING)
			child_kill(c);
		else
			channel_send(&c->chan, M_STOP, -1, NULL, 0);
	}
	if (TAILQ_EMPTY(&p->children)) {
		event_base_loopbreak(p->base);
		return;
	}
	evtimer_assign(&stop_limit, p->base, service_stop_late, p);
	evtimer_add(&stop_limit, &tv);
}

void
service_log_level(struct parent *p, int level)
{
	struct child		*c;
	struct m_loglevel	 m;

	log_set_level(level);
	memset(&m, 0, sizeof(m));
	m.loglevel = (uint32_t)level;
	TAILQ_FOREACH(c, &p->children, entry)
		if (c->phase != CHILD_STARTING && c->phase != CHILD_DOOMED)
			channel_send(&c->chan, M_LOGLEVEL, -1, &m, sizeof(m));
}
