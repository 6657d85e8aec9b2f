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

#include <string.h>
#include <strings.h>

#include "common/msg.h"
#include "common/text.h"

#include "imap_folder.h"

static ptrdiff_t utf7_shifted(const unsigned char *, size_t, unsigned char *,
		    size_t, size_t *);
static ptrdiff_t utf16_put(uint32_t, uint32_t *, unsigned char *, size_t);
static int	 base64_value(unsigned char);
static uint32_t	 special_use(const char *);
static int	 glob(const char *, const unsigned char *, size_t, uint32_t);

/* RFC 3501 5.1.3: "," in the place of "/". */
static int
base64_value(unsigned char c)
{
	static const char	 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+,";
	const char		*p;

	p = c == '\0' ? NULL : strchr(alphabet, c);
	return p == NULL ? -1 : (int)(p - alphabet);
}

/* One UTF-16 unit; *high keeps the first half of a pair. */
static ptrdiff_t
utf16_put(uint32_t unit, uint32_t *high, unsigned char *out, size_t size)
{
	if (unit >= 0xd800 && unit < 0xdc00) {
		if (*high != 0)
			return -1;
		*high = unit;
		return 0;
	}
	if (unit >= 0xdc00 && unit < 0xe000) {
		if (*high == 0)
			return -1;
		unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
		*high = 0;
	} else if (*high != 0)
		return -1;
	return size < 4 ? -1 : (ptrdiff_t)text_utf8_put(unit, out);
}

/* From after "&" to its "-"; *used gets how far that is, with the "-". */
static ptrdiff_t
utf7_shifted(const unsigned char *p, size_t len, unsigned char *out,
    size_t size, size_t *used)
{
	uint32_t	 bits = 0, high = 0;
	size_t		 n = 0, i;
	ptrdiff_t	 k;
	int		 nbits = 0, v;

	for (i = 0; i < len && p[i] != '-'; i++) {
		if ((v = base64_value(p[i])) == -1)
			return -1;
		bits = (bits << 6 | (uint32_t)v) & 0x3fffff;
		nbits += 6;
		if (nbits < 16)
			continue;
		nbits -= 16;
		k = utf16_put(bits >> nbits & 0xffff, &high, out + n,
		    size - n);
		if (k == -1)
			return -1;
		n += (size_t)k;
	}
	/* Ended, no half pair, and nothing but zero bits left over. */
	if (i == len || high != 0 || nbits >= 6 ||
	    (bits & ((1u << nbits) - 1)) != 0)
		return -1;
	*used = i + 1;
	return (ptrdiff_t)n;
}

ptrdiff_t
folder_utf8(const unsigned char *p, size_t len, unsigned char *out,
    size_t size)
{
	size_t		 i, n = 0, used;
	ptrdiff_t	 k;

	for (i = 0; i < len; i++) {
		if (n == size || p[i] < 0x20 || p[i] > 0x7e)
			return -1;
		if (p[i] != '&') {
			out[n++] = p[i];
			continue;
		}
		if (i + 1 < len && p[i + 1] == '-') {
			out[n++] = '&';
			i++;
			continue;
		}
		k = utf7_shifted(p + i + 1, len - i - 1, out + n, size - n,
		    &used);
		if (k <= 0)
			return -1;
		n += (size_t)k;
		i += used;
	}
	return (ptrdiff_t)n;
}

int
folder_is_inbox(const unsigned char *name, size_t len)
{
	return len == 5 && strncasecmp((const char *)name, "INBOX", 5) == 0;
}

static uint32_t
special_use(const char *pattern)
{
	static const struct {
		const char	*name;
		uint32_t	 flag;
	} uses[] = {
		{ "\\All",	FOLDER_ALL },
		{ "\\Archive",	FOLDER_ARCHIVE },
		{ "\\Drafts",	FOLDER_DRAFTS },
		{ "\\Flagged",	FOLDER_FLAGGED },
		{ "\\Junk",	FOLDER_JUNK },
		{ "\\Sent",	FOLDER_SENT },
		{ "\\Trash",	FOLDER_TRASH }
	};
	size_t	 i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (strcasecmp(pattern, uses[i].name) == 0)
			return uses[i].flag;
	return 0;
}

/*
 * Patterns are the operator's, names the server's: linear in each, by
 * keeping for every place in the pattern whether the name so far reaches it.
 */
static int
glob(const char *pattern, const unsigned char *name, size_t len,
    uint32_t delimiter)
{
	unsigned char	 at[KM_FOLDERS_SIZE + 1];
	size_t		 plen = strlen(pattern), i, j;
	unsigned char	 prev, here;

	if (plen >= sizeof(at))
		return 0;
	memset(at, 0, plen + 1);
	at[0] = 1;
	for (j = 0; j < plen && (pattern[j] == '*' || pattern[j] == '%'); j++)
		at[j + 1] = 1;
	for (i = 0; i < len; i++) {
		prev = at[0];
		at[0] = 0;
		for (j = 0; j < plen; j++) {
			here = at[j + 1];
			if (pattern[j] == '*')
				at[j + 1] = at[j] || here || prev;
			else if (pattern[j] == '%')
				at[j + 1] = at[j] || (name[i] != delimiter &&
				    (here || prev));
			else
				at[j + 1] = prev &&
				    (unsigned char)pattern[j] == name[i];
			prev = here;
		}
	}
	return at[plen];
}

int
folder_match(const char *pattern, const struct imap_list *f)
{
	unsigned char	 utf8[FOLDER_UTF8_SIZE];
	ptrdiff_t	 n;
	uint32_t	 use;

	if ((use = special_use(pattern)) != 0)
		return (f->flags & use) != 0;
	if (folder_is_inbox(f->name, f->name_len) &&
	    strcasecmp(pattern, "INBOX") == 0)
		return 1;
	if (glob(pattern, f->name, f->name_len, f->delimiter))
		return 1;
	if (f->flags & FOLDER_UTF8)
		return 0;
	n = folder_utf8(f->name, f->name_len, utf8, sizeof(utf8));
	return n != -1 && glob(pattern, utf8, (size_t)n, f->delimiter);
}
