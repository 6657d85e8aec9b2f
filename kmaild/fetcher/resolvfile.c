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

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>
#include <strings.h>

#include "fetcher.h"

#define WORD_MAX	256	/* a name of RFC 1035 with its NUL */

/* Words of one line; a longer one is cut and so matches nothing. */
struct words {
	const char	*p;
	const char	*end;
};

static int	 next_line(const char **, const char *, struct words *);
static int	 next_word(struct words *, char[WORD_MAX]);
static int	 same_name(const char *, const char *);

/* 1 with the line up to its comment, 0 at the end of the text. */
static int
next_line(const char **p, const char *end, struct words *w)
{
	const char	*nl;

	if (*p == end)
		return 0;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	w->p = *p;
	w->end = nl == NULL ? end : nl;
	*p = nl == NULL ? end : nl + 1;
	for (nl = w->p; nl < w->end; nl++)
		if (*nl == '#' || *nl == ';')
			w->end = nl;
	return 1;
}

static int
next_word(struct words *w, char word[WORD_MAX])
{
	size_t	 n = 0;

	while (w->p < w->end && strchr(" \t\r", *w->p) != NULL)
		w->p++;
	for (; w->p < w->end && strchr(" \t\r", *w->p) == NULL; w->p++)
		if (n < WORD_MAX - 1)
			word[n++] = *w->p;
	word[n] = '\0';
	return n > 0;
}

int
resolvfile_literal(const char *text, struct sockaddr_storage *ss)
{
	struct sockaddr_in6	*sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;
	char			 host[WORD_MAX];
	size_t			 len;

	memset(ss, 0, sizeof(*ss));
	if (strlcpy(host, text, sizeof(host)) >= sizeof(host))
		return -1;
	len = strlen(host);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if (inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1) {
		ss->ss_family = AF_INET6;
		return 0;
	}
	if (inet_pton(AF_INET, host, &sin->sin_addr) == 1) {
		ss->ss_family = AF_INET;
		return 0;
	}
	return -1;
}

size_t
resolvfile_nameservers(const char *text, size_t len,
    struct sockaddr_storage *out, size_t max)
{
	const char	*p = text, *end = text + len;
	struct words	 w;
	char		 word[WORD_MAX];
	size_t		 n = 0;

	while (n < max && next_line(&p, end, &w)) {
		if (!next_word(&w, word) || strcmp(word, "nameserver") != 0 ||
		    !next_word(&w, word) ||
		    resolvfile_literal(word, &out[n]) == -1)
			continue;
		if (out[n].ss_family == AF_INET6)
			((struct sockaddr_in6 *)&out[n])->sin6_port = htons(53);
		else
			((struct sockaddr_in *)&out[n])->sin_port = htons(53);
		n++;
	}
	return n;
}

/* In any case, and with or without the dot of the root. */
static int
same_name(const char *a, const char *b)
{
	size_t	 la = strlen(a), lb = strlen(b);

	if (la > 0 && a[la - 1] == '.')
		la--;
	if (lb > 0 && b[lb - 1] == '.')
		lb--;
	return la == lb && la > 0 && strncasecmp(a, b, la) == 0;
}

size_t
resolvfile_hosts(const char *text, size_t len, const char *name,
    struct sockaddr_storage *out, size_t max)
{
	const char	*p = text, *end = text + len;
	struct words	 w;
	char		 word[WORD_MAX];
	size_t		 n = 0;

	while (n < max && next_line(&p, end, &w)) {
		if (!next_word(&w, word) ||
		    resolvfile_literal(word, &out[n]) == -1)
			continue;
		while (next_word(&w, word))
			if (same_name(word, name)) {
				n++;
				break;
			}
	}
	return n;
}
