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

#include "vault.h"

/*
 * A box: version (1), key id (16), nonce (24), XChaCha20-Poly1305 ciphertext
 * with its tag (n + 16).  The additional data says what it is for: each
 * field with its length before it, so that no two lists are the same bytes.
 */
#define NONCE_SIZE	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define HEAD_SIZE	(1 + ID_LEN + NONCE_SIZE)
#define AD_NFIELDS	10
#define AD_MAX		(AD_NFIELDS * 4 + 1 + ID_LEN + ID_LEN + 4 + 8 +	\
    KM_USER_SIZE + KM_HOST_SIZE + 2 + 4 + CA_HASH_SIZE)

struct ad {
	unsigned char	 b[AD_MAX];
	size_t		 len;
};

static void	 ad_raw_number(struct ad *, uint64_t, size_t);
static void	 ad_number(struct ad *, uint64_t, size_t);
static void	 ad_bytes(struct ad *, const void *, size_t);
static void	 ad_make(struct ad *, const struct binding *);

/* Big-endian, a length or a field. */
static void
ad_raw_number(struct ad *ad, uint64_t n, size_t size)
{
	size_t	 i;

	for (i = size; i > 0; i--)
		ad->b[ad->len++] = (unsigned char)(n >> (8 * (i - 1)));
}

static void
ad_number(struct ad *ad, uint64_t n, size_t size)
{
	ad_raw_number(ad, size, 4);
	ad_raw_number(ad, n, size);
}

static void
ad_bytes(struct ad *ad, const void *p, size_t len)
{
	ad_raw_number(ad, len, 4);
	if (len > 0)
		memcpy(ad->b + ad->len, p, len);
	ad->len += len;
}

static void
ad_make(struct ad *ad, const struct binding *bind)
{
	ad->len = 0;
	ad_number(ad, SEAL_VERSION, 1);
	ad_bytes(ad, bind->key.b, ID_LEN);
	ad_bytes(ad, bind->account.b, ID_LEN);
	ad_number(ad, bind->kind, 4);
	ad_number(ad, bind->generation, 8);
	ad_bytes(ad, bind->user, strnlen(bind->user, KM_USER_SIZE - 1));
	ad_bytes(ad, bind->host, strnlen(bind->host, KM_HOST_SIZE - 1));
	ad_number(ad, bind->port, 2);
	ad_number(ad, bind->tls, 4);
	ad_bytes(ad, bind->ca_hash,
	    bind->ca_hash == NULL ? 0 : CA_HASH_SIZE);
}

void
seal_make(unsigned char *box, const unsigned char key[KEY_SIZE],
    const struct binding *bind, const unsigned char *plain, size_t len)
{
	struct ad	 ad;
	unsigned char	*nonce = box + 1 + ID_LEN;

	ad_make(&ad, bind);
	box[0] = SEAL_VERSION;
	memcpy(box + 1, bind->key.b, ID_LEN);
	randombytes_buf(nonce, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box + HEAD_SIZE, NULL,
	    plain, len, ad.b, ad.len, NULL, nonce, key);
}

ssize_t
seal_open(unsigned char *plain, size_t size,
    const unsigned char key[KEY_SIZE], const struct binding *bind,
    const unsigned char *box, size_t len)
{
	struct ad	 ad;

	if (len < SEAL_OVERHEAD || len - SEAL_OVERHEAD > size ||
	    box[0] != SEAL_VERSION ||
	    memcmp(box + 1, bind->key.b, ID_LEN) != 0)
		return -1;
	ad_make(&ad, bind);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	    box + HEAD_SIZE, len - HEAD_SIZE, ad.b, ad.len, box + 1 + ID_LEN,
	    key) == -1)
		return -1;
	return (ssize_t)(len - SEAL_OVERHEAD);
}
