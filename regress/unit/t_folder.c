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
 * Folder names against what the operator wrote.
 *
 * link: kmaild/fetcher/imap_folder.o common/text.o
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/msg.h"
#include "kmaild/fetcher/imap_folder.h"

static void
utf8(const char *in, const char *out)
{
	unsigned char	 buf[FOLDER_UTF8_SIZE];
	unsigned char	*exact;
	size_t		 len = strlen(in);
	ptrdiff_t	 n;

	/* memory of the exact size, so that reading beyond it shows */
	if ((exact = malloc(len + 1)) == NULL)
		abort();
	memcpy(exact, in, len);
	n = folder_utf8(exact, len, buf, sizeof(buf));
	free(exact);
	if (out == NULL) {
		assert_int_equal(n, -1);
		return;
	}
	assert_int_equal(n, (ptrdiff_t)strlen(out));
	assert_memory_equal(buf, out, strlen(out));
}

static void
t_utf7(void **state)
{
	(void)state;
	utf8("", "");
	utf8("INBOX", "INBOX");
	utf8("a&-b", "a&b");
	utf8("&-", "&");
	utf8("Entw&APw-rfe", "Entw\xc3\xbcrfe");
	/* RFC 3501 5.1.3 */
	utf8("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/"
	    "\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	utf8("&2D3eAA-", "\xf0\x9f\x98\x80");
	utf8("&APw-&APw-", "\xc3\xbc\xc3\xbc");
	/* broken: not ended, bad letter, bits left over, half pairs */
	utf8("&", NULL);
	utf8("&AP", NULL);
	utf8("&APw", NULL);
	utf8("&A-", NULL);
	utf8("&AP-", NULL);
	utf8("&APx-", NULL);
	utf8("&AP/-", NULL);
	utf8("&2D0-", NULL);
	utf8("&3gA-", NULL);
	utf8("&2D3YPQ-", NULL);
	utf8("&APzYPQ-", NULL);
	utf8("&APwA-", NULL);
	utf8("a\xc3\xbc", NULL);
	utf8("a\nb", NULL);
	utf8("a\x7f", NULL);
}

static void
t_utf7_room(void **state)
{
	unsigned char	 in[KM_FOLDER_MAX], out[FOLDER_UTF8_SIZE];
	size_t		 i;

	(void)state;
	/* three octets for each eight letters, all three-octet characters */
	memset(in, 'Z', sizeof(in));
	in[0] = '&';
	for (i = 1; i + 8 < sizeof(in); i += 8)
		memcpy(in + i, "ZeVl5WXl", 8);
	in[i] = '-';
	assert_true(folder_utf8(in, i + 1, out, sizeof(out)) > 0);
	/* no room: refused, nothing written beyond it */
	assert_int_equal(folder_utf8(in, i + 1, out, 5), -1);
	assert_int_equal(folder_utf8((const unsigned char *)"abc", 3, out, 2),
	    -1);
}

static int
match(const char *pattern, const char *name, uint32_t flags)
{
	struct imap_list	 f = { 0 };

	f.name = (const unsigned char *)name;
	f.name_len = strlen(name);
	f.delimiter = '/';
	f.flags = flags;
	return folder_match(pattern, &f);
}

static void
t_match(void **state)
{
	(void)state;
	assert_true(match("INBOX", "INBOX", 0));
	assert_true(match("inbox", "InBox", 0));
	assert_true(match("INBOX", "inbox", 0));
	assert_false(match("INBOX", "INBOX/a", 0));
	assert_false(match("inbox/a", "INBOX/a", 0));
	assert_true(match("*", "anything/below", 0));
	assert_true(match("%", "top", 0));
	assert_false(match("%", "top/below", 0));
	assert_true(match("top/%", "top/below", 0));
	assert_false(match("top/%", "top/below/it", 0));
	assert_true(match("top/*", "top/below/it", 0));
	assert_true(match("*it", "top/below/it", 0));
	assert_false(match("*its", "top/below/it", 0));
	assert_true(match("a*b*c", "aXXbYYc", 0));
	assert_false(match("a*b*c", "aXXcYYb", 0));
	assert_true(match("a%*", "a", 0));
	assert_true(match("**", "", 0));
	assert_false(match("", "a", 0));
	assert_false(match("Sent", "sent", 0));
	assert_true(match("[Gmail]/All Mail", "[Gmail]/All Mail", 0));
	/* as LIST showed it, and as people read it */
	assert_true(match("Entw&APw-rfe", "Entw&APw-rfe", 0));
	assert_true(match("Entw\xc3\xbcrfe", "Entw&APw-rfe", 0));
	assert_true(match("a&b", "a&-b", 0));
	assert_true(match("Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe",
	    FOLDER_UTF8));
	assert_false(match("Entw\xc3\xbcrfe", "Entw&APw-rfe", FOLDER_UTF8));
	assert_true(match("&AP", "&AP", 0));
}

static void
t_special_use(void **state)
{
	(void)state;
	assert_true(match("\\Sent", "Gesendet", FOLDER_SENT));
	assert_true(match("\\sent", "Gesendet", FOLDER_SENT | FOLDER_UTF8));
	assert_false(match("\\Sent", "\\Sent", 0));
	assert_false(match("\\Sent", "Sent", FOLDER_TRASH));
	assert_true(match("\\All", "x", FOLDER_ALL));
	assert_true(match("\\Archive", "x", FOLDER_ARCHIVE));
	assert_true(match("\\Drafts", "x", FOLDER_DRAFTS));
	assert_true(match("\\Flagged", "x", FOLDER_FLAGGED));
	assert_true(match("\\Junk", "x", FOLDER_JUNK));
	assert_true(match("\\Trash", "x", FOLDER_TRASH));
	/* not a special use: a name that begins with a backslash */
	assert_true(match("\\Other", "\\Other", 0));
}

static void
t_linear(void **state)
{
	char	 pattern[512], name[KM_FOLDER_MAX + 1];
	size_t	 i;

	(void)state;
	/* what makes backtracking matchers hang */
	for (i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[i++] = 'b';
	pattern[i] = '\0';
	memset(name, 'a', KM_FOLDER_MAX);
	name[KM_FOLDER_MAX] = '\0';
	assert_false(match(pattern, name, 0));
	name[KM_FOLDER_MAX - 1] = 'b';
	assert_true(match(pattern, name, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_utf7),
		cmocka_unit_test(t_utf7_room),
		cmocka_unit_test(t_match),
		cmocka_unit_test(t_special_use),
		cmocka_unit_test(t_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
