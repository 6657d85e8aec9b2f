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

#include "common/text.h"
#include "ctl.h"

/*
 * What foreign headers and folder names say in ASCII, as UTF-8: encoded
 * words (RFC 2047) and modified UTF-7 (RFC 3501 5.1.3).  The result is for
 * display_text(), which makes it safe.
 */

#define WORD_MAX_	512	/* octets of an encoded word; 75 by the RFC */

enum charset { CS_UNKNOWN, CS_UTF8, CS_ASCII, CS_LATIN1, CS_LATIN9,
    CS_WINDOWS };

struct out {
	char	*p;
	size_t	 size;
	size_t	 len;
};

static void	 out_octet(struct out *, char);
static void	 out_code(struct out *, uint32_t);
static enum charset charset_find(const char *, size_t);
static uint32_t	 charset_code(enum charset, unsigned char);
static int	 value64(char, const char *);
static size_t	 decode_q(const char *, size_t, unsigned char *);
static size_t	 decode_b(const char *, size_t, unsigned char *);
static size_t	 word_decode(const char *, struct out *);
static size_t	 utf7_run(const char *, size_t, struct out *);

static void
out_octet(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->p[out->len++] = c;
}

/* All of a character or nothing of it. */
static void
out_code(struct out *out, uint32_t code)
{
	unsigned char	 utf8[4];
	size_t		 n = text_utf8_put(code, utf8);

	if (out->len + n < out->size) {
		memcpy(out->p + out->len, utf8, n);
		out->len += n;
	}
}

static enum charset
charset_find(const char *name, size_t len)
{
	static const struct {
		const char	*name;
		enum charset	 charset;
	} known[] = {
		{ "utf-8", CS_UTF8 }, { "utf8", CS_UTF8 },
		{ "us-ascii", CS_ASCII }, { "iso-8859-1", CS_LATIN1 },
		{ "iso-8859-15", CS_LATIN9 }, { "windows-1252", CS_WINDOWS },
		{ "cp1252", CS_WINDOWS },
	};
	size_t	 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == len &&
		    strncasecmp(known[i].name, name, len) == 0)
			return known[i].charset;
	return CS_UNKNOWN;
}

static uint32_t
charset_code(enum charset charset, unsigned char c)
{
	static const uint16_t	 windows[32] = { 0x20ac, 0xfffd, 0x201a,
	    0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	    0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019,
	    0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161,
	    0x203a, 0x0153, 0xfffd, 0x017e, 0x0178 };
	static const struct {
		unsigned char	 octet;
		uint16_t	 code;
	} latin9[] = { { 0xa4, 0x20ac }, { 0xa6, 0x0160 }, { 0xa8, 0x0161 },
	    { 0xb4, 0x017d }, { 0xb8, 0x017e }, { 0xbc, 0x0152 },
	    { 0xbd, 0x0153 }, { 0xbe, 0x0178 } };
	size_t	 i;

	if (charset == CS_ASCII && c >= 0x80)
		return 0xfffd;
	if (charset == CS_WINDOWS && c >= 0x80 && c < 0xa0)
		return windows[c - 0x80];
	if (charset == CS_LATIN9)
		for (i = 0; i < sizeof(latin9) / sizeof(latin9[0]); i++)
			if (latin9[i].octet == c)
				return latin9[i].code;
	return c;
}

static int
value64(char c, const char *last)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";
	const char		*p;

	if (c == last[0])
		return 62;
	if (c == last[1])
		return 63;
	if (c == '\0' || (p = strchr(digits, c)) == NULL)
		return -1;
	return (int)(p - digits);
}

/* "Q" of RFC 2047 4.2: never longer than what it stands for. */
static size_t
decode_q(const char *text, size_t len, unsigned char *out)
{
	char	 percent[4] = "%";
	size_t	 i, n = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '=' && i + 2 < len) {
			memcpy(percent + 1, text + i + 1, 2);
			if (text_unpercent(percent, out + n, 1) == 1) {
				n++;
				i += 2;
				continue;
			}
		}
		out[n++] = text[i] == '_' ? ' ' : (unsigned char)text[i];
	}
	return n;
}

