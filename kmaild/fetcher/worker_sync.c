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

#include "worker_state.h"

#define BATCH_MESSAGES	200	/* of one command */
#define BATCH_OCTETS	(4 * 1024 * 1024)	/* by the hints */
#define BATCH_UNKNOWN	32768	/* octets of a message without a hint */
#define BATCHES_MAX	4	/* body commands in flight */
#define REFUSALS_MAX	32	/* in a row: then it is not the messages */

static void	 sync_settle(struct worker *);
static void	 sync_failed(struct worker *, struct entry *);
static void	 sync_covered(struct worker *);
static void	 sync_batch(struct worker *);
static void	 sync_alone(struct worker *);
static void	 sync_check(struct worker *);
static void	 sync_retry(struct worker *);
static void	 sync_close(struct worker *, enum reason);
static void	 sync_unanswered(struct worker *, const struct cmd *,
		    const struct imap_status *);
static void	 sync_checked(struct worker *, const struct cmd *,
		    const struct imap_status *);
static void	 sync_blame(struct worker *, enum reason);
static struct entry *sync_suspect(struct worker *);
static uint32_t	 sync_unchecked(struct worker *);

/* W_POSITION came: the folder is open. */
void
sync_start(struct worker *w)
{
	w->stage = STAGE_SYNC;
	w->folder = w->position->folder;
	w->covered = w->position->covered;
	w->delivered = 0;
	w->refused = 0;
	memset(&w->ring, 0, sizeof(w->ring));
	w->ring.e = calloc(RING_SIZE, sizeof(*w->ring.e));
	if (w->ring.e == NULL)
		worker_nomem();
	find_start(w);
}

void
sync_turn(struct worker *w)
{
	sync_settle(w);
	if (w->stage == STAGE_SYNC)
		find_turn(w);
	sync_check(w);
	sync_alone(w);
	while (w->ring.nwait > 0 && w->nbatches < BATCHES_MAX &&
	    worker_may_send(w))
		sync_batch(w);
	if (w->ring.n > 0 || w->ncmds > 0)
		return;
	if (w->stage == STAGE_SYNC && find_done(w)) {
		sync_covered(w);
		sync_retry(w);
		sync_alone(w);
	}
	if (w->stage == STAGE_RETRY && w->ring.n == 0) {
		sync_close(w, R_NONE);
		session_next(w);
	}
}

/* The lowest ones that are dealt with go; never within an open body. */
static void
sync_settle(struct worker *w)
{
	struct entry	*e;

	if (w->body.mode == BODY_STREAM && w->body.begun)
		return;
	while (w->ring.n > 0) {
		e = ring_at(&w->ring, 0);
		if (e->state == E_FAILED)
			sync_failed(w, e);
		else if (e->state != E_DONE)
			break;
		ring_pop(&w->ring);
	}
	if (w->stage == STAGE_SYNC)
		sync_covered(w);
}

static void
sync_failed(struct worker *w, struct entry *e)
{
	struct w_msg_failed	 f;

	memset(&f, 0, sizeof(f));
	f.folder = w->folder;
	f.uid = e->uid;
	f.reason = e->reason;
	f.size = e->size;
	worker_tell(w, W_MSG_FAILED, &f, sizeof(f));
}

/* Every UID below the lowest one in work was dealt with. */
static void
sync_covered(struct worker *w)
{
	struct w_covered	 c;
	uint64_t		 uid = w->disc.next - 1;

	if (w->ring.n > 0 && ring_at(&w->ring, 0)->uid <= uid)
		uid = ring_at(&w->ring, 0)->uid - 1;
	if (uid <= w->covered)
		return;
	memset(&c, 0, sizeof(c));
	c.folder = w->folder;
	c.uid = w->covered = (uint32_t)uid;
	worker_tell(w, W_COVERED, &c, sizeof(c));
}

static void
sync_batch(struct worker *w)
{
	struct imap_set	 set;
	struct entry	*e, *asked[BATCH_MESSAGES];
	uint64_t	 octets = 0;
	uint32_t	 i, n = 0, tag;

	imap_set_init(&set);
	for (i = 0; i < w->ring.n && n < BATCH_MESSAGES &&
	    octets < BATCH_OCTETS; i++) {
		e = ring_at(&w->ring, i);
		if (e->state != E_WAIT)
			continue;
		if (imap_set_add(&set, e->uid) == -1)
			break;
		octets += e->flags & ENTRY_SIZE ? e->size : BATCH_UNKNOWN;
		asked[n++] = e;
	}
	tag = worker_cmd(w, CMD_BATCH, "UID FETCH %s "
	    "(UID INTERNALDATE BODY.PEEK[])", imap_set_text(&set));
	w->nbatches++;
	for (i = 0; i < n; i++) {
		asked[i]->tag = tag;
		asked[i]->flags |= ENTRY_TRIED;
		ring_set(&w->ring, asked[i], E_ASKED);
	}
}

