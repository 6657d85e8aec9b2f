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
 * The login dialogue, against servers that behave and servers that do not.
 *
 * link: kmaild/session/imap_auth.o kmaild/session/imap_line.o common/imapcode.o
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/imapcode.h"
#include "kmaild/session/session.h"

#define SCRIPT_MAX	8
#define HANG_UP		"\001"	/* as a script's last word: the stream ends */

/*
 * A server that says the next text of its script after each write of the
 * client, in pieces.  When the script is over, it is silent.
 */
struct server {
	const char *const *script;
	size_t		 piece;
	size_t		 at;		/* texts said */
	size_t		 pos;		/* octets of the current one said */
	size_t		 allowed;	/* texts that may be said */
	enum reason	 reason;
	char		 heard[16384];
	size_t		 nheard;
};

static struct server	 server;
static struct auth	 auth;
static struct credential cred;

static ssize_t
server_read(void *arg, void *buf, size_t len)
{
	struct server	*s = arg;
	const char	*text;
	size_t		 n;

	for (;;) {
		text = s->at < SCRIPT_MAX && s->at < s->allowed ?
		    s->script[s->at] : NULL;
		if (text == NULL) {
			s->reason = R_TIMEOUT_IDLE;
			return -1;
		}
		if (strcmp(text, HANG_UP) == 0)
			return 0;
		n = strlen(text) - s->pos;
		if (n > 0)
			break;
		s->at++;
		s->pos = 0;
		if (s->at < SCRIPT_MAX && s->script[s->at] != NULL &&
		    strcmp(s->script[s->at], HANG_UP) == 0)
			s->allowed++;
	}
	if (n > len)
		n = len;
	if (n > s->piece)
		n = s->piece;
	memcpy(buf, text + s->pos, n);
	s->pos += n;
	return (ssize_t)n;
}

static int
server_write(void *arg, const void *buf, size_t len)
{
	struct server	*s = arg;

	assert_true(len < sizeof(s->heard) - s->nheard);
	memcpy(s->heard + s->nheard, buf, len);
	s->nheard += len;
	s->heard[s->nheard] = '\0';
	s->allowed++;
	return 0;
}

static enum reason
server_reason(void *arg)
{
	return ((struct server *)arg)->reason;
}

static void
credential_set(const char *user, const char *secret)
{
	memset(&cred, 0, sizeof(cred));
	cred.auth = AUTH_PASSWORD;
	cred.user_len = (uint32_t)strlen(user);
	cred.secret_len = (uint32_t)strlen(secret);
	memcpy(cred.user, user, cred.user_len);
	memcpy(cred.secret, secret, cred.secret_len);
}

/* Both halves; -1 in *greeting when the first one ended it. */
static enum reason
dialogue(const char *const *script, size_t piece, int greets, int *first)
{
	static const struct auth_io	 io = {
		server_read, server_write, server_reason, &server
	};
	enum reason	 r;

	memset(&server, 0, sizeof(server));
	server.script = script;
	server.piece = piece;
	/* after STARTTLS the server speaks when it is spoken to */
	server.allowed = greets ? 1 : 0;
	auth_init(&auth, &io);
	*first = 1;
	if ((r = auth_greeting(&auth, greets)) != R_NONE)
		return r;
	*first = 0;
	return auth_login(&auth, &cred);
}

#define OK_IR	"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi\r\n"
#define OK_TWO	"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"
#define OK_LOGIN "* OK [CAPABILITY IMAP4rev1] hi\r\n"
#define B64	"AGFsaWNlAGNvcnJlY3QgaG9yc2U="	/* NUL alice NUL correct horse */

struct row {
	const char	*script[SCRIPT_MAX];
	int		 noname;	/* 1: no greeting, after STARTTLS */
	int		 first;		/* ends before the credential is asked for */
	enum reason	 reason;
	uint32_t	 backoff;
	const char	*heard;		/* NULL: do not care */
};