static size_t
decode_b(const char *text, size_t len, unsigned char *out)
{
	uint32_t	 bits = 0;
	size_t		 i, n = 0;
	int		 have = 0, v;

	for (i = 0; i < len; i++) {
		if ((v = value64(text[i], "+/")) == -1)
			continue;
		bits = bits << 6 | (uint32_t)v;
		if ((have += 6) >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
		}
	}
	return n;
}

/* The octets of the encoded word here, after writing it; 0: none. */
static size_t
word_decode(const char *text, struct out *out)
{
	unsigned char	 data[WORD_MAX_];
	const char	*charset, *encoding, *body, *end, *lang;
	enum charset	 cs;
	size_t		 n, i, len;

	charset = text + 2;
	if ((encoding = strchr(charset, '?')) == NULL ||
	    encoding[1] == '\0' || encoding[2] != '?')
		return 0;
	body = encoding + 3;
	if ((end = strstr(body, "?=")) == NULL ||
	    (len = (size_t)(end - body)) > sizeof(data))
		return 0;
	n = (size_t)(encoding - charset);
	if ((lang = memchr(charset, '*', n)) != NULL)	/* RFC 2231 5 */
		n = (size_t)(lang - charset);
	if ((cs = charset_find(charset, n)) == CS_UNKNOWN)
		return 0;
	if (encoding[1] == 'Q' || encoding[1] == 'q')
		n = decode_q(body, len, data);
	else if (encoding[1] == 'B' || encoding[1] == 'b')
		n = decode_b(body, len, data);
	else
		return 0;
	for (i = 0; i < n; i++)
		if (cs == CS_UTF8)
			out_octet(out, (char)data[i]);
		else
			out_code(out, charset_code(cs, data[i]));
	return (size_t)(end - text) + 2;
}

void
display_decode(const char *text, char *buf, size_t size)
{
	struct out	 out = { buf, size, 0 };
	size_t		 n, gap;

	while (*text != '\0') {
		if (strncmp(text, "=?", 2) != 0 ||
		    (n = word_decode(text, &out)) == 0) {
			out_octet(&out, *text++);
			continue;
		}
		text += n;
		/* White space between two encoded words is none. */
		gap = strspn(text, " \t\r\n");
		if (strncmp(text + gap, "=?", 2) == 0)
			text += gap;
	}
	buf[out.len] = '\0';
}

/*
 * "&...-" of modified UTF-7: the octets of the run, 0 when it is malformed
 * and to be shown as it is.
 */
static size_t
utf7_run(const char *text, size_t len, struct out *out)
{
	struct out	 saved = *out;
	uint32_t	 bits = 0, unit, high = 0;
	size_t		 i;
	int		 have = 0, v;

	if (len > 1 && text[1] == '-') {
		out_octet(out, '&');
		return 2;
	}
	for (i = 1; i < len && (v = value64(text[i], "+,")) != -1; i++) {
		bits = bits << 6 | (uint32_t)v;
		if ((have += 6) < 16)
			continue;
		have -= 16;
		unit = bits >> have & 0xffff;
		if (unit >= 0xd800 && unit < 0xdc00 && high == 0)
			high = unit;
		else if (unit >= 0xdc00 && unit < 0xe000 && high != 0) {
			out_code(out, 0x10000 + ((high - 0xd800) << 10) +
			    (unit - 0xdc00));
			high = 0;
		} else if (high != 0 || (unit >= 0xdc00 && unit < 0xe000))
			break;
		else
			out_code(out, unit);
	}
	if (i == 1 || i == len || text[i] != '-' || high != 0) {
		*out = saved;
		return 0;
	}
	return i + 1;
}

void
display_folder(const char *percent, int utf8, char *buf, size_t size)
{
	char		 raw[KM_FOLDER_MAX];
	struct out	 out = { buf, size, 0 };
	size_t		 i, n, len;
	int		 got;

	buf[0] = '\0';
	if ((got = text_unpercent(percent, raw, sizeof(raw))) == -1)
		return;
	len = (size_t)got;
	for (i = 0; i < len; i += n) {
		n = 0;
		if (!utf8 && raw[i] == '&')
			n = utf7_run(raw + i, len - i, &out);
		if (n == 0) {
			out_octet(&out, raw[i]);
			n = 1;
		}
	}
	buf[out.len] = '\0';
}