/*
 * One message by itself: what a batch did not bring.  Those of the
 * not-fetched list go strictly one after the other, so that a connection
 * that ends tells by which.
 */
static void
sync_alone(struct worker *w)
{
	struct entry	*e;
	uint32_t	 i, max = w->stage == STAGE_RETRY ? 1 : BATCHES_MAX;

	for (i = 0; i < w->ring.n && w->ring.nalone > 0 &&
	    w->nbatches < max && worker_may_send(w); i++) {
		e = ring_at(&w->ring, i);
		if (e->state != E_ALONE)
			continue;
		e->tag = worker_cmd(w, CMD_ALONE, "UID FETCH %u (UID "
		    "RFC822.SIZE INTERNALDATE BODY.PEEK[])", e->uid);
		w->cmds[(w->cmd_head + w->ncmds - 1) % CMDS_MAX].uid = e->uid;
		w->nbatches++;
		e->flags |= ENTRY_TRIED;
		ring_set(&w->ring, e, E_ASKED_ALONE);
	}
}

/* Asked for alone, and it did not come: is it there at all? */
static void
sync_check(struct worker *w)
{
	struct imap_set	 set;
	struct entry	*e, *asked[BATCH_MESSAGES];
	uint32_t	 i, n = 0, tag;

	if (w->ring.ncheck == 0 || !worker_may_send(w))
		return;
	imap_set_init(&set);
	for (i = 0; i < w->ring.n && n < BATCH_MESSAGES; i++) {
		e = ring_at(&w->ring, i);
		if (e->state == E_CHECK && imap_set_add(&set, e->uid) == 0)
			asked[n++] = e;
	}
	tag = worker_cmd(w, CMD_CHECK, "UID FETCH %s (UID)",
	    imap_set_text(&set));
	for (i = 0; i < n; i++) {
		asked[i]->tag = tag;
		ring_set(&w->ring, asked[i], E_CHECKING);
	}
}

/* The new ones are done: now those that are on the not-fetched list. */
static void
sync_retry(struct worker *w)
{
	struct entry	*e;
	uint32_t	 i;
	int		 cut = 0;

	w->stage = STAGE_RETRY;
	for (i = 0; i < w->position->nretry; i++) {
		if ((e = ring_insert(&w->ring, w->position->retry[i],
		    &cut)) == NULL || e->state != E_FOUND)
			continue;
		ring_set(&w->ring, e, E_ALONE);
		w->found++;
	}
}

static void
sync_close(struct worker *w, enum reason reason)
{
	struct w_folder_done	 d;

	memset(&d, 0, sizeof(d));
	d.folder = w->folder;
	d.reason = reason;
	worker_tell(w, W_FOLDER_DONE, &d, sizeof(d));
	free(w->ring.e);
	memset(&w->ring, 0, sizeof(w->ring));
	w->disc.busy = CMD_NONE;
	w->folder = 0;
	w->folders_done++;
}

/* The server will not say what is in the folder. */
void
sync_refused(struct worker *w)
{
	sync_close(w, R_IMAP_COMMAND_REFUSED);
	session_next(w);
}

void
sync_status(struct worker *w, const struct cmd *c,
    const struct imap_status *st)
{
	if (c->kind == CMD_BATCH || c->kind == CMD_ALONE)
		w->nbatches--;
	/* [SERVERBUG] is Dovecot's word for one message that it cannot read */
	if (st->reason != R_NONE && st->code != IMAP_CODE_SERVERBUG) {
		worker_end(w, st->reason, st->backoff);
		return;
	}
	if (w->folder == 0)
		return;		/* it was closed before this came */
	if (c->kind == CMD_BATCH || c->kind == CMD_ALONE)
		sync_unanswered(w, c, st);
	else if (c->kind == CMD_CHECK)
		sync_checked(w, c, st);
	else
		find_status(w, c, st);
}

