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
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "vault.h"

/*
 * The operator's key, the master key, opens one row of vault.db: a random
 * data key, which seals everything else.  The master key is wiped as soon
 * as that is done.
 */
#define PHRASE_MIN	16	/* octets of a pass phrase */
#define SALT_SIZE	crypto_pwhash_SALTBYTES
#define WRAP_SIZE	(KEY_SIZE + SEAL_OVERHEAD)
#define BASE64_PREFIX	"base64:"

/*
 * OWASP's first choice for Argon2id is 46 MiB in one pass.  More memory
 * would make this moment the largest of any process of the daemon.
 */
#define ARGON_PASSES	4
#define ARGON_MEMORY	((size_t)46 * 1024 * 1024)

struct datakey {
	struct id	 id;
	unsigned char	 salt[SALT_SIZE];
	unsigned char	 box[WRAP_SIZE];
};

static struct id	 data_id;
static enum reason	 state = R_KEY_MISSING;

static int		 key_read(int, struct arena *);
static int		 key_is_hex(const unsigned char *, size_t);
static enum reason	 key_derive(struct arena *, const unsigned char *);
static int		 key_fetch(struct datakey *);
static void		 key_bind(struct binding *, const struct id *);
static enum reason	 key_unwrap(struct arena *, const struct datakey *);
static enum reason	 key_create(struct arena *, struct datakey *);
static void		 key_mark(struct arena *, unsigned char[KEY_SIZE]);
static enum reason	 key_take(struct arena *, int);

static int
key_is_hex(const unsigned char *text, size_t len)
{
	static const char	 digits[] = "0123456789abcdefABCDEF";
	size_t			 i;

	for (i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(digits, text[i]) == NULL)
			return 0;
	return 1;
}

/*
 * More hexadecimal digits than a pass phrase is likely to have, but not 64
 * of them, are a key that lost or doubled some.
 */
enum reason
key_parse(const unsigned char *text, size_t len, enum key_form *form,
    unsigned char key[KEY_SIZE])
{
	size_t	 prefix = sizeof(BASE64_PREFIX) - 1, n;

	if (len == 0)
		return R_KEY_MISSING;
	if (len >= prefix && memcmp(text, BASE64_PREFIX, prefix) == 0) {
		*form = KEY_FORM_BASE64;
		if (sodium_base642bin(key, KEY_SIZE,
		    (const char *)text + prefix, len - prefix, NULL, &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) == -1 || n != KEY_SIZE)
			return R_KEY_INVALID;
		return R_NONE;
	}
	if (len > KEY_SIZE && key_is_hex(text, len)) {
		*form = KEY_FORM_HEX;
		if (len != KEY_SIZE * 2 || sodium_hex2bin(key, KEY_SIZE,
		    (const char *)text, len, NULL, &n, NULL) == -1)
			return R_KEY_INVALID;
		return R_NONE;
	}
	*form = KEY_FORM_PHRASE;
	return len < PHRASE_MIN ? R_KEY_INVALID : R_NONE;
}

