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
 * link: kmaild/fetcher/imap_parse.o kmaild/fetcher/imap_lex.o
 * link: kmaild/fetcher/imap_status.o kmaild/fetcher/imap_date.o
 * link: kmaild/fetcher/imap_fetch.o kmaild/fetcher/imap_list.o
 * link: kmaild/fetcher/imap_cmd.o common/imapcode.o
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/msg.h"
#include "common/reason.h"
#include "kmaild/fetcher/imap_cmd.h"
#include "kmaild/fetcher/imap_parse.h"

/* What the parser said, as text that tests compare. */
struct seen {
	char	 text[65536];
	size_t	 len;
	int	 refuse;	/* body() returns 0 */
	uint64_t dropped;
};

static struct seen	 seen;

static void	say(const char *, ...) __attribute__((__format__(printf,
		    1, 2)));

static void
say(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	seen.len += (size_t)vsnprintf(seen.text + seen.len,
	    sizeof(seen.text) - seen.len, fmt, ap);
	va_end(ap);
	assert_true(seen.len < sizeof(seen.text));
}

static void
see_status(void *arg, const struct imap_status *st)
{
	static const char *const cond[] = { "?", "OK", "NO", "BAD", "BYE",
	    "PREAUTH" };

	(void)arg;
	say("%u %s", st->tag, cond[st->cond]);
	if (st->code != IMAP_CODE_NONE)
		say(" code %d", st->code);
	if (st->number != 0)
		say(" number %u", st->number);
	if (st->reason != R_NONE)
		say(" reason %s", reason_detail(st->reason));
	if (st->backoff != 0)
		say(" backoff %u", st->backoff);
	say("\n");
}

static void
see_go_on(void *arg)
{
	(void)arg;
	say("+\n");
}

static void
see_capability(void *arg, uint32_t caps)
{
	(void)arg;
	say("cap %x\n", caps);
}

static void
see_enabled(void *arg, uint32_t caps)
{
	(void)arg;
	say("enabled %x\n", caps);
}

static void
see_list(void *arg, const struct imap_list *l)
{
	(void)arg;
	say("list %x '%c' %.*s\n", l->flags,
	    l->delimiter == 0 ? '0' : (int)l->delimiter, (int)l->name_len,
	    l->name);
}

static void
see_exists(void *arg, uint32_t n)
{
	(void)arg;
	say("exists %u\n", n);
}

static void
see_search(void *arg, uint32_t uid)
{
	(void)arg;
	say("search %u\n", uid);
}

static int
see_body(void *arg, const struct imap_fetch *f, uint64_t len)
{
	(void)arg;
	say("body uid %u of %llu: ", f->uid, (unsigned long long)len);
	if (seen.refuse)
		say("dropped\n");
	return !seen.refuse;
}

static void
see_data(void *arg, const unsigned char *p, size_t len)
{
	(void)arg;
	assert_false(seen.refuse);
	assert_true(len > 0);
	say("%.*s", (int)len, p);
}

static void
see_fetch(void *arg, const struct imap_fetch *f)
{
	(void)arg;
	say("fetch %u has %x uid %u size %llu date %lld\n", f->seq, f->has,
	    f->uid, (unsigned long long)f->size, (long long)f->date);
}

static const struct imap_ops ops = {
	see_status, see_go_on, see_capability, see_enabled, see_list,
	see_exists, see_search, see_body, see_data, see_fetch
};

/*
 * Feed in pieces that end at the given places (0: none), from a buffer as
 * the worker has it; its memory is exactly what is presented.
 */
static int
feed(const char *in, size_t len, size_t step, size_t first)
{
	struct imap_parser	 ip;
	unsigned char		*buf;
	size_t			 have = 0, pos = 0, n;
	ptrdiff_t		 used;

	memset(&seen, 0, offsetof(struct seen, refuse));
	imap_parser_init(&ip, &ops, NULL);
	if ((buf = malloc(IMAP_LINE_MAX)) == NULL)
		abort();
	while (pos < len) {
		n = first != 0 ? first : step;
		first = 0;
		if (n > len - pos)
			n = len - pos;
		if (n > IMAP_LINE_MAX - have)
			n = IMAP_LINE_MAX - have;
		assert_true(n > 0);
		memcpy(buf + have, in + pos, n);
		pos += n;
		have += n;
		used = imap_parse(&ip, buf, have);
		if (used == -1) {
			free(buf);
			assert_int_not_equal(ip.reason, R_NONE);
			return ip.reason;
		}
		assert_true((size_t)used <= have);
		have -= (size_t)used;
		memmove(buf, buf + used, have);
	}
	free(buf);
	return have == 0 ? 0 : -1;
}

