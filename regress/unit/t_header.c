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
 * link: kmaild/fetcher/worker_header.o
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/fetcher/worker_header.h"

static char	 kept[1 << 20];		/* all octets but trace headers */
static size_t	 kept_len;
static struct header_scan scan;

/* As the worker does: what is not taken comes again, with more behind it. */
static void
feed(const char *in, size_t len, size_t step)
{
	uint32_t	 runs[BODY_RUNS_MAX];
	unsigned char	*piece;
	size_t		 nruns, pos = 0, n, used, i, k;
	int		 final;

	header_init(&scan);
	kept_len = 0;
	n = 0;
	while (pos < len) {
		n += step;
		if (n > len - pos)
			n = len - pos;
		final = n == len - pos;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, in + pos, n);
		used = header_scan(&scan, piece, n, final, runs, &nruns);
		free(piece);
		assert_true(used <= n);
		assert_true(nruns <= BODY_RUNS_MAX);
		assert_true(used > 0 || !final);
		assert_true(n - used <= HEADER_NAME_MAX + 1 ||
		    nruns == BODY_RUNS_MAX);
		for (i = k = 0; i < nruns; i++) {
			size_t	 run = runs[i] & ~BODY_RUN_TRACE;

			assert_true(run > 0);
			if ((runs[i] & BODY_RUN_TRACE) == 0) {
				memcpy(kept + kept_len, in + pos + k, run);
				kept_len += run;
			}
			k += run;
		}
		assert_int_equal(k, used);
		pos += used;
		n -= used;
	}
}

static void
expect_n(const char *in, size_t len, const char *out, size_t out_len)
{
	size_t	 step;

	for (step = 1; step <= len + 1; step++) {
		feed(in, len, step);
		assert_int_equal(kept_len, out_len);
		assert_memory_equal(kept, out, out_len);
	}
}

static void
expect(const char *in, const char *out)
{
	expect_n(in, strlen(in), out, strlen(out));
}

static void
field(int f, const char *want)
{
	assert_int_equal(scan.len[f], strlen(want));
	assert_memory_equal(scan.text[f], want, strlen(want));
}

static void
t_trace(void **state)
{
	(void)state;
	expect("Return-Path: <a@b>\r\n"
	    "Received: from x\r\n\tby y;\r\n  date\r\n"
	    "From: me\r\n"
	    "RECEIVED-SPF : pass\r\n"
	    "ARC-Seal: i=1;\r\n a=b\r\n"
	    "Authentication-Results: x\r\n"
	    "DKIM-Signature: v=1;\r\n b=x\r\n"
	    "X-Google-Smtp-Source: q\r\n"
	    "Subject: x\r\n"
	    "\r\n"
	    "Received: in the body\r\n",
	    "From: me\r\nDKIM-Signature: v=1;\r\n b=x\r\n"
	    "Subject: x\r\n\r\nReceived: in the body\r\n");
	/* names that only begin alike */
	expect("Received-X: a\nReceive: b\nXReceived: c\nStatusX: d\n\n",
	    "Received-X: a\nReceive: b\nXReceived: c\nStatusX: d\n\n");
	/* no colon, no name, a name too long to be one of them */
	expect("Received\n: x\nReceivedReceivedReceivedReceivedReceived"
	    "Received: x\n\nb", "Received\n: x\nReceivedReceivedReceived"
	    "ReceivedReceivedReceived: x\n\nb");
	/* every name of the list, in any case */
	expect("received: 1\nX-UID: 1\nx-keywords: 1\nDelivered-To: 1\n"
	    "X-Original-To: 1\nEnvelope-To: 1\nX-Envelope-To: 1\n"
	    "X-Envelope-From: 1\nX-Delivered-To: 1\nX-Received: 1\n"
	    "X-Authentication-Results: 1\nARC-Message-Signature: 1\n"
	    "ARC-Authentication-Results: 1\nX-Gm-Message-State: 1\n"
	    "X-GM-THRID: 1\nX-GM-MSGID: 1\nX-GM-LABELS: 1\nX-UIDL: 1\n"
	    "X-IMAP: 1\nX-Mozilla-Status: 1\nX-Mozilla-Status2: 1\n"
	    "Status: RO\nX-Status: A\n\nbody", "\nbody");
}

