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
#include <unistd.h>

#include "ctl.h"

#define ID_SHOWN	12	/* digits in a table: enough to be unique */
#define FROM_COLUMNS	26
#define FIELD_MAX	2048	/* a header field as UTF-8 */
#define CHUNK		30000	/* octets at once; a multiple of 3 for base64 */

struct find {
	const char	*word;
	char		*out;		/* TEXT_PERCENT_SIZE(KM_FOLDER_MAX) */
	int		 found;
	int		 several;
};

struct list {
	size_t		 columns;	/* of the terminal; 0: no limit */
	int		 begun;		/* the header is there */
};

static int	 find_item(json_t *, void *);
static void	 field(const json_t *, const char *, char *, size_t, size_t);
static void	 pad(const char *, size_t, size_t);
static int	 list_item(json_t *, void *);
static void	 show_head(const json_t *);
static void	 show_field(const char *, const json_t *, const char *);
static int	 show_item(json_t *, void *);
static void	 show_base64(const unsigned char *, size_t);
static int	 show_octets(size_t, int);
static int	 message_word(const char *);

static int
find_item(json_t *item, void *arg)
{
	struct find	*f = arg;
	const char	*percent = json_text(item, "folder");
	char		 name[4 * KM_FOLDER_MAX];
	char		 typed[TEXT_PERCENT_SIZE(KM_FOLDER_MAX)];

	if (!json_type_is(item, "folder"))
		return CTL_DONE;
	display_folder(percent, json_bool(item, "utf8"), name, sizeof(name));
	text_percent(f->word, strlen(f->word), typed);
	if (strcmp(f->word, percent) != 0 && strcmp(typed, percent) != 0 &&
	    strcmp(f->word, name) != 0 && !(strcmp(percent, "INBOX") == 0 &&
	    strcasecmp(f->word, "INBOX") == 0))
		return CTL_DONE;
	if (f->found && strcmp(f->out, percent) != 0)
		f->several = 1;
	f->found = 1;
	strlcpy(f->out, percent, TEXT_PERCENT_SIZE(KM_FOLDER_MAX));
	return CTL_DONE;
}

/* A name as shown, as typed on the server, or in the daemon's form. */
int
folder_find(const char *account, const char *word,
    char out[TEXT_PERCENT_SIZE(KM_FOLDER_MAX)])
{
	struct find	 f = { word, out, 0, 0 };
	json_t		*request = request_new("account-show");
	int		 code;

	if (strlen(word) > KM_FOLDER_MAX) {
		complain(NULL, "a folder's name has at most %d octets",
		    KM_FOLDER_MAX);
		return CTL_USAGE;
	}
	request_text(request, "account", account);
	if ((code = daemon_run(request, find_item, &f)) != CTL_DONE)
		return code;
	if (f.found && !f.several)
		return CTL_DONE;
	complain("`kmailctl account show' lists them; the %XX form of -j is "
	    "never ambiguous.", f.several ? "%s: several folders are called "
	    "so" : "%s: no such folder was fetched", word);
	return CTL_FAILED;
}

/* One header field, decoded and safe. */
static void
field(const json_t *item, const char *key, char *out, size_t size,
    size_t columns)
{
	char	 decoded[FIELD_MAX];

	display_decode(json_text(item, key), decoded, sizeof(decoded));
	display_text(decoded, strlen(decoded), out, size, columns);
}

static void
pad(const char *text, size_t used, size_t columns)
{
	printf("%s%*s", text, used < columns ? (int)(columns - used) : 0, "");
}

static int
list_item(json_t *item, void *arg)
{
	struct list	*list = arg;
	char		 text[FIELD_MAX], size[DISPLAY_SIZE];
	size_t		 fixed = ID_SHOWN + 2 + 17 + 2 + 7 + 2 +
			    FROM_COLUMNS + 2;

	if (options()->json) {
		json_line(item);
		return CTL_DONE;
	}
	if (!list->begun)
		printf("%-*s  %-17s  %7s  %-*s  %s\n", ID_SHOWN, "MESSAGE",
		    "RECEIVED", "SIZE", FROM_COLUMNS, "FROM", "SUBJECT");
	list->begun = 1;
	printf("%.*s  %-17s  %7s  ", ID_SHOWN, json_text(item, "message"),
	    display_time(json_text(item, "internaldate")),
	    display_octets(json_int(item, "size"), size));
	field(item, "from", text, sizeof(text), FROM_COLUMNS);
	pad(text, display_text(text, strlen(text), text, sizeof(text), 0),
	    FROM_COLUMNS);
	field(item, "subject", text, sizeof(text), list->columns == 0 ?
	    0 : list->columns > fixed + 10 ? list->columns - fixed : 10);
	printf("  %s\n", text);
	return ferror(stdout) ? CTL_FAILED : CTL_DONE;
}

