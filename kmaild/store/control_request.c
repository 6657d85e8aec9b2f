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

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "control.h"

#define VERSION		1
#define ID_MAX		((int64_t)1 << 53)	/* exact in every JSON reader */

static const struct {
	const char	*name;
	unsigned int	 must;
	unsigned int	 may;
} ops[OP_MAX] = {
	[OP_STATUS] = { "status", 0, 0 },
	[OP_ACCOUNT_LIST] = { "account-list", 0, 0 },
	[OP_ACCOUNT_SHOW] = { "account-show", KEY_ACCOUNT, 0 },
	[OP_ACCOUNT_PAUSE] = { "account-pause", KEY_ACCOUNT, 0 },
	[OP_ACCOUNT_RESUME] = { "account-resume", KEY_ACCOUNT, 0 },
	[OP_ACCOUNT_TEST] = { "account-test", KEY_ACCOUNT, 0 },
	[OP_SYNC] = { "sync", 0, KEY_ACCOUNTS },
	[OP_REPORT] = { "report", 0, KEY_ACCOUNTS },
	[OP_CHECK] = { "check", 0, 0 },
	[OP_MESSAGE_LIST] = { "message-list", KEY_ACCOUNT,
	    KEY_FOLDER | KEY_AFTER | KEY_LIMIT },
	[OP_MESSAGE_GET] = { "message-get", KEY_ACCOUNT | KEY_MESSAGE,
	    KEY_OFFSET },
	[OP_MESSAGE_EXPORT] = { "message-export", KEY_ACCOUNT, 0 },
	[OP_WAITING_LIST] = { "waiting-list", 0, KEY_ACCOUNT },
	[OP_WAITING_RETRY] = { "waiting-retry", KEY_ACCOUNT,
	    KEY_FOLDER | KEY_UID },
	[OP_WAITING_DROP] = { "waiting-drop", KEY_ACCOUNT,
	    KEY_FOLDER | KEY_UID },
	[OP_MONITOR] = { "monitor", 0, KEY_SINCE },
	[OP_RELOAD] = { "reload", 0, 0 },
	[OP_STOP] = { "stop", 0, 0 },
	[OP_LOG] = { "log", KEY_VERBOSE, 0 },
};

static const char	*take_account(struct args *, const json_t *);
static const char	*take_accounts(struct args *, const json_t *);
static const char	*take_folder(struct args *, const json_t *);
static const char	*take_uid(struct args *, const json_t *);
static const char	*take_after(struct args *, const json_t *);
static const char	*take_limit(struct args *, const json_t *);
static const char	*take_message(struct args *, const json_t *);
static const char	*take_offset(struct args *, const json_t *);
static const char	*take_since(struct args *, const json_t *);
static const char	*take_verbose(struct args *, const json_t *);
static int		 label_copy(const json_t *, char *);
static int		 mid_copy(const json_t *, char *);
static int		 integer_copy(const json_t *, int64_t, int64_t,
			    int64_t *);
static enum parsed	 envelope(struct args *, const json_t *,
			    const char **);
static enum parsed	 take_keys(struct args *, json_t *, const char **);

static const struct {
	const char	*name;
	unsigned int	 key;
	/* NULL, or what is wrong with the value. */
	const char	*(*take)(struct args *, const json_t *);
} keys[] = {
	{ "account", KEY_ACCOUNT, take_account },
	{ "accounts", KEY_ACCOUNTS, take_accounts },
	{ "folder", KEY_FOLDER, take_folder },
	{ "uid", KEY_UID, take_uid },
	{ "after", KEY_AFTER, take_after },
	{ "limit", KEY_LIMIT, take_limit },
	{ "message", KEY_MESSAGE, take_message },
	{ "offset", KEY_OFFSET, take_offset },
	{ "since", KEY_SINCE, take_since },
	{ "verbose", KEY_VERBOSE, take_verbose },
};

#define NKEYS	(sizeof(keys) / sizeof(keys[0]))

/* Any text that fits: what it names is looked up, not trusted. */
static int
label_copy(const json_t *value, char *label)
{
	const char	*text;

	if ((text = json_string_value(value)) == NULL || text[0] == '\0')
		return -1;
	if (strlcpy(label, text, KM_LABEL_SIZE) >= KM_LABEL_SIZE)
		return -1;
	return 0;
}

static int
mid_copy(const json_t *value, char *mid)
{
	const char	*text;
	size_t		 len;

	if ((text = json_string_value(value)) == NULL)
		return -1;
	len = strlen(text);
	if (len < CONTROL_MID_MIN || len >= ID_HEX_SIZE ||
	    strspn(text, "0123456789abcdef") != len)
		return -1;
	memcpy(mid, text, len + 1);
	return 0;
}

static int
integer_copy(const json_t *value, int64_t least, int64_t most, int64_t *out)
{
	json_int_t	 i;

	if (!json_is_integer(value))
		return -1;
	i = json_integer_value(value);
	if (i < least || i > most)
		return -1;
	*out = i;
	return 0;
}

static const char *
take_account(struct args *args, const json_t *value)
{
	return label_copy(value, args->account) == -1 ?
	    "account: the name or id of an account" : NULL;
}

static const char *
take_accounts(struct args *args, const json_t *value)
{
	static const char	 wrong[] =
	    "accounts: an array of names or ids of accounts, at most 1024";
	size_t			 i, n;

	n = json_array_size(value);
	if (!json_is_array(value) || n == 0 || n > CONTROL_ACCOUNTS)
		return wrong;
	if ((args->accounts = calloc(n, sizeof(*args->accounts))) == NULL)
		return "out of memory";
	for (i = 0; i < n; i++)
		if (label_copy(json_array_get(value, i),
		    args->accounts[i]) == -1)
			return wrong;
	args->naccounts = n;
	return NULL;
}

