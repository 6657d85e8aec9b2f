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

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/peer.h"
#include "control.h"

#define CLIENTS_UID	32	/* connections of one uid */
#define CLIENTS_MAX	128	/* of all but root and ourselves */
#define CLIENTS_KEPT	8	/* more, for root and ourselves */
#define FDS_KEPT	64	/* descriptors for fetches and segments */
#define ACCEPT_BATCH	16	/* at once, to be fair to fetches */
#define ACCEPT_PAUSE	1	/* seconds without accepting when fds ran out */

static struct event_base	*base;
static struct event		 ev_listen;
static struct event		 ev_resume;
static int			 listen_fd = -1;
static int			 started;
static TAILQ_HEAD(, client)	 clients = TAILQ_HEAD_INITIALIZER(clients);
static unsigned int		 nclients;

static void	 listen_event(evutil_socket_t, short, void *);
static void	 listen_resume(evutil_socket_t, short, void *);
static void	 listen_pause(void);
static int	 fd_spare(int);
static int	 accept_one(void);
static int	 client_welcome(uid_t);
static void	 client_refuse(int, const char *);
static int	 client_new(int, uid_t, gid_t);
static void	 client_free(struct client *);
static void	 client_read(struct bufferevent *, void *);
static void	 client_written(struct bufferevent *, void *);
static void	 client_event(struct bufferevent *, short, void *);
static void	 client_late(evutil_socket_t, short, void *);
static void	 client_deafen(struct client *);
static int	 client_lines(struct client *);
static void	 client_pump(evutil_socket_t, short, void *);
static int	 client_step(struct client *);
static int	 client_over(struct client *);
static int	 peer_closed(struct client *);

void
control_init(struct event_base *b)
{
	base = b;
	/* jansson would look for /dev/urandom, within the sandbox */
	json_object_seed(arc4random() | 1);
	evtimer_assign(&ev_resume, base, listen_resume, NULL);
}

void
control_listen(int fd)
{
	if (listen_fd != -1) {
		if (started)
			event_del(&ev_listen);
		close(listen_fd);
	}
	listen_fd = fd;
	evutil_make_socket_nonblocking(fd);
	event_assign(&ev_listen, base, fd, EV_READ | EV_PERSIST, listen_event,
	    NULL);
	if (started)
		event_add(&ev_listen, NULL);
}

void
control_start(void)
{
	started = 1;
	if (listen_fd != -1)
		event_add(&ev_listen, NULL);
}

void
control_stop(void)
{
	struct client	*client;

	if (listen_fd != -1) {
		event_del(&ev_listen);
		close(listen_fd);
		listen_fd = -1;
	}
	evtimer_del(&ev_resume);
	started = 0;
	while ((client = TAILQ_FIRST(&clients)) != NULL) {
		/* The answer to `stop` may still be there: one try. */
		(void)client_step(client);
		evbuffer_unfreeze(client_output(client), 1);
		evbuffer_write(client_output(client),
		    bufferevent_getfd(client->bev));
		client_free(client);
	}
}

static void
listen_event(evutil_socket_t fd, short what, void *arg)
{
	int	 i;

	(void)fd;
	(void)what;
	(void)arg;
	for (i = 0; i < ACCEPT_BATCH; i++)
		if (accept_one() == -1)
			break;
}

static void
listen_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (started && listen_fd != -1)
		event_add(&ev_listen, NULL);
}

static void
listen_pause(void)
{
	struct timeval	 tv = { ACCEPT_PAUSE, 0 };

	event_del(&ev_listen);
	evtimer_add(&ev_resume, &tv);
}

/* Descriptors are handed out lowest first: a high one means few are left. */
static int
fd_spare(int fd)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 1;
	return rl.rlim_cur == RLIM_INFINITY ||
	    (rlim_t)fd + FDS_KEPT < rl.rlim_cur;
}

/* 0 to go on, -1 when there is nothing more or no room. */
static int
accept_one(void)
{
	uid_t	 uid;
	gid_t	 gid;
	int	 fd;

	if ((fd = accept4(listen_fd, NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC)) == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			listen_pause();
		return errno == ECONNABORTED || errno == EINTR ? 0 : -1;
	}
	if (!fd_spare(fd)) {
		client_refuse(fd, "no descriptors left");
		listen_pause();
		return -1;
	}
	if (peer_ids(fd, &uid, &gid) == -1)
		close(fd);
	else if (!client_welcome(uid))
		client_refuse(fd, "too many connections");
	else if (client_new(fd, uid, gid) == -1)
		close(fd);
	return 0;
}

static int
client_welcome(uid_t uid)
{
	struct client	*client;
	unsigned int	 n = 0;

	if (uid == 0 || uid == geteuid()) {
		if (nclients >= CLIENTS_MAX + CLIENTS_KEPT)
			return 0;
	} else if (nclients >= CLIENTS_MAX)
		return 0;
	TAILQ_FOREACH(client, &clients, entry)
		if (client->uid == uid)
			n++;
	return n < CLIENTS_UID;
}

static void
client_refuse(int fd, const char *text)
{
	struct evbuffer	*line;

	if ((line = evbuffer_new()) != NULL) {
		evbuffer_add_printf(line, "{\"v\":1,\"id\":null,\"type\":"
		    "\"error\",\"error\":\"%s\",\"message\":\"%s\","
		    "\"remedy\":\"Try again later.\"}\n", ERR_BUSY, text);
		evbuffer_write(line, fd);
		evbuffer_free(line);
	}
	close(fd);
}

