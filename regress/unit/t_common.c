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

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/imsg.h"
#include "common/log.h"
#include "common/msg.h"
#include "common/peer.h"
#include "common/reason.h"

static void
table_is_whole(void **state)
{
	const struct msg_desc	*d;
	uint32_t		 t;

	(void)state;
	for (t = M_NONE + 1; t < M_TYPE_MAX; t++) {
		d = msg_desc(t);
		assert_non_null(d);
		assert_true(d->from != 0 && d->to != 0);
		assert_true(d->min <= d->max);
		assert_true(d->max <= MAX_IMSGSIZE - IMSG_HEADER_SIZE);
	}
	assert_null(msg_desc(M_NONE));
	assert_null(msg_desc(M_TYPE_MAX));
	assert_null(msg_desc(UINT32_MAX));
}

static void
table_checks(void **state)
{
	size_t	 n = sizeof(struct m_ticket);

	(void)state;
	assert_int_equal(msg_check(M_TICKET, P_STORE, P_VAULT, n, 0), 0);
	assert_int_equal(msg_check(M_TICKET, P_FETCHER, P_VAULT, n, 0), -1);
	assert_int_equal(msg_check(M_TICKET, P_STORE, P_FETCHER, n, 0), -1);
	assert_int_equal(msg_check(M_TICKET, P_STORE, P_VAULT, n - 1, 0), -1);
	assert_int_equal(msg_check(M_TICKET, P_STORE, P_VAULT, n + 1, 0), -1);
	assert_int_equal(msg_check(M_TICKET, P_STORE, P_VAULT, n, 1), -1);
	n = sizeof(struct m_socket);
	assert_int_equal(msg_check(M_SOCKET, P_FETCHER, P_VAULT, n, 0), -1);
	assert_int_equal(msg_check(M_SOCKET, P_FETCHER, P_VAULT, n, 1), 0);
	n = sizeof(struct w_body);
	assert_int_equal(msg_check(W_BODY, P_WORKER, P_STORE, n - 1, 0), -1);
	assert_int_equal(msg_check(W_BODY, P_WORKER, P_STORE, n + 9, 0), 0);
	assert_int_equal(msg_check(V_PASSWORD, P_WORKER, P_VAULT,
	    sizeof(struct v_password), 0), -1);
}

/* Nobody on the network side or in the store may send or get a secret. */
static void
secrets_stay(void **state)
{
	const struct msg_desc	*d;
	uint32_t		 t;

	(void)state;
	for (t = M_NONE + 1; t < M_TYPE_MAX; t++) {
		d = msg_desc(t);
		if (!d->secret)
			continue;
		assert_int_equal(d->from, PROC_BIT(P_CTL));
		assert_int_equal(d->to, PROC_BIT(P_VAULT));
	}
}

static void
ids(void **state)
{
	struct id	 a, b;
	char		 text[ID_HEX_SIZE];

	(void)state;
	id_mint(&a);
	id_mint(&b);
	assert_false(id_equal(&a, &b));
	assert_int_equal(id_parse(&b, id_hex(&a, text)), 0);
	assert_true(id_equal(&a, &b));
	assert_int_equal(strlen(text), 32);
	assert_int_equal(id_parse(&b, ""), -1);
	assert_true(id_is_zero(&b));
	text[31] = 'G';
	assert_int_equal(id_parse(&b, text), -1);
	text[31] = 'A';
	assert_int_equal(id_parse(&b, text), -1);
	assert_int_equal(id_parse(&b, "0123456789abcdef0123456789abcdef0"),
	    -1);
}

static void
reasons(void **state)
{
	uint32_t	 r, s;

	(void)state;
	for (r = 0; r < R_MAX; r++) {
		if (reason_check(r) == -1)
			continue;
		assert_non_null(reason_word(r));
		if (r != R_NONE)
			assert_non_null(reason_remedy(r));
		/* no two reasons read the same */
		for (s = r + 1; s < R_MAX; s++) {
			if (reason_check(s) == -1 ||
			    strcmp(reason_word(r), reason_word(s)) != 0)
				continue;
			if (reason_detail(r) == NULL ||
			    reason_detail(s) == NULL)
				assert_ptr_not_equal(reason_detail(r),
				    reason_detail(s));
			else
				assert_string_not_equal(reason_detail(r),
				    reason_detail(s));
		}
	}
	assert_int_equal(reason_check(R_MAX), -1);
	assert_int_equal(reason_check(UINT32_MAX), -1);
	assert_string_equal(reason_word(R_IMAP_AUTH_FAILED),
	    "imap_sync_failed");
	assert_string_equal(reason_detail(R_IMAP_AUTH_FAILED),
	    "imap_auth_failed");
}

static void
log_texts(void **state)
{
	struct m_log	 m;
	char		 buf[256], tiny[8];

	(void)state;
	memset(&m, 0, sizeof(m));
	m.code = LC_SETUP;
	m.a = 2;
	m.c = 77;
	assert_string_equal(log_text(&m, buf, sizeof(buf)),
	    "cannot start: No such file or directory, line 77");
	assert_string_equal(log_text(&m, tiny, sizeof(tiny)), "cannot ");
	m.code = LC_MALFORMED;
	m.a = -5;
	m.b = P_FETCHER;
	assert_string_equal(log_text(&m, buf, sizeof(buf)),
	    "malformed message of type -5 from fetcher");
	m.code = 999999;
	assert_string_equal(log_text(&m, buf, sizeof(buf)), "code 999999");
	assert_null(logcode_name(999999));
	assert_string_equal(logcode_name(LC_SETUP), "setup-failed");
}

static void
logcodes_are_unique(void **state)
{
	static const struct { int n; const char *name; } rows[] = {
#define ROW(number, constant, name, text)	{ number, name },
		LOGCODES(ROW)
#undef ROW
	};
	size_t	 i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(rows[i].n > 0 && rows[i].n < LC_MAX);
		for (j = 0; j < i; j++) {
			assert_int_not_equal(rows[i].n, rows[j].n);
			assert_string_not_equal(rows[i].name, rows[j].name);
		}
	}
}

static void
clocks(void **state)
{
	char	 text[CLOCK_TEXT_SIZE];

	(void)state;
	assert_string_equal(clock_text(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_text(1795377600000000, text),
	    "2026-11-22T20:00:00Z");
	assert_true(clock_boot() <= clock_boot());
}

static void
peers(void **state)
{
	uid_t	 uid;
	gid_t	 gid;
	int	 s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_int_equal(peer_ids(s[0], &uid, &gid), 0);
	assert_int_equal(uid, geteuid());
	assert_int_equal(gid, getegid());
	assert_int_equal(peer_ids(-1, &uid, &gid), -1);
	close(s[0]);
	close(s[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(table_checks),
		cmocka_unit_test(secrets_stay),
		cmocka_unit_test(ids),
		cmocka_unit_test(reasons),
		cmocka_unit_test(log_texts),
		cmocka_unit_test(logcodes_are_unique),
		cmocka_unit_test(clocks),
		cmocka_unit_test(peers),
	};

	return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}
