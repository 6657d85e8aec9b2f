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

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/proc.h"
#include "conf.h"
#include "parent_link.h"
#include "plan.h"
#include "store.h"
#include "store_main.h"

#define PARENT_REQUESTS	32	/* of operators, under way at once */

static struct channel		 parent;
static struct m_proc_status	 procs[P_MAX];

/* The number that the parent repeats is the slot plus one. */
static struct {
	int		 used;
	uint64_t	 client;
} requests[PARENT_REQUESTS];

static void	 parent_get(struct imsg *, void *, size_t);
static void	 parent_status(struct imsg *);
static void	 parent_result(struct imsg *);
static void	 parent_loglevel(struct imsg *);
static void	 parent_peer(struct imsg *);
static void	 parent_dispatch(struct channel *, struct imsg *, void *);
static void	 parent_closed(struct channel *, void *);

void
parent_link(struct event_base *base)
{
	channel_adopt(&parent, base, proc_parent(), P_STORE, P_PARENT,
	    parent_dispatch, parent_closed, NULL);
}

void
parent_flush(void)
{
	channel_flush(&parent);
}

static void
parent_get(struct imsg *imsg, void *p, size_t size)
{
	if (imsg_get_data(imsg, p, size) == -1)
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
}

const struct m_proc_status *
store_proc_status(enum proc p)
{
	if (p <= 0 || p >= P_MAX || procs[p].state == 0)
		return NULL;
	return &procs[p];
}

static void
parent_status(struct imsg *imsg)
{
	struct m_proc_status	 m;

	parent_get(imsg, &m, sizeof(m));
	if (m.proc == 0 || m.proc >= P_MAX)
		fatalx(LC_MALFORMED, M_PROC_STATUS);
	procs[m.proc] = m;
}

int
parent_request(enum msg_type type, int verbose, uint64_t client)
{
	struct m_ctl	 m;
	uint32_t	 i;

	for (i = 0; i < PARENT_REQUESTS; i++)
		if (!requests[i].used)
			break;
	if (i == PARENT_REQUESTS)
		return -1;
	requests[i].used = 1;
	requests[i].client = client;
	memset(&m, 0, sizeof(m));
	m.request = i + 1;
	m.verbose = (uint32_t)verbose;
	return channel_send(&parent, type, -1, &m, sizeof(m));
}

static void
parent_result(struct imsg *imsg)
{
	struct m_ctl_result	 m;
	uint32_t		 i;

	parent_get(imsg, &m, sizeof(m));
	i = m.request - 1;
	if (i >= PARENT_REQUESTS || !requests[i].used ||
	    msg_text_ok(m.text, sizeof(m.text)) == -1)
		fatalx(LC_MALFORMED, M_CTL_RESULT);
	requests[i].used = 0;
	control_parent_result(requests[i].client, (int)m.ok, m.text);
}

static void
parent_loglevel(struct imsg *imsg)
{
	struct m_loglevel	 m;

	parent_get(imsg, &m, sizeof(m));
	log_set_level((int)m.loglevel);
}

static void
parent_peer(struct imsg *imsg)
{
	struct m_peer	 m;
	int		 fd;

	parent_get(imsg, &m, sizeof(m));
	/* lost on the way: this process is out of descriptors */
	if ((fd = imsg_get_fd(imsg)) == -1)
		fatalx(LC_SETUP, 0);
	store_peer((enum proc)m.proc, fd);
}

static void
parent_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	uint32_t	 every = store_conf()->sync_every;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_START:
		store_begin(STORE_PARENT);
		break;
	case M_STOP:
		store_stop();
		break;
	case M_PEER:
		parent_peer(imsg);
		break;
	case M_LISTEN:
		control_listen(imsg_get_fd(imsg));
		break;
	case M_LOGLEVEL:
		parent_loglevel(imsg);
		break;
	case M_PROC_STATUS:
		parent_status(imsg);
		break;
	case M_CTL_RESULT:
		parent_result(imsg);
		break;
	default:
		switch (conf_message(imsg)) {
		case 0:
			fatalx(LC_MALFORMED, imsg_get_type(imsg));
		case 2:
			if (store_conf()->sync_every != every)
				plan_every_changed();
			plan_wake();
		}
	}
}

static void
parent_closed(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	_exit(1);	/* nobody left to tell; what is committed is safe */
}
