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
 * link: kmaild/vault/form.o kmaild/vault/socket.o
 * libs: libsodium
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmaild/vault/vault.h"

static void
label(void **state)
{
	(void)state;
	assert_int_equal(form_label("a"), 0);
	assert_int_equal(form_label("0-9._z"), 0);
	assert_int_equal(form_label("abcdefghijabcdefghijabcdefghij12"), 0);
	assert_int_equal(form_label("abcdefghijabcdefghijabcdefghij123"), -1);
	assert_int_equal(form_label(""), -1);
	assert_int_equal(form_label("-a"), -1);
	assert_int_equal(form_label(".a"), -1);
	assert_int_equal(form_label("_a"), -1);
	assert_int_equal(form_label("A"), -1);
	assert_int_equal(form_label("a b"), -1);
	assert_int_equal(form_label("a\n"), -1);
	assert_int_equal(form_label("\xc3\xa4"), -1);
}

static void
user(void **state)
{
	char	 longest[KM_USER_SIZE + 1];

	(void)state;
	assert_int_equal(form_user("alice@lab.test"), 0);
	assert_int_equal(form_user("J\xc3\xbcrgen \"x\" \\ y"), 0);
	assert_int_equal(form_user("\xf0\x9f\x93\xa7"), 0);
	assert_int_equal(form_user(""), -1);
	assert_int_equal(form_user("a\r\nb"), -1);
	assert_int_equal(form_user("a\x1b[0m"), -1);
	assert_int_equal(form_user("a\x7f"), -1);
	assert_int_equal(form_user("a\xc2\x85"), -1);		/* C1 */
	assert_int_equal(form_user("a\xc0\xaf"), -1);		/* overlong */
	assert_int_equal(form_user("a\xed\xa0\x80"), -1);	/* surrogate */
	assert_int_equal(form_user("a\xf4\x90\x80\x80"), -1);
	assert_int_equal(form_user("a\xe2\x82"), -1);		/* cut */
	assert_int_equal(form_user("a\xff"), -1);
	memset(longest, 'a', sizeof(longest));
	longest[KM_USER_SIZE] = '\0';
	assert_int_equal(form_user(longest), -1);
	longest[KM_USER_SIZE - 1] = '\0';
	assert_int_equal(form_user(longest), 0);
}

/* The host in its stored form, or NULL. */
static const char *
host(const char *given)
{
	static char	 buf[KM_HOST_SIZE];

	memset(buf, 0, sizeof(buf));
	strlcpy(buf, given, sizeof(buf));
	return form_host(buf) == 0 ? buf : NULL;
}

static void
hosts(void **state)
{
	char	 text[KM_HOST_SIZE];

	(void)state;
	assert_string_equal(host("imap.lab.test"), "imap.lab.test");
	assert_string_equal(host("IMAP.Lab.TEST."), "imap.lab.test");
	assert_string_equal(host("localhost"), "localhost");
	assert_string_equal(host("xn--mller-kva.example"),
	    "xn--mller-kva.example");
	assert_string_equal(host("127.0.0.1"), "127.0.0.1");
	assert_string_equal(host("[::1]"), "[::1]");
	assert_string_equal(host("[2001:DB8:0:0::1]"), "[2001:db8::1]");
	assert_null(host(""));
	assert_null(host("."));
	assert_null(host("a..b"));
	assert_null(host(".a"));
	assert_null(host("a.."));
	assert_null(host("-a.b"));
	assert_null(host("a-.b"));
	assert_null(host("a b"));
	assert_null(host("a/b"));
	assert_null(host("a:993"));
	assert_null(host("a\n"));
	assert_null(host("m\xc3\xbcller.example"));
	assert_null(host("::1"));
	assert_null(host("[::1"));
	assert_null(host("[::1]x"));
	assert_null(host("[fe80::1%eth0]"));
	assert_null(host("[]"));
	assert_null(host("["));
	/* forms of addresses that resolvers take for numbers */
	assert_null(host("127.1"));
	assert_null(host("127.0.0.256"));
	assert_null(host("1.2.3.4.5"));
	assert_null(host("0x7f000001"));
	assert_null(host("2130706433"));
	memset(text, 'a', 64);
	text[64] = '\0';
	assert_null(host(text));
	text[63] = '\0';
	assert_non_null(host(text));
	memset(text, 'a', sizeof(text));
	text[50] = text[100] = text[150] = text[200] = '.';
	text[254] = '\0';
	assert_null(host(text));
	text[253] = '\0';
	assert_non_null(host(text));
}

