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
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/imsg.h"
#include "common/log.h"
#include "common/proc.h"
#include "session.h"

/* The zygote's channels to the vault, and what they ask for. */

/* One session on its way in: what M_Z_SESSION to M_Z_RELAY have brought. */
struct pending {
	int		 open;
	struct child_order order;
	unsigned char	*ca;
	size_t		 ca_len;
};

struct link {
	struct imsgbuf	 ibuf;
	int		 open;
	int		 greeted;
	struct pending	 pending;
};

static struct link	 links[LINKS_MAX];
static void	 link_close(struct link *);
static void	 link_send(struct link *, enum msg_type, const void *, size_t);
static void	 link_read(struct link *);
static void	 link_message(struct link *, struct imsg *);
static void	 link_hello(struct link *, struct imsg *);
_Noreturn static void link_malformed(uint32_t);
static void	 pending_begin(struct link *, struct imsg *);
static void	 pending_ca(struct link *, struct imsg *);
static void	 pending_fd(struct link *, struct imsg *, int *);
static void	 pending_clear(struct pending *);
static void	 launch(struct link *);
static enum reason launch_fork(struct pending *);

void
link_add(int fd)
{
	struct m_hello	 hello;
	struct link	*l;

	for (l = links; l < links + LINKS_MAX && l->open; l++)
		;
	if (l == links + LINKS_MAX || fd == -1)
		fatalx(LC_MALFORMED, M_PEER);
	memset(l, 0, sizeof(*l));
	zygote_nonblock(fd);
	imsgbuf_init(&l->ibuf, fd);
	imsgbuf_allow_fdpass(&l->ibuf);
	l->open = 1;
	memset(&hello, 0, sizeof(hello));
	strlcpy(hello.build, PROC_BUILD, sizeof(hello.build));
	hello.proc = P_SESSION;
	link_send(l, M_HELLO, &hello, sizeof(hello));
}

static void
link_send(struct link *l, enum msg_type type, const void *data, size_t len)
{
	if (imsg_compose(&l->ibuf, type, 0, 0, -1, data, len) == -1)
		fatal(LC_MEMORY);
	/* what does not go now goes with the next poll(2) */
	(void)imsgbuf_write(&l->ibuf);
}

static void
link_close(struct link *l)
{
	pending_clear(&l->pending);
	imsgbuf_clear(&l->ibuf);
	close(l->ibuf.fd);
	l->open = 0;
}

_Noreturn static void
link_malformed(uint32_t type)
{
	log_code(LOG_CRIT, LC_MALFORMED, NULL, type, P_VAULT, 0);
	exit(1);
}

static void
link_hello(struct link *l, struct imsg *imsg)
{
	struct m_hello	 hello;

	if (imsg_get_type(imsg) != M_HELLO ||
	    imsg_get_data(imsg, &hello, sizeof(hello)) == -1 ||
	    msg_text_ok(hello.build, sizeof(hello.build)) == -1 ||
	    hello.proc != P_VAULT)
		link_malformed(imsg_get_type(imsg));
	if (strcmp(hello.build, PROC_BUILD) != 0) {
		log_code(LOG_CRIT, LC_BUILD, NULL, 0, 0, 0);
		exit(75);
	}
	l->greeted = 1;
}

static void
link_read(struct link *l)
{
	struct imsg	 imsg;
	int		 n;

	if ((n = imsgbuf_read(&l->ibuf)) != 1) {
		if (n == -1 && errno == EBADMSG)
			link_malformed(M_NONE);
		link_close(l);
		return;
	}
	while ((n = imsgbuf_get(&l->ibuf, &imsg)) == 1) {
		if (!l->greeted)
			link_hello(l, &imsg);
		else
			link_message(l, &imsg);
		imsg_free(&imsg);
	}
	if (n == -1)
		link_malformed(M_NONE);
}

