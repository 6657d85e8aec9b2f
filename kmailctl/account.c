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

#define FOLDER_TEXT	(4 * KM_FOLDER_MAX)	/* a name as UTF-8 */

static int	 list_item(json_t *, void *);
static int	 show_item(json_t *, void *);
static void	 show_line(const char *, const char *);
static void	 show_account(json_t *);
static void	 show_patterns(const json_t *);
static int	 simple(const char *, const struct call *, const char *);

void
account_columns(struct columns *t)
{
	static const char *const	 headers[] = { "NAME", "USER", "SERVER",
	    "PASSWORD", "EVERY", "STATUS", "LAST SUCCESS", "NEXT" };

	columns_begin(t, headers, sizeof(headers) / sizeof(headers[0]));
}

int
account_row(json_t *item, struct columns *t)
{
	const json_t	*imap = json_object_get(item, "imap");
	char		 every[DISPLAY_SIZE];
	int		 paused = json_bool(item, "paused");

	columns_add(t, json_text(item, "label"));
	columns_add(t, json_text(item, "user"));
	columns_addf(t, "%s:%d%s", json_text(imap, "host"),
	    (int)json_int(imap, "port"),
	    strcmp(json_text(imap, "tls"), "starttls") == 0 ? " starttls" :
	    "");
	columns_add(t, json_bool(item, "password") ? "yes" : "no");
	columns_add(t, display_every(json_int(item, "every"), every));
	columns_addf(t, "%s%s", json_text(item, "last_sync_status"),
	    json_bool(item, "orphan") ? ", unknown to the vault" :
	    paused ? ", paused" : "");
	columns_add(t, display_time(json_text(item, "last_success")));
	columns_add(t, paused ? "-" :
	    display_time(json_text(item, "next_due")));
	return CTL_DONE;
}

static int
list_item(json_t *item, void *arg)
{
	return account_row(item, arg);
}

int
account_list(const struct call *call)
{
	struct columns	 t;
	int		 code;

	(void)call;
	if (options()->json)
		return daemon_ask(request_new("account-list"), NULL, NULL);
	account_columns(&t);
	code = daemon_ask(request_new("account-list"), list_item, &t);
	if (code == CTL_DONE && t.ncells == 0)
		complain("`kmailctl help account add' shows how to add one.",
		    "there are no accounts that you may see");
	columns_end(&t);
	return code;
}

static void
show_patterns(const json_t *item)
{
	const json_t	*folders = json_object_get(item, "folders");
	char		 safe[FOLDER_TEXT], name[FOLDER_TEXT];
	size_t		 i;

	printf("folders:      ");
	if (json_array_size(folders) == 0)
		printf(" INBOX");
	for (i = 0; i < json_array_size(folders); i++) {
		display_folder(json_string_value(json_array_get(folders, i)),
		    1, name, sizeof(name));
		display_text(name, strlen(name), safe, sizeof(safe), 0);
		printf("%s%s", i == 0 ? " " : ", ", safe);
	}
	putchar('\n');
}

static void
show_line(const char *name, const char *value)
{
	char	 safe[FOLDER_TEXT];

	display_text(value, strlen(value), safe, sizeof(safe), 0);
	printf("%-14s %s\n", name, safe[0] == '\0' ? "-" : safe);
}

static void
show_account(json_t *item)
{
	const json_t	*imap = json_object_get(item, "imap");
	char		 text[KM_HOST_SIZE + 32], every[DISPLAY_SIZE];

	show_line("name:", json_text(item, "label"));
	show_line("id:", json_text(item, "account"));
	show_line("tenant:", json_text(item, "tenant"));
	show_line("auth:", json_text(item, "auth"));
	show_line("user:", json_text(item, "user"));
	snprintf(text, sizeof(text), "%s:%d %s", json_text(imap, "host"),
	    (int)json_int(imap, "port"), json_text(imap, "tls"));
	show_line("imap:", text);
	show_line("password:", json_bool(item, "password") ? "stored" :
	    "none");
	show_patterns(item);
	snprintf(text, sizeof(text), "%s%s",
	    display_every(json_int(item, "every"), every),
	    json_bool(item, "every_default") ? " (default)" : "");
	show_line("every:", text);
	show_line("since:", json_text(item, "since")[0] == '\0' ? "all" :
	    json_text(item, "since"));
	snprintf(text, sizeof(text), "%lld",
	    (long long)json_int(item, "newest"));
	show_line("newest:", json_int(item, "newest") == 0 ? "all" : text);
	show_line("paused:", json_bool(item, "paused") ? "yes" : "no");
	show_line("status:", json_text(item, "last_sync_status"));
	show_line("last sync:", json_text(item, "last_sync_at"));
	show_line("last success:", json_text(item, "last_success"));
	show_line("next:", json_text(item, "next_due"));
	show_line("error:", json_text(item, "last_sync_error"));
	if (json_text(item, "remedy")[0] != '\0')
		show_line("remedy:", json_text(item, "remedy"));
	putchar('\n');
}

static int
show_item(json_t *item, void *arg)
{
	struct columns	*t = arg;
	char		 name[FOLDER_TEXT];

	if (json_type_is(item, "account")) {
		show_account(item);
		return CTL_DONE;
	}
	display_folder(json_text(item, "folder"), json_bool(item, "utf8"),
	    name, sizeof(name));
	columns_add(t, name);
	columns_addf(t, "%lld", (long long)json_int(item, "messages"));
	columns_addf(t, "%lld", (long long)json_int(item, "waiting"));
	columns_addf(t, "%lld", (long long)json_int(item, "uidvalidity"));
	columns_addf(t, "%lld", (long long)json_int(item, "covered"));
	columns_add(t, json_bool(item, "present") ? "yes" : "no");
	return CTL_DONE;
}

int
account_show(const struct call *call)
{
	static const char *const	 headers[] = { "FOLDER", ">MESSAGES",
	    ">WAITING", ">UIDVALIDITY", ">UP TO UID", "PRESENT" };
	struct columns	 t;
	json_t		*request = request_new("account-show");
	int		 code;

	request_text(request, "account", call->argv[0]);
	if (options()->json)
		return daemon_ask(request, NULL, NULL);
	columns_begin(&t, headers, sizeof(headers) / sizeof(headers[0]));
	code = daemon_ask(request, show_item, &t);
	columns_end(&t);
	return code;
}

/* One that has no items: say what was done. */
static int
simple(const char *op, const struct call *call, const char *done)
{
	json_t	*request = request_new(op);
	int	 code;

	request_text(request, "account", call->argv[0]);
	if ((code = daemon_ask(request, NULL, NULL)) == CTL_DONE) {
		if (options()->json)
			printf("{\"v\":1,\"type\":\"%s\",\"account\":"
			    "\"%s\"}\n", done, call->argv[0]);
		else
			printf("account %s: %s\n", call->argv[0], done);
	}
	return code;
}

int
account_pause(const struct call *call)
{
	return simple("account-pause", call, "paused");
}

int
account_resume(const struct call *call)
{
	return simple("account-resume", call, "resumed");
}
