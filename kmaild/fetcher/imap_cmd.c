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

#include "imap_cmd.h"

#define RANGE_MAX	22	/* ",4294967295:4294967295" */

static int	out_add(struct imap_out *, const void *, size_t);
static void	set_flush(struct imap_set *);

static int
out_add(struct imap_out *out, const void *p, size_t len)
{
	unsigned char	*buf;
	size_t		 size;

	if (out->size - out->len < len) {
		size = out->size == 0 ? IMAP_COMMAND_MAX : out->size * 2;
		while (size - out->len < len)
			size *= 2;
		if ((buf = realloc(out->buf, size)) == NULL)
			return -1;
		out->buf = buf;
		out->size = size;
	}
	memcpy(out->buf + out->len, p, len);
	out->len += len;
	return 0;
}

int
imap_cmd(struct imap_out *out, uint32_t tag, const char *fmt, ...)
{
	va_list	 ap;
	int	 r;

	va_start(ap, fmt);
	r = imap_vcmd(out, tag, fmt, ap);
	va_end(ap);
	return r;
}

int
imap_vcmd(struct imap_out *out, uint32_t tag, const char *fmt, va_list ap)
{
	char	 line[IMAP_COMMAND_MAX];
	int	 n, k;

	n = snprintf(line, sizeof(line), "k%u ", tag);
	k = vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	if (k < 0 || (size_t)(n + k) > sizeof(line) - 2)
		return -1;
	n += k;
	line[n++] = '\r';
	line[n++] = '\n';
	return out_add(out, line, (size_t)n);
}

int
imap_cmd_folder(struct imap_out *out, uint32_t tag, const char *cmd,
    const unsigned char *name, size_t len)
{
	char	 quoted[IMAP_COMMAND_MAX / 2];
	size_t	 i, n = 0;

	for (i = 0; i < len; i++) {
		if (name[i] < 0x20 || name[i] == 0x7f ||
		    n + 3 > sizeof(quoted))
			return -1;
		if (name[i] == '"' || name[i] == '\\')
			quoted[n++] = '\\';
		quoted[n++] = (char)name[i];
	}
	quoted[n] = '\0';
	return imap_cmd(out, tag, "%s \"%s\"", cmd, quoted);
}

size_t
imap_out_len(const struct imap_out *out)
{
	return out->len - out->pos;
}

void
imap_out_done(struct imap_out *out, size_t n)
{
	out->pos += n;
	if (out->pos < out->len)
		return;
	free(out->buf);
	memset(out, 0, sizeof(*out));
}

void
imap_set_init(struct imap_set *set)
{
	set->len = 0;
	set->lo = set->hi = 0;
}

static void
set_flush(struct imap_set *set)
{
	const char	*comma = set->len > 0 ? "," : "";
	int		 n;

	if (set->lo == 0)
		return;
	if (set->lo == set->hi)
		n = snprintf(set->text + set->len, RANGE_MAX + 1, "%s%u",
		    comma, set->lo);
	else
		n = snprintf(set->text + set->len, RANGE_MAX + 1, "%s%u:%u",
		    comma, set->lo, set->hi);
	set->len += (size_t)n;
}

int
imap_set_add(struct imap_set *set, uint32_t uid)
{
	if (set->lo != 0 && uid == set->hi + 1) {
		set->hi = uid;
		return 0;
	}
	if (set->len + 2 * RANGE_MAX >= sizeof(set->text))
		return -1;
	set_flush(set);
	set->lo = set->hi = uid;
	return 0;
}

const char *
imap_set_text(struct imap_set *set)
{
	set_flush(set);
	set->lo = set->hi = 0;
	set->text[set->len] = '\0';
	return set->text;
}
