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
 * For the vault's unit tests: a folder, a key, an account, and vault.c's
 * part played by the test.  Included once, by the test's only source.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kmaild/vault/vault.h"

#define RIG_KEY		"base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define RIG_KEY_HEX	"000102030405060708090A0b0c0d0e0f"		\
			"101112131415161718191a1b1c1d1e1f"
#define RIG_OTHER_KEY	"base64:/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define RIG_PASSWORD	"correct horse battery staple"

static char		 rig_dir[64];
static struct channel	*rig_peers[P_MAX];
static struct event_base *rig_base;

struct event_base *
vault_base(void)
{
	return rig_base;
}

struct channel *
vault_peer(enum proc proc)
{
	return rig_peers[proc];
}

static inline void
rig_open(void)
{
	int64_t	 value;

	/* the key is of the file that was open before */
	key_load(KEY_NONE, -1);
	assert_int_equal(db_open(rig_dir, &value), 0);
}

static inline void
rig_folder(void)
{
	strlcpy(rig_dir, "/tmp/kmaild-vault.XXXXXX", sizeof(rig_dir));
	assert_non_null(mkdtemp(rig_dir));
}

static inline void
rig_remove(void)
{
	static const char	*const names[] = { "vault.db", "vault.db-wal",
				    "vault.db-journal" };
	char			 path[128];
	size_t			 i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", rig_dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(rig_dir), 0);
}

/* A descriptor that holds the text, as the parent hands it over. */
static inline int
rig_pipe(const char *text, size_t len)
{
	int	 fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, len), len);
	close(fds[1]);
	return fds[0];
}

static inline enum reason
rig_key(const char *text)
{
	return key_load(KEY_FILE, rig_pipe(text, strlen(text)));
}

static inline struct account
rig_account(const char *label)
{
	struct account	 acct;

	memset(&acct, 0, sizeof(acct));
	id_mint(&acct.id);
	strlcpy(acct.label, label, sizeof(acct.label));
	acct.auth = AUTH_PASSWORD;
	strlcpy(acct.user, "alice@lab.test", sizeof(acct.user));
	strlcpy(acct.host, "imap.lab.test", sizeof(acct.host));
	acct.port = 993;
	acct.tls = TLS_IMPLICIT;
	return acct;
}

static inline void
rig_insert(const struct account *acct)
{
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_insert(acct), 0);
	assert_int_equal(db_commit(), 0);
}

static inline void
rig_put(struct account *acct, const char *password)
{
	struct arena	*a = arena_open();

	assert_int_equal(db_begin(), 0);
	assert_int_equal(secret_put(acct, a, (const unsigned char *)password,
	    strlen(password)), 0);
	assert_int_equal(db_commit(), 0);
	arena_close();
}

/* What the vault would do now for this account, as the table has it. */
static inline enum reason
rig_check(const struct id *id)
{
	struct account	 acct;

	assert_int_equal(account_load(id, &acct), 1);
	return secret_check(&acct);
}

static inline void
rig_sql(const char *sql)
{
	assert_int_equal(db_run(sql, ""), 0);
}
