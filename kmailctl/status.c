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

struct status {
	struct columns	 processes;
	struct columns	 sessions;
	struct columns	 accounts;
};

static void	 key_line(const json_t *);
static void	 process_row(const json_t *, struct columns *);
static void	 session_row(const json_t *, struct columns *);
static int	 status_item(json_t *, void *);
static void	 section(struct columns *);

static void
key_line(const json_t *item)
{
	printf("key: %s\n", json_text(item, "reason")[0] != '\0' ?
	    json_text(item, "reason") : json_text(item, "state"));
	if (json_text(item, "remedy")[0] != '\0')
		printf("\t%s\n", json_text(item, "remedy"));
}

static void
process_row(const json_t *item, struct columns *t)
{
	const json_t	*missing = json_object_get(item, "missing");
	char		 sandbox[128];
	size_t		 i;

	columns_add(t, json_text(item, "name"));
	if (json_int(item, "pid") == 0)
		columns_add(t, NULL);
	else
		columns_addf(t, "%lld", (long long)json_int(item, "pid"));
	columns_add(t, json_text(item, "state"));
	columns_add(t, display_time(json_text(item, "since")));
	columns_addf(t, "%lld", (long long)json_int(item, "restarts"));
	columns_add(t, json_text(item, "last_exit"));
	snprintf(sandbox, sizeof(sandbox), "complete");
	if (json_array_size(missing) > 0)
		snprintf(sandbox, sizeof(sandbox), "without");
	for (i = 0; i < json_array_size(missing); i++) {
		strlcat(sandbox, i == 0 ? " " : ", ", sizeof(sandbox));
		strlcat(sandbox, json_string_value(json_array_get(missing,
		    i)), sizeof(sandbox));
	}
	columns_add(t, strcmp(sandbox, "without sandbox") == 0 ?
	    "NONE (sanitizer build)" : sandbox);
}

static void
session_row(const json_t *item, struct columns *t)
{
	char	 octets[DISPLAY_SIZE];

	columns_add(t, json_text(item, "label"));
	columns_add(t, json_text(item, "purpose"));
	columns_add(t, json_text(item, "stage"));
	columns_add(t, display_time(json_text(item, "since")));
	columns_addf(t, "%lld/%lld", (long long)json_int(item, "done"),
	    (long long)json_int(item, "found"));
	columns_add(t, display_octets(json_int(item, "octets"), octets));
}

static int
status_item(json_t *item, void *arg)
{
	struct status	*s = arg;

	if (json_type_is(item, "key"))
		key_line(item);
	else if (json_type_is(item, "process"))
		process_row(item, &s->processes);
	else if (json_type_is(item, "session"))
		session_row(item, &s->sessions);
	else if (json_type_is(item, "account"))
		account_row(item, &s->accounts);
	return CTL_DONE;
}

static void
section(struct columns *t)
{
	if (t->ncells > 0)
		putchar('\n');
	columns_end(t);
}

int
show_status(const struct call *call)
{
	static const char *const	 processes[] = { "PROCESS", ">PID",
	    "STATE", "SINCE", ">RESTARTS", "LAST EXIT", "SANDBOX" };
	static const char *const	 sessions[] = { "SESSION OF", "PURPOSE",
	    "STAGE", "SINCE", ">MESSAGES", ">OCTETS" };
	struct status	 s;
	int		 code;

	(void)call;
	if (options()->json)
		return daemon_ask(request_new("status"), NULL, NULL);
	columns_begin(&s.processes, processes,
	    sizeof(processes) / sizeof(processes[0]));
	columns_begin(&s.sessions, sessions,
	    sizeof(sessions) / sizeof(sessions[0]));
	account_columns(&s.accounts);
	code = daemon_ask(request_new("status"), status_item, &s);
	section(&s.processes);
	section(&s.sessions);
	section(&s.accounts);
	return code;
}