static const struct row rows[] = {
	/* good ones */
	{ { OK_IR, "k1 OK in\r\n" }, 0, 0, R_NONE, 0,
	    "k1 AUTHENTICATE PLAIN " B64 "\r\n" },
	{ { OK_IR, "* CAPABILITY IMAP4rev1 IDLE\r\nk1 OK in\r\n" }, 0, 0, R_NONE,
	    0, "k1 AUTHENTICATE PLAIN " B64 "\r\n" },
	{ { OK_TWO, "+ \r\n", "k1 OK in\r\n" }, 0, 0, R_NONE, 0,
	    "k1 AUTHENTICATE PLAIN\r\n" B64 "\r\n" },
	{ { OK_TWO, "+\r\n", "k1 ok\r\n" }, 0, 0, R_NONE, 0,
	    "k1 AUTHENTICATE PLAIN\r\n" B64 "\r\n" },
	{ { OK_LOGIN, "k1 OK in\r\n" }, 0, 0, R_NONE, 0,
	    "k1 LOGIN \"alice\" \"correct horse\"\r\n" },
	{ { "* OK hello\r\n",
	    "* CAPABILITY IMAP4rev1 auth=plain sasl-ir\r\nk1 OK\r\n",
	    "k2 OK in\r\n" }, 0, 0, R_NONE, 0,
	    "k1 CAPABILITY\r\nk2 AUTHENTICATE PLAIN " B64 "\r\n" },
	{ { "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nk1 OK\r\n",
	    "k2 OK in\r\n" }, 1, 0, R_NONE, 0,
	    "k1 CAPABILITY\r\nk2 AUTHENTICATE PLAIN " B64 "\r\n" },
	/* LOGINDISABLED says nothing of AUTHENTICATE */
	{ { "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hi\r\n",
	    "+ \r\n", "k1 OK in\r\n" }, 0, 0, R_NONE, 0, NULL },
	/* announced, but not understood: once more in two steps */
	{ { OK_IR, "k1 BAD what?\r\n", "+ \r\n", "k2 OK in\r\n" }, 0, 0, R_NONE,
	    0, "k1 AUTHENTICATE PLAIN " B64 "\r\n"
	    "k2 AUTHENTICATE PLAIN\r\n" B64 "\r\n" },
	{ { OK_IR, "k1 BAD what?\r\n", "k2 BAD again\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "k1 BAD what?\r\n", "+ \r\n", "k2 BAD again\r\n",
	    "k3 OK in\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0, NULL },

	/* the greeting */
	{ { "* PREAUTH hello\r\n" }, 0, 1, R_GREETING_PREAUTH, 0, "" },
	{ { "* BYE go away\r\n", HANG_UP }, 0, 1, R_GREETING_BYE, 0, "" },
	{ { "* BYE Request is throttled. Suggested Backoff Time: 61500 "
	    "milliseconds\r\n", HANG_UP }, 0, 1, R_GREETING_BYE, 62, "" },
	{ { "* NO hello\r\n" }, 0, 1, R_GREETING_INVALID, 0, "" },
	{ { "220 smtp.example.com ESMTP\r\n" }, 0, 1, R_GREETING_INVALID, 0,
	    "" },
	{ { "+OK pop3\r\n" }, 0, 1, R_GREETING_INVALID, 0, "" },
	{ { HANG_UP }, 0, 1, R_IMAP_CLOSED, 0, "" },
	{ { "* OK half" , HANG_UP }, 0, 1, R_IMAP_CLOSED, 0, "" },
	{ { NULL }, 0, 1, R_TIMEOUT_IDLE, 0, "" },
	{ { "* OK hello {5}\r\n" }, 0, 1, R_GREETING_INVALID, 0, "" },
	{ { "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n" }, 0, 1,
	    R_IMAP_LOGIN_DISABLED, 0, "" },
	{ { "* OK hi\r\n", "k1 OK nothing to say\r\n" }, 0, 1,
	    R_IMAP_AUTH_PROTOCOL, 0, "k1 CAPABILITY\r\n" },
	{ { "* OK hi\r\n", "k1 NO\r\n" }, 0, 1, R_IMAP_AUTH_PROTOCOL, 0,
	    NULL },
	{ { "* OK hi\r\n", "k9 OK\r\n" }, 0, 1, R_IMAP_AUTH_PROTOCOL, 0,
	    NULL },
	{ { "* OK hi\r\n", "* BYE wait\r\n", HANG_UP }, 0, 1,
	    R_IMAP_UNAVAILABLE, 0, NULL },

	/* refusals */
	{ { OK_IR, "k1 NO [AUTHENTICATIONFAILED] no\r\n" }, 0, 0,
	    R_IMAP_AUTH_FAILED, 0, NULL },
	{ { OK_IR, "k1 NO AUTHENTICATE failed.\r\n" }, 0, 0,
	    R_IMAP_AUTH_FAILED, 0, NULL },
	{ { OK_IR, "k1 NO\r\n" }, 0, 0, R_IMAP_AUTH_FAILED, 0, NULL },
	{ { OK_IR, "k1 no [alert] x\r\n" }, 0, 0, R_IMAP_AUTH_FAILED, 0,
	    NULL },
	{ { OK_IR, "k1 NO [UNAVAILABLE] Temporary authentication failure.\r\n"
	    }, 0, 0, R_IMAP_UNAVAILABLE, 0, NULL },
	{ { OK_IR, "k1 NO [INUSE] x\r\n" }, 0, 0, R_IMAP_UNAVAILABLE, 0,
	    NULL },
	{ { OK_IR, "k1 NO [LIMIT] Maximum number of connections from user+IP "
	    "exceeded (mail_max_userip_connections=15)\r\n" }, 0, 0,
	    R_IMAP_LIMIT, 0, NULL },
	{ { OK_IR, "k1 NO [ALERT] Too many simultaneous connections. "
	    "(Failure)\r\n" }, 0, 0, R_IMAP_LIMIT, 0, NULL },
	{ { OK_IR, "k1 NO [OVERQUOTA] Account exceeded command or bandwidth "
	    "limits.\r\n" }, 0, 0, R_IMAP_THROTTLED, IMAPCODE_QUOTA_HOLD,
	    NULL },
	{ { OK_IR, "k1 NO [THROTTLED] x\r\n" }, 0, 0, R_IMAP_THROTTLED, 0,
	    NULL },
	{ { OK_IR, "k1 BAD Request is throttled. Suggested Backoff Time: "
	    "1000 milliseconds\r\n" }, 0, 0, R_IMAP_THROTTLED, 1, NULL },
	{ { OK_IR, "k1 NO Request is throttled. Suggested Backoff Time: "
	    "99999999999999999999 milliseconds\r\n" }, 0, 0, R_IMAP_THROTTLED,
	    IMAPCODE_BACKOFF_MAX, NULL },
	{ { OK_IR, "k1 NO [EXPIRED] x\r\n" }, 0, 0, R_IMAP_EXPIRED, 0, NULL },
	{ { OK_IR, "k1 NO [AUTHORIZATIONFAILED] x\r\n" }, 0, 0, R_IMAP_AUTHZ,
	    0, NULL },
	{ { OK_IR, "k1 NO [CONTACTADMIN] x\r\n" }, 0, 0, R_IMAP_AUTHZ, 0,
	    NULL },
	{ { OK_IR, "k1 NO [PRIVACYREQUIRED] x\r\n" }, 0, 0,
	    R_IMAP_LOGIN_DISABLED, 0, NULL },
	{ { OK_IR, "* BYE Server Unavailable. 15\r\n", HANG_UP }, 0, 0,
	    R_IMAP_UNAVAILABLE, 0, NULL },
	{ { OK_IR, "* BYE Too many connections\r\n", HANG_UP }, 0, 0,
	    R_IMAP_LIMIT, 0, NULL },
	{ { OK_IR, "* BYE x\r\nk1 NO [AUTHENTICATIONFAILED] x\r\n" }, 0, 0,
	    R_IMAP_AUTH_FAILED, 0, NULL },
	{ { OK_IR, HANG_UP }, 0, 0, R_IMAP_CLOSED, 0, NULL },
	{ { OK_IR, NULL }, 0, 0, R_TIMEOUT_IDLE, 0, NULL },
	{ { OK_TWO, NULL }, 0, 0, R_TIMEOUT_IDLE, 0,
	    "k1 AUTHENTICATE PLAIN\r\n" },
	{ { OK_TWO, "k1 NO not now\r\n" }, 0, 0, R_IMAP_AUTH_FAILED, 0,
	    "k1 AUTHENTICATE PLAIN\r\n" },

	/* nonsense */
	{ { OK_IR, "+ \r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0,
	    "k1 AUTHENTICATE PLAIN " B64 "\r\n" },
	{ { OK_TWO, "+ \r\n", "+ more\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0,
	    NULL },
	/* OK before it could know anything */
	{ { OK_TWO, "k1 OK trust me\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0,
	    "k1 AUTHENTICATE PLAIN\r\n" },
	{ { OK_IR, "k1 OKAY\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "k1\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "k11 OK\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "* PREAUTH\r\nk1 OK\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0,
	    NULL },
	{ { OK_IR, "* OK x {3}\r\nabc\r\nk1 OK\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },

	/* echoes */
	{ { OK_IR, "k1 AUTHENTICATE PLAIN " B64 "\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "* OK you said " B64 "\r\nk1 OK in\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "k1 OK welcome, correct horse\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_IR, "k1 NO wrong: correct horse\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_TWO, "+ \r\n", "+ " B64 "\r\n" }, 0, 0, R_IMAP_AUTH_PROTOCOL,
	    0, NULL },
	{ { OK_TWO, "+ \r\n", B64 "\r\nk1 OK in\r\n" }, 0, 0,
	    R_IMAP_AUTH_PROTOCOL, 0, NULL },
	{ { OK_LOGIN, "* NO k1 LOGIN \"alice\" \"correct horse\"\r\nk1 OK\r\n"
	    }, 0, 0, R_IMAP_AUTH_PROTOCOL, 0, NULL },
};

static void
no_secret_left(void)
{
	assert_null(memmem(&auth, sizeof(auth), "correct horse", 13));
	assert_null(memmem(&auth, sizeof(auth), B64, 12));
	assert_null(memmem(&auth, sizeof(auth), "Y29ycmVj", 8));
}

static void
test_rows(void **state)
{
	const struct row	*row;
	enum reason		 r;
	size_t			 i, piece;
	int			 first;

	(void)state;
	credential_set("alice", "correct horse");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		for (piece = 1; piece < 40; piece += 19) {
			r = dialogue(row->script, piece, !row->noname, &first);
			if (r != row->reason || first != row->first)
				fail_msg("row %zu: reason %d, first %d, "
				    "heard %s", i, r, first, server.heard);
			assert_int_equal(auth.backoff, row->backoff);
			if (row->heard != NULL)
				assert_string_equal(server.heard, row->heard);
			no_secret_left();
		}
	}
}

/* Nothing secret goes out before the greeting has said that it may. */
static void
test_nothing_early(void **state)
{
	size_t	 i;
	int	 first;

	(void)state;
	credential_set("alice", "correct horse");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dialogue(rows[i].script, 1024, !rows[i].noname, &first);
		if (first)
			assert_null(strstr(server.heard, "AUTHENTICATE"));
	}
}

static void
heard_login(const char *user, const char *secret, const char *heard)
{
	static const char *const quoted[SCRIPT_MAX] = {
		OK_LOGIN, "k1 OK in\r\n"
	};
	static const char *const literals[SCRIPT_MAX] = {
		OK_LOGIN, "+ go\r\n", "k1 OK in\r\n"
	};
	static const char *const two[SCRIPT_MAX] = {
		OK_LOGIN, "+ go\r\n", "+ go\r\n", "k1 OK in\r\n"
	};
	const char	*p = strstr(heard, "}\r\n");
	int		 first;

	credential_set(user, secret);
	assert_int_equal(dialogue(p == NULL ? quoted :
	    strstr(p + 1, "}\r\n") == NULL ? literals : two, 1024, 1,
	    &first), R_NONE);
	assert_string_equal(server.heard, heard);
}

static void
test_login_forms(void **state)
{
	(void)state;
	heard_login("alice", "x", "k1 LOGIN \"alice\" \"x\"\r\n");
	heard_login("al\\ice", "a\"b\\c",
	    "k1 LOGIN \"al\\\\ice\" \"a\\\"b\\\\c\"\r\n");
	heard_login("alice", "s\xc3\xa4 x",
	    "k1 LOGIN \"alice\" {5}\r\ns\xc3\xa4 x\r\n");
	heard_login("\xc3\xa4", "p w",
	    "k1 LOGIN {2}\r\n\xc3\xa4 \"p w\"\r\n");
	heard_login("\xc3\xa4", "\xff",
	    "k1 LOGIN {2}\r\n\xc3\xa4 {1}\r\n\xff\r\n");
}

/* RFC 4648 at each length, against an encoder of its own. */
static void
test_plain_lengths(void **state)
{
	static const char	 digit[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char *const script[SCRIPT_MAX] = { OK_IR, "k1 OK\r\n" };
	static char		 secret[KM_SECRET_MAX + 1], want[4096];
	unsigned char		 raw[2048];
	size_t			 n, i, j, len;
	uint32_t		 v;
	int			 first;

	(void)state;
	for (n = 1; n <= KM_SECRET_MAX; n += n < 40 ? 1 : 41) {
		for (i = 0; i < n; i++)
			secret[i] = (char)(33 + (i * 7 + n) % 223);
		secret[n] = '\0';
		credential_set("u", secret);
		assert_int_equal(dialogue(script, 4096, 1, &first), R_NONE);

		len = 3 + n;
		memset(raw, 0, sizeof(raw));
		raw[1] = 'u';
		memcpy(raw + 3, secret, n);
		j = (size_t)snprintf(want, sizeof(want),
		    "k1 AUTHENTICATE PLAIN ");
		for (i = 0; i < len; i += 3) {
			v = (uint32_t)raw[i] << 16 |
			    (uint32_t)raw[i + 1] << 8 | raw[i + 2];
			want[j++] = digit[v >> 18];
			want[j++] = digit[v >> 12 & 63];
			want[j++] = i + 1 < len ? digit[v >> 6 & 63] : '=';
			want[j++] = i + 2 < len ? digit[v & 63] : '=';
		}
		memcpy(want + j, "\r\n", 3);
		assert_string_equal(server.heard, want);
	}
}

static void
test_longest(void **state)
{
	static const char *const script[SCRIPT_MAX] = {
		OK_LOGIN, "k1 OK\r\n"
	};
	static char	 user[KM_USER_SIZE], secret[KM_SECRET_MAX + 1];
	int		 first;

	(void)state;
	memset(user, '"', sizeof(user) - 1);
	memset(secret, '\\', sizeof(secret) - 1);
	credential_set(user, secret);
	assert_int_equal(dialogue(script, 4096, 1, &first), R_NONE);
	assert_int_equal(server.nheard, 9 + 2 * (KM_USER_SIZE - 1) + 2 + 1 +
	    2 * KM_SECRET_MAX + 2 + 2);
}

/* What would break the line or the PLAIN message is not sent at all. */
static void
test_bad_credential(void **state)
{
	static const char *const script[SCRIPT_MAX] = { OK_IR, "k1 OK\r\n" };
	static const char *const bad[] = { "a\rb", "a\nb", "" };
	size_t	 i;
	int	 first;

	(void)state;
	for (i = 0; i < 3; i++) {
		credential_set("alice", bad[i]);
		assert_int_equal(dialogue(script, 64, 1, &first),
		    R_SECRET_UNREADABLE);
		credential_set(bad[i], "secret");
		assert_int_equal(dialogue(script, 64, 1, &first),
		    R_SECRET_UNREADABLE);
		assert_int_equal(server.nheard, 0);
	}
	credential_set("alice", "secret");
	cred.secret[2] = '\0';
	assert_int_equal(dialogue(script, 64, 1, &first), R_SECRET_UNREADABLE);
	credential_set("alice", "secret");
	cred.secret_len = KM_SECRET_MAX + 1;
	assert_int_equal(dialogue(script, 64, 1, &first), R_SECRET_UNREADABLE);
	credential_set("alice", "secret");
	cred.auth = 7;
	assert_int_equal(dialogue(script, 64, 1, &first), R_SECRET_UNREADABLE);
	assert_int_equal(server.nheard, 0);
}

/* What came with the OK belongs to the worker, octet for octet. */
static void
test_rest(void **state)
{
	static const char *const script[SCRIPT_MAX] = {
		OK_IR, "k1 OK in\r\n* 5 EXISTS\r\n* half"
	};
	static const char *const echo[SCRIPT_MAX] = {
		OK_IR, "k1 OK in\r\n* OK " B64
	};
	const unsigned char	*rest;
	int			 first;

	(void)state;
	credential_set("alice", "correct horse");
	assert_int_equal(dialogue(script, 4096, 1, &first), R_NONE);
	assert_int_equal(auth_rest(&auth, &rest), 18);
	assert_memory_equal(rest, "* 5 EXISTS\r\n* half", 18);
	assert_int_equal(dialogue(echo, 4096, 1, &first),
	    R_IMAP_AUTH_PROTOCOL);
}

/* Lines without end, and no end of lines. */
static void
test_flood(void **state)
{
	static char		 text[AUTH_TOTAL_MAX * 2];
	const char		*script[SCRIPT_MAX] = { text };
	size_t			 i;
	int			 first;

	(void)state;
	credential_set("alice", "correct horse");
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(dialogue(script, 4096, 1, &first),
	    R_GREETING_INVALID);
	memcpy(text, "* OK ", 5);
	assert_int_equal(dialogue(script, 4096, 1, &first),
	    R_GREETING_INVALID);

	script[0] = OK_IR;
	script[1] = text;
	assert_int_equal(dialogue(script, 4096, 1, &first),
	    R_IMAP_AUTH_PROTOCOL);
	for (i = 0; i + 8 < sizeof(text); i += 8)
		memcpy(text + i, "* OK x\r\n", 8);
	text[i] = '\0';
	assert_int_equal(dialogue(script, 4096, 1, &first),
	    R_IMAP_AUTH_PROTOCOL);
	assert_true(auth.nlines <= AUTH_LINES_MAX + 1);
	/* few lines, but long ones */
	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i + 8000 < sizeof(text); i += 8000) {
		memcpy(text + i, "* OK ", 5);
		memcpy(text + i + 7998, "\r\n", 2);
	}
	text[i] = '\0';
	assert_int_equal(dialogue(script, 4096, 1, &first),
	    R_IMAP_AUTH_PROTOCOL);
	assert_true(auth.total <= AUTH_TOTAL_MAX + 4096);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nothing_early),
		cmocka_unit_test(test_login_forms),
		cmocka_unit_test(test_plain_lengths),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_bad_credential),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
