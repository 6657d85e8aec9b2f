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
 * Folder names of the server against a pattern: name, NUL, pattern.
 *
 * link: kmaild/fetcher/imap_folder.o
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg.h"
#include "common/text.h"
#include "kmaild/fetcher/imap_folder.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
decode(const uint8_t *name, size_t len)
{
	unsigned char	 out[FOLDER_UTF8_SIZE];
	uint32_t	 c;
	ptrdiff_t	 n, i;
	size_t		 k;

	n = folder_utf8(name, len, out, sizeof(out));
	if (n < -1 || n > (ptrdiff_t)sizeof(out))
		abort();
	for (i = 0; i < n; i += (ptrdiff_t)k)
		if ((k = text_utf8(out + i, (size_t)(n - i), &c)) == 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct imap_list	 f = { 0 };
	const uint8_t		*nul;
	unsigned char		*name;
	char			*pattern;

	if (len < 2 || (nul = memchr(p, '\0', len)) == NULL)
		return 0;
	f.name_len = (size_t)(nul - p);
	if (f.name_len == 0 || f.name_len > KM_FOLDER_MAX)
		return 0;
	name = malloc(f.name_len);
	pattern = strndup((const char *)nul + 1, len - f.name_len - 1);
	if (name == NULL || pattern == NULL)
		abort();
	memcpy(name, p, f.name_len);
	f.name = name;
	f.delimiter = '/';
	decode(name, f.name_len);
	folder_match(pattern, &f);
	/* "*" chooses every one */
	if (!folder_match("*", &f))
		abort();
	f.flags = FOLDER_UTF8;
	folder_match(pattern, &f);
	free(name);
	free(pattern);
	return 0;
}
