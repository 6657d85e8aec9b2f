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

#include <stdio.h>

#include "ctl.h"

/* reload, stop, log: what the parent does on an administrator's word. */

#define STOP_TIME	60	/* seconds for fetches to end in order */

static int	 parent_ask(json_t *, const char *);
static int	 log_set(int);

static int
parent_ask(json_t *request, const char *done)
{
	int	 code;

	if ((code = daemon_ask(request, NULL, NULL)) != CTL_DONE)
		return code;
	if (options()->json)
		printf("{\"v\":1,\"type\":\"%s\"}\n", done);
	else
		printf("%s\n", done);
	return CTL_DONE;
}

int
daemon_reload(const struct call *call)
{
	(void)call;
	return parent_ask(request_new("reload"), "reloaded");
}

int
daemon_stop(const struct call *call)
{
	int	 code;

	(void)call;
	if ((code = daemon_ask(request_new("stop"), NULL, NULL)) != CTL_DONE)
		return code;
	daemon_wait_closed(STOP_TIME);
	printf(options()->json ? "{\"v\":1,\"type\":\"stopped\"}\n" :
	    "stopped\n");
	return CTL_DONE;
}

static int
log_set(int verbose)
{
	json_t	*request = request_new("log");

	json_object_set_new(request, "verbose", json_boolean(verbose));
	return parent_ask(request, verbose ? "verbose" : "brief");
}

int
log_brief(const struct call *call)
{
	(void)call;
	return log_set(0);
}

int
log_verbose(const struct call *call)
{
	(void)call;
	return log_set(1);
}
