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
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proc.h"
#include "common/sandbox.h"

#include "worker.h"
#include "worker_state.h"

#define EX_NOMEM	71		/* sysexits.h, EX_OSERR */
#define QUEUE_MAX	((size_t)256 * 1024)	/* octets for the store */
#define UNACKED_MAX	4096		/* messages that it has not committed */
#define UNACKED_OCTETS	((uint64_t)64 * 1024 * 1024)
#define LEAST_RATE	1024		/* octets of a body, a second */
#define LOGOUT_WAIT	3000		/* ms that LOGOUT may take */

static void	 worker_start(struct worker *);
static int	 order_check(const struct w_order *);
static void	 worker_loop(struct worker *);
static void	 worker_turn(struct worker *);
static void	 worker_poll(struct worker *);
static int	 worker_may_read(struct worker *);
static int64_t	 worker_timeout(const struct worker *, enum reason *);
static int64_t	 worker_step_limit(const struct worker *);

void
worker_main(int relay, int store)
{
	struct worker	*w;

	sandbox_worker();
	if ((w = calloc(1, sizeof(*w))) == NULL)
		worker_nomem();
	w->relay = relay;
	w->relay_open = 1;
	imsgbuf_init(&w->store, store);
	worker_start(w);
	worker_loop(w);
	_exit(0);
}

void
worker_nomem(void)
{
	_exit(EX_NOMEM);
}

static int
order_check(const struct w_order *o)
{
	if (o->purpose != PURPOSE_FETCH && o->purpose != PURPOSE_TEST)
		return -1;
	if (o->folders_len > KM_FOLDERS_SIZE)
		return -1;
	return o->folders_len > 0 &&
	    o->folders[o->folders_len - 1] != '\0' ? -1 : 0;
}

/* Hello and W_ORDER from the store; exits when they are not to be had. */
static void
worker_start(struct worker *w)
{
	struct imsg	 imsg;

	if (fcntl(w->relay, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(w->store.fd, F_SETFL, O_NONBLOCK) == -1)
		_exit(1);
	if (proc_hello(&w->store, P_WORKER, P_STORE) == -1 ||
	    proc_recv_from(&w->store, P_WORKER, P_STORE, &imsg) != 1)
		_exit(0);
	if (imsg_get_type(&imsg) != W_ORDER ||
	    imsg_get_data(&imsg, &w->order, sizeof(w->order)) == -1 ||
	    order_check(&w->order) == -1)
		_exit(1);
	imsg_free(&imsg);
	w->began = w->now = clock_boot();
	relay_init(w);
	session_start(w);
}

static void
worker_loop(struct worker *w)
{
	for (;;) {
		worker_turn(w);
		relay_write(w);
		if (w->acked && !w->relay_open)
			return;
		if (imsgbuf_write(&w->store) == -1)
			return;		/* nobody is left to tell */
		worker_poll(w);
	}
}

/* What can be done without waiting. */
static void
worker_turn(struct worker *w)
{
	enum reason	 reason;

	if (w->stage == STAGE_SYNC || w->stage == STAGE_RETRY)
		sync_turn(w);
	worker_progress(w, 0);
	if (worker_timeout(w, &reason) > 0)
		return;
	if (w->stage == STAGE_ENDING)
		w->relay_open = 0;	/* LOGOUT takes too long */
	else
		worker_end(w, reason, 0);
}

/* No more is taken from the server than the store keeps up with. */
static int
worker_may_read(struct worker *w)
{
	return w->relay_open &&
	    imsgbuf_queuebytes(&w->store) <= QUEUE_MAX &&
	    w->sent_messages <= w->acked_messages + UNACKED_MAX &&
	    w->sent_octets <= w->acked_octets + UNACKED_OCTETS;
}

/* Time counts against the server only while it is awaited. */
static void
worker_poll(struct worker *w)
{
	struct pollfd	 pfd[2];
	enum reason	 reason;
	int64_t		 ms = worker_timeout(w, &reason), then = w->now;
	int		 reading = worker_may_read(w);

	memset(pfd, 0, sizeof(pfd));
	if (reading)
		pfd[0].events |= POLLIN;
	if (w->relay_open && imap_out_len(&w->out) > 0)
		pfd[0].events |= POLLOUT;
	/* with nothing to wait for, POLLHUP would come all the time */
	pfd[0].fd = pfd[0].events != 0 ? w->relay : -1;
	pfd[1].fd = w->store.fd;
	pfd[1].events = POLLIN;
	if (imsgbuf_queuelen(&w->store) > 0)
		pfd[1].events |= POLLOUT;
	if (ms < 0)
		ms = 0;
	if (poll(pfd, 2, ms > INT32_MAX ? INT32_MAX : (int)ms) == -1 &&
	    errno != EINTR)
		_exit(1);
	w->now = clock_boot();
	if (reading && w->ncmds > 0)
		w->waited += w->now - then;
	if (pfd[1].revents & (POLLIN | POLLHUP | POLLERR))
		store_read(w);
	if (reading && pfd[0].revents & (POLLIN | POLLHUP | POLLERR))
		relay_read(w);
}

/* Milliseconds to the next deadline, and what has failed when it comes. */
static int64_t
worker_timeout(const struct worker *w, enum reason *reason)
{
	int64_t	 left, ms;

	*reason = R_NONE;
	if (w->stage == STAGE_ENDING) {
		if (!w->relay_open || !w->acked)
			return INT64_MAX;
		return w->ended + LOGOUT_WAIT - w->now;
	}
	*reason = R_TIMEOUT_SESSION;
	left = w->began + (int64_t)w->order.timeout_session * 1000 - w->now;
	if (w->ncmds == 0)
		return left;
	ms = w->idle_since + (int64_t)w->order.timeout_idle * 1000 - w->waited;
	if (ms < left) {
		*reason = R_TIMEOUT_IDLE;
		left = ms;
	}
	ms = worker_step_limit(w) - w->waited;
	if (ms < left) {
		*reason = R_TIMEOUT_STEP;
		left = ms;
	}
	return left;
}

/* A command or message has its time; a body longer, at the least rate. */
static int64_t
worker_step_limit(const struct worker *w)
{
	int64_t	 limit = (int64_t)w->order.timeout_step * 1000;

	if (w->body.mode == BODY_IGNORE)
		return w->step_since + limit;
	return w->body_since + limit +
	    (int64_t)(w->body.size / LEAST_RATE) * 1000;
}

void
worker_stepped(struct worker *w)
{
	w->step_since = w->waited;
}

void
worker_end(struct worker *w, enum reason reason, uint32_t backoff)
{
	struct w_done	 d;
	int		 clean = w->ncmds == 0;

	if (w->stage == STAGE_ENDING)
		return;
	sync_end(w, reason);
	worker_progress(w, 1);
	memset(&d, 0, sizeof(d));
	d.reason = reason;
	d.backoff = backoff;
	worker_tell(w, W_DONE, &d, sizeof(d));
	w->stage = STAGE_ENDING;
	w->ended = w->now;
	if (!w->relay_open || w->ncmds == CMDS_MAX)
		return;
	worker_cmd(w, CMD_LOGOUT, "LOGOUT");
	relay_write(w);
	/* answers to what was asked for before are not waited for */
	if (!clean)
		w->relay_open = 0;
}