/* The same events however the input is split. */
static void
expect(const char *in, const char *out)
{
	size_t	 len = strlen(in), i;

	assert_int_equal(feed(in, len, len, 0), 0);
	assert_string_equal(seen.text, out);
	assert_int_equal(feed(in, len, 1, 0), 0);
	assert_string_equal(seen.text, out);
	for (i = 1; i < len; i++) {
		assert_int_equal(feed(in, len, len, i), 0);
		assert_string_equal(seen.text, out);
	}
}

static void
refused(const char *in, int reason)
{
	size_t	 len = strlen(in), i;

	if (feed(in, len, len, 0) != reason)
		fail_msg("taken: %s", in);
	assert_int_equal(feed(in, len, 1, 0), reason);
	for (i = 1; i < len; i++)
		assert_int_equal(feed(in, len, len, i), reason);
}

static void
t_dovecot(void **state)
{
	(void)state;
	expect("* CAPABILITY IMAP4rev1 SASL-IR ID ENABLE IDLE LITERAL+ "
	    "LIST-EXTENDED SPECIAL-USE UTF8=ACCEPT\r\n"
	    "k1 OK Capability completed (0.001 + 0.000 secs).\r\n"
	    "* ID NIL\r\n"
	    "k2 OK ID completed.\r\n"
	    "* LIST (\\HasNoChildren \\Trash) \".\" Trash\r\n"
	    "* LIST (\\HasNoChildren) \".\" \"a \\\"b\\\\\"\r\n"
	    "* LIST () NIL INBOX\r\n"
	    "* LIST (\\NoSelect) \"/\" {5}\r\na\rb\nc\r\n"
	    "* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"
	    "k3 OK List completed.\r\n",
	    "cap 4\ncap 2\ncap 20\ncap 10\ncap 8\ncap 1\n"
	    "1 OK\n2 OK\n"
	    "list 80 '.' Trash\n"
	    "list 0 '.' a \"b\\\n"
	    "list 0 '0' INBOX\n"
	    "list 1 '/' a\rb\nc\n"
	    "list 0 '/' x\n"
	    "3 OK\n");
	expect("* FLAGS (\\Answered \\Seen Junk)\r\n"
	    "* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n"
	    "* 3 EXISTS\r\n* 0 RECENT\r\n"
	    "* OK [UNSEEN 1] First unseen.\r\n"
	    "* OK [UIDVALIDITY 1700000000] UIDs valid\r\n"
	    "* OK [UIDNEXT 4] Predicted next UID\r\n"
	    "k4 OK [READ-ONLY] Examine completed {3}\r\n"
	    "* 1 FETCH (UID 1 RFC822.SIZE 12)\r\n"
	    "* 2 FETCH (UID 2 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
	    "BODY[] {4}\r\nab\r\n)\r\n"
	    "* 7 EXPUNGE\r\n"
	    "k5 OK Fetch completed.\r\n",
	    "0 OK\nexists 3\n0 OK\n0 OK code 1 number 1700000000\n"
	    "0 OK code 2 number 4\n4 OK\n"
	    "fetch 1 has 3 uid 1 size 12 date 0\n"
	    "body uid 2 of 4: ab\r\n"
	    "fetch 2 has d uid 2 size 0 date 837596665\n"
	    "5 OK\n");
}

static void
t_gmail(void **state)
{
	(void)state;
	expect("* LIST (\\All \\HasNoChildren) \"/\" \"[Gmail]/All Mail\"\r\n"
	    "* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n"
	    "* 1 FETCH (X-GM-MSGID 1278455344230334865 UID 4 "
	    "FLAGS (\\Seen) INTERNALDATE \" 7-Nov-2026 10:00:00 +0000\" "
	    "RFC822.SIZE 9 BODY[] {2}\r\nhi)\r\n"
	    "k9 OK Success\r\n"
	    "k10 OK Success [THROTTLED]\r\n"
	    "k11 NO [OVERQUOTA] Account exceeded command or bandwidth "
	    "limits. (Failure)\r\n"
	    "* BYE Session expired, please login again.\r\n",
	    "list 2 '/' [Gmail]/All Mail\nlist 1 '/' [Gmail]\n"
	    "body uid 4 of 2: hi"
	    "fetch 1 has f uid 4 size 9 date 1794045600\n"
	    "9 OK\n10 OK reason imap_throttled\n"
	    "11 NO reason imap_throttled backoff 14400\n"
	    "0 BYE\n");
}

