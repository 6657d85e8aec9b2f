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
 * The words of kmailctl: commands, and those of account add and set.
 *
 * link: kmailctl/parse.o kmailctl/words.o common/text.o
 * libs: jansson
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kmailctl/ctl.h"

static char	 ran[64];
static int	 ran_argc, ran_flag;

void
complain(const char *remedy, const char *fmt, ...)
{
	(void)remedy;
	(void)fmt;
}

static int
run_alpha(const struct call *call)
{
	strlcpy(ran, "alpha", sizeof(ran));
	ran_argc = call->argc;
	ran_flag = call->flag;
	return 42;
}

static int
run_beta(const struct call *call)
{
	strlcpy(ran, call->argc > 0 ? call->argv[0] : "beta", sizeof(ran));
	return 0;
}

static const struct word sub[] = {
	{ "alpha", "A", "", 1, 2, 'y', run_alpha, NULL },
	{ "beta", "", "", 0, 0, 0, run_beta, NULL },
	{ NULL, NULL, NULL, 0, 0, 0, NULL, NULL }
};

static const struct word top[] = {
	{ "stop", "[X]", "", 0, 1, 0, run_beta, NULL },
	{ "status", "", "", 0, 0, 0, run_beta, NULL },
	{ "stat", "", "", 0, 1, 0, run_alpha, NULL },
	{ "verb", "", "", 0, 0, 0, NULL, sub },
	{ NULL, NULL, NULL, 0, 0, 0, NULL, NULL }
};

static int
run(const char *line)
{
	char	*argv[8], copy[128], *p = copy;
	int	 argc = 0;

	strlcpy(copy, line, sizeof(copy));
	ran[0] = '\0';
	while ((argv[argc] = strsep(&p, " ")) != NULL)
		argc++;
	return words_run(top, argc, argv);
}

static void
test_words(void **state)
{
	(void)state;
	assert_non_null(freopen("/dev/null", "w", stderr));
	assert_int_equal(run("sto one"), 0);
	assert_string_equal(ran, "one");
	assert_int_equal(run("st"), CTL_USAGE);
	assert_int_equal(run("stat"), 42);	/* exact, though a beginning */
	assert_int_equal(run("statu"), 0);
	assert_int_equal(run("x"), CTL_USAGE);
	assert_int_equal(run("v"), CTL_USAGE);
	assert_int_equal(run("v a"), CTL_USAGE);
	assert_int_equal(run("v a 1"), 42);
	assert_int_equal(ran_argc, 1);
	assert_int_equal(ran_flag, 0);
	assert_int_equal(run("v a -y 1 2"), 42);
	assert_int_equal(ran_argc, 2);
	assert_int_equal(ran_flag, 1);
	assert_int_equal(run("v a 1 2 3"), CTL_USAGE);
	assert_int_equal(run("v b 1"), CTL_USAGE);
	assert_string_equal(ran, "");
}

static struct account_words	 w;
static char			 error[PARSE_ERROR_SIZE];

/* 0, or -1 and the complaint names this. */
static void
account(int set, const char *line, const char *complaint)
{
	static char	 copy[512];
	char		*argv[32], *p = copy;
	int		 argc = 0, r;

	strlcpy(copy, line, sizeof(copy));
	while ((argv[argc] = strsep(&p, " ")) != NULL)
		argc++;
	error[0] = '\0';
	r = parse_account(argc, argv, set, &w, error);
	if (complaint == NULL) {
		assert_string_equal(error, "");
		assert_int_equal(r, 0);
		return;
	}
	assert_int_equal(r, -1);
	if (strstr(error, complaint) == NULL)
		fail_msg("%s: %s", line, error);
}

#define ADD	"auth password user joe imap mail.example.org"

static void
test_add(void **state)
{
	(void)state;
	account(0, ADD, NULL);
	assert_int_equal(w.v.imap_tls, TLS_IMPLICIT);
	assert_int_equal(w.v.imap_port, 993);
	assert_string_equal(w.v.imap_host, "mail.example.org");
	assert_int_equal(w.v.given, VSET_USER | VSET_IMAP);
	assert_int_equal(w.v.settings.given, 0);
	account(0, ADD " starttls", NULL);
	assert_int_equal(w.v.imap_tls, TLS_STARTTLS);
	assert_int_equal(w.v.imap_port, 143);
	account(0, "au password us joe im [2001:DB8::1]:10993 tl every 5m "
	    "si 2026-01-31 n 100 te t1 ca /x fo INBOX folder Sent", NULL);
	assert_string_equal(w.v.imap_host, "[2001:db8::1]");
	assert_int_equal(w.v.imap_port, 10993);
	assert_int_equal(w.v.settings.every, 300);
	assert_int_equal(w.v.settings.since, 1769817600);
	assert_int_equal(w.v.settings.newest, 100);
	assert_int_equal(w.v.settings.folders_len, 11);
	assert_memory_equal(w.v.settings.folders, "INBOX\0Sent", 11);
	assert_string_equal(w.v.tenant, "t1");
	assert_string_equal(w.ca_file, "/x");
	account(0, "auth password user joe", "`imap' is missing");
	account(0, "auth password imap h", "`user' is missing");
	account(0, "user joe imap h", "`auth' is missing");
	account(0, "auth oauth_google", "right would be: password");
	account(0, ADD " user x", "given twice");
	account(0, ADD " tls starttls", "already");
	account(0, ADD " t x", "right would be: tls tenant");
	account(0, ADD " frobnicate", "right would be: auth user imap");
	account(0, ADD " every", "its value is missing");
}

static void
test_values(void **state)
{
	static const char *const	 bad[] = { "imap h:0", "imap h:65536",
	    "imap h:", "imap h:x", "imap h:+1", "imap ::1", "imap [::1",
	    "imap [x]", "imap [::1]993", "imap -h", "imap h/x", "imap .",
	    "every 5", "every m", "every 0s", "every -1m", "every 5y",
	    "every 9999999w", "since 2026-02-30", "since 26-1-1",
	    "since 2026-01-31x", "since 1969-12-31", "newest 0",
	    "newest -1", "newest +1", "newest x", "tenant T", "tenant -",
	    "user a\tb", "user \xff", "folder " };
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char	 word[16];

		strlcpy(word, bad[i], strcspn(bad[i], " ") + 1);
		account(1, bad[i], word);
	}
	account(1, "every never", NULL);
	assert_int_equal(w.v.settings.every, 0);
	assert_int_equal(w.v.settings.every_default, 0);
	account(1, "every default", NULL);
	assert_int_equal(w.v.settings.every_default, 1);
	account(1, "every 1w", NULL);
	assert_int_equal(w.v.settings.every, 604800);
	account(1, "since all newest all tenant none", NULL);
	assert_int_equal(w.v.settings.given, SET_SINCE | SET_NEWEST);
	assert_int_equal(w.v.given, VSET_TENANT);
	account(1, "auth password", "unknown word");
	account(1, "starttls", NULL);
	assert_int_equal(w.v.given, 0);
	assert_int_equal(w.tls_given, 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
