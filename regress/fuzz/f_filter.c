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
 * The relay's command filter: what it passes is what it was given, in
 * order, and holds no line that a server could take for another command.
 *
 * link: kmaild/session/filter.o kmaild/session/filter_token.o
 */

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kmaild/session/session.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct filter	 filter;

/*
 * A server that takes no literal sees lines.  Each must be a permitted
 * command, DONE, or no "tag SP word" at all.
 */
static void
line_check(const unsigned char *p, size_t len)
{
	static const char *const words[] = {
		"CAPABILITY", "NOOP", "ID", "ENABLE", "NAMESPACE", "LIST",
		"STATUS", "EXAMINE", "UNSELECT", "UID", "IDLE", "LOGOUT",
		"RETURN"
	};
	const unsigned char	*sp;
	size_t			 i, n;

	if (memchr(p, '\r', len) != NULL || memchr(p, '\0', len) != NULL)
		abort();
	if ((sp = memchr(p, ' ', len)) == NULL)
		return;
	sp++;
	for (n = 0; sp + n < p + len && isalpha(sp[n]); n++)
		;
	if (n == 0)
		return;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n &&
		    strncasecmp((const char *)sp, words[i], n) == 0)
			break;
	if (i == sizeof(words) / sizeof(words[0]))
		abort();
	if (n == 3 && strncasecmp((const char *)sp, "UID ", 4) == 0 &&
	    strncasecmp((const char *)sp + 4, "FETCH ", 6) != 0 &&
	    strncasecmp((const char *)sp + 4, "SEARCH ", 7) != 0)
		abort();
	if (memmem(p, len, "BODY[", 5) != NULL && n == 3)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char	 out[1 << 20];
	unsigned char		*nl, *p;
	size_t			 off = 0, used, n, len = 0;
	size_t			 step;

	if (size == 0 || size > sizeof(out))
		return 0;
	step = 1 + data[0] % 64;
	data++;
	size--;
	filter_init(&filter);
	while (off < size) {
		n = size - off < step ? size - off : step;
		switch (filter_input(&filter, data + off, n, &used)) {
		case FILTER_FORBIDDEN:
			size = 0;
			break;
		case FILTER_PASS:
			memcpy(out + len, filter.out, filter.out_len);
			len += filter.out_len;
			off += used;
			break;
		case FILTER_MORE:
			off += used;
			break;
		}
	}
	if (memcmp(out, data, len) != 0)
		abort();
	for (p = out; (nl = memchr(p, '\n', len - (size_t)(p - out))) != NULL;
	    p = nl + 1) {
		if (nl == p || nl[-1] != '\r')
			abort();
		line_check(p, (size_t)(nl - 1 - p));
	}
	return 0;
}
