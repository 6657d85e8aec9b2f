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

static enum reason	 auth_refused(struct auth *, enum answer);
static enum reason	 auth_plain(struct auth *, int, int *);
static enum reason	 auth_use_login(struct auth *);
static enum reason	 auth_literal(struct auth *, const void *, size_t);
static enum reason	 auth_astring(struct auth *, const void *, size_t);
static void		 plain_encode(struct auth *);
static int		 credential_ok(const struct credential *);

enum reason
auth_greeting(struct auth *a, int greets)
{
	enum reason	 r;

	if (greets) {
		if ((r = auth_line(a)) != R_NONE)
			return r == R_IMAP_AUTH_PROTOCOL ?
			    R_GREETING_INVALID : r;
		if (strncasecmp(a->line, "* PREAUTH", 9) == 0)
			return R_GREETING_PREAUTH;
		if (strncasecmp(a->line, "* BYE", 5) == 0) {
			auth_bye(a, a->line + 5 + strspn(a->line + 5, " "));
			return R_GREETING_BYE;
		}
		if (strncasecmp(a->line, "* OK", 4) != 0)
			return R_GREETING_INVALID;
		auth_code_caps(a, a->line + 4 + strspn(a->line + 4, " "));
	}
	if ((a->caps & CAP_KNOWN) == 0) {
		out_command(a, "CAPABILITY\r\n");
		if ((r = out_send(a)) != R_NONE)
			return r;
		switch (auth_answer(a, &r)) {
		case A_OK:
			break;
		case A_FAIL:
			return r;
		default:
			return R_IMAP_AUTH_PROTOCOL;
		}
	}
	if ((a->caps & CAP_KNOWN) == 0)
		return R_IMAP_AUTH_PROTOCOL;
	if ((a->caps & CAP_PLAIN) == 0 && (a->caps & CAP_NOLOGIN) != 0)
		return R_IMAP_LOGIN_DISABLED;
	return R_NONE;
}

/*
 * Base64 of NUL user NUL secret at the end of out.  The octets are first put
 * so far to the back of their place that no written one overtakes an unread
 * one: no second buffer sees them.
 */
static void
plain_encode(struct auth *a)
{
	static const char	 digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct credential	*c = a->cred;
	unsigned char		*dst, *src;
	size_t			 raw, b64, i;
	uint32_t		 v;

	raw = 2 + (size_t)c->user_len + c->secret_len;
	b64 = (raw + 2) / 3 * 4;
	a->echo_off = a->out_len;
	a->echo_len = b64;
	dst = a->out + a->out_len;
	src = dst + (b64 - raw);
	src[0] = '\0';
	memcpy(src + 1, c->user, c->user_len);
	src[1 + c->user_len] = '\0';
	memcpy(src + 2 + c->user_len, c->secret, c->secret_len);
	for (i = 0; i < raw; i += 3, dst += 4) {
		v = (uint32_t)src[i] << 16;
		if (i + 1 < raw)
			v |= (uint32_t)src[i + 1] << 8;
		if (i + 2 < raw)
			v |= src[i + 2];
		dst[0] = (unsigned char)digit[v >> 18];
		dst[1] = (unsigned char)digit[v >> 12 & 63];
		dst[2] = (unsigned char)digit[v >> 6 & 63];
		dst[3] = (unsigned char)digit[v & 63];
		if (i + 1 >= raw)
			dst[2] = '=';
		if (i + 2 >= raw)
			dst[3] = '=';
	}
	a->out_len += b64;
}

/* Why the login did not work; the server's text goes no further. */
static enum reason
auth_refused(struct auth *a, enum answer answer)
{
	enum reason	 r;

	r = imapcode_classify(a->line, strlen(a->line), &a->backoff);
	if (r != R_NONE)
		return r;
	if (a->bye != R_NONE)
		return a->bye;
	return answer == A_NO ? R_IMAP_AUTH_FAILED : R_IMAP_AUTH_PROTOCOL;
}

/* One try; *again is set when the inline form alone was refused. */
static enum reason
auth_plain(struct auth *a, int inlined, int *again)
{
	enum reason	 r;
	enum answer	 answer;

	*again = 0;
	out_command(a, inlined ? "AUTHENTICATE PLAIN " :
	    "AUTHENTICATE PLAIN\r\n");
	if (!inlined) {
		if ((r = out_send(a)) != R_NONE)
			return r;
		if ((answer = auth_answer(a, &r)) == A_FAIL)
			return r;
		if (answer == A_OK)
			return R_IMAP_AUTH_PROTOCOL;
		if (answer != A_CONTINUE)
			return auth_refused(a, answer);
		out_wipe(a);
	}
	plain_encode(a);
	out_add(a, "\r\n", 2);
	if ((r = out_send(a)) != R_NONE)
		return r;
	switch (answer = auth_answer(a, &r)) {
	case A_OK:
		return R_NONE;
	case A_FAIL:
		return r;
	case A_CONTINUE:
		return R_IMAP_AUTH_PROTOCOL;
	default:
		r = auth_refused(a, answer);
		*again = inlined && answer == A_BAD &&
		    r == R_IMAP_AUTH_PROTOCOL;
		return r;
	}
}

