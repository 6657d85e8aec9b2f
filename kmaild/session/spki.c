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

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sha2.h>

#include "session.h"

#define DER_MAX		32768	/* octets of a certificate; most have 2000 */
#define PEM_BEGIN	"-----BEGIN CERTIFICATE-----"

/* Tags of X.690 that stand before the key (RFC 5280 4.1). */
#define DER_INTEGER	0x02
#define DER_SEQUENCE	0x30
#define DER_VERSION	0xa0	/* [0] EXPLICIT */

struct der {
	const uint8_t	*p;
	const uint8_t	*end;
};

static int	 digit(int);
static size_t	 pem_decode(const uint8_t *, size_t, uint8_t *);
static int	 der_take(struct der *, int, struct der *);

static int
digit(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The first certificate into DER_MAX octets; their number, 0 if none. */
static size_t
pem_decode(const uint8_t *pem, size_t len, uint8_t *der)
{
	const uint8_t	*p, *end = pem + len;
	uint32_t	 v = 0;
	size_t		 n = 0;
	int		 bits = 0, d;

	p = memmem(pem, len, PEM_BEGIN, sizeof(PEM_BEGIN) - 1);
	if (p == NULL)
		return 0;
	for (p += sizeof(PEM_BEGIN) - 1; p < end && *p != '-'; p++) {
		if ((d = digit(*p)) == -1)
			continue;
		v = (v << 6 | (uint32_t)d) & 0xffffff;
		if ((bits += 6) < 8)
			continue;
		bits -= 8;
		if (n == DER_MAX)
			return 0;
		der[n++] = (uint8_t)(v >> bits);
	}
	return n;
}

/*
 * One element of this tag: the cursor moves behind it, *in to its contents.
 * 0, or -1 when it is another or does not fit.
 */
static int
der_take(struct der *d, int tag, struct der *in)
{
	const uint8_t	*p = d->p;
	size_t		 len, n;

	if (d->end - p < 2 || *p++ != tag)
		return -1;
	len = *p++;
	if (len & 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 3 || (size_t)(d->end - p) < n)
			return -1;
		for (len = 0; n > 0; n--)
			len = len << 8 | *p++;
	}
	if ((size_t)(d->end - p) < len)
		return -1;
	in->p = p;
	in->end = d->p = p + len;
	return 0;
}

int
spki_hash(const uint8_t *pem, size_t len, char hex[SPKI_HEX_SIZE])
{
	static uint8_t	 buf[DER_MAX];
	static const int tags[] = {	/* serial to subject */
		DER_INTEGER, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE,
		DER_SEQUENCE
	};
	struct der	 d, cert, tbs, skip;
	const uint8_t	*key;
	SHA2_CTX	 ctx;
	size_t		 i;

	d.p = buf;
	d.end = buf + pem_decode(pem, len, buf);
	if (der_take(&d, DER_SEQUENCE, &cert) == -1 ||
	    der_take(&cert, DER_SEQUENCE, &tbs) == -1)
		return -1;
	(void)der_take(&tbs, DER_VERSION, &skip);	/* version 1 has none */
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (der_take(&tbs, tags[i], &skip) == -1)
			return -1;
	key = tbs.p;
	if (der_take(&tbs, DER_SEQUENCE, &skip) == -1)
		return -1;
	SHA256Init(&ctx);
	SHA256Update(&ctx, key, (size_t)(tbs.p - key));
	SHA256End(&ctx, hex);
	return 0;
}
