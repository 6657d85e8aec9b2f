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
 * The cleartext half of STARTTLS, and the files of the resolver.
 *
 * link: kmaild/fetcher/starttls.o kmaild/fetcher/resolvfile.o common/imapcode.o
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/fetcher/fetcher.h"

#define SCRIPT_MAX	6
#define ASK	"s1 CAPABILITY\r\n"
#define BEGIN	"s2 STARTTLS\r\n"

struct row {
	const char	*said[SCRIPT_MAX];	/* by the server, each after a command */
	enum starttls_result result;
	enum reason	 reason;
	uint32_t	 backoff;
	const char	*heard;
};

static const struct row rows[] = {
	{ { "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n",
	    "s2 OK begin\r\n" }, STARTTLS_DONE, R_NONE, 0, BEGIN },
	{ { "* OK hi\r\n", "* CAPABILITY IMAP4rev1 starttls\r\ns1 OK\r\n",
	    "s2 ok\r\n" }, STARTTLS_DONE, R_NONE, 0, ASK BEGIN },
	{ { "* OK [ALERT] hi\r\n* OK more\r\n",
	    "* CAPABILITY STARTTLS\r\n* OK x\r\ns1 OK\r\n",
	    "* OK x\r\ns2 OK x\r\n" }, STARTTLS_DONE, R_NONE, 0, ASK BEGIN },
	/* stripped */
	{ { "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n" }, STARTTLS_FAIL,
	    R_STARTTLS_MISSING, 0, "" },
	{ { "* OK [CAPABILITY IMAP4rev1 STARTTLSX XSTARTTLS] hi\r\n" },
	    STARTTLS_FAIL, R_STARTTLS_MISSING, 0, "" },
	{ { "* OK hi\r\n", "* CAPABILITY IMAP4rev1\r\ns1 OK STARTTLS\r\n" },
	    STARTTLS_FAIL, R_STARTTLS_MISSING, 0, ASK },
	{ { "* OK hi\r\n", "s1 OK nothing\r\n" }, STARTTLS_FAIL,
	    R_STARTTLS_MISSING, 0, ASK },
	{ { "* OK hi\r\n", "s1 BAD what\r\n" }, STARTTLS_FAIL,
	    R_STARTTLS_MISSING, 0, ASK },
	/* refused */
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "s2 NO not today\r\n" },
	    STARTTLS_FAIL, R_STARTTLS_REFUSED, 0, BEGIN },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "s2 BAD what\r\n" },
	    STARTTLS_FAIL, R_STARTTLS_REFUSED, 0, BEGIN },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "s2 OKAY\r\n" },
	    STARTTLS_FAIL, R_STARTTLS_REFUSED, 0, BEGIN },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "s1 OK\r\n" },
	    STARTTLS_FAIL, R_GREETING_INVALID, 0, BEGIN },
	/* injected: anything behind the OK, be it one octet */
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n",
	    "s2 OK\r\n* CAPABILITY AUTH=PLAIN\r\n" }, STARTTLS_FAIL,
	    R_STARTTLS_INJECTED, 0, BEGIN },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "s2 OK\r\n\n" },
	    STARTTLS_FAIL, R_STARTTLS_INJECTED, 0, BEGIN },
	/* the greeting */
	{ { "* PREAUTH hi\r\n" }, STARTTLS_FAIL, R_GREETING_PREAUTH, 0, "" },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "* PREAUTH hi\r\n" },
	    STARTTLS_FAIL, R_GREETING_PREAUTH, 0, BEGIN },
	{ { "* BYE Suggested Backoff Time: 5000 milliseconds\r\n" },
	    STARTTLS_FAIL, R_GREETING_BYE, 5, "" },
	{ { "* OK [CAPABILITY STARTTLS] hi\r\n", "* BYE\r\n" }, STARTTLS_FAIL,
	    R_GREETING_BYE, 0, BEGIN },
	{ { "220 hello\r\n" }, STARTTLS_FAIL, R_GREETING_INVALID, 0, "" },
	{ { "\x16\x03\x01\n" }, STARTTLS_FAIL, R_GREETING_INVALID, 0, "" },
	{ { "* OK" }, STARTTLS_MORE, R_NONE, 0, "" },
};

static struct starttls	 st;

static void
run(const struct row *row, size_t piece, char *heard)
{
	enum starttls_result	 r = STARTTLS_MORE;
	const char		*p;
	size_t			 i, n, used;

	starttls_init(&st);
	heard[0] = '\0';
	for (i = 0; i < SCRIPT_MAX && row->said[i] != NULL; i++)
		for (p = row->said[i]; *p != '\0'; p += used) {
			n = strlen(p) < piece ? strlen(p) : piece;
			r = starttls_input(&st, (const unsigned char *)p, n,
			    &used);
			if (r == STARTTLS_SEND)
				strlcat(heard, st.out, 256);
			else if (r != STARTTLS_MORE)
				goto end;
		}
end:
	assert_int_equal(r, row->result);
}

