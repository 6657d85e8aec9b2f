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
 * kmaild.conf: each regress/conf/N.in becomes exactly N.ok, which parses
 * again to itself, or is refused with exactly N.err.  KMAILD_UPDATE=1 writes
 * what came out instead of comparing.
 *
 * link: kmaild/parent/conf.o kmaild/parent/conf_allow.o
 * link: kmaild/parent/conf_check.o kmaild/parent/conf_lex.o
 * link: kmaild/parent/conf_print.o kmaild/parent/conf_value.o
 * link: kmaild/parent/conf_source.o kmaild/parent/parse.o
 */

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmaild/parent/conf.h"

#define CASES		"regress/conf/"
#define TEXT_SIZE	65536

static char	 dir[] = "/tmp/t_conf.XXXXXX";
static char	 errors[TEXT_SIZE];

static void
report(const char *message, void *arg)
{
	(void)arg;
	assert_null(strchr(message, '\n'));
	strlcat(errors, message, sizeof(errors));
	strlcat(errors, "\n", sizeof(errors));
}

/* Every "from" becomes "to". */
static void
replace(char *text, const char *from, const char *to)
{
	static char	 out[TEXT_SIZE];
	char		*p = text, *q;

	out[0] = '\0';
	while ((q = strstr(p, from)) != NULL) {
		*q = '\0';
		strlcat(out, p, sizeof(out));
		strlcat(out, to, sizeof(out));
		p = q + strlen(from);
	}
	strlcat(out, p, sizeof(out));
	strlcpy(text, out, TEXT_SIZE);
}

static void
slurp(const char *path, char *text)
{
	FILE	*fp;
	size_t	 n;

	text[0] = '\0';
	if ((fp = fopen(path, "r")) == NULL)
		return;
	n = fread(text, 1, TEXT_SIZE - 1, fp);
	text[n] = '\0';
	fclose(fp);
}

/* With DIR replaced, private: as the parser wants it. */
static void
spew(const char *name, const char *text, mode_t mode)
{
	static char	 copy[TEXT_SIZE];
	char		 path[256];
	FILE		*fp;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	strlcpy(copy, text, sizeof(copy));
	replace(copy, "DIR", dir);
	unlink(path);
	assert_non_null(fp = fopen(path, "w"));
	fputs(copy, fp);
	fclose(fp);
	assert_int_equal(chmod(path, mode), 0);
}

