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
 * link: kmaild/vault/ticket.o
 * libs: libsodium
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/vault/vault.h"

#define NOW	1000000

static struct m_ticket
sample(uint64_t session)
{
	struct m_ticket	 t;

	memset(&t, 0, sizeof(t));
	id_mint(&t.ticket);
	id_mint(&t.account);
	t.session = session;
	t.purpose = PURPOSE_FETCH;
	t.uses = 1;
	t.lifetime = 60;
	return t;
}

static struct m_socket
socket_of(const struct m_ticket *t)
{
	struct m_socket	 m;

	memset(&m, 0, sizeof(m));
	m.session = t->session;
	m.ticket = t->ticket;
	m.account = t->account;
	return m;
}

static int
clean(void **state)
{
	uint64_t	 i;

	(void)state;
	for (i = 0; i <= TICKETS_MAX + 1; i++)
		ticket_drop_session(i);
	return ticket_count() == 0 ? 0 : -1;
}

static void
good_once(void **state)
{
	struct m_ticket	 t = sample(1), found;
	struct m_socket	 m = socket_of(&t);

	(void)state;
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_use(&m, NOW, &found), 0);
	assert_int_equal(found.purpose, PURPOSE_FETCH);
	assert_true(id_equal(&found.account, &t.account));
	/* reused */
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	assert_int_equal(ticket_count(), 0);
}

static void
uses(void **state)
{
	struct m_ticket	 t = sample(1), found;
	struct m_socket	 m = socket_of(&t);

	(void)state;
	t.uses = 3;
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_use(&m, NOW, &found), 0);
	assert_int_equal(ticket_use(&m, NOW, &found), 0);
	assert_int_equal(ticket_use(&m, NOW, &found), 0);
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
}

static void
expired(void **state)
{
	struct m_ticket	 t = sample(1), found;
	struct m_socket	 m = socket_of(&t);

	(void)state;
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_use(&m, NOW + 60 * 1000, &found), -1);
	/* and gone, not waiting for a clock that goes back */
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_use(&m, NOW + 60 * 1000 - 1, &found), 0);
}

static void
of_another(void **state)
{
	struct m_ticket	 t = sample(1), other = sample(2), found;
	struct m_socket	 m;

	(void)state;
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_add(&other, NOW), 0);
	m = socket_of(&t);
	m.account = other.account;
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	m = socket_of(&t);
	m.session = other.session;
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	m = socket_of(&t);
	m.ticket.b[7] ^= 1;
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	/* none of these used it up */
	m = socket_of(&t);
	assert_int_equal(ticket_use(&m, NOW, &found), 0);
}

static void
nonsense(void **state)
{
	struct m_ticket	 t;

	(void)state;
#define REFUSED(change) do {						\
	t = sample(1);							\
	change;								\
	assert_int_equal(ticket_add(&t, NOW), -1);			\
	assert_int_equal(ticket_count(), 0);				\
} while (0)
	REFUSED(t.purpose = 0);
	REFUSED(t.purpose = PURPOSE_MAX);
	REFUSED(t.uses = 0);
	REFUSED(t.uses = TICKET_USES_MAX + 1);
	REFUSED(t.lifetime = 0);
	REFUSED(t.lifetime = TICKET_LIFETIME_MAX + 1);
	REFUSED(memset(&t.ticket, 0, sizeof(t.ticket)));
	REFUSED(memset(&t.account, 0, sizeof(t.account)));
#undef REFUSED
}

static void
bounded(void **state)
{
	struct m_ticket	 t;
	uint64_t	 i;

	(void)state;
	for (i = 0; i < TICKETS_MAX; i++) {
		t = sample(i);
		assert_int_equal(ticket_add(&t, NOW), 0);
	}
	t = sample(i);
	assert_int_equal(ticket_add(&t, NOW), -1);
	/* what expired makes room */
	assert_int_equal(ticket_add(&t, NOW + 61 * 1000), 0);
	assert_int_equal(ticket_count(), 1);
}

static void
dropped(void **state)
{
	struct m_ticket	 t = sample(1), other = sample(2), found;
	struct m_socket	 m = socket_of(&t), n = socket_of(&other);

	(void)state;
	assert_int_equal(ticket_add(&t, NOW), 0);
	assert_int_equal(ticket_add(&other, NOW), 0);
	ticket_drop_session(1);
	assert_int_equal(ticket_use(&m, NOW, &found), -1);
	ticket_drop_account(&other.account);
	assert_int_equal(ticket_use(&n, NOW, &found), -1);
	assert_int_equal(ticket_count(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(good_once, clean),
		cmocka_unit_test_teardown(uses, clean),
		cmocka_unit_test_teardown(expired, clean),
		cmocka_unit_test_teardown(of_another, clean),
		cmocka_unit_test_teardown(nonsense, clean),
		cmocka_unit_test_teardown(bounded, clean),
		cmocka_unit_test_teardown(dropped, clean),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}
