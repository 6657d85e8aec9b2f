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

#include <string.h>
#include <strings.h>

#include "common/imapcode.h"

struct phrase {
	const char	*text;
	enum reason	 reason;
};

static const struct phrase codes[] = {
	{ "AUTHENTICATIONFAILED",	R_IMAP_AUTH_FAILED },
	{ "UNAVAILABLE",		R_IMAP_UNAVAILABLE },
	{ "INUSE",			R_IMAP_UNAVAILABLE },
	{ "SERVERBUG",			R_IMAP_UNAVAILABLE },
	{ "LIMIT",			R_IMAP_LIMIT },
	{ "THROTTLED",			R_IMAP_THROTTLED },
	{ "OVERQUOTA",			R_IMAP_THROTTLED },
	{ "EXPIRED",			R_IMAP_EXPIRED },
	{ "AUTHORIZATIONFAILED",	R_IMAP_AUTHZ },
	{ "CONTACTADMIN",		R_IMAP_AUTHZ },
	{ "NOPERM",			R_IMAP_AUTHZ },
	{ "PRIVACYREQUIRED",		R_IMAP_LOGIN_DISABLED },
};

/* Seen without a code, or behind [ALERT]. */
static const struct phrase texts[] = {
	{ "suggested backoff time",	R_IMAP_THROTTLED },
	{ "request is throttled",	R_IMAP_THROTTLED },
	{ "bandwidth limits",		R_IMAP_THROTTLED },
	{ "too many simultaneous",	R_IMAP_LIMIT },
	{ "too many connections",	R_IMAP_LIMIT },
	{ "maximum number of connections", R_IMAP_LIMIT },
	{ "server unavailable",		R_IMAP_UNAVAILABLE },
	{ "authenticated but not connected", R_IMAP_AUTHZ },
};

static const char	*find(const char *, size_t, const char *);
static uint32_t		 backoff_time(const char *, size_t);
static const struct phrase *code_find(const char *, size_t);

/* Case-insensitive memmem(3) for a needle in lower case. */
static const char *
find(const char *s, size_t len, const char *needle)
{
	size_t	 i, n = strlen(needle);

	for (i = 0; i + n <= len; i++)
		if (strncasecmp(s + i, needle, n) == 0)
			return s + i;
	return NULL;
}

/* "Suggested Backoff Time: N milliseconds", in whole seconds, bounded. */
static uint32_t
backoff_time(const char *s, size_t len)
{
	const char	*end = s + len, *p;
	uint64_t	 ms = 0;

	if ((p = find(s, len, "backoff time:")) == NULL)
		return 0;
	p += strlen("backoff time:");
	while (p < end && *p == ' ')
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		ms = ms * 10 + (uint64_t)(*p - '0');
		if (ms > IMAPCODE_BACKOFF_MAX * 1000)
			return IMAPCODE_BACKOFF_MAX;
	}
	return (uint32_t)((ms + 999) / 1000);
}

/* The word in brackets at the start of the text. */
static const struct phrase *
code_find(const char *s, size_t len)
{
	size_t	 i, n;

	if (len == 0 || s[0] != '[')
		return NULL;
	for (n = 1; n < len && s[n] != ' ' && s[n] != ']'; n++)
		;
	if (n == len)
		return NULL;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strlen(codes[i].text) == n - 1 &&
		    strncasecmp(s + 1, codes[i].text, n - 1) == 0)
			return &codes[i];
	return NULL;
}

enum reason
imapcode_classify(const char *s, size_t len, uint32_t *backoff)
{
	const struct phrase	*code;
	size_t			 i;

	*backoff = backoff_time(s, len);
	if ((code = code_find(s, len)) != NULL) {
		if (strcmp(code->text, "OVERQUOTA") == 0 && *backoff == 0)
			*backoff = IMAPCODE_QUOTA_HOLD;
		return code->reason;
	}
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (find(s, len, texts[i].text) != NULL)
			return texts[i].reason;
	return R_NONE;
}