static const char *
path_of(const char *name)
{
	static char	 path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct conf *
load(const char *name, int root)
{
	errors[0] = '\0';
	return conf_load(path_of(name), root, report, NULL);
}

/* Load a text as the file t.conf. */
static struct conf *
load_text(const char *text, int root)
{
	spew("t.conf", text, 0600);
	return load("t.conf", root);
}

static void
printed(const struct conf *conf, char *text)
{
	FILE	*fp;

	assert_non_null(fp = fmemopen(text, TEXT_SIZE, "w"));
	conf_print(conf, fp);
	fclose(fp);
	replace(text, dir, "DIR");
}

/* 1 when the file holds this text; with KMAILD_UPDATE it does. */
static int
as_expected(const char *name, const char *suffix, const char *text)
{
	static char	 expected[TEXT_SIZE];
	char		 path[256];
	FILE		*fp;

	snprintf(path, sizeof(path), CASES "%.2s%s", name, suffix);
	if (getenv("KMAILD_UPDATE") != NULL) {
		assert_non_null(fp = fopen(path, "w"));
		fputs(text, fp);
		fclose(fp);
	}
	slurp(path, expected);
	if (strcmp(expected, text) == 0)
		return 1;
	print_error("%s: expected:\n%sgot:\n%s", path, expected, text);
	return 0;
}

static int
setup(void **state)
{
	static char	 text[TEXT_SIZE];
	glob_t		 g;
	size_t		 i;

	(void)state;
	if (mkdtemp(dir) == NULL ||
	    glob(CASES "*.in*", 0, NULL, &g) != 0)
		return -1;
	for (i = 0; i < g.gl_pathc; i++) {
		slurp(g.gl_pathv[i], text);
		spew(g.gl_pathv[i] + strlen(CASES), text, 0600);
	}
	globfree(&g);
	spew("ca.pem", "# one\n-----BEGIN CERTIFICATE-----\n", 0644);
	spew("ca2.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
	spew("writable.pem", "-----BEGIN CERTIFICATE-----\n", 0666);
	spew("empty.pem", "no certificate\n", 0644);
	return 0;
}

static int
teardown(void **state)
{
	struct dirent	*de;
	DIR		*d;

	(void)state;
	if ((d = opendir(dir)) == NULL)
		return -1;
	while ((de = readdir(d)) != NULL)
		unlinkat(dirfd(d), de->d_name, 0);
	closedir(d);
	return rmdir(dir);
}

static void
good_files(void **state)
{
	static char	 first[TEXT_SIZE], second[TEXT_SIZE];
	struct conf	*conf;
	glob_t		 g;
	size_t		 i;
	int		 wrong = 0;

	(void)state;
	assert_int_equal(glob(CASES "[01]*.in", 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		conf = load(g.gl_pathv[i] + strlen(CASES), 0);
		assert_string_equal(errors, "");
		assert_non_null(conf);
		printed(conf, first);
		conf_free(conf);
		wrong += !as_expected(g.gl_pathv[i] + strlen(CASES), ".ok",
		    first);
		assert_non_null(conf = load_text(first, 0));
		printed(conf, second);
		conf_free(conf);
		assert_string_equal(first, second);
	}
	globfree(&g);
	assert_int_equal(wrong, 0);
}

static void
bad_files(void **state)
{
	glob_t	 g;
	size_t	 i;
	int	 wrong = 0;

	(void)state;
	assert_int_equal(glob(CASES "2*.in", 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		assert_null(load(g.gl_pathv[i] + strlen(CASES), 0));
		replace(errors, dir, "DIR");
		wrong += !as_expected(g.gl_pathv[i] + strlen(CASES), ".err",
		    errors);
	}
	globfree(&g);
	assert_int_equal(wrong, 0);
}

static void
values(void **state)
{
	uint64_t	 octets;
	uint32_t	 n;
	mode_t		 mode;
	char		 text[CONF_VALUE_SIZE];

	(void)state;
	assert_int_equal(conf_seconds("1", 1, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(conf_seconds("2h", 1, &n), 0);
	assert_int_equal(n, 7200);
	assert_int_equal(conf_seconds("366d", 1, &n), 0);
	assert_int_equal(conf_seconds("367d", 1, &n), -1);
	assert_int_equal(conf_seconds("18446744073709551616s", 1, &n), -1);
	assert_int_equal(conf_seconds("-1", 1, &n), -1);
	assert_int_equal(conf_seconds(" 1", 1, &n), -1);
	assert_int_equal(conf_seconds("1ss", 1, &n), -1);
	assert_int_equal(conf_seconds("", 1, &n), -1);
	assert_int_equal(conf_octets("8589934591G", &octets), 0);
	assert_int_equal(conf_octets("8589934592G", &octets), -1);
	assert_int_equal(conf_octets("1k", &octets), 0);
	assert_int_equal(octets, 1024);
	assert_int_equal(conf_octets("0", &octets), -1);
	assert_int_equal(conf_number("10", 1, 10, &n), 0);
	assert_int_equal(conf_number("11", 1, 10, &n), -1);
	assert_int_equal(conf_number("1k", 1, 9999, &n), -1);
	assert_int_equal(conf_mode("0777", &mode), 0);
	assert_int_equal(conf_mode("1777", &mode), -1);
	assert_int_equal(conf_mode("078", &mode), -1);
	assert_int_equal(conf_label("a.b_c-9"), 0);
	assert_int_equal(conf_label("-a"), -1);
	assert_int_equal(conf_label("A"), -1);
	assert_int_equal(conf_label(""), -1);
	assert_int_equal(conf_label("a23456789012345678901234567890ab"), 0);
	assert_int_equal(conf_label("a23456789012345678901234567890abc"), -1);
	assert_string_equal(conf_seconds_text(5400, text), "90m");
	assert_string_equal(conf_seconds_text(0, text), "never");
	assert_string_equal(conf_octets_text(3ULL << 30, text), "3G");
	assert_string_equal(conf_octets_text(1025, text), "1025");
}

#define LEAST	"state \"DIR/state\"\nsocket \"DIR/run\"\n" \
		"ca file \"DIR/ca.pem\"\n"

/* Whoever can write a file that counts could make it say anything. */
static void
foreign_files(void **state)
{
	(void)state;
	spew("g.conf", LEAST, 0620);
	assert_null(load("g.conf", 0));
	assert_non_null(strstr(errors, "chmod go-w"));
	spew("g.conf", LEAST, 0602);
	assert_null(load("g.conf", 0));
	spew("g.conf", LEAST, 0644);
	conf_free(load("g.conf", 0));
	assert_string_equal(errors, "");
	spew("g.inc", "", 0666);
	assert_null(load_text(LEAST "include \"g.inc\"\n", 0));
	assert_non_null(strstr(errors, "t.conf:4: "));
	assert_null(load_text(LEAST "include \"/dev/null\"\n", 0));
	assert_non_null(strstr(errors, "not a regular file"));
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path_of("g.conf"), 65534, 65534), 0);
	assert_null(load("g.conf", 0));
	assert_non_null(strstr(errors, "must be owned by"));
}

static void
command_line_macros(void **state)
{
	struct conf	*conf;

	(void)state;
	assert_int_equal(conf_macro("novalue"), -1);
	assert_int_equal(conf_macro("a-b=c"), -1);
	assert_int_equal(conf_macro("=c"), -1);
	assert_int_equal(conf_macro("often=7m"), 0);
	conf = load_text("often = 9m\nsync every $often\n" LEAST, 0);
	assert_non_null(conf);
	assert_int_equal(conf->sync_every, 420);
	conf_free(conf);
	/* those of a file are gone with it */
	conf_free(load_text("own = 9m\n" LEAST, 0));
	assert_null(load_text("sync every $own\n" LEAST, 0));
}

static void
users(void **state)
{
	static const char	 start[] = LEAST "user vault daemon\n"
				    "user tls bin\nuser net sys\n";
	struct conf		*conf;
	char			 text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%suser oauth man\nuser store lp\n",
	    start);
	conf = load_text(text, 1);
	assert_string_equal(errors, "");
	assert_non_null(conf);
	assert_int_not_equal(conf->users[CONF_USER_STORE].uid, 0);
	conf_free(conf);
	snprintf(text, sizeof(text), "%suser oauth man\nuser store man\n",
	    start);
	assert_null(load_text(text, 1));
	assert_non_null(strstr(errors, "of its own"));
	snprintf(text, sizeof(text), "%suser oauth man\nuser store root\n",
	    start);
	assert_null(load_text(text, 1));
	assert_non_null(strstr(errors, "is root"));
	snprintf(text, sizeof(text), "%suser oauth no-such-user\n"
	    "user store lp\n", start);
	assert_null(load_text(text, 1));
	assert_non_null(strstr(errors, "useradd"));
}

/* Root and whoever starts the daemon may all, a rule more for each line. */
static void
rules(void **state)
{
	struct conf	*conf;
	uint32_t	 own = getuid() == 0 ? 1 : 2;

	(void)state;
	assert_non_null(conf = load_text(LEAST, 0));
	assert_int_equal(conf->nrules, own);
	assert_int_equal(conf->rules[0].id, 0);
	assert_int_equal(conf->rules[own - 1].id, getuid());
	assert_int_equal(conf->rules[own - 1].rights, 0x0f);
	assert_int_equal(conf->rules[own - 1].scope, SCOPE_ALL);
	conf_free(conf);
	assert_non_null(conf = load_text(LEAST
	    "allow user nobody { read } account x\n", 0));
	assert_int_equal(conf->nrules, own + 1);
	assert_int_equal(conf->rules[own].who, ALLOW_UID);
	assert_int_equal(conf->rules[own].rights, ALLOW_READ);
	assert_int_equal(conf->rules[own].scope, SCOPE_ACCOUNT);
	assert_string_equal(conf->rules[own].name, "x");
	conf_free(conf);
}

/* The same files make the same set; a changed file changes the signature. */
static void
ca_sets(void **state)
{
	struct conf	*conf;
	uint64_t	 before;

	(void)state;
	assert_non_null(conf = load_text(LEAST
	    "account a { ca file \"DIR/ca.pem\" }\n"
	    "account b { ca file \"DIR/ca2.pem\" }\n"
	    "account c { timeout idle 5m }\n", 0));
	assert_int_equal(conf->nsets, 2);
	before = conf->ca_signature;
	conf_free(conf);
	spew("ca2.pem", "-----BEGIN CERTIFICATE-----\nchanged\n", 0644);
	assert_non_null(conf = load("t.conf", 0));
	assert_true(conf->ca_signature != before);
	conf_free(conf);
}

/* Bounds of the lexer and of every list. */
static void
bounds(void **state)
{
	static char	 text[TEXT_SIZE];
	int		 i;

	(void)state;
	strlcpy(text, LEAST "log \"", sizeof(text));
	for (i = 0; i < 1100; i++)
		strlcat(text, "x", sizeof(text));
	strlcat(text, "\"\n", sizeof(text));
	assert_null(load_text(text, 0));
	assert_non_null(strstr(errors, "too long"));
	strlcpy(text, LEAST "connect port {", sizeof(text));
	for (i = 1; i < 40; i++)
		snprintf(text + strlen(text), 16, " %d", i);
	strlcat(text, " }\n", sizeof(text));
	assert_null(load_text(text, 0));
	assert_non_null(strstr(errors, "at most 32 ports"));
	strlcpy(text, LEAST, sizeof(text));
	for (i = 0; i < 300; i++)
		snprintf(text + strlen(text), 16, "m%d = x\n", i);
	assert_null(load_text(text, 0));
	assert_non_null(strstr(errors, "too many"));
	strlcpy(text, LEAST, sizeof(text));
	for (i = 0; i < 200; i++)
		strlcat(text, "allow user root { read }\n", sizeof(text));
	assert_null(load_text(text, 0));
	assert_non_null(strstr(errors, "at most 128 lines"));
	strlcpy(text, LEAST, sizeof(text));
	for (i = 0; i < 40; i++)
		snprintf(text + strlen(text), 64, "account a%d { ca file "
		    "\"/x%d\" }\n", i, i);
	assert_null(load_text(text, 0));
	assert_non_null(strstr(errors, "different sets"));
}

/* What kmaild.conf(5) shows is right, as far as the system is not asked. */
static void
manual_example(void **state)
{
	static const char	 begin[] = ".Pa /etc/kmaild.conf :\n"
				    ".Bd -literal -offset indent\n";
	static char		 text[TEXT_SIZE];
	struct conf		*conf;
	char			*example, *end;

	(void)state;
	slurp("man/kmaild.conf.5", text);
	assert_non_null(example = strstr(text, begin));
	example += strlen(begin);
	assert_non_null(end = strstr(example, ".Ed"));
	*end = '\0';
	spew("t.conf", example, 0600);
	assert_non_null(conf = conf_new());
	errors[0] = '\0';
	assert_int_equal(conf_parse(conf, path_of("t.conf"), report, NULL), 0);
	assert_string_equal(errors, "");
	assert_int_equal(conf->naccounts, 1);
	assert_int_equal(conf->nallow, 2);
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(values),
		cmocka_unit_test(foreign_files),
		cmocka_unit_test(command_line_macros),
		cmocka_unit_test(users),
		cmocka_unit_test(rules),
		cmocka_unit_test(ca_sets),
		cmocka_unit_test(bounds),
		cmocka_unit_test(manual_example),
	};

	umask(077);
	return cmocka_run_group_tests(tests, setup, teardown);
}