static void
test_rows(void **state)
{
	char	 heard[256];
	size_t	 i, piece;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		/* injection is seen in one piece; later ones TLS refuses */
		for (piece = rows[i].reason == R_STARTTLS_INJECTED ? 4096 : 1;
		    piece <= 4096; piece *= 16) {
			run(&rows[i], piece, heard);
			assert_int_equal(st.reason, rows[i].reason);
			assert_int_equal(st.backoff, rows[i].backoff);
			assert_string_equal(heard, rows[i].heard);
		}
}

static void
test_flood(void **state)
{
	static const char	 line[] = "* OK x\r\n";
	enum starttls_result	 r = STARTTLS_MORE;
	size_t			 i, used;

	(void)state;
	starttls_init(&st);
	for (i = 0; i < 2 * STARTTLS_LINE_MAX && r == STARTTLS_MORE; i++)
		r = starttls_input(&st, (const unsigned char *)"x", 1, &used);
	assert_int_equal(r, STARTTLS_FAIL);
	assert_int_equal(st.reason, R_GREETING_INVALID);

	starttls_init(&st);
	r = starttls_input(&st, (const unsigned char *)line, 8, &used);
	assert_int_equal(r, STARTTLS_SEND);
	r = STARTTLS_MORE;
	for (i = 0; i < 2 * STARTTLS_LINES_MAX && r == STARTTLS_MORE; i++)
		r = starttls_input(&st, (const unsigned char *)line, 8, &used);
	assert_int_equal(r, STARTTLS_FAIL);
	assert_int_equal(st.reason, R_GREETING_INVALID);
}

static void
is_address(const struct sockaddr_storage *ss, const char *want, int port)
{
	char	 text[INET6_ADDRSTRLEN];
	uint16_t p;

	if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *s = (const void *)ss;

		inet_ntop(AF_INET6, &s->sin6_addr, text, sizeof(text));
		p = ntohs(s->sin6_port);
	} else {
		const struct sockaddr_in *s = (const void *)ss;

		assert_int_equal(ss->ss_family, AF_INET);
		inet_ntop(AF_INET, &s->sin_addr, text, sizeof(text));
		p = ntohs(s->sin_port);
	}
	assert_string_equal(text, want);
	assert_int_equal(p, port);
}

static void
test_nameservers(void **state)
{
	static const char	 text[] = "# nameserver 9.9.9.9\n"
	    "search example.org\n  nameserver\t127.0.0.53 # local\n"
	    "nameserver fe80::1%eth0\nnameserver name.example\nnameserver\n"
	    "nameserver 2001:db8::1\r\nNAMESERVER 1.2.3.4\n"
	    "nameserver 192.0.2.1;\nnameserver 192.0.2.2";
	struct sockaddr_storage	 ss[NAMESERVERS_MAX];

	(void)state;
	assert_int_equal(resolvfile_nameservers(text, sizeof(text) - 1, ss,
	    NAMESERVERS_MAX), 3);
	is_address(&ss[0], "127.0.0.53", 53);
	is_address(&ss[1], "2001:db8::1", 53);
	is_address(&ss[2], "192.0.2.1", 53);
	assert_int_equal(resolvfile_nameservers(text, 0, ss,
	    NAMESERVERS_MAX), 0);
}

static void
test_hosts(void **state)
{
	static const char	 text[] = "127.0.0.1 localhost\n"
	    "::1 localhost ip6\n10.0.0.1\tother IMAP.test. alias # imap.no\n"
	    "10.0.0.2 ximap.test imap.testx\nimap.test 10.0.0.3\n"
	    "300.0.0.1 imap.test\n2001:db8::5 imap.test imap.test";
	struct sockaddr_storage	 ss[ADDRESSES_MAX];

	(void)state;
	assert_int_equal(resolvfile_hosts(text, sizeof(text) - 1, "imap.test",
	    ss, ADDRESSES_MAX), 2);
	is_address(&ss[0], "10.0.0.1", 0);
	is_address(&ss[1], "2001:db8::5", 0);
	assert_int_equal(resolvfile_hosts(text, sizeof(text) - 1,
	    "localhost.", ss, ADDRESSES_MAX), 2);
	assert_int_equal(resolvfile_hosts(text, sizeof(text) - 1, "localhost",
	    ss, 1), 1);
	assert_int_equal(resolvfile_hosts(text, sizeof(text) - 1, "imap.no",
	    ss, ADDRESSES_MAX), 0);
	assert_int_equal(resolvfile_hosts(text, sizeof(text) - 1, "", ss,
	    ADDRESSES_MAX), 0);
}

static void
test_literal(void **state)
{
	struct sockaddr_storage	 ss;

	(void)state;
	assert_int_equal(resolvfile_literal("192.0.2.7", &ss), 0);
	is_address(&ss, "192.0.2.7", 0);
	assert_int_equal(resolvfile_literal("[2001:db8::7]", &ss), 0);
	is_address(&ss, "2001:db8::7", 0);
	assert_int_equal(resolvfile_literal("::1", &ss), 0);
	assert_int_equal(resolvfile_literal("[192.0.2.7", &ss), -1);
	assert_int_equal(resolvfile_literal("192.0.2", &ss), -1);
	assert_int_equal(resolvfile_literal("imap.test", &ss), -1);
	assert_int_equal(resolvfile_literal("[]", &ss), -1);
	assert_int_equal(resolvfile_literal("", &ss), -1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_nameservers),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_literal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
