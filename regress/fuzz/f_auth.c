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

/*
 * The login dialogue against a server that says anything.
 *
 * link: kmaild/session/imap_auth.o kmaild/session/imap_line.o
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmaild/session/session.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define SECRET	"correct horse"

static struct auth	 auth;
static struct credential cred;
static const uint8_t	*input;
static size_t		 left, piece, sent;

static ssize_t
fuzz_read(void *arg, void *buf, size_t len)
{
	(void)arg;
	if (len > left)
		len = left;
	if (len > piece)
		len = piece;
	memcpy(buf, input, len);
	input += len;
	left -= len;
	return (ssize_t)len;
}

/* A dialogue takes few writes, each a few lines' worth. */
static int
fuzz_write(void *arg, const void *buf, size_t len)
{
	(void)arg;
	if (len < 2 || len > AUTH_OUT_SIZE || ++sent > 6)
		abort();
	if (memcmp((const char *)buf + len - 2, "\r\n", 2) != 0)
		abort();
	return 0;
}

static enum reason
fuzz_reason(void *arg)
{
	(void)arg;
	abort();	/* neither read nor write fails here */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct auth_io	 io = {
		fuzz_read, fuzz_write, fuzz_reason, NULL
	};
	const unsigned char		*rest;
	enum reason			 r;

	if (size < 2)
		return 0;
	piece = 1 + data[0];
	sent = 0;
	input = data + 2;
	left = size - 2;
	memset(&cred, 0, sizeof(cred));
	cred.auth = AUTH_PASSWORD;
	cred.user_len = 5;
	memcpy(cred.user, data[1] & 2 ? "al\xc3\xa4x" : "alice", 5);
	cred.secret_len = sizeof(SECRET) - 1;
	memcpy(cred.secret, SECRET, sizeof(SECRET) - 1);
	auth_init(&auth, &io);
	r = auth_greeting(&auth, data[1] & 1);
	if (r == R_NONE)
		r = auth_login(&auth, &cred);
	if (reason_check(r) == -1 || auth.backoff > 86400)
		abort();
	if (r == R_NONE && auth_rest(&auth, &rest) > AUTH_LINE_MAX)
		abort();
	if (auth.cred != NULL || auth.out_len > AUTH_OUT_SIZE ||
	    (auth.cred == NULL && r == R_NONE && auth.out_len != 0))
		abort();
	auth_wipe(&auth);
	return 0;
}
