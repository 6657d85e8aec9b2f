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
 * link: kmaild/vault/seal.o
 * libs: libsodium
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kmaild/vault/vault.h"

static const unsigned char	 key[KEY_SIZE] =
    "the key of this test: 32 octets";
static const unsigned char	 plain[] = "hunter2 and some more";
static unsigned char		 ca_hash[CA_HASH_SIZE] = { 1, 2, 3 };

#define LEN	(sizeof(plain) - 1)

static struct binding
sample(void)
{
	struct binding	 b;

	memset(&b, 0, sizeof(b));
	memset(b.key.b, 0x11, ID_LEN);
	memset(b.account.b, 0x22, ID_LEN);
	b.kind = KIND_PASSWORD;
	b.generation = 7;
	b.user = "alice@lab.test";
	b.host = "imap.lab.test";
	b.port = 993;
	b.tls = TLS_IMPLICIT;
	b.ca_hash = ca_hash;
	return b;
}

static ssize_t
try_open(const struct binding *b, const unsigned char *box, size_t len)
{
	unsigned char	 out[64];
	ssize_t		 n;

	n = seal_open(out, sizeof(out), key, b, box, len);
	if (n != -1) {
		assert_int_equal(n, LEN);
		assert_memory_equal(out, plain, LEN);
	}
	return n;
}

static void
opens(void **state)
{
	struct binding	 b = sample();
	unsigned char	 box[LEN + SEAL_OVERHEAD], again[sizeof(box)];

	(void)state;
	seal_make(box, key, &b, plain, LEN);
	assert_int_equal(try_open(&b, box, sizeof(box)), LEN);
	assert_null(memmem(box, sizeof(box), plain, LEN));
	/* a fresh nonce each time */
	seal_make(again, key, &b, plain, LEN);
	assert_memory_not_equal(box, again, sizeof(box));
	b = sample();
	b.ca_hash = NULL;
	seal_make(box, key, &b, plain, LEN);
	assert_int_equal(try_open(&b, box, sizeof(box)), LEN);
}

/* Each field of the additional data, changed alone. */
static void
bound(void **state)
{
	static unsigned char	 other_hash[CA_HASH_SIZE] = { 1, 2, 4 };
	struct binding		 b = sample();
	unsigned char		 box[LEN + SEAL_OVERHEAD];

	(void)state;
	seal_make(box, key, &b, plain, LEN);
#define REFUSED(change) do {						\
	b = sample();							\
	change;								\
	assert_int_equal(try_open(&b, box, sizeof(box)), -1);		\
} while (0)
	REFUSED(b.key.b[0]++);
	REFUSED(b.account.b[15]++);
	REFUSED(b.kind = KIND_DATAKEY);
	REFUSED(b.generation--);
	REFUSED(b.generation += (uint64_t)1 << 32);
	REFUSED(b.user = "alice@lab.tes");
	REFUSED(b.user = "Alice@lab.test");
	REFUSED(b.host = "imap.lab.tes");
	REFUSED(b.host = "imap.evil.test");
	REFUSED(b.port = 992);
	REFUSED(b.tls = TLS_STARTTLS);
	REFUSED(b.ca_hash = other_hash);
	REFUSED(b.ca_hash = NULL);
#undef REFUSED
	b = sample();
	assert_int_equal(try_open(&b, box, sizeof(box)), LEN);
}

/* The key id is bound also where the box's own copy is changed with it. */
static void
key_id_bound(void **state)
{
	struct binding	 b = sample();
	unsigned char	 box[LEN + SEAL_OVERHEAD];

	(void)state;
	seal_make(box, key, &b, plain, LEN);
	box[1]++;
	b.key.b[0]++;
	assert_int_equal(try_open(&b, box, sizeof(box)), -1);
}

/* No two lists of fields are the same octets. */
static void
unambiguous(void **state)
{
	struct binding	 b = sample();
	unsigned char	 box[LEN + SEAL_OVERHEAD];

	(void)state;
	b.user = "ab";
	b.host = "c";
	seal_make(box, key, &b, plain, LEN);
	b.user = "a";
	b.host = "bc";
	assert_int_equal(try_open(&b, box, sizeof(box)), -1);
}

static void
damaged(void **state)
{
	struct binding	 b = sample();
	unsigned char	 box[LEN + SEAL_OVERHEAD + 1], other[KEY_SIZE], out[64];
	size_t		 i;

	(void)state;
	seal_make(box, key, &b, plain, LEN);
	for (i = 0; i < LEN + SEAL_OVERHEAD; i++) {
		assert_int_equal(try_open(&b, box, i), -1);
		box[i] ^= 0x40;
		assert_int_equal(try_open(&b, box, LEN + SEAL_OVERHEAD), -1);
		box[i] ^= 0x40;
	}
	box[LEN + SEAL_OVERHEAD] = 0;
	assert_int_equal(try_open(&b, box, sizeof(box)), -1);
	/* too large for the buffer: untouched */
	assert_int_equal(seal_open(out, LEN - 1, key, &b, box,
	    LEN + SEAL_OVERHEAD), -1);
	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	assert_int_equal(seal_open(out, sizeof(out), other, &b, box,
	    LEN + SEAL_OVERHEAD), -1);
	assert_int_equal(try_open(&b, box, LEN + SEAL_OVERHEAD), LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
		cmocka_unit_test(bound),
		cmocka_unit_test(key_id_bound),
		cmocka_unit_test(unambiguous),
		cmocka_unit_test(damaged),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
