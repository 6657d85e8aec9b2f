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
#include <strings.h>

#include "common/imapcode.h"
#include "imap_auth.h"

static enum reason	 auth_fill(struct auth *);
static void		 auth_caps(struct auth *, const char *);
static enum reason	 auth_untagged(struct auth *);

void
auth_init(struct auth *a, const struct auth_io *io)
{
	memset(a, 0, sizeof(*a));
	a->io = io;
}

void
auth_wipe(struct auth *a)
{
	explicit_bzero(a, sizeof(*a));
}

size_t
auth_rest(struct auth *a, const unsigned char **rest)
{
	*rest = a->in + a->in_pos;
	return a->in_len - a->in_pos;
}

int
auth_echo(const struct auth *a, const void *p, size_t len)
{
	const struct credential	*c = a->cred;

	if (c == NULL)
		return 0;
	if (c->secret_len >= AUTH_ECHO_MIN &&
	    memmem(p, len, c->secret, c->secret_len) != NULL)
		return 1;
	/* as sent: out is not wiped before the answer is complete */
	return a->echo_len != 0 &&
	    memmem(p, len, a->out + a->echo_off, a->echo_len) != NULL;
}

static enum reason
auth_fill(struct auth *a)
{
	ssize_t	 n;

	if (a->in_pos > 0) {
		memmove(a->in, a->in + a->in_pos, a->in_len - a->in_pos);
		a->in_len -= a->in_pos;
		a->in_pos = 0;
	}
	if (a->in_len >= AUTH_LINE_MAX)
		return R_IMAP_AUTH_PROTOCOL;
	n = a->io->read(a->io->arg, a->in + a->in_len,
	    AUTH_LINE_MAX - a->in_len);
	if (n == -1)
		return a->io->reason(a->io->arg);
	if (n == 0)
		return a->bye != R_NONE ? a->bye : R_IMAP_CLOSED;
	a->in_len += (size_t)n;
	a->total += (size_t)n;
	if (a->total > AUTH_TOTAL_MAX)
		return R_IMAP_AUTH_PROTOCOL;
	return R_NONE;
}

enum reason
auth_line(struct auth *a)
{
	unsigned char	*start, *nl;
	enum reason	 r;
	size_t		 len;

	while ((nl = memchr(a->in + a->in_pos, '\n',
	    a->in_len - a->in_pos)) == NULL)
		if ((r = auth_fill(a)) != R_NONE)
			return r;
	start = a->in + a->in_pos;
	len = (size_t)(nl - start);
	a->in_pos += len + 1;
	if (memchr(start, '\0', len) != NULL || auth_echo(a, start, len))
		return R_IMAP_AUTH_PROTOCOL;
	if (len > 0 && start[len - 1] == '\r')
		len--;
	/* a literal would let the next line be something else */
	if (len > 0 && start[len - 1] == '}')
		return R_IMAP_AUTH_PROTOCOL;
	start[len] = '\0';
	a->line = (char *)start;
	return R_NONE;
}

/* Words of a CAPABILITY response, up to the end or a "]". */
static void
auth_caps(struct auth *a, const char *p)
{
	static const struct {
		const char	*word;
		unsigned int	 cap;
	} table[] = {
		{ "AUTH=PLAIN",		CAP_PLAIN },
		{ "SASL-IR",		CAP_SASL_IR },
		{ "LOGINDISABLED",	CAP_NOLOGIN },
	};
	size_t	 i, n;

	a->caps = CAP_KNOWN;
	for (;;) {
		p += strspn(p, " ");
		n = strcspn(p, " ]");
		if (n == 0)
			return;
		for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (strlen(table[i].word) == n &&
			    strncasecmp(p, table[i].word, n) == 0)
				a->caps |= table[i].cap;
		p += n;
	}
}

void
auth_code_caps(struct auth *a, const char *text)
{
	if (strncasecmp(text, "[CAPABILITY ", 12) == 0)
		auth_caps(a, text + 12);
}

enum reason
auth_bye(struct auth *a, const char *text)
{
	enum reason	 r;

	r = imapcode_classify(text, strlen(text), &a->backoff);
	return r == R_NONE ? R_IMAP_UNAVAILABLE : r;
}

/* A line that began with "* ". */
static enum reason
auth_untagged(struct auth *a)
{
	const char	*p = a->line + 2;

	if (++a->nlines > AUTH_LINES_MAX)
		return R_IMAP_AUTH_PROTOCOL;
	if (strncasecmp(p, "CAPABILITY ", 11) == 0)
		auth_caps(a, p + 11);
	else if (strncasecmp(p, "OK ", 3) == 0)
		auth_code_caps(a, p + 3);
	else if (strncasecmp(p, "BYE", 3) == 0)
		a->bye = auth_bye(a, p + 3 + strspn(p + 3, " "));
	else if (strncasecmp(p, "PREAUTH", 7) == 0)
		return R_IMAP_AUTH_PROTOCOL;
	return R_NONE;
}

enum answer
auth_answer(struct auth *a, enum reason *r)
{
	static const struct {
		const char	*word;
		enum answer	 answer;
	} table[] = {
		{ "OK", A_OK }, { "NO", A_NO }, { "BAD", A_BAD },
	};
	char	 tag[16];
	size_t	 i, n, taglen;

	taglen = (size_t)snprintf(tag, sizeof(tag), "k%u ", a->tag);
	for (;;) {
		if ((*r = auth_line(a)) != R_NONE)
			return A_FAIL;
		if (strncmp(a->line, "* ", 2) == 0) {
			if ((*r = auth_untagged(a)) != R_NONE)
				return A_FAIL;
			continue;
		}
		if (a->line[0] == '+')
			return A_CONTINUE;
		if (strncmp(a->line, tag, taglen) != 0)
			break;
		a->line += taglen;
		n = strcspn(a->line, " ");
		for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (strlen(table[i].word) == n &&
			    strncasecmp(a->line, table[i].word, n) == 0) {
				a->line += n + strspn(a->line + n, " ");
				return table[i].answer;
			}
		break;
	}
	*r = R_IMAP_AUTH_PROTOCOL;
	return A_FAIL;
}

int
out_add(struct auth *a, const void *p, size_t len)
{
	if (len > sizeof(a->out) - a->out_len)
		return -1;
	memcpy(a->out + a->out_len, p, len);
	a->out_len += len;
	return 0;
}

void
out_wipe(struct auth *a)
{
	explicit_bzero(a->out, sizeof(a->out));
	a->out_len = 0;
	a->echo_len = 0;
}

enum reason
out_send(struct auth *a)
{
	if (a->io->write(a->io->arg, a->out, a->out_len) == -1)
		return a->io->reason(a->io->arg);
	return R_NONE;
}

void
out_command(struct auth *a, const char *words)
{
	int	 n;

	a->tag++;
	out_wipe(a);
	n = snprintf((char *)a->out, sizeof(a->out), "k%u %s", a->tag, words);
	a->out_len = (size_t)n;
}