/* What a body command did not bring is asked for alone, then looked for. */
static void
sync_unanswered(struct worker *w, const struct cmd *c,
    const struct imap_status *st)
{
	struct entry	*e;
	uint32_t	 i;

	for (i = 0; i < w->ring.n; i++) {
		e = ring_at(&w->ring, i);
		if (e->tag != c->tag)
			continue;
		if (e->state == E_ASKED)
			ring_set(&w->ring, e, E_ALONE);
		if (e->state != E_ASKED_ALONE)
			continue;
		e->reason = st->cond == IMAP_OK ? R_MSG_NOT_DELIVERED :
		    R_MSG_REFUSED;
		ring_set(&w->ring, e, E_CHECK);
	}
}

/* Those that exist have failed; the others were expunged meanwhile. */
static void
sync_checked(struct worker *w, const struct cmd *c,
    const struct imap_status *st)
{
	struct entry	*e;
	uint32_t	 i;

	for (i = 0; i < w->ring.n; i++) {
		e = ring_at(&w->ring, i);
		if (e->tag != c->tag || e->state != E_CHECKING)
			continue;
		if ((e->flags & ENTRY_EXISTS) || st->cond != IMAP_OK)
			w->refused++;
		else
			e->reason = R_MSG_GONE;
		/* the store knows only those that it asked for itself */
		ring_set(&w->ring, e, e->reason == R_MSG_GONE &&
		    w->stage != STAGE_RETRY ? E_DONE : E_FAILED);
	}
	if (w->refused >= REFUSALS_MAX)
		worker_end(w, R_IMAP_COMMAND_REFUSED, 0);
}

/*
 * The connection ends and a message may be why: the one whose octets had
 * begun, or that was asked for alone and did not come, or the first of
 * those asked for when none of this folder came at all.  Without the last,
 * a message that ends each connection would be met by each session again.
 */
static struct entry *
sync_suspect(struct worker *w)
{
	const struct cmd	*c = &w->cmds[w->cmd_head];
	struct entry		*e;
	uint32_t		 i;

	if (w->ncmds > 0 && c->kind == CMD_ALONE &&
	    (e = ring_find(&w->ring, c->uid)) != NULL &&
	    e->state == E_ASKED_ALONE)
		return e;
	for (i = 0; i < w->ring.n && w->delivered == 0; i++) {
		e = ring_at(&w->ring, i);
		if ((e->flags & ENTRY_TRIED) && e->state != E_DONE &&
		    e->state != E_FAILED)
			return e;
	}
	return NULL;
}

/* Asked for alone, they did not come: that stands if nothing else is known. */
static uint32_t
sync_unchecked(struct worker *w)
{
	struct entry	*e;
	uint32_t	 i, n = 0;

	for (i = 0; i < w->ring.n; i++) {
		e = ring_at(&w->ring, i);
		if (e->state != E_CHECK && e->state != E_CHECKING)
			continue;
		ring_set(&w->ring, e, E_FAILED);
		n++;
	}
	return n;
}

static void
sync_blame(struct worker *w, enum reason reason)
{
	struct entry	*e = NULL;
	enum reason	 why = R_MSG_INTERRUPTED;
	int		 within;

	within = w->body.mode != BODY_IGNORE && w->body.uid != 0;
	if (within)
		e = ring_find(&w->ring, w->body.uid);
	switch (reason) {
	case R_IMAP_PROTOCOL:
	case R_IMAP_TOO_LONG:
		why = R_MSG_INVALID;
		break;
	case R_TIMEOUT_STEP:
		why = R_MSG_SLOW;
		break;
	case R_IMAP_BYE:
	case R_IMAP_CLOSED:
	case R_TIMEOUT_IDLE:
		break;
	case R_TIMEOUT_SESSION:
		if (within)
			break;
		return;
	default:
		return;
	}
	if (sync_unchecked(w) > 0 && e == NULL)
		return;
	if (e == NULL && (e = sync_suspect(w)) == NULL)
		return;
	if (w->body.mode == BODY_DROPPED && w->body.reason != R_NONE)
		why = w->body.reason;
	e->reason = (uint8_t)why;
	ring_set(&w->ring, e, E_FAILED);
}

void
sync_end(struct worker *w, enum reason reason)
{
	struct entry	*e;
	uint32_t	 i;

	if (w->folder == 0)
		return;
	sync_blame(w, reason);
	body_abort(w);
	sync_settle(w);
	for (i = 0; i < w->ring.n; i++) {
		e = ring_at(&w->ring, i);
		if (e->state == E_FAILED)
			sync_failed(w, e);
	}
	sync_close(w, reason);
}