static void
t_line_ends(void **state)
{
	(void)state;
	/* bare LF; a lone CR is content and ends nothing */
	expect("Received: a\n b\nA: b\n\nReceived: x",
	    "A: b\n\nReceived: x");
	expect("Received: a\rFrom: b\r\n\r\nx", "\r\nx");
	expect("A: b\r\n\rReceived: a\r\nReceived: c\r\n",
	    "A: b\r\n\rReceived: a\r\n");
	/* no empty line: all of it is header */
	expect("A: b\r\nReceived: c", "A: b\r\n");
	expect("Received: c\r", "");
	expect("A: b\r\nRecei", "A: b\r\nRecei");
	/* nothing at all, only an end, a fold with nothing before it */
	expect("", "");
	expect("\r\n", "\r\n");
	expect("\r", "\r");
	expect("\n\nReceived: x\n", "\n\nReceived: x\n");
	expect(" folded\nReceived: y\n z\n\n", " folded\n\n");
	/* NUL is content */
	expect_n("Recei\0ved: x\nReceived: \0y\n\n\0", 28,
	    "Recei\0ved: x\n\n\0", 15);
}

static void
t_fields(void **state)
{
	static const char	 in[] =
	    "Received: by x\r\n"
	    "subject:  a folded\r\n\t subject\r\n"
	    "From: \"A B\" <a@b>\r\n"
	    "Date:Sun, 1 Nov 2026\r\n"
	    "Message-Id : <1@x>\r\n"
	    "Subject: a second one\r\n"
	    "\r\n"
	    "Date: not this\r\n";
	size_t			 step;

	(void)state;
	for (step = 1; step <= sizeof(in); step++) {
		feed(in, sizeof(in) - 1, step);
		field(HEADER_SUBJECT, "a folded\t subject");
		field(HEADER_FROM, "\"A B\" <a@b>");
		field(HEADER_DATE, "Sun, 1 Nov 2026");
		field(HEADER_MESSAGE_ID, "<1@x>");
	}
	feed("From: a\rb\r\nSubject:\r\nDate: \r\n x\n\n", 34, 1);
	field(HEADER_FROM, "a\rb");
	field(HEADER_SUBJECT, "");
	field(HEADER_DATE, "x");
	field(HEADER_MESSAGE_ID, "");
	feed("From: a\0b\r\n", 11, 3);
	assert_int_equal(scan.len[HEADER_FROM], 3);
	assert_memory_equal(scan.text[HEADER_FROM], "a\0b", 3);
}

static void
t_long_field(void **state)
{
	static char	 in[20000];
	size_t		 step;

	(void)state;
	/* a 10 kB id, folded every now and then, is cut */
	memset(in, 'x', sizeof(in));
	memcpy(in, "Message-ID: ", 12);
	memcpy(in + 200, "\r\n ", 3);
	memcpy(in + 10000, "\n\nbody", 6);
	for (step = 1; step < 11000; step = step * 3 + 1) {
		feed(in, 12000, step);
		assert_int_equal(scan.len[HEADER_MESSAGE_ID], BODY_FIELD_MAX);
		assert_int_equal(scan.text[HEADER_MESSAGE_ID][188], ' ');
		assert_int_equal(kept_len, 12000);
	}
}

static void
t_many_runs(void **state)
{
	static char	 in[100000], out[100000];
	size_t		 i, n = 0, m = 0;

	(void)state;
	/* more changes than one piece holds */
	for (i = 0; i < 1000; i++) {
		memcpy(in + n, "Received: x\n", 12);
		memcpy(in + n + 12, "Subject: y\n", 11);
		memcpy(out + m, "Subject: y\n", 11);
		n += 23;
		m += 11;
	}
	memcpy(in + n, "\nz", 2);
	memcpy(out + m, "\nz", 2);
	for (i = 1; i < 30000; i = i * 2 + 1) {
		feed(in, n + 2, i);
		assert_int_equal(kept_len, m + 2);
		assert_memory_equal(kept, out, m + 2);
		field(HEADER_SUBJECT, "y");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_trace),
		cmocka_unit_test(t_line_ends),
		cmocka_unit_test(t_fields),
		cmocka_unit_test(t_long_field),
		cmocka_unit_test(t_many_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
