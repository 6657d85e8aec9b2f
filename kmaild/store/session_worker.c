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

#include <string.h>

#include "commit.h"
#include "eventlog.h"
#include "session.h"

static enum ingest_result worker_folder(struct session *, struct imsg *);
static enum ingest_result worker_folders_end(struct session *);
static enum ingest_result worker_examined(struct session *, struct imsg *);
static enum ingest_result worker_progress(struct session *, struct imsg *);
static enum ingest_result worker_failed(struct session *, struct imsg *);
static enum ingest_result worker_covered(struct session *, struct imsg *);
static enum ingest_result worker_folder_done(struct session *,
		    struct imsg *);
static enum ingest_result worker_done(struct session *, struct imsg *);
static enum ingest_result worker_hear_fetch(struct session *, struct imsg *);
static enum ingest_result worker_hear(struct session *, struct imsg *);

static enum ingest_result
worker_folder(struct session *s, struct imsg *imsg)
{
	struct w_folder	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	s->folders++;
	s->chosen += (m.flags & FOLDER_CHOSEN) != 0;
	return s->ingest == NULL ? INGEST_OK : ingest_list(s->ingest, &m);
}

static enum ingest_result
worker_folders_end(struct session *s)
{
	return s->ingest == NULL ? INGEST_OK : ingest_list_end(s->ingest);
}

static enum ingest_result
worker_examined(struct session *s, struct imsg *imsg)
{
	enum ingest_result	 r;
	struct w_examined	 m;
	struct w_position	 p;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	if ((r = ingest_examined(s->ingest, &m, &p)) == INGEST_OK)
		channel_send(&s->worker, W_POSITION, -1, &p, sizeof(p));
	return r;
}

static enum ingest_result
worker_progress(struct session *s, struct imsg *imsg)
{
	struct w_progress	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	s->found = m.found;
	return INGEST_OK;
}

static enum ingest_result
worker_failed(struct session *s, struct imsg *imsg)
{
	struct w_msg_failed	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	return ingest_failed(s->ingest, &m);
}

static enum ingest_result
worker_covered(struct session *s, struct imsg *imsg)
{
	struct w_covered	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	return ingest_covered(s->ingest, &m);
}

static enum ingest_result
worker_folder_done(struct session *s, struct imsg *imsg)
{
	struct w_folder_done	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1)
		return INGEST_MALFORMED;
	return ingest_folder_done(s->ingest, &m);
}

static enum ingest_result
worker_done(struct session *s, struct imsg *imsg)
{
	struct w_done	 m;

	if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
	    reason_check(m.reason) == -1)
		return INGEST_MALFORMED;
	/* to its end, but with something open: no worker of ours */
	if (m.reason == R_NONE && s->ingest != NULL &&
	    (s->ingest->open || s->ingest->folder != NULL))
		return INGEST_MALFORMED;
	s->done = 1;
	s->unacked = 1;
	s->done_reason = (enum reason)m.reason;
	if (m.backoff > s->backoff)
		s->backoff = m.backoff;
	commit_within(COMMIT_NOW_MS);
	return INGEST_OK;
}

static enum ingest_result
worker_hear_fetch(struct session *s, struct imsg *imsg)
{
	if (s->ingest == NULL)
		return INGEST_MALFORMED;
	switch (imsg_get_type(imsg)) {
	case W_BODY:
		return ingest_body(s->ingest, imsg->data, imsg->datalen);
	case W_BODY_ABORT:
		return ingest_abort(s->ingest);
	case W_EXAMINED:
		return worker_examined(s, imsg);
	case W_MSG_FAILED:
		return worker_failed(s, imsg);
	case W_COVERED:
		return worker_covered(s, imsg);
	case W_FOLDER_DONE:
		return worker_folder_done(s, imsg);
	default:
		return INGEST_MALFORMED;
	}
}

static enum ingest_result
worker_hear(struct session *s, struct imsg *imsg)
{
	/* nothing before the login that made it, nothing after the end */
	if (s->done)
		return INGEST_MALFORMED;
	s->stage = STAGE_FETCHING;
	switch (imsg_get_type(imsg)) {
	case W_FOLDER:
		return worker_folder(s, imsg);
	case W_FOLDERS_END:
		return worker_folders_end(s);
	case W_PROGRESS:
		return worker_progress(s, imsg);
	case W_DONE:
		return worker_done(s, imsg);
	default:
		return worker_hear_fetch(s, imsg);
	}
}

void
worker_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct session	*s = arg;

	(void)ch;
	switch (worker_hear(s, imsg)) {
	case INGEST_OK:
		break;
	case INGEST_MALFORMED:
		eventlog_add(LOG_WARNING, LC_WORKER_MALFORMED, &s->id,
		    (int64_t)s->number, imsg_get_type(imsg), 0);
		session_cancel(s, R_WORKER_DIED);
		return;
	case INGEST_FAILED:
		session_cancel(s, s->ingest->reason);
		return;
	}
	if (s->ingest != NULL && ingest_is_full(s->ingest))
		commit_within(COMMIT_NOW_MS);
	else if (s->ingest != NULL)
		commit_within(COMMIT_BODY_MS);
	if (s->done)
		session_check(s);
}

/* Closed, or it said what is not in the table of messages. */
void
worker_closed(struct channel *ch, void *arg)
{
	struct session	*s = arg;

	channel_clear(ch);
	session_check(s);
}

void
worker_committed(struct session *s)
{
	struct ingest	*in = s->ingest;
	struct w_ack	 ack;

	if (in != NULL && in->acked != in->messages) {
		memset(&ack, 0, sizeof(ack));
		ack.messages = in->messages;
		ack.octets = in->message_octets;
		channel_send(&s->worker, W_ACK, -1, &ack, sizeof(ack));
		control_progress(&s->id, s->found, (uint32_t)in->messages +
		    in->failed, in->message_octets);
	}
	if (in != NULL)
		ingest_committed(in);
	if (s->unacked)
		channel_send(&s->worker, W_DONE_ACK, -1, NULL, 0);
	s->unacked = 0;
}
