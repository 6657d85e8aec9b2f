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
#include <string.h>

#include "ctl.h"

static void	 step_detail(const json_t *);
static int	 test_item(json_t *, void *);

static void
step_detail(const json_t *item)
{
	const char	*step = json_text(item, "step");
	char		 who[KM_CERTNAME_SIZE * 3];

	if (strcmp(step, "name") == 0)
		printf("%lld address%s",
		    (long long)json_int(item, "addresses"),
		    json_int(item, "addresses") == 1 ? "" : "es");
	else if (strcmp(step, "tcp") == 0 && json_int(item, "port") != 0)
		printf("%s port %lld", json_text(item, "address"),
		    (long long)json_int(item, "port"));
	else if (strcmp(step, "tls") == 0 &&
	    json_text(item, "subject")[0] != '\0') {
		display_text(json_text(item, "subject"),
		    strlen(json_text(item, "subject")), who, sizeof(who), 0);
		printf("%s\n\t\tissued by ", who);
		display_text(json_text(item, "issuer"),
		    strlen(json_text(item, "issuer")), who, sizeof(who), 0);
		printf("%s\n\t\tvalid until %s\n\t\tkey SHA-256 %s", who,
		    json_text(item, "not_after"), json_text(item, "spki"));
	} else if (strcmp(step, "folders") == 0)
		printf("%lld in all, %lld to fetch",
		    (long long)json_int(item, "folders"),
		    (long long)json_int(item, "chosen"));
}

static int
test_item(json_t *item, void *arg)
{
	int	*ok = arg;

	if (json_type_is(item, "result"))
		*ok = json_bool(item, "ok");
	if (options()->json) {
		json_line(item);
		return CTL_DONE;
	}
	if (json_type_is(item, "result")) {
		if (!*ok)
			complain(json_text(item, "remedy"), "%s",
			    json_text(item, "error"));
		return CTL_DONE;
	}
	printf("%-8s%-8s", json_text(item, "step"), json_bool(item, "ok") ?
	    "ok" : "FAILED");
	if (json_bool(item, "ok"))
		step_detail(item);
	else
		printf("%s", json_text(item, "error"));
	putchar('\n');
	fflush(stdout);
	return CTL_DONE;
}

int
account_test(const struct call *call)
{
	json_t	*request = request_new("account-test");
	int	 code, ok = 0;

	request_text(request, "account", call->argv[0]);
	daemon_patience(0);
	code = daemon_ask(request, test_item, &ok);
	return code == CTL_DONE && !ok ? CTL_FAILED : code;
}
