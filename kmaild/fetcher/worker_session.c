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

#include "imap_folder.h"
#include "worker_state.h"

static int	 patterns(struct worker *, const struct imap_list *);
static void	 session_choose(struct worker *, const struct imap_list *);
static void	 session_ask_list(struct worker *);
static void	 session_listed(struct worker *);
static void	 session_missing(struct worker *);
static int	 session_retry_list(struct worker *,
		    const struct imap_status *);
static void	 session_examined(struct worker *,
		    const struct imap_status *);
static int	 session_fatal(enum reason);
static int	 only_inbox(const struct worker *);
static void	 folder_failed(struct worker *, enum reason);

/* Nothing but the folder that every mailbox has. */
static int
only_inbox(const struct worker *w)
{
	const struct w_order	*o = &w->order;

	return o->folders_len == 0 || (o->folders_len == 6 &&
	    folder_is_inbox((const unsigned char *)o->folders, 5));
}

void
session_start(struct worker *w)
{
	w->stage = STAGE_LISTING;
	worker_cmd(w, CMD_CAPABILITY, "CAPABILITY");
}

static void
session_ask_list(struct worker *w)
{
	if (!w->plain_list && (w->caps & (IMAP_CAP_SPECIAL_USE |
	    IMAP_CAP_LIST_EXTENDED)) == (IMAP_CAP_SPECIAL_USE |
	    IMAP_CAP_LIST_EXTENDED))
		worker_cmd(w, CMD_LIST,
		    "LIST \"\" \"*\" RETURN (SPECIAL-USE)");
	else {
		w->plain_list = 1;
		worker_cmd(w, CMD_LIST, "LIST \"\" \"*\"");
	}
}

/* Does any pattern choose it?  Notes which. */
static int
patterns(struct worker *w, const struct imap_list *f)
{
	const char	*p = w->order.folders;
	const char	*end = p + w->order.folders_len;
	size_t		 i;
	int		 any = 0;

	if (f->flags & FOLDER_NOSELECT)
		return 0;
	if (p == end && folder_match("INBOX", f))
		any = w->hit[0] = 1;
	for (i = 0; p < end && i < PATTERNS_MAX; i++) {
		if (folder_match(p, f))
			any = w->hit[i] = 1;
		p += strlen(p) + 1;
	}
	return any;
}

void
session_list(struct worker *w, const struct imap_list *list)
{
	struct imap_list	 f = *list;
	struct w_folder		 msg;

	if (w->stage != STAGE_LISTING)
		return;
	if (++w->nlisted > FOLDERS_MAX) {
		worker_end(w, R_IMAP_TOO_LONG, 0);
		return;
	}
	if (w->utf8)
		f.flags |= FOLDER_UTF8;
	memset(&msg, 0, sizeof(msg));
	msg.flags = f.flags;
	if (patterns(w, &f)) {
		session_choose(w, &f);
		msg.flags |= FOLDER_CHOSEN;
	}
	msg.delimiter = f.delimiter;
	msg.name_len = (uint32_t)f.name_len;
	memcpy(msg.name, f.name, f.name_len);
	worker_tell(w, W_FOLDER, &msg, sizeof(msg));
}

/* Remember the folder, once: a server may list a name twice. */
static void
session_choose(struct worker *w, const struct imap_list *f)
{
	struct folder	**list, *c;
	uint32_t	  i;

	for (i = 0; i < w->nchosen; i++)
		if (w->chosen[i]->name_len == f->name_len &&
		    memcmp(w->chosen[i]->name, f->name, f->name_len) == 0)
			return;
	if (w->nchosen == CHOSEN_MAX) {
		worker_end(w, R_IMAP_TOO_LONG, 0);
		return;
	}
	list = reallocarray(w->chosen, w->nchosen + 1, sizeof(*list));
	if (list == NULL)
		worker_nomem();
	w->chosen = list;
	if ((c = malloc(sizeof(*c) + f->name_len)) == NULL)
		worker_nomem();
	c->flags = f->flags & FOLDER_UTF8;
	c->name_len = (uint32_t)f->name_len;
	memcpy(c->name, f->name, f->name_len);
	w->chosen[w->nchosen++] = c;
}

void
session_free(struct worker *w)
{
	uint32_t	 i;

	for (i = 0; i < w->nchosen; i++)
		free(w->chosen[i]);
	free(w->chosen);
	w->chosen = NULL;
	w->nchosen = 0;
}

/* A folder that could not be opened. */
static void
folder_failed(struct worker *w, enum reason reason)
{
	struct w_folder_done	 d;

	memset(&d, 0, sizeof(d));
	d.reason = reason;
	worker_tell(w, W_FOLDER_DONE, &d, sizeof(d));
}