/* All that the descriptor holds, less the newline that editors append. */
static int
key_read(int fd, struct arena *a)
{
	ssize_t	 n;

	a->text_len = 0;
	while (a->text_len < sizeof(a->text)) {
		n = read(fd, a->text + a->text_len,
		    sizeof(a->text) - a->text_len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		a->text_len += (size_t)n;
	}
	if (a->text_len > KEY_TEXT_MAX)
		return -1;
	if (a->text_len > 0 && a->text[a->text_len - 1] == '\n')
		a->text_len--;
	if (a->text_len > 0 && a->text[a->text_len - 1] == '\r')
		a->text_len--;
	return 0;
}

/* Fill the master key from the text; the salt is of vault.db. */
static enum reason
key_derive(struct arena *a, const unsigned char *salt)
{
	enum key_form	 form;
	enum reason	 r;

	r = key_parse(a->text, a->text_len, &form, a->master);
	if (r != R_NONE || form != KEY_FORM_PHRASE)
		return r;
	if (crypto_pwhash(a->master, sizeof(a->master),
	    (const char *)a->text, a->text_len, salt, ARGON_PASSES,
	    ARGON_MEMORY, crypto_pwhash_ALG_ARGON2ID13) == -1) {
		log_code(LOG_ERR, LC_KDF_MEMORY, NULL, 0, 0, 0);
		return R_KEY_INVALID;
	}
	return R_NONE;
}

/* 1 when vault.db has a data key, 0 when not yet, -1 on error. */
static int
key_fetch(struct datakey *dk)
{
	sqlite3_stmt	*st;
	int		 n;

	st = db_select("SELECT id, salt, box FROM datakey", "");
	if (st == NULL)
		return -1;
	if ((n = db_step(st)) == 1) {
		if (db_column_id(st, 0, &dk->id) == -1 ||
		    db_column_blob(st, 1, dk->salt, sizeof(dk->salt)) == -1 ||
		    db_column_blob(st, 2, dk->box, sizeof(dk->box)) == -1)
			n = -1;
	}
	db_done(st);
	return n;
}

static void
key_bind(struct binding *bind, const struct id *id)
{
	memset(bind, 0, sizeof(*bind));
	bind->key = *id;
	bind->kind = KIND_DATAKEY;
	bind->user = "";
	bind->host = "";
}

static enum reason
key_unwrap(struct arena *a, const struct datakey *dk)
{
	struct binding	 bind;

	key_bind(&bind, &dk->id);
	if (seal_open(a->data, sizeof(a->data), a->master, &bind, dk->box,
	    sizeof(dk->box)) != (ssize_t)sizeof(a->data))
		return R_KEY_WRONG;
	return R_NONE;
}

/* The first key that this vault ever saw: make what it will be held to. */
static enum reason
key_create(struct arena *a, struct datakey *dk)
{
	struct binding	 bind;

	id_mint(&dk->id);
	key_bind(&bind, &dk->id);
	randombytes_buf(a->data, sizeof(a->data));
	seal_make(dk->box, a->master, &bind, a->data, sizeof(a->data));
	if (db_begin() == -1 ||
	    db_run("INSERT INTO datakey (id, salt, box, created) "
	    "VALUES (?, ?, ?, ?)", "dbbi", &dk->id, dk->salt,
	    sizeof(dk->salt), dk->box, sizeof(dk->box), clock_utc()) == -1 ||
	    db_commit() == -1) {
		db_rollback();
		return db_reason();
	}
	return R_NONE;
}

/* Tells on reload whether the text is the same, and nothing else. */
static void
key_mark(struct arena *a, unsigned char mark[KEY_SIZE])
{
	crypto_generichash(mark, KEY_SIZE, a->text, a->text_len, a->data,
	    sizeof(a->data));
}

static enum reason
key_take(struct arena *a, int fd)
{
	struct datakey	 dk;
	unsigned char	 mark[KEY_SIZE];
	enum reason	 r;
	int		 found;

	memset(&dk, 0, sizeof(dk));
	if (key_read(fd, a) == -1)
		return R_KEY_INVALID;
	if (state == R_NONE) {
		key_mark(a, mark);
		if (sodium_memcmp(mark, a->mark, sizeof(mark)) == 0)
			return R_NONE;
	}
	if ((found = key_fetch(&dk)) == -1)
		return db_reason();
	if (!found)
		randombytes_buf(dk.salt, sizeof(dk.salt));
	if ((r = key_derive(a, dk.salt)) != R_NONE)
		return r;
	r = found ? key_unwrap(a, &dk) : key_create(a, &dk);
	if (r != R_NONE)
		return r;
	data_id = dk.id;
	key_mark(a, a->mark);
	return R_NONE;
}

enum reason
key_load(uint32_t source, int fd)
{
	struct arena	*a;

	a = arena_open();
	switch (source) {
	case KEY_FILE:
	case KEY_CREDENTIAL:
	case KEY_ENV:
		state = fd == -1 ? R_KEY_INVALID : key_take(a, fd);
		break;
	case KEY_NONE:
		state = R_KEY_MISSING;
		break;
	default:
		state = R_KEY_INVALID;
		break;
	}
	if (state != R_NONE) {
		sodium_memzero(a->data, sizeof(a->data));
		sodium_memzero(a->mark, sizeof(a->mark));
	}
	arena_close();
	if (fd != -1)
		close(fd);
	log_code(state == R_NONE ? LOG_INFO : LOG_WARNING, LC_KEY_STATE, NULL,
	    state, 0, 0);
	return state;
}

enum reason
key_state(void)
{
	return state;
}

const struct id *
key_id(void)
{
	return &data_id;
}