int
message_list(const struct call *call)
{
	struct list	 list = { display_columns(STDOUT_FILENO), 0 };
	char		 folder[TEXT_PERCENT_SIZE(KM_FOLDER_MAX)];
	json_t		*request;
	int		 code;

	if ((code = daemon_open()) != CTL_DONE)
		return code;
	ctl_sandbox(NULL);
	if (call->argc == 2 && (code = folder_find(call->argv[0],
	    call->argv[1], folder)) != CTL_DONE)
		return code;
	request = request_new("message-list");
	request_text(request, "account", call->argv[0]);
	if (call->argc == 2)
		request_text(request, "folder", folder);
	return daemon_run(request, list_item, &list);
}

static void
show_field(const char *name, const json_t *item, const char *key)
{
	char	 text[FIELD_MAX];

	field(item, key, text, sizeof(text), 0);
	printf("%-10s %s\n", name, text[0] == '\0' ? "-" : text);
}

static void
show_head(const json_t *item)
{
	const json_t	*folders = json_object_get(item, "folders"), *f;
	char		 name[4 * KM_FOLDER_MAX], safe[4 * KM_FOLDER_MAX];
	size_t		 i;

	show_field("message:", item, "message");
	show_field("received:", item, "internaldate");
	show_field("date:", item, "date");
	show_field("from:", item, "from");
	show_field("subject:", item, "subject");
	printf("size:      %lld\n", (long long)json_int(item, "size"));
	json_array_foreach(folders, i, f) {
		display_folder(json_text(f, "folder"), 0, name, sizeof(name));
		display_text(name, strlen(name), safe, sizeof(safe), 0);
		printf("folder:    %s, UID %lld\n", safe,
		    (long long)json_int(f, "uid"));
	}
	putchar('\n');
}

static void
show_base64(const unsigned char *data, size_t len)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t		 v;
	size_t			 i;

	for (i = 0; i < len; i += 3) {
		v = (uint32_t)data[i] << 16;
		if (i + 1 < len)
			v |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			v |= data[i + 2];
		putchar(digits[v >> 18]);
		putchar(digits[v >> 12 & 63]);
		putchar(i + 1 < len ? digits[v >> 6 & 63] : '=');
		putchar(i + 2 < len ? digits[v & 63] : '=');
	}
}

/* Pass the announced octets on, a chunk at a time. */
static int
show_octets(size_t left, int raw)
{
	static unsigned char	 data[CHUNK];
	struct display		 display;
	size_t			 n;

	memset(&display, 0, sizeof(display));
	for (; left > 0; left -= n) {
		n = left < sizeof(data) ? left : sizeof(data);
		if (daemon_read(data, n) == -1)
			return CTL_NODAEMON;
		if (options()->json)
			show_base64(data, n);
		else if (raw)
			fwrite(data, 1, n, stdout);
		else
			display_message(&display, data, n);
		if (ferror(stdout))
			return CTL_FAILED;
	}
	if (!options()->json && !raw)
		display_message_end(&display);
	return CTL_DONE;
}

/* With -j: the object, and the octets as its last member. */
static int
show_item(json_t *item, void *arg)
{
	const struct call	*call = arg;
	char			*line;
	size_t			 bytes = (size_t)json_int(item, "bytes");
	int			 code;

	if (!options()->json) {
		if (!call->flag)
			show_head(item);
		return show_octets(bytes, call->flag);
	}
	json_object_del(item, "id");
	json_object_del(item, "bytes");
	if ((line = json_dumps(item, JSON_COMPACT)) == NULL)
		return CTL_FAILED;
	printf("%.*s,\"base64\":\"", (int)strlen(line) - 1, line);
	free(line);
	code = show_octets(bytes, 0);
	printf("\"}\n");
	return code;
}

static int
message_word(const char *id)
{
	size_t	 n = strspn(id, "0123456789abcdef");

	if (id[n] == '\0' && n >= 8 && n < ID_HEX_SIZE)
		return 0;
	complain("The first column of `kmailctl message list' shows it.",
	    "`%s': a message's id is 8 to 32 hexadecimal digits", id);
	return -1;
}

int
message_show(const struct call *call)
{
	json_t	*request;

	if (message_word(call->argv[1]) == -1)
		return CTL_USAGE;
	request = request_new("message-get");
	request_text(request, "account", call->argv[0]);
	request_text(request, "message", call->argv[1]);
	return daemon_ask(request, show_item, (void *)(uintptr_t)call);
}
