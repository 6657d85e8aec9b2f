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
 * The relay's list of permitted commands.
 *
 * link: kmaild/session/filter.o kmaild/session/filter_token.o
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/session/session.h"

static struct filter	 filter;
static unsigned char	 out[65536];
static size_t		 out_len;

/* Feed in pieces of this size; 0 all was passed or waits, -1 forbidden. */
static int
feed(const char *text, size_t len, size_t piece)
{
	enum filter_result	 r;
	size_t			 n, used;

	while (len > 0) {
		n = len < piece ? len : piece;
		r = filter_input(&filter, (const unsigned char *)text, n,
		    &used);
		if (r == FILTER_FORBIDDEN)
			return -1;
		if (r == FILTER_PASS) {
			assert_true(out_len + filter.out_len <= sizeof(out));
			memcpy(out + out_len, filter.out, filter.out_len);
			out_len += filter.out_len;
		} else
			assert_int_equal(used, n);
		text += used;
		len -= used;
	}
	return 0;
}

static int
try(const char *text, size_t len, size_t piece)
{
	filter_init(&filter);
	out_len = 0;
	return feed(text, len, piece);
}

static const char *const permitted[] = {
	"a CAPABILITY\r\n",
	"a capability\r\n",
	"a1.2 NOOP\r\n",
	"a ID NIL\r\n",
	"a ID (\"name\" \"kmaild\" \"version\" \"0.2\")\r\n",
	"a ENABLE UTF8=ACCEPT\r\n",
	"a NAMESPACE\r\n",
	"a LIST \"\" \"*\"\r\n",
	"a LIST \"\" *\r\n",
	"a LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n",
	"a LIST (SPECIAL-USE) \"\" \"*\" RETURN (CHILDREN SPECIAL-USE)\r\n",
	"a STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY)\r\n",
	"a STATUS \"a b\" (UIDNEXT)\r\n",
	"a EXAMINE INBOX\r\n",
	"a EXAMINE \"a \\\"b\\\" \\\\c\"\r\n",
	"a EXAMINE \"Entw\xc3\xbcrfe\"\r\n",
	"a EXAMINE &ZeVnLIqe-\r\n",
	"a EXAMINE {5}\r\nab\xff" "cd\r\n",
	"a EXAMINE {5+}\r\nab\xff" "cd\r\n",
	"a STATUS {3}\r\nabc (UIDNEXT)\r\n",
	"a LIST \"\" {3+}\r\nabc RETURN (SPECIAL-USE)\r\n",
	"a UNSELECT\r\n",
	"a UID SEARCH ALL\r\n",
	"a UID SEARCH SINCE 1-Jan-2026 UID 5:*\r\n",
	"a uid fetch 1:5,7,9:* (UID RFC822.SIZE)\r\n",
	"a UID FETCH 1:* (UID INTERNALDATE BODY.PEEK[])\r\n",
	"a UID FETCH 7 BODY.PEEK[]<0.1000>\r\n",
	"a UID FETCH 7 (X-GM-MSGID FLAGS UID)\r\n",
	"a IDLE\r\nDONE\r\n",
	"a IDLE\r\ndone\r\nb NOOP\r\n",
	"a NOOP\r\nb NOOP\r\nc LOGOUT\r\n",
};

