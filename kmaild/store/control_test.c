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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "common/log.h"
#include "control.h"

/* account-test: step after step, as the core passes them on. */

struct test {
	json_t		*items;		/* array: not written yet */
	int		 ended;
	enum reason	 reason;
};

static void	 test_clear(struct request *);
static struct request *test_find(uint64_t);
static void	 step_address(json_t *, const struct sockaddr_storage *);
static void	 step_verdict(json_t *, const struct m_session_verdict *);
static enum pump test_pump(struct request *);

static void
test_clear(struct request *r)
{
	struct test	*test = r->state;

	plan_forget(r->serial);
	json_decref(test->items);
	free(test);
}

void
op_account_test(struct request *r)
{
	struct account_row	 row;
	struct test		*test;

	if (account_want(r, r->args.account, ALLOW_OPERATE, &row) == -1)
		return;
	if ((test = calloc(1, sizeof(*test))) == NULL ||
	    (test->items = json_array()) == NULL)
		fatal(LC_MEMORY);
	r->state = test;
	r->clear = test_clear;
	r->pump = test_pump;
	if (plan_test(&row.id, r->serial) == -1)
		request_fail(r, ERR_MISSING, "no such account", NULL);
}

static enum pump
test_pump(struct request *r)
{
	struct test	*test = r->state;
	json_t		*item;

	while (json_array_size(test->items) > 0) {
		item = json_incref(json_array_get(test->items, 0));
		json_array_remove(test->items, 0);
		reply_send(r, item);
	}
	if (!test->ended)
		return PUMP_WAIT;
	item = reply_item(r, "result");
	reply_bool(item, "ok", test->reason == R_NONE);
	reply_reason(item, "error", test->reason);
	reply_remedy(item, "remedy", test->reason);
	reply_send(r, item);
	return request_end(r);
}

static struct request *
test_find(uint64_t serial)
{
	struct request	*r;

	if ((r = request_find(serial)) == NULL ||
	    r->args.op != OP_ACCOUNT_TEST || r->state == NULL)
		return NULL;
	return r;
}

static void
step_address(json_t *item, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in	*in;
	const struct sockaddr_in6	*in6;
	char				 text[INET6_ADDRSTRLEN];
	int				 port;

	if (ss->ss_family == AF_INET) {
		in = (const struct sockaddr_in *)ss;
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		port = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		in6 = (const struct sockaddr_in6 *)ss;
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		port = ntohs(in6->sin6_port);
	} else
		return;
	reply_text(item, "address", text);
	reply_int(item, "port", port);
}

static void
step_verdict(json_t *item, const struct m_session_verdict *verdict)
{
	if (verdict == NULL)
		return;
	reply_text(item, "subject", verdict->subject);
	reply_text(item, "issuer", verdict->issuer);
	reply_time(item, "not_before", verdict->notbefore * 1000000);
	reply_time(item, "not_after", verdict->notafter * 1000000);
	reply_text(item, "spki", verdict->spki);
}

void
control_test_step(uint64_t serial, const struct test_result *result)
{
	static const char *const	 steps[] = { NULL, "key", "name",
	    "tcp", "tls", "login", "folders" };
	struct request			*r;
	struct test			*test;
	json_t				*item;

	if ((r = test_find(serial)) == NULL)
		return;
	test = r->state;
	item = reply_item(r, "step");
	reply_text(item, "step", steps[result->step]);
	reply_bool(item, "ok", result->reason == R_NONE);
	reply_reason(item, "error", result->reason);
	reply_remedy(item, "remedy", result->reason);
	if (result->step == TEST_NAME)
		reply_int(item, "addresses", result->count);
	if (result->step == TEST_TCP)
		step_address(item, &result->addr);
	if (result->step == TEST_TLS)
		step_verdict(item, result->verdict);
	if (result->step == TEST_FOLDERS) {
		reply_int(item, "folders", result->count);
		reply_int(item, "chosen", result->chosen);
	}
	if (json_array_append_new(test->items, item) == -1)
		fatal(LC_MEMORY);
	client_wake(r->client);
}

void
control_test_end(uint64_t serial, enum reason reason)
{
	struct request	*r;
	struct test	*test;

	if ((r = test_find(serial)) == NULL)
		return;
	test = r->state;
	test->ended = 1;
	test->reason = reason;
	client_wake(r->client);
}
