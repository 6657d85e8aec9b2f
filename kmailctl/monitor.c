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

static int	 event_item(json_t *, void *);

static int
event_item(json_t *item, void *arg)
{
	const char	*label = json_text(item, "label");

	(void)arg;
	if (options()->json) {
		json_line(item);
		return CTL_DONE;
	}
	if (label[0] == '\0')
		label = json_text(item, "account");
	printf("%s %s%s%s\n", json_text(item, "time"), label,
	    label[0] == '\0' ? "" : ": ", json_text(item, "text"));
	fflush(stdout);
	return ferror(stdout) ? CTL_FAILED : CTL_DONE;
}

int
monitor(const struct call *call)
{
	(void)call;
	daemon_patience(0);
	return daemon_ask(request_new("monitor"), event_item, NULL);
}
