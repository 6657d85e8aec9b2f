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

#include <sys/queue.h>
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

#define VAULTS_MAX	8	/* channels to the vault: one, more at a reload */
#define LINGER		2000	/* ms that a drained zygote waits for stragglers */

/* One session on its way in: what M_Z_SESSION to M_Z_RELAY have brought. */
struct pending {
	int		 open;
	struct child_order order;
	unsigned char	*ca;
	size_t		 ca_len;
};

struct vault {
	struct imsgbuf	 ibuf;
	int		 open;
	int		 greeted;
	struct pending	 pending;
};

static struct vault	 vaults[VAULTS_MAX];
static int		 sigchld_pipe[2];
static unsigned int	 nchildren;
static int64_t		 drain_at;	/* clock_boot(), 0: not draining */

static void	 configure(void);
static void	 vault_add(int);
static void	 vault_close(struct vault *);
static void	 vault_send(struct vault *, enum msg_type, const void *,
		    size_t);
static void	 vault_read(struct vault *);
static void	 vault_message(struct vault *, struct imsg *);
static void	 vault_hello(struct vault *, struct imsg *);
static void	 vault_malformed(uint32_t);
static void	 pending_begin(struct vault *, struct imsg *);
static void	 pending_ca(struct vault *, struct imsg *);
static void	 pending_fd(struct vault *, struct imsg *, int *);
static void	 pending_clear(struct pending *);
static void	 launch(struct vault *);
static enum reason launch_fork(struct pending *);
static void	 parent_read(void);
static void	 parent_message(struct imsg *);
static void	 sigchld(int);
static void	 sigchld_setup(void);
static void	 reap(void);
static int	 drained(void);
_Noreturn static void loop(void);
static void	 nonblock(int);

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
			vault_add(imsg_get_fd(&imsg));
			break;
		default:
			fatalx(LC_MALFORMED, type);
		}
		imsg_free(&imsg);
	} while (type != M_CONF_END);
	prime_ca_end();
}

static void
nonblock(int fd)
{
	int	 fl;

	if ((fl = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, fl | O_NONBLOCK) == -1)
		fatal(LC_SETUP);
}

static void
vault_add(int fd)
{
	struct m_hello	 hello;
	struct vault	*v;

	for (v = vaults; v < vaults + VAULTS_MAX && v->open; v++)
		;
	if (v == vaults + VAULTS_MAX || fd == -1)
		fatalx(LC_MALFORMED, M_PEER);
	memset(v, 0, sizeof(*v));
	nonblock(fd);
	imsgbuf_init(&v->ibuf, fd);
	imsgbuf_allow_fdpass(&v->ibuf);
	v->open = 1;
	memset(&hello, 0, sizeof(hello));
	strlcpy(hello.build, PROC_BUILD, sizeof(hello.build));
	hello.proc = P_SESSION;
	vault_send(v, M_HELLO, &hello, sizeof(hello));
}

static void
vault_send(struct vault *v, enum msg_type type, const void *data, size_t len)
{
	if (imsg_compose(&v->ibuf, type, 0, 0, -1, data, len) == -1)
		fatal(LC_MEMORY);
	/* what does not go now goes with the next poll(2) */
	(void)imsgbuf_write(&v->ibuf);
}

static void
vault_close(struct vault *v)
{
	pending_clear(&v->pending);
	imsgbuf_clear(&v->ibuf);
	close(v->ibuf.fd);
	v->open = 0;
}

static void
vault_malformed(uint32_t type)
{
	log_code(LOG_CRIT, LC_MALFORMED, NULL, type, P_VAULT, 0);
	exit(1);
}

static void
vault_hello(struct vault *v, struct imsg *imsg)
{
	struct m_hello	 hello;

	if (imsg_get_type(imsg) != M_HELLO ||
	    imsg_get_data(imsg, &hello, sizeof(hello)) == -1 ||
	    msg_text_ok(hello.build, sizeof(hello.build)) == -1 ||
	    hello.proc != P_VAULT)
		vault_malformed(imsg_get_type(imsg));
	if (strcmp(hello.build, PROC_BUILD) != 0) {
		log_code(LOG_CRIT, LC_BUILD, NULL, 0, 0, 0);
		exit(75);
	}
	v->greeted = 1;
}

static void
vault_read(struct vault *v)
{
	struct imsg	 imsg;
	int		 n;

	if ((n = imsgbuf_read(&v->ibuf)) != 1) {
		if (n == -1 && errno == EBADMSG)
			vault_malformed(M_NONE);
		vault_close(v);
		return;
	}
	while ((n = imsgbuf_get(&v->ibuf, &imsg)) == 1) {
		if (!v->greeted)
			vault_hello(v, &imsg);
		else
			vault_message(v, &imsg);
		imsg_free(&imsg);
	}
	if (n == -1)
		vault_malformed(M_NONE);
}

static void
vault_message(struct vault *v, struct imsg *imsg)
{
	struct pending	*p = &v->pending;
	uint32_t	 type = imsg_get_type(imsg);

	if (msg_check(type, P_VAULT, P_SESSION, imsg_get_len(imsg),
	    imsg->hasfd) == -1)
		vault_malformed(type);
	switch (type) {
	case M_Z_SESSION:
		pending_begin(v, imsg);
		break;
	case M_Z_CA:
		pending_ca(v, imsg);
		break;
	case M_Z_CTL:
		pending_fd(v, imsg, &p->order.ctl);
		break;
	case M_Z_RELAY:
		pending_fd(v, imsg, &p->order.relay);
		launch(v);
		break;
	default:
		vault_malformed(type);
	}
}

