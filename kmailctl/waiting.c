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
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* message waiting: the not-fetched list. */

static int	 waiting_item(json_t *, void *);
static int	 waiting_list(const char *);
static int	 waiting_change(const char *, int, char **);

static int
waiting_item(json_t *item, void *arg)
{
	struct columns	*t = arg;
	const char	*detail = json_text(item, "detail");
	char		 folder[4 * KM_FOLDER_MAX], size[DISPLAY_SIZE];

	columns_add(t, json_text(item, "label"));
	display_folder(json_text(item, "folder"), 0, folder, sizeof(folder));
	columns_add(t, folder);
	columns_addf(t, "%lld", (long long)json_int(item, "uid"));
	columns_add(t, json_int(item, "size") == 0 ? NULL :
	    display_octets(json_int(item, "size"), size));
	columns_addf(t, "%lld", (long long)json_int(item, "attempts"));
	columns_add(t, json_text(item, "state"));
	columns_add(t, display_time(json_text(item, "last")));
	columns_addf(t, "%s%s%s", json_text(item, "reason"),
	    detail[0] == '\0' ? "" : " ", detail);
	return CTL_DONE;
}

static int
waiting_list(const char *account)
{
	static const char *const	 headers[] = { "NAME", "FOLDER", ">UID",
	    ">SIZE", ">TRIES", "STATE", "LAST TRY", "REASON" };
	struct columns	 t;
	json_t		*request = request_new("waiting-list");
	int		 code;

	if (account != NULL)
		request_text(request, "account", account);
	if (options()->json)
		return daemon_ask(request, NULL, NULL);
	columns_begin(&t, headers, sizeof(headers) / sizeof(headers[0]));
	code = daemon_ask(request, waiting_item, &t);
	columns_end(&t);
	return code;
}

/* NAME [FOLDER [UID]] */
static int
waiting_change(const char *op, int argc, char **argv)
{
	char		 folder[TEXT_PERCENT_SIZE(KM_FOLDER_MAX)];
	const char	*wrong = NULL;
	json_t		*request;
	long long	 uid = 0;
	int		 code;

	if (argc == 3)
		uid = strtonum(argv[2], 1, UINT32_MAX, &wrong);
	if (wrong != NULL) {
		complain(NULL, "UID `%s': a number from 1 to 4294967295",
		    argv[2]);
		return CTL_USAGE;
	}
	if ((code = daemon_open()) != CTL_DONE)
		return code;
	ctl_sandbox(NULL);
	if (argc > 1 && (code = folder_find(argv[0], argv[1],
	    folder)) != CTL_DONE)
		return code;
	request = request_new(op);
	request_text(request, "account", argv[0]);
	if (argc > 1)
		request_text(request, "folder", folder);
	if (argc > 2)
		json_object_set_new(request, "uid", json_integer(uid));
	if ((code = daemon_run(request, NULL, NULL)) == CTL_DONE)
		printf(options()->json ? "{\"v\":1,\"type\":\"%s\"}\n" :
		    "%s: done\n", op);
	return code;
}

int
message_waiting(const struct call *call)
{
	static const char *const	 words[] = { "retry", "drop", NULL };
	static const char *const	 ops[] = { "waiting-retry",
	    "waiting-drop" };
	int		 several, word;

	if (call->argc == 0)
		return waiting_list(NULL);
	if (call->argc == 1)
		return waiting_list(call->argv[0]);
	if ((word = words_match(call->argv[0], words, &several)) == -1) {
		complain(NULL, "%s: unknown word after `message waiting'; "
		    "right would be: retry drop", call->argv[0]);
		return CTL_USAGE;
	}
	return waiting_change(ops[word], call->argc - 1, call->argv + 1);
}