/* Each pattern that chose nothing. */
static void
session_missing(struct worker *w)
{
	const char	*p = w->order.folders;
	const char	*end = p + w->order.folders_len;
	size_t		 i = 0;

	do {
		if (!w->hit[i])
			folder_failed(w, R_IMAP_FOLDER_MISSING);
		p += strlen(p) + 1;
	} while (p < end && ++i < PATTERNS_MAX);
}

static void
session_listed(struct worker *w)
{
	worker_tell(w, W_FOLDERS_END, NULL, 0);
	if (w->order.purpose == PURPOSE_TEST) {
		worker_end(w, R_NONE, 0);
		return;
	}
	session_missing(w);
	session_next(w);
}

void
session_next(struct worker *w)
{
	struct folder	*f;

	while (w->next_folder < w->nchosen) {
		f = w->chosen[w->next_folder++];
		memset(&w->examined, 0, sizeof(w->examined));
		w->examined.flags = f->flags;
		w->examined.name_len = f->name_len;
		memcpy(w->examined.name, f->name, f->name_len);
		w->stage = STAGE_EXAMINE;
		if (w->early)
			return;		/* asked for already */
		if (worker_examine(w, f->name, f->name_len) == 0)
			return;
		/* a name with control characters cannot be said */
		folder_failed(w, R_IMAP_FOLDER_REFUSED);
		w->folders_done++;
	}
	worker_end(w, R_NONE, 0);
}

/* What EXAMINE tells on the way. */
void
session_untagged(struct worker *w, const struct imap_status *st)
{
	if (w->stage != STAGE_EXAMINE)
		return;
	if (st->code == IMAP_CODE_UIDVALIDITY)
		w->examined.uidvalidity = st->number;
	else if (st->code == IMAP_CODE_UIDNEXT)
		w->examined.uidnext = st->number;
}

/* After these nothing else will be answered either. */
static int
session_fatal(enum reason reason)
{
	return reason == R_IMAP_THROTTLED || reason == R_IMAP_LIMIT ||
	    reason == R_IMAP_AUTHZ || reason == R_IMAP_EXPIRED;
}

static void
session_examined(struct worker *w, const struct imap_status *st)
{
	if (st->cond == IMAP_OK && w->examined.uidvalidity != 0) {
		w->stage = STAGE_POSITION;
		worker_tell(w, W_EXAMINED, &w->examined,
		    sizeof(w->examined));
		return;
	}
	if (session_fatal(st->reason) || st->backoff != 0) {
		worker_end(w, st->reason, st->backoff);
		return;
	}
	w->folders_done++;
	if (st->cond == IMAP_OK)
		folder_failed(w, R_IMAP_PROTOCOL);	/* no UIDVALIDITY */
	else if (st->code == IMAP_CODE_NONEXISTENT)
		folder_failed(w, R_IMAP_FOLDER_MISSING);
	else if (st->reason != R_NONE)
		folder_failed(w, st->reason);
	else
		folder_failed(w, R_IMAP_FOLDER_REFUSED);
	session_next(w);
}

/* Announced, and refused all the same: once more in the plain form. */
static int
session_retry_list(struct worker *w, const struct imap_status *st)
{
	if (st->cond != IMAP_BAD || w->plain_list || w->nlisted > 0)
		return 0;
	w->plain_list = 1;
	session_ask_list(w);
	return 1;
}

void
session_status(struct worker *w, const struct cmd *c,
    const struct imap_status *st)
{
	if (c->kind == CMD_EXAMINE) {
		w->early = 0;
		if (w->stage == STAGE_EXAMINE)
			session_examined(w, st);
		return;
	}
	/* RFC 2971, RFC 5161: the answer to these does not matter */
	if (c->kind == CMD_ID || c->kind == CMD_ENABLE)
		return;
	if (c->kind == CMD_LIST && session_retry_list(w, st))
		return;
	if (st->cond != IMAP_OK) {
		worker_end(w, st->reason != R_NONE ? st->reason :
		    R_IMAP_COMMAND_REFUSED, st->backoff);
		return;
	}
	if (c->kind == CMD_LIST) {
		session_listed(w);
		return;
	}
	if ((w->caps & (IMAP_CAP_ENABLE | IMAP_CAP_UTF8)) ==
	    (IMAP_CAP_ENABLE | IMAP_CAP_UTF8))
		worker_cmd(w, CMD_ENABLE, "ENABLE UTF8=ACCEPT");
	if (w->caps & IMAP_CAP_ID)
		worker_cmd(w, CMD_ID, "ID (\"name\" \"kmaild\" "
		    "\"version\" \"%s\")", KM_BUILD);
	session_ask_list(w);
	/* the usual order: one wait less */
	if (w->order.purpose == PURPOSE_FETCH && only_inbox(w)) {
		w->early = 1;
		worker_examine(w, (const unsigned char *)"INBOX", 5);
	}
}