/* Each must end the session. */
static const char *const forbidden[] = {
	"a SELECT INBOX\r\n",
	"a DELETE INBOX\r\n",
	"a CREATE x\r\n",
	"a RENAME x y\r\n",
	"a APPEND INBOX {3}\r\n",
	"a APPEND INBOX {3+}\r\nabc\r\n",
	"a STORE 1 +FLAGS (\\Deleted)\r\n",
	"a EXPUNGE\r\n",
	"a CLOSE\r\n",
	"a COPY 1 Trash\r\n",
	"a UID STORE 1 +FLAGS (\\Deleted)\r\n",
	"a UID COPY 1 Trash\r\n",
	"a UID MOVE 1 Trash\r\n",
	"a UID EXPUNGE 1\r\n",
	"a MOVE 1 Trash\r\n",
	"a FETCH 1 BODY.PEEK[]\r\n",
	"a UID FETCH 1 BODY[]\r\n",
	"a UID FETCH 1 (UID BODY[])\r\n",
	"a UID FETCH 1 (BODY.PEEK[] BODY[TEXT])\r\n",
	"a UID FETCH 1 RFC822\r\n",
	"a UID FETCH 1 RFC822.TEXT\r\n",
	"a UID FETCH 1 BINARY[]\r\n",
	"a UID FETCH 1 ALL\r\n",
	"a UID FETCH 1 (UID) (CHANGEDSINCE 1)\r\n",
	"a UID FETCH 1 (UID\r\n",
	"a UID FETCH 1 ()\r\n",
	"a UID FETCH (UID)\r\n",
	"a UID FETCH $ BODY.PEEK[]\r\n",
	"a UID SEARCH SUBJECT \"x\"\r\n",
	"a UID SEARCH SUBJECT {3}\r\n",
	"a COMPRESS DEFLATE\r\n",
	"a STARTTLS\r\n",
	"a LOGIN a b\r\n",
	"a AUTHENTICATE PLAIN\r\n",
	"a SUBSCRIBE x\r\n",
	"a SETACL x y z\r\n",
	"a SETMETADATA \"\" (/x \"y\")\r\n",
	"a GETMETADATA \"\" /x\r\n",
	"a NOTIFY SET\r\n",
	"a X\r\n",
	"a ENABLE CONDSTORE\r\n",
	"a ENABLE UTF8=ACCEPT UTF8=ONLY\r\n",
	/* forms */
	"a NOOP \r\n",
	"a  NOOP\r\n",
	"a\tNOOP\r\n",
	" a NOOP\r\n",
	"NOOP\r\n",
	"\r\n",
	"a NOOP\n",
	"a NOOP\rb DELETE x\r\n",
	"a NOOP\r\r\n",
	"a EXAMINE \"x\rb DELETE y\"\r\n",
	"a EXAMINE \"x\nb DELETE y\"\r\n",
	"a EXAMINE \"x\r\nb DELETE y\r\n",
	"a EXAMINE \"x\" y\r\n",
	"a EXAMINE x y\r\n",
	"a EXAMINE \"x\\y\"\r\n",
	"a EXAMINE \"x\r\n",
	"a EXAMINE \"x\"\"y\"\r\n",
	"a EXAMINE x (CONDSTORE)\r\n",
	"a* NOOP\r\n",
	"a{1} NOOP\r\n",
	"a\"b\" NOOP\r\n",
	"+ NOOP\r\n",
	"a NOOPX\r\n",
	"a LISTX \"\" x\r\n",
	"a LIST \"\" \"*\" RETURN (STATUS (UIDNEXT))\r\n",
	"a LIST {1}\r\n",
	"a LIST \"\" {1}\r\nx DELETE (A)\r\n",
	"a STATUS {1}\r\nx DELETE y\r\n",
	/* a literal that its server refuses is read as the next command */
	"a EXAMINE {11}\r\nb DELETE xx\r\n",
	"a EXAMINE {11+}\r\nb DELETE xx\r\n",
	"a EXAMINE {3}\r\nx\r\n\r\n",
	"a EXAMINE {3}\r\n\r\nx\r\n",
	"a EXAMINE {2}\r\nxyz\r\n",
	"a EXAMINE {0}\r\n\r\n",
	"a EXAMINE {0+}\r\nb DELETE x\r\n",
	"a EXAMINE {-1}\r\n",
	"a EXAMINE {}\r\n",
	"a EXAMINE {+}\r\n",
	"a EXAMINE {1025}\r\n",
	"a EXAMINE {99999999999999999999}\r\n",
	"a EXAMINE {4294967297}\r\n",
	"a EXAMINE {3 }\r\n",
	"a EXAMINE {3}x\r\n",
	"a EXAMINE ~{3}\r\n",
	"a NOOP {3}\r\n",
	"a ID (\"x\" {3}\r\n",
	"a UID FETCH {3}\r\n",
	/* IDLE ends with DONE and nothing else */
	"a IDLE\r\nb NOOP\r\n",
	"a IDLE\r\nDONE x\r\n",
	"a IDLE\r\nb DELETE x\r\n",
	"a IDLE\r\n{3}\r\n",
	"a IDLE x\r\n",
	"DONE\r\n",
	"a NOOP\r\nDONE\r\n",
	"a LOGOUT\r\nb NOOP\r\n",
	"a LOGOUT\r\n\r\n",
};

