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
 * Characters of kmaild.conf into words: files and includes, comments,
 * quotes, macros.  Everything is bounded: size and number of files, depth,
 * length of a word, number of macros, number of reported errors.
 */

#include <sys/types.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define LEX_DEPTH_MAX	8	/* include in include */
#define LEX_FILES_MAX	128	/* in one configuration */
#define LEX_MACROS_MAX	256
#define LEX_ERRORS_MAX	20	/* reported; the rest is only counted */
#define LEX_REPORT_SIZE	2048	/* path, line, message */

struct macro {
	TAILQ_ENTRY(macro) entry;
	char		*name;
	char		*value;
	int		 persist;	/* of the command line */
};

static struct {
	struct conf_source	 stack[LEX_DEPTH_MAX];
	int		 depth;
	int		 nfiles;
	int		 eol_first;	/* ends the include line itself */
	int		 eol_last;	/* the last line had its end */
	const char	*expand;	/* rest of a macro's value */
	int		 unget;		/* one character, -1 none */
	int		 line;		/* of the last token */
	int		 errors;
	conf_report	 report;
	void		*arg;
} lex;

static TAILQ_HEAD(, macro) macros = TAILQ_HEAD_INITIALIZER(macros);
static int nmacros;

void
lex_error(const char *fmt, ...)
{
	char	 message[LEX_REPORT_SIZE], report[LEX_REPORT_SIZE];
	va_list	 ap;

	if (lex.errors++ >= LEX_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (lex.depth > 0)
		snprintf(report, sizeof(report), "%.1023s:%d: %.992s",
		    lex.stack[lex.depth - 1].path, lex.line, message);
	else
		snprintf(report, sizeof(report), "%s", message);
	lex.report(report, lex.arg);
}

void
lex_start(conf_report report, void *arg)
{
	memset(&lex, 0, sizeof(lex));
	lex.unget = -1;
	lex.report = report;
	lex.arg = arg;
}

static void
lex_pop(void)
{
	struct conf_source	*s = &lex.stack[--lex.depth];

	free(s->text);
	s->text = NULL;
}

static void
macro_free(struct macro *m)
{
	TAILQ_REMOVE(&macros, m, entry);
	nmacros--;
	free(m->name);
	free(m->value);
	free(m);
}

int
lex_finish(void)
{
	struct macro	*m, *next;

	while (lex.depth > 0)
		lex_pop();
	for (m = TAILQ_FIRST(&macros); m != NULL; m = next) {
		next = TAILQ_NEXT(m, entry);
		if (!m->persist)
			macro_free(m);
	}
	return lex.errors;
}

static struct macro *
macro_find(const char *name)
{
	struct macro	*m;

	TAILQ_FOREACH(m, &macros, entry)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

int
lex_macro(const char *name, const char *value, int persist)
{
	struct macro	*m;
	size_t		 i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return -1;
	if (i == 0 || strlen(value) >= KM_PATH_SIZE)
		return -1;
	if ((m = macro_find(name)) != NULL) {
		if (m->persist && !persist)
			return 0;
		macro_free(m);
	}
	if (nmacros == LEX_MACROS_MAX || (m = calloc(1, sizeof(*m))) == NULL)
		return -1;
	m->name = strdup(name);
	m->value = strdup(value);
	m->persist = persist;
	TAILQ_INSERT_TAIL(&macros, m, entry);
	nmacros++;
	if (m->name == NULL || m->value == NULL) {
		macro_free(m);
		return -1;
	}
	return 0;
}

int
lex_file(const char *path)
{
	struct conf_source	*s;

	if (lex.depth == LEX_DEPTH_MAX || lex.nfiles == LEX_FILES_MAX) {
		lex_error("too many includes");
		return -1;
	}
	s = &lex.stack[lex.depth];
	if (conf_source_open(s, path, lex.depth == 0 ? NULL :
	    s[-1].path) == -1)
		return -1;
	s->line = 1;
	lex.eol_first = lex.depth > 0;
	lex.depth++;
	lex.nfiles++;
	return 0;
}

static int
lex_getc(void)
{
	struct conf_source	*s = &lex.stack[lex.depth - 1];
	int		 c;

	if (lex.unget != -1) {
		c = lex.unget;
		lex.unget = -1;
		return c;
	}
	if (lex.expand != NULL) {
		if (*lex.expand != '\0')
			return (unsigned char)*lex.expand++;
		lex.expand = NULL;
		return ' ';
	}
	if (s->pos == s->len)
		return EOF;
	return (unsigned char)s->text[s->pos++];
}

/* As above; a backslash at the end of a line joins it with the next. */
static int
lex_getc_joined(void)
{
	struct conf_source	*s = &lex.stack[lex.depth - 1];
	int		 c, next;

	while ((c = lex_getc()) == '\\') {
		if ((next = lex_getc()) != '\n') {
			lex.unget = next;
			return c;
		}
		s->line++;
	}
	return c;
}

static enum lex
lex_bad(const char *why)
{
	lex_error("%s", why);
	return LEX_ERROR;
}

static enum lex
lex_quoted(char *text)
{
	const char	*bad = NULL;
	size_t		 len = 0;
	int		 c, next;

	while ((c = lex_getc()) != '"') {
		if (c == EOF || c == '\n') {
			lex.unget = c;
			return lex_bad("no closing quotation mark");
		}
		if (c == '\\') {
			next = lex_getc();
			if (next == '"' || next == '\\')
				c = next;
			else
				lex.unget = next;
		}
		if (c != '\t' && (c < ' ' || c == 0x7f))
			bad = "control character in a string";
		else if (len == KM_PATH_SIZE - 1)
			bad = "string is too long";
		else
			text[len++] = (char)c;
	}
	text[len] = '\0';
	return bad == NULL ? LEX_TEXT : lex_bad(bad);
}

static int
lex_in_word(int c)
{
	return c > ' ' && c != 0x7f && strchr("{}=#,;\"$", c) == NULL;
}

static enum lex
lex_word(int c, char *text)
{
	size_t	len = 0;

	while (c != EOF && lex_in_word(c)) {
		if (len == KM_PATH_SIZE - 1)
			return lex_bad("word is too long");
		text[len++] = (char)c;
		c = lex_getc_joined();
	}
	lex.unget = c;
	text[len] = '\0';
	return LEX_WORD;
}

/* $name: the value is read in its place; a '$' in it means itself. */
static int
lex_expand(void)
{
	struct macro	*m;
	char		 name[KM_LABEL_SIZE];
	size_t		 len = 0;
	int		 c;

	while ((c = lex_getc()) != EOF && (isalnum(c) || c == '_')) {
		if (len == sizeof(name) - 1) {
			lex_error("macro name is too long");
			return -1;
		}
		name[len++] = (char)c;
	}
	name[len] = '\0';
	if (len == 0) {
		lex.unget = c;
		lex_error("a '$' needs the name of a macro");
		return -1;
	}
	if ((m = macro_find(name)) == NULL) {
		lex.unget = c;
		lex_error("macro \"%s\" is not defined", name);
		return -1;
	}
	/* The character after the name comes after the value. */
	if (c != EOF)
		lex.stack[lex.depth - 1].pos--;
	lex.expand = m->value;
	return 0;
}

static int
lex_skip(void)
{
	int	c;

	while ((c = lex_getc_joined()) == ' ' || c == '\t' || c == '\r')
		;
	if (c != '#')
		return c;
	while ((c = lex_getc()) != '\n' && c != EOF)
		;
	return c;
}

enum lex
lex_token(char *text)
{
	int	c;

	text[0] = '\0';
	if (lex.eol_first) {
		lex.eol_first = 0;
		lex.line = 1;
		return LEX_EOL;
	}
	for (;;) {
		c = lex_skip();
		lex.line = lex.stack[lex.depth - 1].line;
		if (c != '$')
			break;
		if (lex.expand != NULL)
			return lex_bad("a macro's value cannot use macros");
		if (lex_expand() == -1)
			return LEX_ERROR;
	}
	switch (c) {
	case EOF:
		if (lex.depth == 1 && lex.eol_last++)
			return LEX_EOF;
		if (lex.depth > 1)
			lex_pop();
		return LEX_EOL;
	case '\n':
		lex.stack[lex.depth - 1].line++;
		return LEX_EOL;
	case ';':
		return LEX_EOL;
	case '{':
		return LEX_OPEN;
	case '}':
		return LEX_CLOSE;
	case '=':
		return LEX_EQUAL;
	case ',':
		return LEX_COMMA;
	case '"':
		return lex_quoted(text);
	}
	if (!lex_in_word(c))
		return lex_bad("control character");
	return lex_word(c, text);
}
