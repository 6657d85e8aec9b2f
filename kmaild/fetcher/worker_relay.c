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
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker_state.h"

#define CMDS_RESERVE	4	/* places kept for EXAMINE and LOGOUT */

static uint32_t	 cmd_add(struct worker *, enum cmd_kind);
static int	 cmd_room(struct worker *);
static int	 cmd_take(struct worker *, uint32_t, struct cmd *);
static void	 relay_broken(struct worker *, enum reason);
static void	 on_status(void *, const struct imap_status *);
static void	 on_tagged(struct worker *, const struct imap_status *);
static void	 on_bye(struct worker *, const struct imap_status *);
static void	 on_go_on(void *);
static void	 on_capability(void *, uint32_t);
static void	 on_enabled(void *, uint32_t);
static void	 on_list(void *, const struct imap_list *);
static void	 on_exists(void *, uint32_t);
static void	 on_search(void *, uint32_t);

static const struct imap_ops ops = {
	.status = on_status,
	.go_on = on_go_on,
	.capability = on_capability,
	.enabled = on_enabled,
	.list = on_list,
	.exists = on_exists,
	.search = on_search,
	.body = fetch_body,
	.data = fetch_data,
	.fetch = fetch_done
};

void
relay_init(struct worker *w)
{
	imap_parser_init(&w->parser, &ops, w);
}

/* ---- octets ---- */

void
relay_write(struct worker *w)
{
	ssize_t	 n;

	if (!w->relay_open || imap_out_len(&w->out) == 0)
		return;
	n = write(w->relay, w->out.buf + w->out.pos, imap_out_len(&w->out));
	if (n >= 0)
		imap_out_done(&w->out, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		relay_broken(w, R_IMAP_CLOSED);
}

static void
relay_broken(struct worker *w, enum reason reason)
{
	w->relay_open = 0;
	worker_end(w, reason, 0);
}

void
relay_read(struct worker *w)
{
	ssize_t		 n;
	ptrdiff_t	 used;

	if (w->in == NULL && (w->in = malloc(IMAP_LINE_MAX)) == NULL)
		worker_nomem();
	n = read(w->relay, w->in + w->in_len, IMAP_LINE_MAX - w->in_len);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		relay_broken(w, R_IMAP_CLOSED);
		return;
	}
	w->idle_since = w->waited;
	w->in_len += (size_t)n;
	if ((used = imap_parse(&w->parser, w->in, w->in_len)) == -1) {
		relay_broken(w, (enum reason)w->parser.reason);
		return;
	}
	body_settle(w);
	w->in_len -= (size_t)used;
	if (w->in_len > 0)
		memmove(w->in, w->in + used, w->in_len);
	else if (w->ncmds == 0) {
		free(w->in);
		w->in = NULL;
	}
}

/* ---- commands ---- */

int
worker_may_send(const struct worker *w)
{
	return w->ncmds < CMDS_MAX - CMDS_RESERVE;
}

/* Full only when it answers the later ones and never the earlier. */
static int
cmd_room(struct worker *w)
{
	if (w->ncmds < CMDS_MAX)
		return 1;
	relay_broken(w, R_IMAP_PROTOCOL);
	return 0;
}

static uint32_t
cmd_add(struct worker *w, enum cmd_kind kind)
{
	struct cmd	*c;

	if (w->ncmds == 0) {
		w->idle_since = w->waited;
		worker_stepped(w);
	}
	c = &w->cmds[(w->cmd_head + w->ncmds++) % CMDS_MAX];
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->tag = ++w->tag;
	return c->tag;
}

uint32_t
worker_cmd(struct worker *w, enum cmd_kind kind, const char *fmt, ...)
{
	va_list		 ap;
	uint32_t	 tag;
	int		 r;

	if (!cmd_room(w))
		return 0;
	tag = cmd_add(w, kind);
	va_start(ap, fmt);
	r = imap_vcmd(&w->out, tag, fmt, ap);
	va_end(ap);
	if (r == -1)
		worker_nomem();
	return tag;
}

int
worker_examine(struct worker *w, const unsigned char *name, size_t len)
{
	if (!cmd_room(w))
		return 0;
	if (imap_cmd_folder(&w->out, w->tag + 1, "EXAMINE", name, len) == -1)
		return -1;
	cmd_add(w, CMD_EXAMINE);
	return 0;
}

/* The command with this tag, copied and answered: 0, or -1 none. */
static int
cmd_take(struct worker *w, uint32_t tag, struct cmd *taken)
{
	struct cmd	*c = NULL;
	uint32_t	 i;

	for (i = 0; i < w->ncmds; i++) {
		c = &w->cmds[(w->cmd_head + i) % CMDS_MAX];
		if (c->tag == tag)
			break;
	}
	if (i == w->ncmds || c->done)
		return -1;
	*taken = *c;
	c->done = 1;
	while (w->ncmds > 0 && w->cmds[w->cmd_head].done) {
		w->cmd_head = (w->cmd_head + 1) % CMDS_MAX;
		w->ncmds--;
	}
	return 0;
}

/* ---- responses ---- */

static void
on_status(void *arg, const struct imap_status *st)
{
	struct worker	*w = arg;

	if (st->tag != 0)
		on_tagged(w, st);
	else if (st->cond == IMAP_BYE)
		on_bye(w, st);
	else if (st->reason == R_IMAP_THROTTLED)
		worker_end(w, st->reason, st->backoff);
	else
		session_untagged(w, st);
}

static void
on_tagged(struct worker *w, const struct imap_status *st)
{
	struct cmd	 c;

	if (cmd_take(w, st->tag, &c) == -1) {
		relay_broken(w, R_IMAP_PROTOCOL);
		return;
	}
	worker_stepped(w);
	if (c.kind == CMD_LOGOUT)
		w->relay_open = 0;
	else if (w->stage == STAGE_ENDING)
		return;
	else if (c.kind <= CMD_EXAMINE)
		session_status(w, &c, st);
	else
		sync_status(w, &c, st);
}

static void
on_bye(struct worker *w, const struct imap_status *st)
{
	if (w->stage == STAGE_ENDING)
		return;		/* the answer to LOGOUT */
	w->relay_open = 0;
	worker_end(w, st->reason != R_NONE ? st->reason : R_IMAP_BYE,
	    st->backoff);
}

/* No command of ours has a second half. */
static void
on_go_on(void *arg)
{
	relay_broken(arg, R_IMAP_PROTOCOL);
}

static void
on_capability(void *arg, uint32_t caps)
{
	struct worker	*w = arg;

	w->caps |= caps;
}

static void
on_enabled(void *arg, uint32_t caps)
{
	struct worker	*w = arg;

	if (caps & IMAP_CAP_UTF8)
		w->utf8 = 1;
}

static void
on_list(void *arg, const struct imap_list *list)
{
	session_list(arg, list);
}

static void
on_exists(void *arg, uint32_t n)
{
	struct worker	*w = arg;

	if (w->stage == STAGE_EXAMINE)
		w->examined.exists = n;
}

static void
on_search(void *arg, uint32_t uid)
{
	find_uid(arg, uid);
}
