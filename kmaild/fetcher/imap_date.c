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

#include "imap_parse.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int	digits(const unsigned char *, size_t, int64_t *);
static int	month(const unsigned char *, int64_t *);
static int64_t	days_from_civil(int64_t, int64_t, int64_t);

static int
digits(const unsigned char *p, size_t n, int64_t *v)
{
	size_t	 i;

	*v = 0;
	for (i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		*v = *v * 10 + (p[i] - '0');
	}
	return 0;
}

static int
month(const unsigned char *p, int64_t *m)
{
	struct imap_word	 w = { NULL, 3, 0 };
	unsigned char		 text[3];
	char			 name[4];
	int			 i;

	memcpy(text, p, sizeof(text));
	w.p = text;
	for (i = 0; i < 12; i++) {
		memcpy(name, months + 3 * i, 3);
		name[3] = '\0';
		if (imap_word_is(&w, name)) {
			*m = i + 1;
			return 0;
		}
	}
	return -1;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t
days_from_civil(int64_t y, int64_t m, int64_t d)
{
	int64_t	 era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int
imap_date_parse(const unsigned char *p, size_t len, int64_t *t)
{
	unsigned char	 buf[26];
	int64_t		 d, mo, y, h, mi, s, zh, zm, off;

	/* The day is "7-Jul" in some servers, " 7-Jul" by the RFC. */
	if (len == sizeof(buf) - 1) {
		buf[0] = '0';
		memcpy(buf + 1, p, len);
	} else if (len == sizeof(buf))
		memcpy(buf, p, len);
	else
		return -1;
	if (buf[0] == ' ')
		buf[0] = '0';
	if (buf[2] != '-' || buf[6] != '-' || buf[11] != ' ' ||
	    buf[14] != ':' || buf[17] != ':' || buf[20] != ' ' ||
	    (buf[21] != '+' && buf[21] != '-'))
		return -1;
	if (digits(buf, 2, &d) == -1 || month(buf + 3, &mo) == -1 ||
	    digits(buf + 7, 4, &y) == -1 || digits(buf + 12, 2, &h) == -1 ||
	    digits(buf + 15, 2, &mi) == -1 || digits(buf + 18, 2, &s) == -1 ||
	    digits(buf + 22, 2, &zh) == -1 || digits(buf + 24, 2, &zm) == -1)
		return -1;
	if (d < 1 || d > 31 || y < 1 || h > 23 || mi > 59 || s > 60)
		return -1;
	off = zh * 3600 + zm * 60;
	if (buf[21] == '-')
		off = -off;
	*t = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - off;
	return 0;
}

const char *
imap_date_text(int64_t t, char buf[IMAP_DATE_SIZE])
{
	int64_t	 days, era, doe, yoe, doy, mp, d, m, y;

	/* The inverse of days_from_civil(), for the years 1 to 9999. */
	days = t / 86400 - (t % 86400 < 0) + 719468;
	if (days < 306)
		days = 306;
	era = days / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	d = doy - (153 * mp + 2) / 5 + 1;
	m = mp < 10 ? mp + 3 : mp - 9;
	y = yoe + era * 400 + (m <= 2);
	if (y > 9999)
		y = 9999;
	snprintf(buf, IMAP_DATE_SIZE, "%d-%.3s-%04d", (int)d,
	    months + 3 * (m - 1), (int)y);
	return buf;
}
