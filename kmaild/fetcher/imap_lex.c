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

#include "imap_parse.h"

static enum imap_token	lex_quoted(struct imap_parser *, struct imap_word *);
static enum imap_token	lex_literal(struct imap_parser *, struct imap_word *);
static enum imap_token	lex_atom(struct imap_parser *, struct imap_word *,
			    int);

enum imap_token
imap_lex(struct imap_parser *ip, struct imap_word *w, int brackets)
{
	while (ip->p < ip->end && *ip->p == ' ')
		ip->p++;
	if (ip->p == ip->end)
		return IMAP_T_END;
	switch (*ip->p) {
	case '(':
		ip->p++;
		return IMAP_T_OPEN;
	case ')':
		ip->p++;
		return IMAP_T_CLOSE;
	case '"':
		return lex_quoted(ip, w);
	case '{':
		return lex_literal(ip, w);
	case '~':
		if (ip->end - ip->p > 1 && ip->p[1] == '{') {
			ip->p++;
			return lex_literal(ip, w);
		}
		break;
	}
	return lex_atom(ip, w, brackets);
}

/* RFC 3501 9 quoted; unescaped where it stands. */
static enum imap_token
lex_quoted(struct imap_parser *ip, struct imap_word *w)
{
	unsigned char	*p = ip->p + 1, *out;

	w->p = out = p;
	for (; p < ip->end; p++) {
		if (*p == '"') {
			w->len = (size_t)(out - w->p);
			ip->p = p + 1;
			return IMAP_T_STRING;
		}
		if (*p == '\\' && ++p == ip->end)
			break;
		if (*p == '\0')
			break;
		*out++ = *p;
	}
	return IMAP_T_ERROR;
}

/* RFC 3501 9 literal, RFC 7888 and RFC 3516 forms of it. */
static enum imap_token
lex_literal(struct imap_parser *ip, struct imap_word *w)
{
	unsigned char	*p = ip->p + 1;
	uint64_t	 n = 0;

	if (p == ip->end || *p < '0' || *p > '9')
		return IMAP_T_ERROR;
	for (; p < ip->end && *p >= '0' && *p <= '9'; p++) {
		if (n > (uint64_t)INT64_MAX / 16)
			return IMAP_T_ERROR;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (p < ip->end && *p == '+')
		p++;
	if (p == ip->end || *p != '}' || p + 1 != ip->end)
		return IMAP_T_ERROR;
	ip->p = ip->end;
	w->literal = n;
	return IMAP_T_LITERAL;
}

static enum imap_token
lex_atom(struct imap_parser *ip, struct imap_word *w, int brackets)
{
	unsigned char	*p;
	int		 inside = 0;

	for (p = ip->p; p < ip->end; p++) {
		if (*p < ' ' || *p == 0x7f)
			return IMAP_T_ERROR;
		if (brackets && *p == '[')
			inside = 1;
		else if (inside && *p == ']')
			inside = 0;
		else if (!inside && (*p == ' ' || *p == '(' || *p == ')'))
			break;
	}
	if (inside)
		return IMAP_T_ERROR;
	w->p = ip->p;
	w->len = (size_t)(p - ip->p);
	ip->p = p;
	return IMAP_T_ATOM;
}

int
imap_word_is(const struct imap_word *w, const char *text)
{
	return strlen(text) == w->len &&
	    strncasecmp((const char *)w->p, text, w->len) == 0;
}

int
imap_word_number(const struct imap_word *w, uint64_t max, uint64_t *n)
{
	size_t	 i;
	uint64_t v = 0;

	if (w->len == 0 || w->len > 19)
		return -1;
	for (i = 0; i < w->len; i++) {
		if (w->p[i] < '0' || w->p[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(w->p[i] - '0');
	}
	if (v > max)
		return -1;
	*n = v;
	return 0;
}

const unsigned char *
imap_find(const unsigned char *p, size_t len, const char *text)
{
	size_t	 n = strlen(text), i;

	if (len < n)
		return NULL;
	for (i = 0; i <= len - n; i++)
		if (strncasecmp((const char *)p + i, text, n) == 0)
			return p + i;
	return NULL;
}

uint32_t
imap_capability(const struct imap_word *w)
{
	static const struct {
		const char	*name;
		uint32_t	 bit;
	} caps[] = {
		{ "UTF8=ACCEPT",	IMAP_CAP_UTF8 },
		{ "UTF8=ONLY",		IMAP_CAP_UTF8 },
		{ "ENABLE",		IMAP_CAP_ENABLE },
		{ "ID",			IMAP_CAP_ID },
		{ "SPECIAL-USE",	IMAP_CAP_SPECIAL_USE },
		{ "LIST-EXTENDED",	IMAP_CAP_LIST_EXTENDED },
		{ "LITERAL+",		IMAP_CAP_LITERAL },
		{ "LITERAL-",		IMAP_CAP_LITERAL },
		{ "IMAP4rev2",		IMAP_CAP_LITERAL | IMAP_CAP_ENABLE |
		    IMAP_CAP_SPECIAL_USE | IMAP_CAP_LIST_EXTENDED }
	};
	size_t	 i;

	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (imap_word_is(w, caps[i].name))
			return caps[i].bit;
	return 0;
}
