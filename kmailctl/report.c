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

static int	 report_item(json_t *, void *);
static int	 check_item(json_t *, void *);

struct reports {
	struct columns	 t;
	json_t		*list;
};

void
report_columns(struct columns *t)
{
	static const char *const	 headers[] = { "NAME", "STATUS",
	    "LAST SYNC", ">IMPORTED", ">DUPLICATES", ">MESSAGES", ">WAITING",
	    "ERROR" };

	columns_begin(t, headers, sizeof(headers) / sizeof(headers[0]));
}

int
report_row(json_t *item, struct columns *t)
{
	columns_add(t, json_text(item, "label"));
	columns_addf(t, "%s%s", json_text(item, "last_sync_status"),
	    json_bool(item, "paused") ? ", paused" : "");
	columns_add(t, display_time(json_text(item, "last_sync_at")));
	columns_addf(t, "%lld",
	    (long long)json_int(item, "last_sync_imported"));
	columns_addf(t, "%lld",
	    (long long)json_int(item, "last_sync_duplicates"));
	columns_addf(t, "%lld", (long long)json_int(item, "messages"));
	columns_addf(t, "%lld", (long long)json_int(item, "waiting"));
	columns_add(t, json_text(item, "last_sync_error"));
	return CTL_DONE;
}

void
report_remedies(const json_t *list)
{
	const json_t	*item;
	const char	*remedy;
	size_t		 i;

	json_array_foreach(list, i, item) {
		remedy = json_text(item, "remedy");
		if (remedy[0] != '\0')
			printf("\n%s: %s\n\t%s\n", json_text(item, "label"),
			    json_text(item, "last_sync_error"), remedy);
	}
}

static int
report_item(json_t *item, void *arg)
{
	struct reports	*r = arg;

	json_array_append(r->list, item);
	return report_row(item, &r->t);
}

int
show_report(const struct call *call)
{
	struct reports	 r;
	json_t		*request = request_new("report");
	int		 code;

	request_names(request, call);
	if (options()->json)
		return daemon_ask(request, NULL, NULL);
	report_columns(&r.t);
	r.list = json_array();
	code = daemon_ask(request, report_item, &r);
	columns_end(&r.t);
	report_remedies(r.list);
	json_decref(r.list);
	return code;
}

static int
check_item(json_t *item, void *arg)
{
	static const char *const	 words[] = { "OK", "WARNING",
	    "CRITICAL" };
	const json_t	*accounts = json_object_get(item, "accounts"), *a;
	int64_t		 status = json_int(item, "status");
	size_t		 i;

	if (status < 0 || status > 2)
		status = 2;
	*(int *)arg = (int)status;
	if (options()->json) {
		json_line(item);
		return CTL_DONE;
	}
	printf("%s: %s", words[status], json_text(item, "text"));
	if (json_text(item, "key")[0] != '\0')
		printf("; %s", json_text(item, "key"));
	json_array_foreach(accounts, i, a)
		printf("; %s: %s%s%s%s", json_text(a, "label"),
		    json_text(a, "why"),
		    json_text(a, "error")[0] == '\0' ? "" : " (",
		    json_text(a, "error"),
		    json_text(a, "error")[0] == '\0' ? "" : ")");
	putchar('\n');
	return CTL_DONE;
}

/* Monitoring reads the exit code: 2 also when the answer is an error. */
int
check(const struct call *call)
{
	int	 code, status = 2;

	(void)call;
	code = daemon_ask(request_new("check"), check_item, &status);
	if (code == CTL_NODAEMON && !options()->json)
		printf("UNKNOWN: kmaild cannot be reached\n");
	return code == CTL_NODAEMON ? code : code != CTL_DONE ? 2 : status;
}
