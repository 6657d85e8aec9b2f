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

#include "common/log.h"
#include "control.h"

static void	(*const op_start[OP_MAX])(struct request *) = {
	[OP_STATUS] = op_status,
	[OP_ACCOUNT_LIST] = op_account_list,
	[OP_ACCOUNT_SHOW] = op_account_show,
	[OP_ACCOUNT_PAUSE] = op_account_pause,
	[OP_ACCOUNT_RESUME] = op_account_resume,
	[OP_ACCOUNT_TEST] = op_account_test,
	[OP_SYNC] = op_sync,
	[OP_REPORT] = op_report,
	[OP_CHECK] = op_check,
	[OP_MESSAGE_LIST] = op_message_list,
	[OP_MESSAGE_GET] = op_message_get,
	[OP_MESSAGE_EXPORT] = op_message_export,
	[OP_WAITING_LIST] = op_waiting_list,
	[OP_WAITING_RETRY] = op_waiting_change,
	[OP_WAITING_DROP] = op_waiting_change,
	[OP_MONITOR] = op_monitor,
	[OP_RELOAD] = op_reload,
	[OP_STOP] = op_stop,
	[OP_LOG] = op_log,
};

static TAILQ_HEAD(, request)	 all = TAILQ_HEAD_INITIALIZER(all);
static uint64_t			 last_serial;

static struct request	*request_new(struct client *);
static void		 request_malformed(struct request *, enum parsed,
			    const char *);

static struct request *
request_new(struct client *client)
{
	struct request	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal(LC_MEMORY);
	r->client = client;
	r->serial = ++last_serial;
	r->pump = request_end;
	TAILQ_INSERT_TAIL(&client->requests, r, entry);
	TAILQ_INSERT_TAIL(&all, r, all);
	client->nrequests++;
	return r;
}

void
request_free(struct request *r)
{
	struct client	*client = r->client;

	if (r->clear != NULL)
		r->clear(r);
	if (client->body == r)
		client->body = NULL;
	TAILQ_REMOVE(&client->requests, r, entry);
	TAILQ_REMOVE(&all, r, all);
	client->nrequests--;
	args_clear(&r->args);
	free(r->own_text);
	free(r);
}

struct request *
request_find(uint64_t serial)
{
	struct request	*r;

	TAILQ_FOREACH(r, &all, all)
		if (r->serial == serial)
			return r;
	return NULL;
}

struct request *
request_next(struct request *r, enum op op)
{
	r = r == NULL ? TAILQ_FIRST(&all) : TAILQ_NEXT(r, all);
	while (r != NULL && r->args.op != op)
		r = TAILQ_NEXT(r, all);
	return r;
}

/*
 * The client does not speak the protocol: all that it asked is forgotten.
 * Announced octets that are still due must not be followed by a line.
 */
static void
request_malformed(struct request *r, enum parsed parsed, const char *text)
{
	struct client	*client = r->client;
	struct request	*other, *next;
	int		 silent = client->body != NULL;

	client->closing = 1;
	TAILQ_FOREACH_SAFE(other, &client->requests, entry, next)
		if (other != r || silent)
			request_free(other);
	if (!silent)
		request_fail(r, parsed == PARSED_VERSION ? ERR_VERSION :
		    ERR_MALFORMED, text, "See kmaild-protocol(5).");
}

/* NULL is a line that was too long. */
void
request_line(struct client *client, const char *line, size_t len)
{
	struct request	*r;
	const char	*text;
	enum parsed	 parsed;

	r = request_new(client);
	if (line == NULL) {
		r->args.id = -1;
		parsed = PARSED_MALFORMED;
		text = "a line of more than 65536 octets";
	} else
		parsed = args_parse(line, len, &r->args, &text);
	switch (parsed) {
	case PARSED_OK:
		if (allowed_any(client, ALLOW_READ | ALLOW_SEND |
		    ALLOW_OPERATE | ALLOW_ADMIN))
			op_start[r->args.op](r);
		else
			request_fail(r, ERR_DENIED,
			    "you have no rights on this kmaild",
			    "Ask for an `allow` line in kmaild.conf(5).");
		break;
	case PARSED_INVALID:
		request_fail(r, ERR_INVALID, text, "See kmaild-protocol(5).");
		break;
	case PARSED_MALFORMED:
	case PARSED_VERSION:
		request_malformed(r, parsed, text);
		break;
	}
}

void
request_fail(struct request *r, const char *error, const char *text,
    const char *remedy)
{
	r->error = error;
	r->text = text;
	r->remedy = remedy;
	r->pump = request_error;
}

enum pump
request_pump(struct request *r)
{
	return r->pump(r);
}

enum pump
request_error(struct request *r)
{
	json_t	*item = reply_item(r, "error");

	reply_text(item, "error", r->error);
	reply_text(item, "message", r->own_text != NULL ? r->own_text :
	    r->text);
	reply_text(item, "remedy", r->remedy);
	reply_send(r, item);
	return PUMP_DONE;
}

enum pump
request_end(struct request *r)
{
	reply_send(r, reply_item(r, "end"));
	return PUMP_DONE;
}

enum pump
request_internal(struct request *r)
{
	request_fail(r, ERR_INTERNAL, "the database could not be read",
	    "See the log of kmaild.");
	return request_error(r);
}