static void
pending_begin(struct vault *v, struct imsg *imsg)
{
	struct pending		*p = &v->pending;
	struct m_z_session	*zs = &p->order.zs;

	if (p->open)
		vault_malformed(M_Z_SESSION);
	memset(p, 0, sizeof(*p));
	p->open = 1;
	p->order.net = imsg_get_fd(imsg);
	p->order.ctl = p->order.relay = -1;
	imsg_get_data(imsg, zs, sizeof(*zs));
	if (msg_text_ok(zs->host, sizeof(zs->host)) == -1 ||
	    zs->host[0] == '\0' || zs->ca_len > KM_CA_MAX ||
	    zs->purpose == 0 || zs->purpose >= PURPOSE_MAX ||
	    (zs->imap_tls != TLS_IMPLICIT && zs->imap_tls != TLS_STARTTLS))
		vault_malformed(M_Z_SESSION);
	if (zs->ca_len != 0 && (p->ca = malloc(zs->ca_len)) == NULL)
		fatal(LC_MEMORY);
}

static void
pending_ca(struct vault *v, struct imsg *imsg)
{
	struct pending	*p = &v->pending;
	size_t		 len = imsg_get_len(imsg);

	if (!p->open || p->order.ctl != -1 ||
	    len > p->order.zs.ca_len - p->ca_len)
		vault_malformed(M_Z_CA);
	memcpy(p->ca + p->ca_len, imsg->data, len);
	p->ca_len += len;
}

/* M_Z_CTL and M_Z_RELAY, in this order and once each. */
static void
pending_fd(struct vault *v, struct imsg *imsg, int *fd)
{
	struct pending	*p = &v->pending;
	struct m_session s;

	imsg_get_data(imsg, &s, sizeof(s));
	if (!p->open || s.session != p->order.zs.session || *fd != -1 ||
	    p->ca_len != p->order.zs.ca_len)
		vault_malformed(imsg_get_type(imsg));
	*fd = imsg_get_fd(imsg);
}

static void
pending_clear(struct pending *p)
{
	if (!p->open)
		return;
	if (p->order.net != -1)
		close(p->order.net);
	if (p->order.ctl != -1)
		close(p->order.ctl);
	if (p->order.relay != -1)
		close(p->order.relay);
	free(p->ca);
	memset(p, 0, sizeof(*p));
}

/* All is there: a child, or word to the vault that there is none. */
static void
launch(struct vault *v)
{
	struct m_session_failed	 failed;
	enum reason		 r;

	r = launch_fork(&v->pending);
	if (r != R_NONE) {
		memset(&failed, 0, sizeof(failed));
		failed.session = v->pending.order.zs.session;
		failed.reason = r;
		vault_send(v, M_Z_FAILED, &failed, sizeof(failed));
	}
	pending_clear(&v->pending);
}

static enum reason
launch_fork(struct pending *p)
{
	enum reason	 r;

	/* the table of descriptors was full when one of them arrived */
	if (p->order.net == -1 || p->order.ctl == -1 || p->order.relay == -1)
		return R_PROCESS_RESTARTED;
	p->order.tls = prime_get(&p->order.zs, p->ca, p->ca_len, &r);
	if (p->order.tls == NULL)
		return r;
	switch (fork()) {
	case -1:
		log_code(LOG_ERR, LC_SESSION_FORK, NULL, errno, 0, 0);
		return R_PROCESS_RESTARTED;
	case 0:
		child_main(&p->order);
	default:
		nchildren++;
		return R_NONE;
	}
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
		vault_add(imsg_get_fd(imsg));
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
		/* CA files are for a new zygote: this one could not read them */
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
	struct pollfd	 pfd[2 + VAULTS_MAX];
	struct imsgbuf	*ib = proc_parent();
	int		 i;

	nonblock(ib->fd);
	/* read ahead of M_CONF_END: no poll(2) would tell */
	parent_read();
	while (!drained()) {
		pfd[0].fd = ib->fd;
		pfd[0].events = POLLIN;
		if (imsgbuf_queuelen(ib) > 0)
			pfd[0].events |= POLLOUT;
		pfd[1].fd = sigchld_pipe[0];
		pfd[1].events = POLLIN;
		for (i = 0; i < VAULTS_MAX; i++) {
			pfd[2 + i].fd = vaults[i].open ? vaults[i].ibuf.fd : -1;
			pfd[2 + i].events = POLLIN;
			if (vaults[i].open &&
			    imsgbuf_queuelen(&vaults[i].ibuf) > 0)
				pfd[2 + i].events |= POLLOUT;
		}
		if (poll(pfd, 2 + VAULTS_MAX, drain_at != 0 ? LINGER : -1) ==
		    -1)
			continue;
		if (pfd[0].revents & POLLOUT)
			(void)imsgbuf_write(ib);
		if (pfd[0].revents & ~POLLOUT)
			parent_read();
		if (pfd[1].revents != 0)
			reap();
		for (i = 0; i < VAULTS_MAX; i++) {
			if (pfd[2 + i].fd == -1 || !vaults[i].open)
				continue;
			if (pfd[2 + i].revents & POLLOUT)
				(void)imsgbuf_write(&vaults[i].ibuf);
			if (pfd[2 + i].revents & ~POLLOUT)
				vault_read(&vaults[i]);
		}
	}
	exit(0);
}