/* A synchronising literal: what is in out so far, "+", then the octets. */
static enum reason
auth_literal(struct auth *a, const void *p, size_t len)
{
	char		 head[32];
	enum reason	 r;
	enum answer	 answer;
	int		 n;

	n = snprintf(head, sizeof(head), "{%zu}\r\n", len);
	if (out_add(a, head, (size_t)n) == -1)
		return R_SECRET_UNREADABLE;
	if ((r = out_send(a)) != R_NONE)
		return r;
	if ((answer = auth_answer(a, &r)) == A_FAIL)
		return r;
	if (answer == A_OK)
		return R_IMAP_AUTH_PROTOCOL;
	if (answer != A_CONTINUE)
		return auth_refused(a, answer);
	out_wipe(a);
	return out_add(a, p, len) == -1 ? R_SECRET_UNREADABLE : R_NONE;
}

/* Quoted if it is ASCII (RFC 3501 section 9), else a literal. */
static enum reason
auth_astring(struct auth *a, const void *data, size_t len)
{
	const unsigned char	*p = data;
	size_t			 i;

	for (i = 0; i < len; i++)
		if (p[i] & 0x80)
			return auth_literal(a, data, len);
	if (2 * len + 2 > sizeof(a->out) - a->out_len)
		return R_SECRET_UNREADABLE;
	a->out[a->out_len++] = '"';
	for (i = 0; i < len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			a->out[a->out_len++] = '\\';
		a->out[a->out_len++] = p[i];
	}
	a->out[a->out_len++] = '"';
	return R_NONE;
}

static enum reason
auth_use_login(struct auth *a)
{
	const struct credential	*c = a->cred;
	enum reason		 r;
	enum answer		 answer;
	size_t			 start;

	out_command(a, "LOGIN ");
	if ((r = auth_astring(a, c->user, c->user_len)) != R_NONE)
		return r;
	if (out_add(a, " ", 1) == -1)
		return R_SECRET_UNREADABLE;
	start = a->out_len;
	if ((r = auth_astring(a, c->secret, c->secret_len)) != R_NONE)
		return r;
	/* the escaped form; a literal is the raw one */
	if (c->secret_len >= AUTH_ECHO_MIN && a->out_len > start) {
		a->echo_off = start;
		a->echo_len = a->out_len - start;
	}
	if (out_add(a, "\r\n", 2) == -1)
		return R_SECRET_UNREADABLE;
	if ((r = out_send(a)) != R_NONE)
		return r;
	switch (answer = auth_answer(a, &r)) {
	case A_OK:
		return R_NONE;
	case A_FAIL:
		return r;
	case A_CONTINUE:
		return R_IMAP_AUTH_PROTOCOL;
	default:
		return auth_refused(a, answer);
	}
}

/* No octet that could end a line, or a part of the PLAIN message. */
static int
credential_ok(const struct credential *c)
{
	size_t	 i;

	if (c->auth != AUTH_PASSWORD || c->user_len == 0 ||
	    c->user_len > sizeof(c->user) || c->secret_len == 0 ||
	    c->secret_len > sizeof(c->secret))
		return 0;
	for (i = 0; i < c->user_len; i++)
		if ((unsigned char)c->user[i] < 0x20 || c->user[i] == 0x7f)
			return 0;
	for (i = 0; i < c->secret_len; i++)
		if (c->secret[i] == '\0' || c->secret[i] == '\r' ||
		    c->secret[i] == '\n')
			return 0;
	return 1;
}

enum reason
auth_login(struct auth *a, const struct credential *c)
{
	enum reason	 r;
	int		 again = 0;

	if (!credential_ok(c))
		return R_SECRET_UNREADABLE;
	a->cred = c;
	if (a->caps & CAP_PLAIN) {
		r = auth_plain(a, (a->caps & CAP_SASL_IR) != 0, &again);
		if (again)
			r = auth_plain(a, 0, &again);
	} else
		r = auth_use_login(a);
	if (r == R_NONE && auth_echo(a, a->in + a->in_pos,
	    a->in_len - a->in_pos))
		r = R_IMAP_AUTH_PROTOCOL;
	a->cred = NULL;
	out_wipe(a);
	/* what was read may hold an echo that was cut short */
	explicit_bzero(a->in, a->in_pos);
	return r;
}
