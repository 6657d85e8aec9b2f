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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/peer.h"
#include "vault.h"

/* vault.sock: who is there, for how long, and how many. */
#define CLIENTS_MAX	64	/* in all */
#define CLIENTS_UID_MAX	16	/* of one user */
#define IDLE_ADMIN	300	/* seconds: somebody types a password */
#define IDLE_OTHER	10
#define ACCEPT_PAUSE	1	/* seconds without descriptors */

struct client {
	TAILQ_ENTRY(client) entry;
	struct channel	 ch;
	struct event	 ev_idle;
	uid_t		 uid;
	gid_t		 gid;
	int		 busy;
	unsigned char	*ca;		/* pieces of V_CA so far */
	size_t		 ca_len;
};

static TAILQ_HEAD(, client)	 clients = TAILQ_HEAD_INITIALIZER(clients);
static size_t			 nclients;
static struct event		 ev_accept;
static struct event		 ev_resume;
static int			 listen_fd = -1;
static int			 accepting;

static void	 admin_accept(evutil_socket_t, short, void *);
static void	 admin_resume(evutil_socket_t, short, void *);
static size_t	 admin_count(uid_t);
static void	 admin_new(int);
static void	 client_idle(struct client *);
static void	 client_late(evutil_socket_t, short, void *);
static void	 client_dispatch(struct channel *, struct imsg *, void *);
static void	 client_closed(struct channel *, void *);
static void	 client_free(struct client *);
static int	 client_ca(struct client *, struct imsg *);

void
admin_listen(int fd)
{
	if (fd == -1)
		fatalx(LC_SETUP, EMFILE);
	if (evutil_make_socket_nonblocking(fd) == -1)
		fatal(LC_SETUP);
	if (accepting)
		event_del(&ev_accept);
	if (listen_fd != -1)
		close(listen_fd);
	listen_fd = fd;
	if (accepting)
		admin_start();
}

void
admin_start(void)
{
	accepting = 1;
	if (listen_fd == -1)
		return;
	if (event_assign(&ev_accept, vault_base(), listen_fd, EV_READ |
	    EV_PERSIST, admin_accept, NULL) == -1 ||
	    event_add(&ev_accept, NULL) == -1)
		fatal(LC_SETUP);
	evtimer_assign(&ev_resume, vault_base(), admin_resume, NULL);
}

void
admin_stop(void)
{
	struct client	*c, *next;

	if (accepting && listen_fd != -1)
		event_del(&ev_accept);
	accepting = 0;
	TAILQ_FOREACH_SAFE(c, &clients, entry, next)
		client_free(c);
}

static void
admin_resume(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	(void)arg;
	if (accepting)
		event_add(&ev_accept, NULL);
}

static size_t
admin_count(uid_t uid)
{
	struct client	*c;
	size_t		 n = 0;

	TAILQ_FOREACH(c, &clients, entry)
		if (c->uid == uid)
			n++;
	return n;
}

static void
admin_accept(evutil_socket_t listener, short events, void *arg)
{
	struct timeval	 tv = { ACCEPT_PAUSE, 0 };
	int		 fd;

	(void)events;
	(void)arg;
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS) {
			/* it stays ready: do not spin on it */
			event_del(&ev_accept);
			evtimer_add(&ev_resume, &tv);
		}
		return;
	}
	admin_new(fd);
}

static void
admin_new(int fd)
{
	struct client	*c;
	uid_t		 uid;
	gid_t		 gid;

	if (nclients >= CLIENTS_MAX || peer_ids(fd, &uid, &gid) == -1) {
		close(fd);
		return;
	}
	if (admin_count(uid) >= CLIENTS_UID_MAX) {
		log_warn_code(LC_VAULT_CLIENTS, (int64_t)uid, 0);
		close(fd);
		return;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	c->uid = uid;
	c->gid = gid;
	channel_init(&c->ch, vault_base(), fd, P_VAULT, P_CTL,
	    CHANNEL_STRANGER | CHANNEL_SECRET, client_dispatch, client_closed,
	    c);
	evtimer_assign(&c->ev_idle, vault_base(), client_late, c);
	client_idle(c);
	TAILQ_INSERT_TAIL(&clients, c, entry);
	nclients++;
}

/* Time to its next request. */
static void
client_idle(struct client *c)
{
	struct timeval	 tv = { IDLE_OTHER, 0 };

	if (conf_admin_any(c->uid, c->gid))
		tv.tv_sec = IDLE_ADMIN;
	evtimer_add(&c->ev_idle, &tv);
}

static void
client_late(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	client_free(arg);
}

static void
client_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct client	*c = arg;

	(void)ch;
	if (imsg_get_type(imsg) == V_CA) {
		if (c->busy || client_ca(c, imsg) == -1)
			client_free(c);
		else
			client_idle(c);
		return;
	}
	client_idle(c);
	request(c, imsg);
}

static void
client_closed(struct channel *ch, void *arg)
{
	(void)ch;
	client_free(arg);
}

static void
client_free(struct client *c)
{
	change_client_gone(c);
	TAILQ_REMOVE(&clients, c, entry);
	nclients--;
	channel_clear(&c->ch);
	event_del(&c->ev_idle);
	freezero(c->ca, c->ca_len);
	freezero(c, sizeof(*c));
}

/* One more piece: 0, or -1 when nobody may send that or so much. */
static int
client_ca(struct client *c, struct imsg *imsg)
{
	size_t		 len = imsg_get_len(imsg);
	unsigned char	*p;

	if (!conf_admin_any(c->uid, c->gid) || c->ca_len + len > KM_CA_MAX)
		return -1;
	if ((p = recallocarray(c->ca, c->ca_len, c->ca_len + len,
	    1)) == NULL)
		return -1;
	c->ca = p;
	if (imsg_get_data(imsg, c->ca + c->ca_len, len) == -1)
		return -1;
	c->ca_len += len;
	return 0;
}

unsigned char *
admin_take_ca(struct client *c, size_t *len)
{
	unsigned char	*ca = c->ca;

	*len = c->ca_len;
	c->ca = NULL;
	c->ca_len = 0;
	return ca;
}

void
admin_reply(struct client *c, const struct v_reply *reply)
{
	c->busy = 0;
	client_idle(c);
	channel_send(&c->ch, V_REPLY, -1, reply, sizeof(*reply));
}

void
admin_malformed(struct client *c)
{
	client_free(c);
}

uid_t
admin_uid(const struct client *c)
{
	return c->uid;
}

gid_t
admin_gid(const struct client *c)
{
	return c->gid;
}

int
admin_is_busy(const struct client *c)
{
	return c->busy;
}

/* Its answer waits for the store; so does its deadline. */
void
admin_busy(struct client *c)
{
	c->busy = 1;
	event_del(&c->ev_idle);
}