static void
t_exchange(void **state)
{
	(void)state;
	/* items in an order of their own, NIL and empty bodies, hints */
	expect("* 5 FETCH (BODY[] {3}\r\nabc UID 9 "
	    "INTERNALDATE \"01-Jan-2026 00:00:00 +0100\")\r\n"
	    "* 6 FETCH (BODY[] NIL UID 10)\r\n"
	    "* 7 FETCH (UID 11 BODY[] \"\")\r\n"
	    "* 8 FETCH (UID 12 BODY[]<0> \"a\\\"b\")\r\n"
	    "* 8 FETCH (FLAGS (\\Seen) UID 12)\r\n"
	    "* 9 FETCH (UID 13 RFC822.SIZE -1 BODY[] {0}\r\n)\r\n"
	    "k1 NO Request is throttled. Suggested Backoff Time: 90000 "
	    "milliseconds\r\n"
	    "k2 BAD User is authenticated but not connected.\r\n"
	    "* BYE Connection closed. 14\r\n",
	    "body uid 0 of 3: abc"
	    "fetch 5 has d uid 9 size 0 date 1767222000\n"
	    "fetch 6 has 19 uid 10 size 0 date 0\n"
	    "body uid 11 of 0: fetch 7 has 9 uid 11 size 0 date 0\n"
	    "body uid 12 of 3: a\"bfetch 8 has 9 uid 12 size 0 date 0\n"
	    "fetch 8 has 1 uid 12 size 0 date 0\n"
	    "body uid 13 of 0: fetch 9 has 9 uid 13 size 0 date 0\n"
	    "1 NO reason imap_throttled backoff 90\n"
	    "2 BAD reason imap_not_authorized\n"
	    "0 BYE\n");
}

static void
t_forms(void **state)
{
	(void)state;
	/* literal8, a literal nobody wants, a list as a value, brackets */
	expect("* 1 FETCH (ENVELOPE (\"x\" ((NIL NIL {2}\r\n)) \"y\"))) "
	    "BODY[HEADER.FIELDS (\"A B\" C)] {3}\r\n(((MODSEQ (7) UID 3 "
	    "BODY[] ~{2}\r\n\r\n)\r\n",
	    "body uid 3 of 2: \r\nfetch 1 has 9 uid 3 size 0 date 0\n");
	/* a second body in one response is dropped */
	expect("* 1 FETCH (UID 3 BODY[] {1}\r\na BODY[] {1}\r\nb)\r\n",
	    "body uid 3 of 1: afetch 1 has 9 uid 3 size 0 date 0\n");
	expect("* SEARCH 2 3 4294967295 (MODSEQ 9)\r\n* SEARCH\r\n",
	    "search 2\nsearch 3\nsearch 4294967295\n");
	expect("* ENABLED UTF8=ACCEPT\r\n+ go\r\n\r\n"
	    "* OK Still here\n* VANISHED (EARLIER) 1:5\r\n"
	    "* QUOTA \"\" (STORAGE 1 2)\r\n",
	    "enabled 1\n+\n0 OK\n");
	expect("k1 OK [CAPABILITY ID ENABLE] done\r\n", "cap 6\n1 OK\n");
}

static void
t_dropped(void **state)
{
	(void)state;
	seen.refuse = 1;
	expect("* 1 FETCH (UID 3 BODY[] {4}\r\n\r\n)\r)\r\n"
	    "* 2 FETCH (UID 4 BODY[] \"abc\")\r\n",
	    "body uid 3 of 4: dropped\nfetch 1 has 9 uid 3 size 0 date 0\n"
	    "body uid 4 of 3: dropped\nfetch 2 has 9 uid 4 size 0 date 0\n");
	seen.refuse = 0;
}