static void
ca(void **state)
{
	static const char	 good[] = "# a comment\n"
	    "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
	static const char	 key[] = "-----BEGIN CERTIFICATE-----\nMII=\n"
	    "-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";
	static const char	 turned[] = "-----END CERTIFICATE-----\n"
	    "-----BEGIN CERTIFICATE-----\n";
#define CA(s)	form_ca((const unsigned char *)(s), sizeof(s) - 1)

	(void)state;
	assert_int_equal(CA(good), 0);
	assert_int_equal(form_ca((const unsigned char *)good,
	    sizeof(good)), -1);		/* its NUL */
	assert_int_equal(CA(key), -1);
	assert_int_equal(CA(turned), -1);
	assert_int_equal(CA("hello"), -1);
	assert_int_equal(CA(""), -1);
#undef CA
}

static void
secret(void **state)
{
	unsigned char	 p[KM_SECRET_MAX + 1];

	(void)state;
	memset(p, 0xe4, sizeof(p));
	assert_int_equal(form_secret(p, 1), 0);
	assert_int_equal(form_secret(p, KM_SECRET_MAX), 0);
	assert_int_equal(form_secret(p, KM_SECRET_MAX + 1), -1);
	assert_int_equal(form_secret(p, 0), -1);
	p[3] = '\0';
	assert_int_equal(form_secret(p, 3), 0);
	assert_int_equal(form_secret(p, 4), -1);
	p[3] = '\r';
	assert_int_equal(form_secret(p, 4), -1);
	p[3] = '\n';
	assert_int_equal(form_secret(p, 4), -1);
}

static void
settings(void **state)
{
	static struct settings	 s;

	(void)state;
	assert_int_equal(form_settings(&s), 0);
	s.given = SET_FOLDERS;
	memcpy(s.folders, "INBOX\0Sent", 11);
	s.folders_len = 11;
	assert_int_equal(form_settings(&s), 0);
	s.folders_len = 10;
	assert_int_equal(form_settings(&s), -1);
	s.folders_len = KM_FOLDERS_SIZE + 1;
	assert_int_equal(form_settings(&s), -1);
	s.folders_len = 0;
	s.given = 0x100;
	assert_int_equal(form_settings(&s), -1);
}

/* A TCP connection over loopback: the client's end, and its port. */
static int
connected(int family, uint16_t *port, int *listener, int *accepted)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_storage	 ss;
	struct sockaddr		*sa = (struct sockaddr *)&ss;
	socklen_t		 len;
	int			 fd;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in6.sin6_addr = in6addr_loopback;
	memset(&ss, 0, sizeof(ss));
	len = family == AF_INET ? sizeof(in) : sizeof(in6);
	memcpy(&ss, family == AF_INET ? (void *)&in : (void *)&in6, len);
	*listener = socket(family, SOCK_STREAM, 0);
	assert_int_not_equal(*listener, -1);
	if (bind(*listener, sa, len) == -1) {
		close(*listener);
		return -1;	/* no IPv6 here */
	}
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, sa, &len), 0);
	*port = family == AF_INET ?
	    ntohs(((struct sockaddr_in *)sa)->sin_port) :
	    ntohs(((struct sockaddr_in6 *)sa)->sin6_port);
	fd = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, sa, len), 0);
	*accepted = accept(*listener, NULL, NULL);
	return fd;
}

static void
socket_of_peer(void **state)
{
	static const int	 families[] = { AF_INET, AF_INET6 };
	uint16_t		 port, other;
	size_t			 i;
	int			 fd, l, a;

	(void)state;
	for (i = 0; i < 2; i++) {
		if ((fd = connected(families[i], &port, &l, &a)) == -1)
			continue;
		assert_int_equal(socket_check(fd, port), 0);
		/* another port than the record's */
		other = (uint16_t)(port == 993 ? 143 : 993);
		assert_int_equal(socket_check(fd, other), -1);
		/* our own port is not the peer's */
		assert_int_equal(socket_check(a, port), -1);
		/* listening, not connected */
		assert_int_equal(socket_check(l, port), -1);
		close(fd);
		close(l);
		close(a);
	}
}

static void
no_socket(void **state)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	int			 fds[2], fd;

	(void)state;
	assert_int_equal(socket_check(-1, 993), -1);
	assert_int_equal(socket_check(0, 993), -1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(socket_check(fds[0], 993), -1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(socket_check(fds[0], 993), -1);
	close(fds[0]);
	close(fds[1]);
	/* not connected */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(socket_check(fd, 993), -1);
	close(fd);
	/* connected, to the right port, by the wrong protocol */
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(993);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(socket_check(fd, 993), -1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label),
		cmocka_unit_test(user),
		cmocka_unit_test(hosts),
		cmocka_unit_test(ca),
		cmocka_unit_test(secret),
		cmocka_unit_test(settings),
		cmocka_unit_test(socket_of_peer),
		cmocka_unit_test(no_socket),
	};

	return cmocka_run_group_tests_name("vaultform", tests, NULL, NULL);
}
