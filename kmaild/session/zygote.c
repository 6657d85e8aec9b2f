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
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/imsg.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "session.h"

#define LINGER		2000	/* ms for stragglers when replaced */

static int		 sigchld_pipe[2];
static unsigned int	 nchildren;
static int64_t		 drain_at;	/* clock_boot(), 0: not draining */

static void	 configure(void);
static void	 parent_read(void);
static void	 parent_message(struct imsg *);
static void	 sigchld(int);
static void	 sigchld_setup(void);
static void	 reap(void);
static int	 drained(void);
_Noreturn static void loop(void);

int
main(int argc, char **argv)
{
	struct sandbox_result	 sandbox;

	proc_start(P_SESSION, argc, argv);
	prime_init();
	configure();
	proc_drop();
	sigchld_setup();
	sandbox_prepare_session_child();
	sandbox_session(&sandbox);
	proc_ready(sandbox.landlock_abi, sandbox.missing);
	loop();
}

/* From the parent until M_CONF_END: channels and CA files. */
static void
configure(void)
{
	struct imsg		 imsg;
	struct m_conf_ca	 ca;
	struct m_peer		 peer;
	uint32_t		 type;

	do {
		proc_recv(&imsg);
		type = imsg_get_type(&imsg);
		switch (type) {
		case M_CONF_BEGIN:
		case M_CONF_END:
		case M_LOGLEVEL:
			break;
		case M_CONF_CA:
			imsg_get_data(&imsg, &ca, sizeof(ca));
			prime_ca_add(ca.set, imsg_get_fd(&imsg));
			break;
		case M_PEER:
			imsg_get_data(&imsg, &peer, sizeof(peer));
			if (peer.proc != P_VAULT)
				fatalx(LC_MALFORMED, type);
			link_add(imsg_get_fd(&imsg));
			break;
		case M_STOP:
			exit(0);
		default:
			fatalx(LC_MALFORMED, type);
		}
		imsg_free(&imsg);
	} while (type != M_CONF_END);
	prime_ca_end();
}

void
zygote_nonblock(int fd)
{
	int	 fl;

	if ((fl = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1)
		fatal(LC_SETUP);
}

void
zygote_forked(void)
{
	nchildren++;
}

static void
sigchld(int sig)
{
	int	 saved = errno;

	(void)sig;
	/* a full pipe wakes the loop as well */
	(void)!write(sigchld_pipe[1], "", 1);
	errno = saved;
}

static void
sigchld_setup(void)
{
	struct sigaction	 sa;

	if (pipe2(sigchld_pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		fatal(LC_SETUP);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = sigchld;
	sa.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGCHLD, &sa, NULL) == -1)
		fatal(LC_SETUP);
}

static void
reap(void)
{
	char	 drop[64];
	int	 status;

	while (read(sigchld_pipe[0], drop, sizeof(drop)) > 0)
		;
	while (waitpid(-1, &status, WNOHANG) > 0) {
		nchildren--;
		if (WIFSIGNALED(status))
			log_code(LOG_ERR, LC_SESSION_SIGNAL, NULL,
			    WTERMSIG(status), 0, 0);
	}
}

static void
parent_message(struct imsg *imsg)
{
	struct m_loglevel	 level;
	struct m_peer		 peer;
	uint32_t		 type = imsg_get_type(imsg);

	if (msg_check(type, P_PARENT, P_SESSION, imsg_get_len(imsg),
	    imsg->hasfd) == -1)
		fatalx(LC_MALFORMED, type);
	switch (type) {
	case M_CONF_BEGIN:
	case M_CONF_END:
	case M_START:
		break;
	case M_PEER:
		imsg_get_data(imsg, &peer, sizeof(peer));
		if (peer.proc != P_VAULT)
			fatalx(LC_MALFORMED, type);
		link_add(imsg_get_fd(imsg));
		break;
	case M_LOGLEVEL:
		imsg_get_data(imsg, &level, sizeof(level));
		log_set_level((int)level.loglevel);
		break;
	case M_DRAIN:
		drain_at = clock_boot() + LINGER;
		break;
	case M_STOP:
		exit(0);
	default:
		/* CA files are for a new zygote: this one is closed */
		fatalx(LC_MALFORMED, type);
	}
}

static void
parent_read(void)
{
	struct imsgbuf	*ib = proc_parent();
	struct imsg	 imsg;
	int		 n;

	if (imsgbuf_read(ib) != 1)
		exit(1);	/* the parent ended: nobody to tell */
	while ((n = imsgbuf_get(ib, &imsg)) == 1) {
		parent_message(&imsg);
		imsg_free(&imsg);
	}
	if (n == -1)
		fatalx(LC_MALFORMED, M_NONE);
}

/* Replaced, and no session is left or on its way. */
static int
drained(void)
{
	return drain_at != 0 && nchildren == 0 && clock_boot() >= drain_at;
}

_Noreturn static void
loop(void)
{
	struct pollfd	 pfd[2 + LINKS_MAX];
	struct imsgbuf	*ib = proc_parent();

	zygote_nonblock(ib->fd);
	/* read ahead of M_CONF_END: no poll(2) would tell */
	parent_read();
	while (!drained()) {
		memset(pfd, 0, sizeof(pfd));
		pfd[0].fd = ib->fd;
		pfd[0].events = POLLIN;
		if (imsgbuf_queuelen(ib) > 0)
			pfd[0].events |= POLLOUT;
		pfd[1].fd = sigchld_pipe[0];
		pfd[1].events = POLLIN;
		link_poll(pfd + 2);
		if (poll(pfd, 2 + LINKS_MAX, drain_at != 0 ? LINGER : -1) ==
		    -1)
			continue;
		if (pfd[0].revents & POLLOUT)
			(void)imsgbuf_write(ib);
		if (pfd[0].revents & ~POLLOUT)
			parent_read();
		if (pfd[1].revents != 0)
			reap();
		link_ready(pfd + 2);
	}
	exit(0);
}