static void
t_broken(void **state)
{
	static const char *const	 bad[] = {
		"hello\r\n",			/* no tag of ours */
		"k OK\r\n", "k0 OK\r\n", "kx OK\r\n", "k4294967296 OK\r\n",
		"k1 MAYBE\r\n", "k1\r\n", "*\r\n", "* 5\r\n",
		"* 5 FETCH UID 3\r\n",		/* no list */
		"* 5 FETCH (UID 0)\r\n",
		"* 5 FETCH (UID 4294967296)\r\n",
		"* 5 FETCH (UID 3 UID 4)\r\n",
		"* 5 FETCH (UID x)\r\n", "* 5 FETCH (UID (3))\r\n",
		"* 5 FETCH (UID 3\r\n",
		"* 5 FETCH (UID)\r\n",
		"* 5 FETCH (UID 3) x\r\n",
		"* 5 FETCH (UID 3 BODY[] abc)\r\n",
		"* 5 FETCH (UID 3 BODY[] (a))\r\n",
		"* 5 FETCH (UID 3 BODY[] {1}\r\nab)\r\n",
		"* 5 FETCH (UID 3 BODY[] {1}\r\na\r\n",
		"* 5 FETCH (UID 3 BODY[] {1} \r\n",
		"* 5 FETCH (UID 3 BODY[] {99999999999999999999}\r\n",
		"* 5 FETCH (UID 3 BODY[] {-1}\r\n",
		"* 5 FETCH (UID 3 BODY[] \"abc\r\n",
		"* 5 FETCH (UID 3 BODY[HEADER {3}\r\n",
		"* 5 FETCH (UID 3 FLAGS (a)\r\n",
		"* LIST \".\" INBOX\r\n", "* LIST () \"..\" INBOX\r\n",
		"* LIST () \".\"\r\n", "* LIST () \".\" (x)\r\n",
		"* LIST (\\a) \".\" INBOX )\r\n",
		"* SEARCH 0\r\n", "* SEARCH x\r\n", "* SEARCH 1 4294967296\r\n",
		"* FLAGS (a\r\n", "* FLAGS a)\r\n",
		"* FLAGS \001\r\n", "* X \"\\\r\n",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], R_IMAP_PROTOCOL);
	/* NUL in a quoted string */
	assert_int_equal(feed("* X \"a\0b\"\r\n", 11, 11, 0),
	    R_IMAP_PROTOCOL);
	/* after an error nothing is parsed any more */
	{
		struct imap_parser	 ip;
		unsigned char		 a[] = "x\r\n", b[] = "k1 OK\r\n";

		memset(&seen, 0, sizeof(seen));
		imap_parser_init(&ip, &ops, NULL);
		assert_int_equal(imap_parse(&ip, a, 3), -1);
		assert_int_equal(imap_parse(&ip, b, 7), -1);
		assert_int_equal(seen.len, 0);
	}
}

static char *
repeat(const char *head, const char *unit, size_t n, const char *tail)
{
	size_t	 k = strlen(unit), i, len = strlen(head);
	char	*s;

	if ((s = malloc(len + k * n + strlen(tail) + 1)) == NULL)
		abort();
	memcpy(s, head, len + 1);
	for (i = 0; i < n; i++, len += k)
		memcpy(s + len, unit, k);
	memcpy(s + len, tail, strlen(tail) + 1);
	return s;
}

static void
bound(const char *head, const char *unit, size_t n, const char *tail,
    int reason)
{
	char	*s = repeat(head, unit, n, tail);

	assert_int_equal(feed(s, strlen(s), 16384, 0), reason);
	assert_int_equal(feed(s, strlen(s), 4001, 0), reason);
	free(s);
}

