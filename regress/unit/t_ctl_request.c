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
 * The parser of requests on kmaild.sock.
 *
 * link: kmaild/store/control_request.o common/text.o
 * libs: jansson
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/store/control.h"

static enum parsed
parse(const char *line, struct args *args)
{
	const char	*text;
	enum parsed	 parsed;

	parsed = args_parse(line, strlen(line), args, &text);
	if (parsed != PARSED_OK) {
		assert_non_null(text);
		args_clear(args);
	}
	return parsed;
}

#define HEAD	"{\"v\":1,\"id\":7,\"op\":"

static void
test_good(void **state)
{
	struct args	 args;

	(void)state;
	assert_int_equal(parse(HEAD "\"status\"}", &args), PARSED_OK);
	assert_int_equal(args.op, OP_STATUS);
	assert_int_equal(args.id, 7);
	assert_int_equal(parse(HEAD "\"sync\",\"accounts\":[\"a\",\"b\"]}",
	    &args), PARSED_OK);
	assert_int_equal(args.naccounts, 2);
	assert_string_equal(args.accounts[1], "b");
	args_clear(&args);
	assert_int_equal(parse(HEAD "\"message-list\",\"account\":\"a\","
	    "\"folder\":\"%41%c3%A4 b\",\"limit\":3}", &args), PARSED_OK);
	assert_int_equal(args.folder_len, 5);
	assert_memory_equal(args.folder, "A\xc3\xa4 b", 5);
	assert_int_equal(args.limit, 3);
	assert_int_equal(parse(HEAD "\"message-get\",\"account\":\"a\","
	    "\"message\":\"0123456789abcdef\",\"offset\":0}", &args),
	    PARSED_OK);
	assert_string_equal(args.message, "0123456789abcdef");
	assert_int_equal(parse(HEAD "\"waiting-drop\",\"account\":\"a\","
	    "\"folder\":\"INBOX\",\"uid\":4294967295}", &args), PARSED_OK);
	assert_int_equal(args.uid, UINT32_MAX);
	assert_int_equal(parse(HEAD "\"log\",\"verbose\":true}", &args),
	    PARSED_OK);
	assert_int_equal(args.verbose, 1);
}

static void
test_malformed(void **state)
{
	static const char *const	 lines[] = {
		"", "x", "[]", "1", "null", "\"status\"", "{", "{}",
		HEAD "\"status\"} {}",
		HEAD "\"status\",\"id\":8}",			/* twice */
		HEAD "\"status\",\"account\":\"a\"}",	/* not its key */
		HEAD "\"status\",\"x\":1}",
		HEAD "1}", HEAD "null}",
		"{\"v\":1,\"op\":\"status\"}",
		"{\"v\":1,\"id\":-1,\"op\":\"status\"}",
		"{\"v\":1,\"id\":1.0,\"op\":\"status\"}",
		"{\"v\":1,\"id\":\"1\",\"op\":\"status\"}",
		"{\"v\":1,\"id\":9007199254740993,\"op\":\"status\"}",
		"{\"v\":\"1\",\"id\":1,\"op\":\"status\"}",
		"{\"id\":1,\"op\":\"status\"}",
		HEAD "\"account-show\"}",			/* missing */
		HEAD "\"account-show\",\"account\":1}",
		HEAD "\"account-show\",\"account\":null}",
		HEAD "\"account-show\",\"account\":\"\"}",
		HEAD "\"account-show\",\"account\":\"a\\u0000b\"}",
		HEAD "\"account-show\",\"account\":"
		    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
		HEAD "\"sync\",\"accounts\":[]}",
		HEAD "\"sync\",\"accounts\":\"a\"}",
		HEAD "\"sync\",\"accounts\":[\"a\",1]}",
		HEAD "\"log\",\"verbose\":1}",
		HEAD "\"monitor\",\"since\":-1}",
		HEAD "\"message-list\",\"account\":\"a\",\"limit\":0}",
		HEAD "\"message-list\",\"account\":\"a\",\"folder\":\"\"}",
		HEAD "\"message-list\",\"account\":\"a\",\"folder\":\"%4\"}",
		HEAD "\"message-list\",\"account\":\"a\",\"folder\":\"%zz\"}",
		HEAD "\"message-list\",\"account\":\"a\",\"after\":"
		    "\"0123456789abcdef\"}",
		HEAD "\"message-get\",\"account\":\"a\",\"message\":"
		    "\"0123456\"}",
		HEAD "\"message-get\",\"account\":\"a\",\"message\":"
		    "\"0123456789ABCDEF\"}",
		HEAD "\"message-get\",\"account\":\"a\",\"message\":"
		    "\"0123456789abcdef0123456789abcdef0\"}",
		HEAD "\"waiting-drop\",\"account\":\"a\",\"uid\":1}",
		HEAD "\"waiting-drop\",\"account\":\"a\",\"folder\":\"b\","
		    "\"uid\":0}",
		HEAD "\"waiting-drop\",\"account\":\"a\",\"folder\":\"b\","
		    "\"uid\":4294967296}",
		HEAD "\"\xff\"}",
	};
	struct args	 args;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parse(lines[i], &args) != PARSED_MALFORMED)
			fail_msg("taken: %s", lines[i]);
}

static void
test_other(void **state)
{
	struct args	 args;

	(void)state;
	assert_int_equal(parse(HEAD "\"account-delete\"}", &args),
	    PARSED_INVALID);
	assert_int_equal(parse(HEAD "\"\"}", &args), PARSED_INVALID);
	assert_int_equal(args.id, 7);
	assert_int_equal(parse("{\"v\":2,\"id\":7,\"new\":[]}", &args),
	    PARSED_VERSION);
	assert_int_equal(args.id, 7);
}

/* The number of accounts in one request has its bound. */
static void
test_many(void **state)
{
	struct args	 args;
	char		*line;
	size_t		 n, len;

	(void)state;
	line = malloc(65536);
	assert_non_null(line);
	for (n = CONTROL_ACCOUNTS; n < CONTROL_ACCOUNTS + 2; n++) {
		strlcpy(line, HEAD "\"sync\",\"accounts\":[", 65536);
		for (len = 0; len < n; len++)
			strlcat(line, len == 0 ? "\"a\"" : ",\"a\"", 65536);
		strlcat(line, "]}", 65536);
		assert_int_equal(parse(line, &args), n == CONTROL_ACCOUNTS ?
		    PARSED_OK : PARSED_MALFORMED);
		args_clear(&args);
	}
	free(line);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
