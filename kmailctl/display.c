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

#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "common/text.h"
#include "ctl.h"

#define REPLACEMENT	0xfffd

static size_t	 put_visible(uint32_t, char *);
static void	 display_one(struct display *);

/* One code point, safe, into the buffer of at least 10; its octets. */
static size_t
put_visible(uint32_t cp, char *out)
{
	if (cp < 0x20 || cp == 0x7f) {
		out[0] = '^';
		out[1] = (char)(cp ^ 0x40);
		return 2;
	}
	if (text_unsafe(cp))
		return (size_t)snprintf(out, 10, "<U+%04X>",
		    (unsigned int)cp);
	return text_utf8_put(cp, (unsigned char *)out);
}

size_t
display_text(const char *text, size_t len, char *out, size_t size,
    size_t columns)
{
	const unsigned char	*p = (const unsigned char *)text;
	char			 one[16];
	uint32_t		 cp;
	size_t			 used = 0, o = 0, n, bytes;
	int			 width;

	for (; len > 0; p += n, len -= n) {
		if ((n = text_utf8(p, len, &cp)) == 0) {
			n = 1;
			cp = REPLACEMENT;
		}
		bytes = put_visible(cp, one);
		width = text_unsafe(cp) ? (int)bytes : wcwidth((wchar_t)cp);
		if (width < 0)
			width = 1;
		if (o + bytes >= size || (columns != 0 &&
		    used + (size_t)width > columns))
			break;
		memcpy(out + o, one, bytes);
		o += bytes;
		used += (size_t)width;
	}
	out[o] = '\0';
	return used;
}

/* Print the first character that is held. */
static void
display_one(struct display *d)
{
	unsigned char	 c = d->held[0];
	char		 one[16];
	uint32_t	 cp;
	size_t		 n;

	if ((n = text_utf8(d->held, d->nheld, &cp)) == 0) {
		n = 1;
		cp = REPLACEMENT;
	}
	d->newline = c == '\n';
	if (c == '\n' || c == '\t')
		putchar(c);
	else if (c != '\r' || d->nheld < 2 || d->held[1] != '\n')
		fwrite(one, 1, put_visible(cp, one), stdout);
	d->nheld -= n;
	memmove(d->held, d->held + n, d->nheld);
}

/* Four octets decide about any character, so as many are held back. */
void
display_message(struct display *d, const unsigned char *data, size_t len)
{
	for (; len > 0; data++, len--) {
		if (d->nheld == sizeof(d->held))
			display_one(d);
		d->held[d->nheld++] = *data;
	}
}

void
display_message_end(struct display *d)
{
	while (d->nheld > 0)
		display_one(d);
	if (!d->newline)
		putchar('\n');
}

const char *
display_time(const char *rfc3339)
{
	static char	 text[20];

	/* "2026-11-22T20:14:05Z": to the minute */
	if (strlen(rfc3339) < 16)
		return "-";
	snprintf(text, sizeof(text), "%.10s %.5sZ", rfc3339, rfc3339 + 11);
	return text;
}

const char *
display_octets(int64_t octets, char text[DISPLAY_SIZE])
{
	static const char *const	 units[] = { "B", "kB", "MB", "GB",
	    "TB", "PB", "EB" };
	double				 n = (double)octets;
	size_t				 i = 0;

	while (n >= 999.5 && i < 6) {
		n /= 1000;
		i++;
	}
	snprintf(text, DISPLAY_SIZE, i > 0 && n < 9.95 ? "%.1f %s" :
	    "%.0f %s", n, units[i]);
	return text;
}

const char *
display_every(int64_t seconds, char text[DISPLAY_SIZE])
{
	static const struct {
		int64_t		 seconds;
		char		 unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' },
	    { 1, 's' } };
	size_t	 i;

	if (seconds <= 0)
		return "never";
	for (i = 0; seconds % units[i].seconds != 0; i++)
		continue;
	snprintf(text, DISPLAY_SIZE, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].unit);
	return text;
}

size_t
display_columns(int fd)
{
	struct winsize	 ws;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &ws) == -1)
		return 0;
	return ws.ws_col == 0 ? 80 : ws.ws_col;
}