static void
t_bounds(void **state)
{
	char	*s, *t;

	(void)state;
	/* a line, with and without its end */
	bound("* OK ", "a", IMAP_LINE_MAX - 7, "\r\n", 0);
	bound("* OK ", "a", IMAP_LINE_MAX - 5, "", R_IMAP_TOO_LONG);
	bound("", "a", IMAP_LINE_MAX * 4, "", R_IMAP_TOO_LONG);
	/* nesting, in a FETCH and elsewhere */
	bound("* 1 FETCH (X ", "(", IMAP_DEPTH_MAX, "", -1);
	bound("* 1 FETCH (X ", "(", IMAP_DEPTH_MAX + 1, "\r\n",
	    R_IMAP_TOO_LONG);
	bound("* X ", "(", IMAP_DEPTH_MAX + 1, "\r\n", R_IMAP_TOO_LONG);
	/* words, also when literals stand between them */
	bound("* X ", "a ", IMAP_ITEMS_MAX, "\r\n", 0);
	bound("* X ", "a ", IMAP_ITEMS_MAX + 1, "\r\n", R_IMAP_TOO_LONG);
	bound("* X ", "{1}\r\na ", IMAP_ITEMS_MAX + 1, "\r\n",
	    R_IMAP_TOO_LONG);
	/* folder names: one octet too long is not there */
	bound("* LIST () NIL \"", "x", KM_FOLDER_MAX, "\"\r\n", 0);
	assert_true(seen.len > KM_FOLDER_MAX);
	bound("* LIST () NIL \"", "x", KM_FOLDER_MAX + 1, "\"\r\n", 0);
	assert_int_equal(seen.len, 0);
	s = repeat("", "x", KM_FOLDER_MAX + 1, "\r\n");
	if (asprintf(&t, "* LIST () NIL {%d}\r\n%s", KM_FOLDER_MAX + 1,
	    s) == -1)
		abort();
	assert_int_equal(feed(t, strlen(t), 100, 0), 0);
	assert_int_equal(seen.len, 0);
	free(t);
	if (asprintf(&t, "* LIST () NIL {%d}\r\n%s", KM_FOLDER_MAX,
	    s + 1) == -1)
		abort();
	assert_int_equal(feed(t, strlen(t), 100, 0), 0);
	assert_true(seen.len > KM_FOLDER_MAX);
	free(t);
	free(s);
}

static void
quiet_search(void *arg, uint32_t uid)
{
	(void)arg;
	(void)uid;
}

static void
t_long_search(void **state)
{
	struct imap_parser	 ip;
	static uint32_t		 n;
	char			*s;

	(void)state;
	/* 140 kB in one response: longer than any line may be */
	s = repeat("* SEARCH", " 1234567", 3000, "\r\n* SEARCH 5\r\n");
	assert_int_equal(feed(s, strlen(s), 777, 0), 0);
	free(s);
	for (n = 0, s = seen.text; (s = strstr(s, "search 1234567\n")) !=
	    NULL; s++)
		n++;
	assert_int_equal(n, 3000);
	assert_non_null(strstr(seen.text, "search 5\n"));
	/* and 24 MB are too many */
	{
		unsigned char	*buf = malloc(IMAP_LINE_MAX);
		struct imap_ops	 quiet = ops;
		ptrdiff_t	 used = 0;
		size_t		 i, total = 0, have;

		quiet.search = quiet_search;
		imap_parser_init(&ip, &quiet, NULL);
		memcpy(buf, "* SEARCH ", 9);
		have = 9;
		while (used != -1 && total < 24 * 1024 * 1024) {
			for (i = have; i + 8 <= IMAP_LINE_MAX; i += 8)
				memcpy(buf + i, "1234567 ", 8);
			total += i - have;
			used = imap_parse(&ip, buf, i);
			if (used == -1)
				break;
			have = i - (size_t)used;
			memmove(buf, buf + used, have);
		}
		free(buf);
		assert_int_equal(used, -1);
		assert_int_equal(ip.reason, R_IMAP_TOO_LONG);
		assert_true(total >= IMAP_RESPONSE_MAX);
	}
}

static void
date_ok(const char *s, int64_t want)
{
	int64_t	 t = 0;

	assert_int_equal(imap_date_parse((const unsigned char *)s, strlen(s),
	    &t), 0);
	assert_int_equal(t, want);
}

