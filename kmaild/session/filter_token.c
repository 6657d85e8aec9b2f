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

#include "filter.h"

static int	 is_atom(int);
static int	 is_list(int);
static int	 literal(struct cur *);

static int
is_atom(int c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

/* list-char: an atom with wildcards. */
static int
is_list(int c)
{
	return is_atom(c) || c == '%' || c == '*' || c == ']';
}

int
is_item(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-';
}

int
is_set(int c)
{
	return (c >= '0' && c <= '9') || c == ':' || c == ',' || c == '*';
}

/* No quote and no brace: nothing that continues on another line. */
int
is_search(int c)
{
	return is_item(c) || is_set(c) || c == ' ' || c == '(' || c == ')';
}

int
run(struct cur *c, int (*is)(int))
{
	const unsigned char	*start = c->p;

	while (c->p < c->end && is(*c->p))
		c->p++;
	return c->p > start;
}

int
one(struct cur *c, int octet)
{
	if (c->p == c->end || *c->p != octet)
		return 0;
	c->p++;
	return 1;
}

int
word(struct cur *c, const char *w)
{
	size_t	 n = strlen(w);

	if ((size_t)(c->end - c->p) < n ||
	    strncasecmp((const char *)c->p, w, n) != 0)
		return 0;
	if ((size_t)(c->end - c->p) > n && is_item(c->p[n]))
		return 0;
	c->p += n;
	return 1;
}

int
words(struct cur *c, int (*is)(int))
{
	if (!one(c, '('))
		return 0;
	do {
		if (!run(c, is))
			return 0;
	} while (one(c, ' '));
	return one(c, ')');
}

/* 8-bit octets too: after ENABLE UTF8=ACCEPT (RFC 6855) names hold them. */
int
quoted(struct cur *c)
{
	if (!one(c, '"'))
		return 0;
	while (c->p < c->end) {
		if (one(c, '"'))
			return 1;
		if (one(c, '\\') && (c->p == c->end ||
		    (*c->p != '"' && *c->p != '\\')))
			return 0;
		if (c->p == c->end || *c->p < 0x20 || *c->p == 0x7f)
			return 0;
		c->p++;
	}
	return 0;
}

int
literal_head(const unsigned char *p, const unsigned char *end, size_t *len,
    int *sync)
{
	size_t	 n = 0, digits = 0;

	*sync = 1;
	if (p == end || *p++ != '{')
		return 0;
	for (; p < end && *p >= '0' && *p <= '9' && digits < 5; p++, digits++)
		n = n * 10 + (size_t)(*p - '0');
	if (p < end && *p == '+') {
		*sync = 0;
		p++;
	}
	if (digits == 0 || p == end || *p++ != '}' || p != end ||
	    n > FILTER_LITERAL_MAX)
		return 0;
	*len = n;
	return 1;
}

static int
literal(struct cur *c)
{
	const unsigned char	*nl;
	size_t			 len, i;
	int			 sync;

	nl = memchr(c->p, '\r', (size_t)(c->end - c->p));
	if (nl == NULL || !literal_head(c->p, nl, &len, &sync))
		return 0;
	c->p = nl + 2;		/* line_end() saw both */
	if (c->p == c->end) {
		c->prefix = 1;
		return 1;
	}
	if ((size_t)(c->end - c->p) < len)
		return 0;
	for (i = 0; i < len; i++)
		if (c->p[i] <= ' ')
			return 0;
	c->p += len;
	return 1;
}

int
mailbox(struct cur *c, int list)
{
	if (c->p == c->end)
		return 0;
	if (*c->p == '"')
		return quoted(c);
	if (*c->p == '{')
		return literal(c);
	return run(c, list ? is_list : is_atom);
}
