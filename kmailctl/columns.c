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

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define CELL_MAX	1024	/* octets shown of one cell */
#define GAP		2	/* spaces between columns */

static size_t	 cell_width(const char *);
static void	 cell_print(const char *, size_t, int, int);

void
columns_begin(struct columns *t, const char *const *headers, size_t ncols)
{
	memset(t, 0, sizeof(*t));
	t->headers = headers;
	t->ncols = ncols;
}

void
columns_add(struct columns *t, const char *text)
{
	char	 cell[CELL_MAX];

	if (text == NULL || text[0] == '\0')
		text = "-";
	display_text(text, strlen(text), cell, sizeof(cell), 0);
	t->cells = reallocarray(t->cells, t->ncells + 1, sizeof(*t->cells));
	if (t->cells == NULL ||
	    (t->cells[t->ncells++] = strdup(cell)) == NULL) {
		complain(NULL, "out of memory");
		exit(CTL_FAILED);
	}
}

void
columns_addf(struct columns *t, const char *fmt, ...)
{
	char	 text[CELL_MAX];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	columns_add(t, text);
}

static size_t
cell_width(const char *text)
{
	char	 scratch[CELL_MAX];

	return display_text(text, strlen(text), scratch, sizeof(scratch), 0);
}

/* The last column of a row is neither padded nor, without terminal, cut. */
static void
cell_print(const char *text, size_t width, int right, int last)
{
	size_t	 used = cell_width(text);
	size_t	 pad = used < width ? width - used : 0;

	if (right)
		printf("%*s%s", (int)pad, "", text);
	else
		printf("%s%*s", text, last ? 0 : (int)pad, "");
	printf("%*s", last ? 0 : GAP, "");
}

void
columns_end(struct columns *t)
{
	size_t		 i, col, w, *widths;
	const char	*head;

	if ((widths = calloc(t->ncols, sizeof(*widths))) == NULL) {
		complain(NULL, "out of memory");
		exit(CTL_FAILED);
	}
	for (i = 0; i < t->ncols; i++)
		widths[i] = strlen(t->headers[i]) -
		    (t->headers[i][0] == '>');
	for (i = 0; i < t->ncells; i++) {
		col = i % t->ncols;
		if ((w = cell_width(t->cells[i])) > widths[col])
			widths[col] = w;
	}
	for (col = 0; t->ncells > 0 && col < t->ncols; col++) {
		head = t->headers[col];
		cell_print(head + (head[0] == '>'), widths[col],
		    head[0] == '>', col == t->ncols - 1);
	}
	if (t->ncells > 0)
		putchar('\n');
	for (i = 0; i < t->ncells; i++) {
		col = i % t->ncols;
		cell_print(t->cells[i], widths[col],
		    t->headers[col][0] == '>', col == t->ncols - 1);
		if (col == t->ncols - 1)
			putchar('\n');
		free(t->cells[i]);
	}
	free(t->cells);
	free(widths);
}
