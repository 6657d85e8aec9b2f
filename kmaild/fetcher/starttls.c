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
#include "fetcher.h"

/*
 * Before TLS anybody may be talking (RFC 3501 6.2.1, RFC 9051 11.1): what
 * is learnt here decides nothing but whether TLS begins, and is dropped.
 */

enum state { S_GREETING, S_CAPABILITY, S_STARTTLS, S_OVER };

#define CAPABILITY_COMMAND	"s1 CAPABILITY\r\n"
#define STARTTLS_COMMAND	"s2 STARTTLS\r\n"

static enum starttls_result starttls_line(struct starttls *);
static enum starttls_result starttls_greeting(struct starttls *);
static enum starttls_result starttls_answer(struct starttls *);
static enum starttls_result starttls_ask(struct starttls *);
static enum starttls_result starttls_fail(struct starttls *, enum reason);
static void	 starttls_caps(struct starttls *, const char *);
static void	 starttls_code_caps(struct starttls *, const char *);

void
starttls_init(struct starttls *s)
{
	memset(s, 0, sizeof(*s));
}

static enum starttls_result
starttls_fail(struct starttls *s, enum reason r)
{
	s->state = S_OVER;
	s->reason = r;
	return STARTTLS_FAIL;
}

static void
starttls_caps(struct starttls *s, const char *p)
{
	size_t	 n;

	s->caps_known = 1;
	s->offered = 0;
	for (;;) {
		p += strspn(p, " ");
		if ((n = strcspn(p, " ]")) == 0)
			return;
		if (n == 8 && strncasecmp(p, "STARTTLS", 8) == 0)
			s->offered = 1;
		p += n;
	}
}

static void
starttls_code_caps(struct starttls *s, const char *text)
{
	if (strncasecmp(text, "[CAPABILITY ", 12) == 0)
		starttls_caps(s, text + 12);
}

/* The next command, now that the last one is answered. */
static enum starttls_result
starttls_ask(struct starttls *s)
{
	if (!s->caps_known && s->state == S_GREETING) {
		s->state = S_CAPABILITY;
		s->out = CAPABILITY_COMMAND;
		return STARTTLS_SEND;
	}
	if (!s->offered)
		return starttls_fail(s, R_STARTTLS_MISSING);
	s->state = S_STARTTLS;
	s->out = STARTTLS_COMMAND;
	return STARTTLS_SEND;
}

static enum starttls_result
starttls_greeting(struct starttls *s)
{
	const char	*p = s->line;

	if (strncasecmp(p, "* PREAUTH", 9) == 0)
		return starttls_fail(s, R_GREETING_PREAUTH);
	if (strncasecmp(p, "* BYE", 5) == 0) {
		p += 5 + strspn(p + 5, " ");
		(void)imapcode_classify(p, strlen(p), &s->backoff);
		return starttls_fail(s, R_GREETING_BYE);
	}
	if (strncasecmp(p, "* OK", 4) != 0)
		return starttls_fail(s, R_GREETING_INVALID);
	starttls_code_caps(s, p + 4 + strspn(p + 4, " "));
	return starttls_ask(s);
}

static enum starttls_result
starttls_answer(struct starttls *s)
{
	const char	*p = s->line;
	const char	*tag = s->state == S_CAPABILITY ? "s1 " : "s2 ";

	if (strncmp(p, "* ", 2) == 0) {
		if (++s->nlines > STARTTLS_LINES_MAX)
			return starttls_fail(s, R_GREETING_INVALID);
		if (strncasecmp(p + 2, "CAPABILITY ", 11) == 0)
			starttls_caps(s, p + 13);
		else if (strncasecmp(p + 2, "PREAUTH", 7) == 0)
			return starttls_fail(s, R_GREETING_PREAUTH);
		else if (strncasecmp(p + 2, "BYE", 3) == 0) {
			p += 5 + strspn(p + 5, " ");
			(void)imapcode_classify(p, strlen(p), &s->backoff);
			return starttls_fail(s, R_GREETING_BYE);
		}
		return STARTTLS_MORE;
	}
	if (strncmp(p, tag, 3) != 0)
		return starttls_fail(s, R_GREETING_INVALID);
	if (strncasecmp(p + 3, "OK", 2) != 0 ||
	    (p[5] != ' ' && p[5] != '\0')) {
		(void)imapcode_classify(p + 3, strlen(p + 3), &s->backoff);
		return starttls_fail(s, s->state == S_STARTTLS ?
		    R_STARTTLS_REFUSED : R_STARTTLS_MISSING);
	}
	if (s->state == S_CAPABILITY)
		return starttls_ask(s);
	s->state = S_OVER;
	return STARTTLS_DONE;
}

/* A complete line, NUL-ended, without its CRLF. */
static enum starttls_result
starttls_line(struct starttls *s)
{
	if (memchr(s->line, '\0', s->len) != NULL)
		return starttls_fail(s, R_GREETING_INVALID);
	if (s->len > 0 && s->line[s->len - 1] == '\r')
		s->len--;
	s->line[s->len] = '\0';
	s->len = 0;
	return s->state == S_GREETING ? starttls_greeting(s) :
	    starttls_answer(s);
}

enum starttls_result
starttls_input(struct starttls *s, const unsigned char *in, size_t len,
    size_t *used)
{
	enum starttls_result	 r;

	for (*used = 0; *used < len; ) {
		if (s->state == S_OVER)
			return STARTTLS_FAIL;
		if (s->len == STARTTLS_LINE_MAX ||
		    ++s->total > STARTTLS_TOTAL_MAX)
			return starttls_fail(s, R_GREETING_INVALID);
		if (in[*used] != '\n') {
			s->line[s->len++] = (char)in[(*used)++];
			continue;
		}
		(*used)++;
		r = starttls_line(s);
		if (r == STARTTLS_DONE && *used < len)
			return starttls_fail(s, R_STARTTLS_INJECTED);
		if (r != STARTTLS_MORE)
			return r;
	}
	return STARTTLS_MORE;
}