static void
link_message(struct link *l, struct imsg *imsg)
{
	struct pending	*p = &l->pending;
	uint32_t	 type = imsg_get_type(imsg);

	if (msg_check(type, P_VAULT, P_SESSION, imsg_get_len(imsg),
	    imsg->hasfd) == -1)
		link_malformed(type);
	switch (type) {
	case M_Z_SESSION:
		pending_begin(l, imsg);
		break;
	case M_Z_CA:
		pending_ca(l, imsg);
		break;
	case M_Z_CTL:
		pending_fd(l, imsg, &p->order.ctl);
		break;
	case M_Z_RELAY:
		pending_fd(l, imsg, &p->order.relay);
		launch(l);
		break;
	default:
		link_malformed(type);
	}
}

static void
pending_begin(struct link *l, struct imsg *imsg)
{
	struct pending		*p = &l->pending;
	struct m_z_session	*zs = &p->order.zs;

	if (p->open)
		link_malformed(M_Z_SESSION);
	memset(p, 0, sizeof(*p));
	p->open = 1;
	p->order.net = imsg_get_fd(imsg);
	p->order.ctl = p->order.relay = -1;
	imsg_get_data(imsg, zs, sizeof(*zs));
	if (msg_text_ok(zs->host, sizeof(zs->host)) == -1 ||
	    zs->host[0] == '\0' || zs->ca_len > KM_CA_MAX ||
	    zs->purpose == 0 || zs->purpose >= PURPOSE_MAX ||
	    (zs->imap_tls != TLS_IMPLICIT && zs->imap_tls != TLS_STARTTLS))
		link_malformed(M_Z_SESSION);
	if (zs->ca_len != 0 && (p->ca = malloc(zs->ca_len)) == NULL)
		fatal(LC_MEMORY);
}

static void
pending_ca(struct link *l, struct imsg *imsg)
{
	struct pending	*p = &l->pending;
	size_t		 len = imsg_get_len(imsg);

	if (!p->open || p->order.ctl != -1 ||
	    len > p->order.zs.ca_len - p->ca_len)
		link_malformed(M_Z_CA);
	memcpy(p->ca + p->ca_len, imsg->data, len);
	p->ca_len += len;
}

/* M_Z_CTL and M_Z_RELAY, in this order and once each. */
static void
pending_fd(struct link *l, struct imsg *imsg, int *fd)
{
	struct pending	*p = &l->pending;
	struct m_session s;

	imsg_get_data(imsg, &s, sizeof(s));
	if (!p->open || s.session != p->order.zs.session || *fd != -1 ||
	    p->ca_len != p->order.zs.ca_len)
		link_malformed(imsg_get_type(imsg));
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
launch(struct link *l)
{
	struct m_session_failed	 failed;
	enum reason		 r;

	r = launch_fork(&l->pending);
	if (r != R_NONE) {
		memset(&failed, 0, sizeof(failed));
		failed.session = l->pending.order.zs.session;
		failed.reason = r;
		link_send(l, M_Z_FAILED, &failed, sizeof(failed));
	}
	pending_clear(&l->pending);
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
		zygote_forked();
		return R_NONE;
	}
}

void
link_poll(struct pollfd *pfd)
{
	int	 i;

	for (i = 0; i < LINKS_MAX; i++) {
		pfd[i].fd = links[i].open ? links[i].ibuf.fd : -1;
		pfd[i].events = POLLIN;
		if (links[i].open && imsgbuf_queuelen(&links[i].ibuf) > 0)
			pfd[i].events |= POLLOUT;
	}
}

void
link_ready(const struct pollfd *pfd)
{
	int	 i;

	for (i = 0; i < LINKS_MAX; i++) {
		if (pfd[i].fd == -1)
			continue;
		if (pfd[i].revents & POLLOUT)
			(void)imsgbuf_write(&links[i].ibuf);
		if (pfd[i].revents & ~POLLOUT)
			link_read(&links[i]);
	}
}