static void
test_permitted(void **state)
{
	size_t	 i, n, piece;

	(void)state;
	for (i = 0; i < sizeof(permitted) / sizeof(permitted[0]); i++) {
		n = strlen(permitted[i]);
		for (piece = 1; piece <= n; piece++) {
			if (try(permitted[i], n, piece) == -1)
				fail_msg("refused: %s", permitted[i]);
			assert_int_equal(out_len, n);
			assert_memory_equal(out, permitted[i], n);
		}
	}
}

/* Forbidden, and no octet of the command itself was passed before. */
static void
test_forbidden(void **state)
{
	const char	*p;
	size_t		 i, n, piece, before;

	(void)state;
	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		n = strlen(forbidden[i]);
		/* what stands in an earlier line may have gone out */
		p = strstr(forbidden[i], "\r\n");
		before = p == NULL || p[2] == '\0' ? 0 :
		    (size_t)(p + 2 - forbidden[i]);
		for (piece = 1; piece <= n; piece++) {
			if (try(forbidden[i], n, piece) != -1)
				fail_msg("permitted: %s", forbidden[i]);
			assert_true(out_len <= before);
		}
	}
}

/* Only a synchronising literal lets a line out before its command's end. */
static void
test_literal_line(void **state)
{
	static const char	 sync[] = "a EXAMINE {3}\r\n";
	static const char	 plus[] = "a EXAMINE {3+}\r\n";

	(void)state;
	assert_int_equal(try(sync, sizeof(sync) - 1, 64), 0);
	assert_int_equal(out_len, sizeof(sync) - 1);
	assert_int_equal(feed("ab", 2, 64), 0);
	assert_int_equal(out_len, sizeof(sync) - 1);
	assert_int_equal(feed("c\r\n", 3, 64), 0);
	assert_int_equal(out_len, sizeof(sync) - 1 + 5);
	assert_int_equal(feed("b NOOP\r\n", 8, 64), 0);
	assert_int_equal(out_len, sizeof(sync) - 1 + 13);

	assert_int_equal(try(plus, sizeof(plus) - 1, 64), 0);
	assert_int_equal(out_len, 0);
}

/* An unfinished command stays here, however it is cut. */
static void
test_held(void **state)
{
	static const char	 text[] = "a DELETE INBOX";

	(void)state;
	assert_int_equal(try(text, sizeof(text) - 1, 1), 0);
	assert_int_equal(out_len, 0);
	assert_int_equal(feed("\r", 1, 1), 0);
	assert_int_equal(out_len, 0);
	assert_int_equal(feed("\n", 1, 1), -1);
	assert_int_equal(out_len, 0);
}

static void
test_nul(void **state)
{
	static const char	 text[] = "a NOOP\0\r\n";
	static const char	 literal[] = "a EXAMINE {3}\r\na\0b\r\n";

	(void)state;
	assert_int_equal(try(text, sizeof(text) - 1, 64), -1);
	assert_int_equal(try(literal, sizeof(literal) - 1, 64), -1);
}

static void
test_length(void **state)
{
	static char	 text[FILTER_SIZE + 8];
	size_t		 n = FILTER_SIZE;

	(void)state;
	memset(text, '1', sizeof(text));
	memcpy(text, "a UID FETCH ", 12);
	memcpy(text + n - 12, " BODY.PEEK[]", 12);
	/* one octet too many with the CRLF, then just right */
	memcpy(text + n, "\r\n", 2);
	assert_int_equal(try(text, n + 2, 4096), -1);
	assert_int_equal(out_len, 0);
	memcpy(text + n - 14, " BODY.PEEK[]\r\n", 14);
	assert_int_equal(try(text, n, 4096), 0);
	assert_int_equal(out_len, n);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_permitted),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_literal_line),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