static void
t_date(void **state)
{
	static const char *const bad[] = {
		"", "17-Jul-1996 02:44:25", "17-Jux-1996 02:44:25 -0700",
		"32-Jul-1996 02:44:25 -0700", "17-Jul-1996 24:44:25 -0700",
		"17-Jul-1996T02:44:25 -0700", "1a-Jul-1996 02:44:25 -0700",
		"17-Jul-1996 02:44:25 00700", "00-Jul-1996 02:44:25 -0700"
	};
	char	 buf[IMAP_DATE_SIZE];
	int64_t	 t;
	size_t	 i;

	(void)state;
	date_ok("01-Jan-1970 00:00:00 +0000", 0);
	date_ok(" 1-jan-1970 01:00:00 +0100", 0);
	date_ok("1-JAN-1970 00:00:00 -0100", 3600);
	date_ok("01-Jan-1970 05:30:00 +0530", 0);
	date_ok("29-Feb-2024 23:59:60 +0000", 1709251200);
	date_ok("31-Dec-9999 23:59:59 +0000", 253402300799);
	date_ok("01-Jan-0001 00:00:00 +0000", -62135596800);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(imap_date_parse((const unsigned char *)
		    bad[i], strlen(bad[i]), &t), -1);
	assert_string_equal(imap_date_text(0, buf), "1-Jan-1970");
	assert_string_equal(imap_date_text(-1, buf), "31-Dec-1969");
	assert_string_equal(imap_date_text(1709164800, buf), "29-Feb-2024");
	assert_string_equal(imap_date_text(INT64_MAX, buf + 0) == buf ?
	    "" : "x", "");
	assert_true(strlen(buf) < IMAP_DATE_SIZE);
	assert_string_equal(imap_date_text(INT64_MIN, buf) == buf ?
	    "" : "x", "");
	assert_true(strlen(buf) < IMAP_DATE_SIZE);
}

static void
t_sets(void **state)
{
	struct imap_out	 out = { 0 };
	struct imap_set	 set;
	uint32_t	 uid;

	(void)state;
	imap_set_init(&set);
	for (uid = 1; uid <= 3; uid++)
		assert_int_equal(imap_set_add(&set, uid), 0);
	assert_int_equal(imap_set_add(&set, 5), 0);
	assert_int_equal(imap_set_add(&set, 7), 0);
	assert_int_equal(imap_set_add(&set, UINT32_MAX), 0);
	assert_string_equal(imap_set_text(&set), "1:3,5,7,4294967295");
	/* never longer than a command may be */
	imap_set_init(&set);
	for (uid = UINT32_MAX - 100001; imap_set_add(&set, uid) == 0; uid += 2)
		assert_true(uid < UINT32_MAX - 2);
	assert_int_equal(imap_cmd(&out, UINT32_MAX, "UID FETCH %s "
	    "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])",
	    imap_set_text(&set)), 0);
	assert_true(imap_out_len(&out) < IMAP_COMMAND_MAX);
	assert_true(imap_out_len(&out) > 7000);
	imap_out_done(&out, imap_out_len(&out));
	assert_null(out.buf);
	/* too long for a line: not queued at all */
	assert_int_equal(imap_cmd(&out, 1, "%09000d", 1), -1);
	assert_int_equal(imap_out_len(&out), 0);
}

static void
t_folder_command(void **state)
{
	struct imap_out	 out = { 0 };

	(void)state;
	assert_int_equal(imap_cmd_folder(&out, 7, "EXAMINE",
	    (const unsigned char *)"a \"b\\\xc3\xa4", 7), 0);
	assert_int_equal(imap_out_len(&out), 24);
	assert_memory_equal(out.buf, "k7 EXAMINE \"a \\\"b\\\\\xc3\xa4\"\r\n",
	    24);
	/* what could end the line or hide in it */
	assert_int_equal(imap_cmd_folder(&out, 8, "EXAMINE",
	    (const unsigned char *)"a\r\nk9 X", 8), -1);
	assert_int_equal(imap_cmd_folder(&out, 8, "EXAMINE",
	    (const unsigned char *)"a\0b", 3), -1);
	assert_int_equal(imap_out_len(&out), 24);
	imap_out_done(&out, 3);
	assert_int_equal(imap_out_len(&out), 21);
	imap_out_done(&out, 21);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_dovecot),
		cmocka_unit_test(t_gmail),
		cmocka_unit_test(t_exchange),
		cmocka_unit_test(t_forms),
		cmocka_unit_test(t_dropped),
		cmocka_unit_test(t_broken),
		cmocka_unit_test(t_bounds),
		cmocka_unit_test(t_long_search),
		cmocka_unit_test(t_date),
		cmocka_unit_test(t_sets),
		cmocka_unit_test(t_folder_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
