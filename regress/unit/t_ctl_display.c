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
 * Foreign text on its way to a terminal.
 *
 * link: kmailctl/display.o kmailctl/decode.o common/text.o
 * libs: jansson
 */

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmailctl/ctl.h"

static void
shows(const char *text, const char *want)
{
	char	 out[256];

	display_text(text, strlen(text), out, sizeof(out), 0);
	assert_string_equal(out, want);
}

static void
test_text(void **state)
{
	char	 out[16];

	(void)state;
	shows("plain", "plain");
	shows("Gr\xc3\xbc\xc3\x9f" "e", "Gr\xc3\xbc\xc3\x9f" "e");
	shows("\x1b[2J\x07", "^[[2J^G");
	shows("a\nb\tc\x7f", "a^Jb^Ic^?");
	shows("\xc2\x9b" "31m", "<U+009B>31m");		/* C1 CSI */
	shows("\x9b" "31m", "\xef\xbf\xbd" "31m");		/* raw C1 */
	shows("\xe2\x80\xae" "txt", "<U+202E>txt");	/* right to left */
	shows("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	shows("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");	/* overlong NUL */
	/* never half a character, never beyond the columns or the buffer */
	assert_int_equal(display_text("abc\xc3\xbc" "d", 6, out, sizeof(out),
	    4), 4);
	assert_string_equal(out, "abc\xc3\xbc");
	display_text("abc\xc3\xbc", 5, out, 5, 0);
	assert_string_equal(out, "abc");
	assert_int_equal(display_text("\xe6\x97\xa5\xe6\x9c\xac", 6, out,
	    sizeof(out), 3), 2);
	assert_string_equal(out, "\xe6\x97\xa5");
}

/* What the function prints for these octets, in pieces of this size. */
static void
prints(const char *data, size_t len, size_t piece, const char *want)
{
	struct display	 d;
	char		*got = NULL;
	size_t		 size = 0, n;
	FILE		*saved = stdout;

	memset(&d, 0, sizeof(d));
	stdout = open_memstream(&got, &size);
	assert_non_null(stdout);
	for (; len > 0; data += n, len -= n) {
		n = len < piece ? len : piece;
		display_message(&d, (const unsigned char *)data, n);
	}
	display_message_end(&d);
	fclose(stdout);
	stdout = saved;
	assert_string_equal(got, want);
	free(got);
}

static void
test_message(void **state)
{
	static const char	 data[] = "A: b\r\n\r\n\x1b]0;t\x07\r\n"
	    "x\ry\t\xc3\xbc\xc3\r\n\xf0\x9f\x98\x80\0end";
	static const char	 want[] = "A: b\n\n^[]0;t^G\n"
	    "x^My\t\xc3\xbc\xef\xbf\xbd\n\xf0\x9f\x98\x80^@end\n";
	size_t			 piece;

	(void)state;
	for (piece = 1; piece < sizeof(data); piece++)
		prints(data, sizeof(data) - 1, piece, want);
	prints("", 0, 1, "\n");
	prints("a\r\n", 3, 3, "a\n");
	prints("\xe2\x82", 2, 1, "\xef\xbf\xbd\xef\xbf\xbd\n");
}

static void
decodes(const char *text, const char *want)
{
	char	 out[256];

	display_decode(text, out, sizeof(out));
	assert_string_equal(out, want);
}

static void
test_decode(void **state)
{
	char	 out[8];

	(void)state;
	decodes("plain =? text ?=", "plain =? text ?=");
	decodes("=?utf-8?Q?Gr=C3=BC=C3=9Fe_an?= alle",
	    "Gr\xc3\xbc\xc3\x9f" "e an alle");
	decodes("=?ISO-8859-1?q?J=FCrgen?= <j@x>", "J\xc3\xbcrgen <j@x>");
	decodes("=?UTF-8?B?w7Y=?= =?UTF-8?B?w7Y=?= x",
	    "\xc3\xb6\xc3\xb6 x");
	decodes("=?utf-8*de?b?w7Y?=", "\xc3\xb6");
	decodes("=?windows-1252?Q?=80=81?=", "\xe2\x82\xac\xef\xbf\xbd");
	decodes("=?iso-8859-15?Q?=A4?=", "\xe2\x82\xac");
	decodes("=?koi8-r?Q?=A4?=", "=?koi8-r?Q?=A4?=");
	decodes("=?utf-8?X?a?=", "=?utf-8?X?a?=");
	decodes("=?utf-8?Q?a=Zb=4?=", "a=Zb=4");
	decodes("=?", "=?");
	decodes("=?utf-8?Q?", "=?utf-8?Q?");
	display_decode("=?utf-8?Q?abcdef=C3=BC?=", out, sizeof(out));
	assert_string_equal(out, "abcdef\xc3");	/* display_text mends it */
}

static void
folder(const char *percent, int utf8, const char *want)
{
	char	 out[256];

	display_folder(percent, utf8, out, sizeof(out));
	assert_string_equal(out, want);
}

static void
test_folder(void **state)
{
	(void)state;
	folder("INBOX", 0, "INBOX");
	folder("Entw&APw-rfe", 0, "Entw\xc3\xbcrfe");
	folder("R&-D", 0, "R&D");
	folder("&2D3eAA-", 0, "\xf0\x9f\x98\x80");
	folder("[Gmail]/All%20Mail", 0, "[Gmail]/All Mail");
	folder("a&b", 0, "a&b");
	folder("&2D0-", 0, "&2D0-");		/* half a pair */
	folder("&APw", 0, "&APw");		/* not ended */
	folder("Entw%C3%BCrfe&APw-", 1, "Entw\xc3\xbcrfe&APw-");
	folder("%zz", 0, "");
}

static void
test_sizes(void **state)
{
	char	 text[DISPLAY_SIZE];

	(void)state;
	assert_string_equal(display_octets(0, text), "0 B");
	assert_string_equal(display_octets(999, text), "999 B");
	assert_string_equal(display_octets(1000, text), "1.0 kB");
	assert_string_equal(display_octets(209715200, text), "210 MB");
	assert_string_equal(display_every(300, text), "5m");
	assert_string_equal(display_every(90, text), "90s");
	assert_string_equal(display_every(0, text), "never");
	assert_string_equal(display_time("2026-11-22T20:14:05Z"),
	    "2026-11-22 20:14Z");
	assert_string_equal(display_time(""), "-");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_sizes),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
