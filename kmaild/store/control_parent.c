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

/* What the parent does on an administrator's word: reload, stop, log. */

static enum pump parent_wait(struct request *);
static void	 parent_ask(struct request *, enum msg_type, int);

static enum pump
parent_wait(struct request *r)
{
	(void)r;
	return PUMP_WAIT;
}

static void
parent_ask(struct request *r, enum msg_type type, int verbose)
{
	if (!allowed_all(r->client, ALLOW_ADMIN)) {
		request_fail(r, ERR_DENIED,
		    "only an administrator of all accounts may do this",
		    "Ask for `allow ... { admin }` in kmaild.conf(5).");
		return;
	}
	r->pump = parent_wait;
	if (parent_request(type, verbose, r->serial) == -1)
		request_fail(r, ERR_BUSY, "too many such requests under way",
		    "Try again later.");
}

void
op_reload(struct request *r)
{
	parent_ask(r, M_CTL_RELOAD, 0);
}

void
op_stop(struct request *r)
{
	parent_ask(r, M_CTL_STOP, 0);
}

void
op_log(struct request *r)
{
	parent_ask(r, M_CTL_LOG, r->args.verbose);
}

void
control_parent_result(uint64_t serial, int ok, const char *text)
{
	struct request	*r;
	char		*p;

	if ((r = request_find(serial)) == NULL)
		return;
	r->pump = request_end;
	if (!ok) {
		request_fail(r, ERR_INVALID, "the parent refused",
		    "Nothing was changed: the configuration of before is in "
		    "force.");
		if ((r->own_text = strdup(text)) == NULL)
			fatal(LC_MEMORY);
		for (p = r->own_text; *p != '\0'; p++)
			if (*p == '\n')
				*p = p[1] == '\0' ? '\0' : ' ';
	}
	client_wake(r->client);
}