static const char *
take_folder(struct args *args, const json_t *value)
{
	const char	*text;
	int		 n;

	if ((text = json_string_value(value)) == NULL || (n =
	    text_unpercent(text, args->folder, sizeof(args->folder))) < 1)
		return "folder: a folder's name, %XX for octets outside "
		    "printable ASCII";
	args->folder_len = (size_t)n;
	return NULL;
}

static const char *
take_uid(struct args *args, const json_t *value)
{
	int64_t	 i;

	if (integer_copy(value, 1, UINT32_MAX, &i) == -1)
		return "uid: an integer from 1 to 4294967295";
	args->uid = (uint32_t)i;
	return NULL;
}

static const char *
take_after(struct args *args, const json_t *value)
{
	if (mid_copy(value, args->after) == -1 ||
	    strlen(args->after) != ID_HEX_SIZE - 1)
		return "after: a message id, 32 lower-case hexadecimal digits";
	return NULL;
}

static const char *
take_limit(struct args *args, const json_t *value)
{
	return integer_copy(value, 1, ID_MAX, &args->limit) == -1 ?
	    "limit: an integer from 1 up" : NULL;
}

static const char *
take_message(struct args *args, const json_t *value)
{
	return mid_copy(value, args->message) == -1 ?
	    "message: a message id, 8 to 32 lower-case hexadecimal digits" :
	    NULL;
}

static const char *
take_offset(struct args *args, const json_t *value)
{
	return integer_copy(value, 0, ID_MAX, &args->offset) == -1 ?
	    "offset: an integer from 0 up" : NULL;
}

static const char *
take_since(struct args *args, const json_t *value)
{
	return integer_copy(value, 0, ID_MAX, &args->since) == -1 ?
	    "since: the number of an event, from 0 up" : NULL;
}

static const char *
take_verbose(struct args *args, const json_t *value)
{
	if (!json_is_boolean(value))
		return "verbose: true or false";
	args->verbose = json_is_true(value);
	return NULL;
}

/* "v", "id" and "op". */
static enum parsed
envelope(struct args *args, const json_t *root, const char **text)
{
	const json_t	*value;
	const char	*name;
	int64_t		 v, id;
	int		 op;

	if (integer_copy(json_object_get(root, "id"), 0, ID_MAX, &id) == 0)
		args->id = id;
	if (integer_copy(json_object_get(root, "v"), INT64_MIN, INT64_MAX,
	    &v) == -1) {
		*text = "v: the version, an integer, must be there";
		return PARSED_MALFORMED;
	}
	if (v != VERSION) {
		*text = "this daemon speaks version 1";
		return PARSED_VERSION;
	}
	if (args->id == -1) {
		*text = "id: an integer from 0 to 9007199254740992 must be "
		    "there";
		return PARSED_MALFORMED;
	}
	value = json_object_get(root, "op");
	if ((name = json_string_value(value)) == NULL) {
		*text = "op: a string must be there";
		return PARSED_MALFORMED;
	}
	for (op = OP_NONE + 1; op < OP_MAX; op++)
		if (strcmp(ops[op].name, name) == 0) {
			args->op = (enum op)op;
			return PARSED_OK;
		}
	*text = "op: there is no such operation";
	return PARSED_INVALID;
}

static enum parsed
take_keys(struct args *args, json_t *root, const char **text)
{
	const char	*name;
	json_t		*value;
	size_t		 i;
	unsigned int	 may = ops[args->op].must | ops[args->op].may;

	json_object_foreach(root, name, value) {
		if (strcmp(name, "v") == 0 || strcmp(name, "id") == 0 ||
		    strcmp(name, "op") == 0)
			continue;
		for (i = 0; i < NKEYS; i++)
			if (strcmp(keys[i].name, name) == 0)
				break;
		if (i == NKEYS || (keys[i].key & may) == 0) {
			*text = "a key that this operation does not have";
			return PARSED_MALFORMED;
		}
		if ((*text = keys[i].take(args, value)) != NULL)
			return PARSED_MALFORMED;
		args->given |= keys[i].key;
	}
	if ((args->given & ops[args->op].must) != ops[args->op].must) {
		*text = "a key that this operation needs is missing";
		return PARSED_MALFORMED;
	}
	if ((args->given & KEY_UID) && (args->given & KEY_FOLDER) == 0) {
		*text = "uid: only together with folder";
		return PARSED_MALFORMED;
	}
	return PARSED_OK;
}

enum parsed
args_parse(const char *line, size_t len, struct args *args, const char **text)
{
	json_error_t	 error;
	json_t		*root;
	enum parsed	 parsed;

	memset(args, 0, sizeof(*args));
	args->id = -1;
	*text = "not one JSON object in UTF-8";
	if ((root = json_loadb(line, len, JSON_REJECT_DUPLICATES,
	    &error)) == NULL)
		return PARSED_MALFORMED;
	if (!json_is_object(root))
		parsed = PARSED_MALFORMED;
	else if ((parsed = envelope(args, root, text)) == PARSED_OK)
		parsed = take_keys(args, root, text);
	json_decref(root);
	return parsed;
}

void
args_clear(struct args *args)
{
	free(args->accounts);
	args->accounts = NULL;
	args->naccounts = 0;
}
