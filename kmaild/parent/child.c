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


/* Children: fork, execute, channel, death. */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proc.h"

#include "parent.h"

static void	 child_dispatch(struct channel *, struct imsg *, void *);
static void	 child_closed(struct channel *, void *);
static void	 child_timeout(evutil_socket_t, short, void *);

static const char *const programs[P_MAX] = {
	[P_VAULT] = "kmaild-vault",
	[P_SESSION] = "kmaild-vault-session",
	[P_FETCHER] = "kmaild-fetcher",
	[P_STORE] = "kmaild-store"
};

int
child_path(const struct options *opt, enum proc proc, char *path, size_t size)
{
	int	 n;

	n = snprintf(path, size, "%s/%s", opt->libexec, programs[proc]);
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

/* In the new process; only calls that are safe after fork. */
static _Noreturn void
child_exec(const char *path, const char *name, int fd, int foreground)
{
	char	*argv[2], *envp[2];
	char	 argv0[sizeof("kmaild-vault-session")];
	char	 env0[] = "PATH=/usr/bin:/bin";
	int	 null;

	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		_exit(127);
	if (!foreground && dup2(null, STDERR_FILENO) == -1)
		_exit(127);
	if (fd == PROC_FD ? fcntl(fd, F_SETFD, 0) == -1 :
	    dup2(fd, PROC_FD) == -1)
		_exit(127);
	/* an interrupt of the terminal is for the parent alone */
	setsid();
	strlcpy(argv0, name, sizeof(argv0));
	argv[0] = argv0;
	argv[1] = NULL;
	envp[0] = env0;
	envp[1] = NULL;
	execve(path, argv, envp);
	_exit(127);
}

static void
child_send_proc(struct child *c, const struct options *opt)
{
	static const enum conf_user	 users[P_MAX] = {
		[P_VAULT] = CONF_USER_VAULT,
		[P_SESSION] = CONF_USER_TLS,
		[P_FETCHER] = CONF_USER_NET,
		[P_STORE] = CONF_USER_STORE
	};
	const struct conf_id		*id;
	struct m_proc			 m;

	memset(&m, 0, sizeof(m));
	if (opt->root) {
		id = &c->parent->conf->users[users[c->proc]];
		m.drop = 1;
		m.uid = id->uid;
		m.gid = id->gid;
	}
	m.loglevel = (uint32_t)log_level();
	m.foreground = (uint32_t)opt->foreground;
	channel_send(&c->chan, M_PROC, -1, &m, sizeof(m));
}

struct child *
child_new(struct parent *p, enum proc proc)
{
	struct child	*c;
	char		 path[KM_PATH_SIZE];
	int		 fds[2], i;

	if (child_path(p->opt, proc, path, sizeof(path)) == -1 ||
	    (c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1) {
		free(c);
		return NULL;
	}
	switch (c->pid = fork()) {
	case -1:
		close(fds[0]);
		close(fds[1]);
		free(c);
		return NULL;
	case 0:
		child_exec(path, programs[proc], fds[1], p->opt->foreground);
	}
	close(fds[1]);
	c->parent = p;
	c->proc = proc;
	c->phase = CHILD_STARTING;
	for (i = 0; i < P_MAX; i++)
		c->peers[i] = -1;
	evtimer_assign(&c->limit, p->base, child_timeout, c);
	/* one that misbehaves is killed; it cannot take the others along */
	channel_init(&c->chan, p->base, fds[0], P_PARENT, proc,
	    CHANNEL_STRANGER, child_dispatch, child_closed, c);
	child_send_proc(c, p->opt);
	child_limit(c, READY_SECONDS * 1000);
	TAILQ_INSERT_TAIL(&p->children, c, entry);
	return c;
}

void
child_limit(struct child *c, int ms)
{
	struct timeval	 tv;

	tv.tv_sec = ms / 1000;
	tv.tv_usec = (ms % 1000) * 1000;
	evtimer_add(&c->limit, &tv);
}

void
child_kill(struct child *c)
{
	c->phase = CHILD_DOOMED;
	if (c->pid != 0)
		kill(c->pid, SIGKILL);
}

void
child_free(struct child *c)
{
	int	 i;

	TAILQ_REMOVE(&c->parent->children, c, entry);
	channel_clear(&c->chan);
	event_del(&c->limit);
	for (i = 0; i < P_MAX; i++)
		if (c->peers[i] != -1)
			close(c->peers[i]);
	free(c);
}

/* It is gone, or did not do in time what it had to. */
static void
child_timeout(evutil_socket_t fd, short events, void *arg)
{
	struct child	*c = arg;

	(void)fd;
	(void)events;
	if (c->pid == 0) {
		service_gone(c);
		return;
	}
	if (c->phase != CHILD_DOOMED)
		log_warn_code(c->phase == CHILD_STARTING ? LC_CHILD_LATE :
		    LC_CHILD_STUCK, c->proc, 0);
	child_kill(c);
}

void
child_reap(struct parent *p)
{
	struct child	*c;
	pid_t		 pid;
	int		 status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		TAILQ_FOREACH(c, &p->children, entry)
			if (c->pid == pid)
				break;
		if (c == NULL)
			continue;
		c->pid = 0;
		c->status = status;
		/* its last words may still be in the channel */
		child_limit(c, c->chan.open ? 200 : 0);
	}
}

static void
child_closed(struct channel *chan, void *arg)
{
	struct child	*c = arg;

	channel_clear(chan);
	/* whoever closes the channel is about to end, or broken */
	child_limit(c, c->pid == 0 ? 0 : 3000);
}

static void
child_broke_rules(struct child *c)
{
	log_warn_code(LC_CHILD_RULES, c->proc, 0);
	child_kill(c);
}

static void
child_log(struct child *c, struct imsg *imsg)
{
	struct m_log	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
	    m.level > LOG_DEBUG || m.has_account > 1)
		child_broke_rules(c);
	else
		logger_child(c->proc, &m);
}

static void
child_ctl(struct child *c, struct imsg *imsg)
{
	struct parent	*p = c->parent;
	struct m_ctl	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
	    p->phase == PARENT_STARTING) {
		child_broke_rules(c);
		return;
	}
	switch (imsg_get_type(imsg)) {
	case M_CTL_RELOAD:
		reload_begin(p, &m);
		break;
	case M_CTL_STOP:
		reload_answer(p, &m, 1, "");
		service_stop_all(p, 0);
		break;
	case M_CTL_LOG:
		service_log_level(p, m.verbose ? LOG_DEBUG : LOG_INFO);
		reload_answer(p, &m, 1, "");
		break;
	}
}

static void
child_dispatch(struct channel *chan, struct imsg *imsg, void *arg)
{
	struct child	*c = arg;

	(void)chan;
	if (c->phase == CHILD_DOOMED)
		return;
	switch (imsg_get_type(imsg)) {
	case M_READY:
		if (c->phase != CHILD_STARTING || imsg_get_data(imsg,
		    &c->ready, sizeof(c->ready)) == -1) {
			child_broke_rules(c);
			return;
		}
		event_del(&c->limit);
		c->phase = CHILD_RUNNING;
		log_debug_code(LC_CHILD_READY, c->proc, c->pid);
		service_ready(c);
		break;
	case M_LOG:
		child_log(c, imsg);
		break;
	default:
		child_ctl(c, imsg);
	}
}
