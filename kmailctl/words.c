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

#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "ctl.h"

#define DEPTH	4	/* words of the longest command */

static const struct word *word_find(const struct word *, const char *,
		    const struct word **);
static void	 word_path(FILE *, const struct word *const *, size_t);
static void	 word_usage(const struct word *const *, size_t);
static void	 word_choices(const struct word *, const char *,
		    const struct word *const *, size_t);
static void	 help_line(const char *, const struct word *);
static void	 help_below(const struct word *, char *, size_t);
static int	 word_run(const struct word *const *, size_t, int, char **);

/*
 * The word that this one is or, if it is the only one, begins; NULL when
 * there is none, and *other, when there are several, is one of them.
 */
static const struct word *
word_find(const struct word *table, const char *text,
    const struct word **other)
{
	const struct word	*w, *found = NULL;

	*other = NULL;
	for (w = table; w->name != NULL; w++) {
		if (strcmp(w->name, text) == 0)
			return w;
		if (strncmp(w->name, text, strlen(text)) == 0) {
			*other = found;
			found = w;
			if (*other != NULL)
				break;
		}
	}
	if (*other == NULL)
		return found;
	/* several: an exact one may still come */
	for (; w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w;
	return NULL;
}

int
words_match(const char *text, const char *const *names, int *several)
{
	int	 i, found = -1;

	*several = 0;
	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0) {
			*several = 0;
			return i;
		}
		if (strncmp(names[i], text, strlen(text)) == 0) {
			*several = found != -1;
			found = i;
		}
	}
	return *several ? -1 : found;
}

static void
word_path(FILE *fp, const struct word *const *path, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		fprintf(fp, "%s%s", i == 0 ? "" : " ", path[i]->name);
}

static void
word_usage(const struct word *const *path, size_t n)
{
	fprintf(stderr, "usage: kmailctl ");
	word_path(stderr, path, n);
	if (path[n - 1]->args[0] != '\0')
		fprintf(stderr, " %s", path[n - 1]->args);
	fprintf(stderr, "\n");
}

/* What would have been right here. */
static void
word_choices(const struct word *table, const char *text,
    const struct word *const *path, size_t n)
{
	const struct word	*w, *other;

	if (text == NULL)
		fprintf(stderr, "kmailctl: a word is missing after `");
	else {
		word_find(table, text, &other);
		fprintf(stderr, "kmailctl: %s: %s%s", text, other == NULL ?
		    "unknown word" : "short for several words",
		    n == 0 ? "" : " after `");
	}
	if (n > 0) {
		word_path(stderr, path, n);
		fprintf(stderr, "'");
	}
	fprintf(stderr, "; right would be:");
	for (w = table; w->name != NULL; w++)
		if (text == NULL || other == NULL ||
		    strncmp(w->name, text, strlen(text)) == 0)
			fprintf(stderr, " %s", w->name);
	fprintf(stderr, "\n");
}

static int
word_run(const struct word *const *path, size_t n, int argc, char **argv)
{
	const struct word	*w = path[n - 1];
	struct call		 call = { argc, argv, 0 };

	while (w->flag != 0 && call.argc > 0 && call.argv[0][0] == '-' &&
	    call.argv[0][1] == w->flag && call.argv[0][2] == '\0') {
		call.flag = 1;
		call.argc--;
		call.argv++;
	}
	if (call.argc < w->min || call.argc > w->max) {
		if (call.argc < w->min)
			complain(NULL, "something is missing");
		else
			complain(NULL, "%s: one word too many",
			    call.argv[w->max]);
		word_usage(path, n);
		return CTL_USAGE;
	}
	return w->run(&call);
}

int
words_run(const struct word *table, int argc, char **argv)
{
	const struct word	*path[DEPTH], *other;
	size_t			 n = 0;

	for (;;) {
		if (argc == 0 || (path[n] = word_find(table, argv[0],
		    &other)) == NULL) {
			word_choices(table, argc == 0 ? NULL : argv[0], path,
			    n);
			return CTL_USAGE;
		}
		argc--;
		argv++;
		n++;
		if (path[n - 1]->sub == NULL)
			return word_run(path, n, argc, argv);
		table = path[n - 1]->sub;
	}
}

static void
help_line(const char *prefix, const struct word *w)
{
	printf("  %s%s%s%s\n\t%s\n", prefix, w->name,
	    w->args[0] == '\0' ? "" : " ", w->args, w->help);
}

static void
help_below(const struct word *table, char *prefix, size_t size)
{
	const struct word	*w;
	size_t			 len = strlen(prefix);

	for (w = table; w->name != NULL; w++) {
		if (w->sub != NULL) {
			snprintf(prefix + len, size - len, "%s ", w->name);
			help_below(w->sub, prefix, size);
			prefix[len] = '\0';
			continue;
		}
		help_line(prefix, w);
	}
}

void
words_brief(const struct word *table)
{
	const struct word	*w;

	for (w = table; w->name != NULL; w++)
		fprintf(stderr, "  %-10s %s\n", w->name, w->help);
}

int
words_help(const struct word *table, int argc, char **argv)
{
	const struct word	*path[DEPTH], *w, *other;
	const struct word	*below = table;
	char			 prefix[128] = "";
	size_t			 n = 0;

	for (; argc > 0; argc--, argv++) {
		if ((w = word_find(below, argv[0], &other)) == NULL) {
			word_choices(below, argv[0], path, n);
			return CTL_USAGE;
		}
		path[n++] = w;
		below = w->sub;
		if (below == NULL) {
			help_line(prefix, w);
			return CTL_DONE;
		}
		strlcat(prefix, w->name, sizeof(prefix));
		strlcat(prefix, " ", sizeof(prefix));
	}
	help_below(below, prefix, sizeof(prefix));
	return CTL_DONE;
}

int
name_check(const char *what, const char *name)
{
	size_t	 n;

	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
	if (n > 0 && n < KM_LABEL_SIZE && name[n] == '\0' &&
	    strchr("._-", name[0]) == NULL)
		return 0;
	complain("1 to 32 of the letters a-z, digits, \".\", \"_\" and "
	    "\"-\"; the first a letter or digit.", "%s `%s': not a name",
	    what, name);
	return -1;
}
