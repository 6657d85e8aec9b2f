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

#include "peer.h"
#include "session.h"

static void	 test_tell(const struct session *, struct test_result *);
static enum test_step test_failed_step(const struct session *, enum reason);

static void
test_tell(const struct session *s, struct test_result *t)
{
	if (s->purpose == PURPOSE_TEST && s->client != 0)
		control_test_step(s->client, t);
}

/* Key and password are there: begin.  Else that is the result. */
void
test_begin(struct session *s)
{
	struct test_result	 t = { 0 };
	enum reason		 reason = store_key_state();
	uint32_t		 idle, step, whole;

	s->max_size = store_conf()->max_size;
	if (reason == R_NONE && !s->account->has_secret)
		reason = R_PASSWORD_MISSING;
	if (reason == R_NONE && (peer_vault() == NULL ||
	    peer_fetcher() == NULL))
		reason = R_PROCESS_RESTARTED;
	if (reason != R_NONE) {
		session_cancel(s, reason);
		return;
	}
	t.step = TEST_KEY;
	test_tell(s, &t);
	if (order_send(s, 1) == -1) {
		session_cancel(s, R_STORE_ERROR);
		return;
	}
	conf_timeouts(s->account, &idle, &step, &whole);
	session_alarm(s, (int64_t)whole + SESSION_GRACE);
}

void
test_connecting(const struct session *s, const struct m_session_step *m)
{
	struct test_result	 t = { 0 };

	if (m->step == STEP_RESOLVED) {
		t.step = TEST_NAME;
		t.count = m->count;
	} else {
		t.step = TEST_TCP;
		t.addr = m->addr;
	}
	test_tell(s, &t);
}

/* The handshake may have passed where the login did not. */
void
test_verdict(const struct session *s, const struct m_session_verdict *v)
{
	struct test_result	 t = { 0 };

	if (v->tls_done) {
		t.step = TEST_TLS;
		t.verdict = v;
		test_tell(s, &t);
	}
	if (v->reason == R_NONE) {
		memset(&t, 0, sizeof(t));
		t.step = TEST_LOGIN;
		test_tell(s, &t);
	}
}

static enum test_step
test_failed_step(const struct session *s, enum reason reason)
{
	if (reason >= R_KEY_MISSING && reason <= R_KEY_INVALID)
		return TEST_KEY;
	if (s->logged_in)
		return TEST_FOLDERS;
	if (reason >= R_STARTTLS_MISSING && reason <= R_TLS_CLOSED)
		return TEST_TLS;
	if (reason >= R_DNS_FAILED && reason <= R_DNS_TIMEOUT)
		return TEST_NAME;
	if (reason >= R_CONNECT_REFUSED && reason <= R_CONNECT_UNREACHABLE)
		return TEST_TCP;
	return TEST_LOGIN;
}

void
test_end(const struct session *s, enum reason reason)
{
	struct test_result	 t = { 0 };

	t.step = TEST_FOLDERS;
	t.count = s->folders;
	t.chosen = s->chosen;
	if (reason != R_NONE) {
		t.step = test_failed_step(s, reason);
		t.reason = reason;
	}
	test_tell(s, &t);
	if (s->client != 0)
		control_test_end(s->client, reason);
}
