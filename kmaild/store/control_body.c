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

#include <event2/buffer.h>
#include <stdlib.h>

#include "common/log.h"
#include "control.h"
#include "db.h"

/*
 * message-get and message-export: the octets of stored messages, a chunk at
 * a time, as fast as the client takes them.
 */

struct body {
	int64_t		 message;	/* message.id */
	uint64_t	 offset;
	uint64_t	 end;
};

static unsigned char	 chunk[CONTROL_CHUNK];

static void	 body_clear(struct request *);
static int	 body_open(struct request *, sqlite3_stmt *, uint64_t);
static int	 body_write(struct request *);
static enum pump get_pump(struct request *);
static enum pump export_pump(struct request *);
static void	 body_start(struct request *,
		    enum pump (*)(struct request *));

static void
body_clear(struct request *r)
{
	free(r->state);
}

/*
 * Announce the row's octets from an offset.  They are tried first: once
 * announced, an error could not be told any more.  0, or -1 on such an
 * error.
 */
static int
body_open(struct request *r, sqlite3_stmt *st, uint64_t offset)
{
	struct body	*body = r->state;

	body->message = sqlite3_column_int64(st, MESSAGE_ROW);
	body->offset = offset;
	body->end = (uint64_t)sqlite3_column_int64(st, MESSAGE_SIZE);
	if (body->offset < body->end &&
	    body_read(body->message, body->offset, chunk, 1) != 1) {
		request_fail(r, ERR_UNAVAILABLE,
		    "the message's file cannot be read",
		    "See the log of kmaild.");
		return -1;
	}
	message_item(r, st, (int64_t)(body->end - body->offset));
	r->client->body = r;
	return 0;
}

/* 1 when all announced octets are written, else 0. */
static int
body_write(struct request *r)
{
	struct body	*body = r->state;
	size_t		 len;
	ssize_t		 n;

	if (body->offset == body->end) {
		r->client->body = NULL;
		return 1;
	}
	len = sizeof(chunk);
	if (body->end - body->offset < len)
		len = (size_t)(body->end - body->offset);
	if ((n = body_read(body->message, body->offset, chunk, len)) < 1) {
		client_cut(r->client);
		body->offset = body->end;
		return 0;
	}
	if (evbuffer_add(client_output(r->client), chunk, (size_t)n) == -1)
		fatal(LC_MEMORY);
	body->offset += (uint64_t)n;
	return 0;
}

static enum pump
get_pump(struct request *r)
{
	sqlite3_stmt	*st;
	int		 opened;

	if (r->client->body == r)
		return body_write(r) ? request_end(r) : PUMP_MORE;
	if ((st = message_find(r, r->args.message)) == NULL)
		return request_error(r);
	if (r->args.offset > sqlite3_column_int64(st, MESSAGE_SIZE)) {
		db_done(st);
		request_fail(r, ERR_INVALID,
		    "offset: beyond the end of the message", NULL);
		return request_error(r);
	}
	opened = body_open(r, st, (uint64_t)r->args.offset);
	db_done(st);
	return opened == -1 ? request_error(r) : PUMP_MORE;
}

static enum pump
export_pump(struct request *r)
{
	sqlite3_stmt	*st;
	int		 failed, opened;

	if (r->client->body == r) {
		body_write(r);
		return PUMP_MORE;
	}
	if ((st = message_after(&r->account, r->cursor, &failed)) == NULL)
		return failed ? request_internal(r) : request_end(r);
	r->cursor = sqlite3_column_int64(st, MESSAGE_ROW);
	opened = body_open(r, st, 0);
	db_done(st);
	return opened == -1 ? request_error(r) : PUMP_MORE;
}

static void
body_start(struct request *r, enum pump (*pump)(struct request *))
{
	struct account_row	 row;

	if (account_want(r, r->args.account, ALLOW_READ, &row) == -1)
		return;
	r->account = row.id;
	if ((r->state = calloc(1, sizeof(struct body))) == NULL)
		fatal(LC_MEMORY);
	r->clear = body_clear;
	r->pump = pump;
}

void
op_message_get(struct request *r)
{
	body_start(r, get_pump);
}

void
op_message_export(struct request *r)
{
	body_start(r, export_pump);
}