static int
client_new(int fd, uid_t uid, gid_t gid)
{
	struct timeval	 tv = { CONTROL_WRITE_TIME, 0 };
	struct client	*client;

	if ((client = calloc(1, sizeof(*client))) == NULL)
		return -1;
	if ((client->bev = bufferevent_socket_new(base, fd,
	    BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		free(client);
		return -1;
	}
	client->uid = uid;
	client->gid = gid;
	TAILQ_INIT(&client->requests);
	evtimer_assign(&client->line_timer, base, client_late, client);
	event_assign(&client->pump_event, base, -1, 0, client_pump, client);
	TAILQ_INSERT_TAIL(&clients, client, entry);
	nclients++;
	bufferevent_setcb(client->bev, client_read, client_written,
	    client_event, client);
	bufferevent_setwatermark(client->bev, EV_READ, 0, CONTROL_LINE_MAX);
	bufferevent_setwatermark(client->bev, EV_WRITE, CONTROL_OUT_LOW, 0);
	bufferevent_set_timeouts(client->bev, NULL, &tv);
	bufferevent_enable(client->bev, EV_READ | EV_WRITE);
	return 0;
}

static void
client_free(struct client *client)
{
	struct request	*request;

	while ((request = TAILQ_FIRST(&client->requests)) != NULL)
		request_free(request);
	TAILQ_REMOVE(&clients, client, entry);
	nclients--;
	event_del(&client->line_timer);
	event_del(&client->pump_event);
	bufferevent_free(client->bev);
	free(client);
}

struct evbuffer *
client_output(struct client *client)
{
	return bufferevent_get_output(client->bev);
}

size_t
client_room(struct client *client)
{
	size_t	 len = evbuffer_get_length(client_output(client));

	return len >= CONTROL_OUT_HIGH ? 0 : CONTROL_OUT_HIGH - len;
}

void
client_cut(struct client *client)
{
	shutdown(bufferevent_getfd(client->bev), SHUT_RDWR);
}

void
client_wake(struct client *client)
{
	event_active(&client->pump_event, EV_TIMEOUT, 0);
}

static void
client_read(struct bufferevent *bev, void *arg)
{
	struct client	*client = arg;

	(void)bev;
	client_lines(client);
	client_wake(client);
}

static void
client_written(struct bufferevent *bev, void *arg)
{
	(void)bev;
	client_wake(arg);
}

/* 1 when nobody is there any more, 0 when it only has no more to ask. */
static int
peer_closed(struct client *client)
{
	struct pollfd	 pfd;

	pfd.fd = bufferevent_getfd(client->bev);
	pfd.events = POLLOUT;
	pfd.revents = 0;
	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLHUP) != 0;
}

static void
client_event(struct bufferevent *bev, short what, void *arg)
{
	struct client	*client = arg;

	(void)bev;
	if ((what & BEV_EVENT_EOF) && !peer_closed(client)) {
		client->eof = 1;
		bufferevent_disable(client->bev, EV_READ);
		client_wake(client);
		return;
	}
	client_free(client);
}

static void
client_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

/* It asked for nothing sensible: read no more. */
static void
client_deafen(struct client *client)
{
	struct evbuffer	*in = bufferevent_get_input(client->bev);

	bufferevent_disable(client->bev, EV_READ);
	evbuffer_drain(in, evbuffer_get_length(in));
	event_del(&client->line_timer);
}

/*
 * Take complete lines, as far as requests may be in flight; returns how
 * many.  The timer covers a line from its first octet: sending it bit by
 * bit gains nothing.
 */
static int
client_lines(struct client *client)
{
	struct evbuffer		*in = bufferevent_get_input(client->bev);
	struct evbuffer_ptr	 eol;
	struct timeval		 tv = { CONTROL_LINE_TIME, 0 };
	char			*line;
	size_t			 len;
	int			 n = 0;

	while (!client->closing && client->nrequests < CONTROL_REQUESTS &&
	    (line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF)) != NULL) {
		event_del(&client->line_timer);
		request_line(client, line, len);
		free(line);
		n++;
	}
	len = evbuffer_get_length(in);
	eol = evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF);
	if (!client->closing && eol.pos == -1 && len >= CONTROL_LINE_MAX) {
		request_line(client, NULL, 0);
		n++;
	}
	if (client->closing)
		client_deafen(client);
	else if (len == 0 || eol.pos != -1)
		event_del(&client->line_timer);
	else if (!evtimer_pending(&client->line_timer, NULL))
		evtimer_add(&client->line_timer, &tv);
	return n;
}

/* One round over the requests; 1 when another could do more at once. */
static int
client_step(struct client *client)
{
	struct request	*request, *next;
	enum pump	 pump;
	int		 more = 0, skipped = 0;

	TAILQ_FOREACH_SAFE(request, &client->requests, entry, next) {
		if (client_room(client) == 0)
			return 0;
		if (client->body != NULL && client->body != request) {
			skipped = 1;
			continue;
		}
		pump = request_pump(request);
		if (pump == PUMP_DONE)
			request_free(request);
		else if (pump == PUMP_MORE)
			more = 1;
	}
	if (client->body == NULL && skipped)
		more = 1;
	return more && client_room(client) != 0;
}

static int
client_over(struct client *client)
{
	struct request	*request;

	if (evbuffer_get_length(client_output(client)) != 0)
		return 0;
	if (client->closing)
		return TAILQ_EMPTY(&client->requests);
	if (!client->eof)
		return 0;
	/* Whoever only listens to events would be there for ever. */
	TAILQ_FOREACH(request, &client->requests, entry)
		if (request->args.op != OP_MONITOR)
			return 0;
	return 1;
}

static void
client_pump(evutil_socket_t fd, short what, void *arg)
{
	struct client	*client = arg;
	int		 more;

	(void)fd;
	(void)what;
	more = client_step(client);
	if (client_lines(client) > 0)
		more = 1;
	if (client_over(client)) {
		client_free(client);
		return;
	}
	if (more)
		client_wake(client);
}
