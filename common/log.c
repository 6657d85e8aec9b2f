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

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/msg.h"
#include "common/reason.h"

struct logcode_row {
	uint32_t	 number;
	const char	*name;
	const char	*text;
};

static const struct logcode_row logcodes[] = {
#define LOGCODE_ROW(number, constant, name, text)	{ number, name, text },
	LOGCODES(LOGCODE_ROW)
#undef LOGCODE_ROW
};

static log_sink	 sink;
static int	 level = LOG_INFO;

static const struct logcode_row	*logcode_find(uint32_t);
static size_t	 log_placeholder(const struct m_log *, const char *, char *,
		    size_t);

void
log_init(log_sink s, int l)
{
	sink = s;
	level = l;
}

void
log_set_level(int l)
{
	level = l;
}

int
log_level(void)
{
	return level;
}

void
log_code(int l, enum logcode code, const struct id *account, int64_t a,
    int64_t b, int64_t c)
{
	struct m_log	 m;
	int		 saved = errno;

	if (sink == NULL || l > level)
		return;
	memset(&m, 0, sizeof(m));
	m.level = (uint32_t)l;
	m.code = code;
	if (account != NULL) {
		m.has_account = 1;
		m.account = *account;
	}
	m.a = a;
	m.b = b;
	m.c = c;
	sink(&m);
	errno = saved;
}

_Noreturn void
fatal_at(enum logcode code, int64_t a, int line)
{
	log_code(LOG_CRIT, code, NULL, a, 0, line);
	exit(1);
}

static const struct logcode_row *
logcode_find(uint32_t code)
{
	size_t	 i;

	for (i = 0; i < sizeof(logcodes) / sizeof(logcodes[0]); i++)
		if (logcodes[i].number == code)
			return &logcodes[i];
	return NULL;
}

const char *
logcode_name(uint32_t code)
{
	const struct logcode_row	*row = logcode_find(code);

	return row == NULL ? NULL : row->name;
}

/*
 * Put one placeholder's value into the buffer.  Returns the length of the
 * placeholder in the text, 0 if it is none.
 */
static size_t
log_placeholder(const struct m_log *m, const char *p, char *out, size_t size)
{
	const char	*detail;
	int64_t		 v;
	char		 kind = p[1], which;
	size_t		 len;

	len = strcspn(p, "}") + 1;
	if (p[len - 1] != '}' || len < 3 || len > 4)
		return 0;
	which = len == 4 ? p[2] : kind;
	v = which == 'b' ? m->b : which == 'c' ? m->c : m->a;
	switch (kind) {
	case 'e':
		snprintf(out, size, "%s", strerror((int)v));
		break;
	case 'r':
		if (reason_check((uint32_t)v) == -1)
			v = 0;
		detail = reason_detail((enum reason)v);
		snprintf(out, size, "%s%s%s", reason_word((enum reason)v),
		    detail == NULL ? "" : " ", detail == NULL ? "" : detail);
		break;
	case 'p':
		snprintf(out, size, "%s", proc_name((enum proc)v));
		break;
	default:
		snprintf(out, size, "%" PRId64, v);
	}
	return len;
}

const char *
log_text(const struct m_log *m, char *buf, size_t size)
{
	const struct logcode_row	*row = logcode_find(m->code);
	const char			*p;
	size_t				 n = 0, len;

	if (row == NULL) {
		snprintf(buf, size, "code %" PRIu32, m->code);
		return buf;
	}
	for (p = row->text; *p != '\0' && n + 1 < size;) {
		if (*p == '{' && (len = log_placeholder(m, p, buf + n,
		    size - n)) != 0) {
			n += strlen(buf + n);
			p += len;
			continue;
		}
		buf[n++] = *p++;
	}
	buf[n] = '\0';
	return buf;
}
