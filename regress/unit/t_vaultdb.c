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
 * link: kmaild/vault/account.o kmaild/vault/arena.o kmaild/vault/db.o
 * link: kmaild/vault/key.o kmaild/vault/memory-linux.o kmaild/vault/outbox.o
 * link: kmaild/vault/rate.o kmaild/vault/seal.o kmaild/vault/secret.o
 * libs: libsodium sqlite3 libevent_core
 */

#include "vaultrig.h"

#include "common/log.h"

/* A version 1 file as that version wrote it. */
static const char	 version1[] =
    "PRAGMA application_id = 0x6b6d6c02; PRAGMA user_version = 1;"
    "CREATE TABLE datakey (id BLOB PRIMARY KEY NOT NULL, salt BLOB NOT NULL,"
    " box BLOB NOT NULL, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE account (id BLOB PRIMARY KEY NOT NULL, label TEXT UNIQUE"
    " NOT NULL, tenant TEXT NOT NULL, auth INTEGER NOT NULL, user TEXT NOT"
    " NULL, imap_host TEXT NOT NULL, imap_port INTEGER NOT NULL, imap_tls"
    " INTEGER NOT NULL, ca BLOB, generation INTEGER NOT NULL, created INTEGER"
    " NOT NULL) STRICT;"
    "CREATE TABLE secret (account BLOB NOT NULL, kind INTEGER NOT NULL, box"
    " BLOB NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (account, kind))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE removed (account BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT"
    " ROWID;"
    "CREATE TABLE login (account BLOB PRIMARY KEY NOT NULL, refusals INTEGER"
    " NOT NULL, since INTEGER NOT NULL, releases INTEGER NOT NULL) STRICT,"
    " WITHOUT ROWID;"
    "CREATE TABLE refusal (account BLOB NOT NULL, time INTEGER NOT NULL)"
    " STRICT;"
    "CREATE INDEX refusal_account ON refusal (account, time);"
    "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER"
    " NOT NULL, code INTEGER NOT NULL, account BLOB, a INTEGER NOT NULL, b"
    " INTEGER NOT NULL) STRICT;"
    "INSERT INTO account VALUES (x'000102030405060708090a0b0c0d0e0f', 'old',"
    " 'kunde', 1, 'alice', 'imap.lab.test', 143, 2, NULL, 3, 1700000000000000);"
    "INSERT INTO login VALUES (x'000102030405060708090a0b0c0d0e0f', 2, 5, 6);";

static void	 make_file(const char *);
static int	 refuse(int64_t *);

static int
setup(void **state)
{
	(void)state;
	rig_folder();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	db_close();
	rig_remove();
	return 0;
}

static int
setup_open(void **state)
{
	setup(state);
	rig_open();
	return 0;
}

static int
setup_key(void **state)
{
	setup_open(state);
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	return 0;
}

/* A database from SQL text, beside the code under test. */
static void
make_file(const char *sql)
{
	sqlite3	*db;
	char	 path[128];

	snprintf(path, sizeof(path), "%s/vault.db", rig_dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static int
refuse(int64_t *value)
{
	return db_open(rig_dir, value);
}

/* All rows of all tables that a wrong key could harm, as one text. */
static char *
rows(void)
{
	static const char	*const queries[] = {
		"SELECT hex(id) || hex(salt) || hex(box) || created "
		"FROM datakey ORDER BY id",
		"SELECT hex(id) || label || user || generation || created "
		"FROM account ORDER BY id",
		"SELECT hex(account) || kind || hex(box) || created "
		"FROM secret ORDER BY account",
	};
	static char		 text[65536];
	sqlite3_stmt		*st;
	size_t			 i;

	text[0] = '\0';
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		assert_non_null(st = db_select(queries[i], ""));
		while (db_step(st) == 1) {
			strlcat(text, (const char *)sqlite3_column_text(st, 0),
			    sizeof(text));
			strlcat(text, "\n", sizeof(text));
		}
		db_done(st);
	}
	return text;
}

/* 1 when the file holds these octets. */
static int
file_has(const char *name, const void *p, size_t len)
{
	char	 path[128], *buf;
	ssize_t	 n;
	int	 fd, found;

	snprintf(path, sizeof(path), "%s/%s", rig_dir, name);
	if ((fd = open(path, O_RDONLY)) == -1)
		return 0;
	assert_non_null(buf = malloc(1 << 22));
	n = read(fd, buf, 1 << 22);
	close(fd);
	assert_true(n >= 0);
	found = memmem(buf, (size_t)n, p, len) != NULL;
	free(buf);
	return found;
}

static void
new_file(void **state)
{
	struct stat	 st;
	char		 path[128];
	sqlite3_stmt	*q;

	(void)state;
	umask(077);
	rig_open();
	snprintf(path, sizeof(path), "%s/vault.db-wal", rig_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);	/* it was made before the sandbox */
	snprintf(path, sizeof(path), "%s/vault.db", rig_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	q = db_select("PRAGMA application_id", "");
	assert_int_equal(db_step(q), 1);
	assert_int_equal(sqlite3_column_int64(q, 0), 0x6b6d6c02);
	db_done(q);
	q = db_select("PRAGMA synchronous", "");
	assert_int_equal(db_step(q), 1);
	assert_int_equal(sqlite3_column_int64(q, 0), 2);
	db_done(q);
	q = db_select("PRAGMA secure_delete", "");
	assert_int_equal(db_step(q), 1);
	assert_int_equal(sqlite3_column_int64(q, 0), 1);
	db_done(q);
}

static void
version_one(void **state)
{
	struct account	 acct;

	(void)state;
	make_file(version1);
	rig_open();
	assert_int_equal(account_by_label("old", &acct), 1);
	assert_string_equal(acct.tenant, "kunde");
	assert_int_equal(acct.port, 143);
	assert_int_equal(acct.tls, TLS_STARTTLS);
	assert_int_equal(acct.generation, 3);
	assert_int_equal(acct.has_secret, 0);
	assert_int_equal(rate_refusals(&acct.id), 2);
}

static void
newer(void **state)
{
	int64_t	 value;

	(void)state;
	make_file(version1);
	make_file("PRAGMA user_version = 2");
	assert_int_equal(refuse(&value), LC_VDB_NEWER);
	assert_int_equal(value, 2);
	/* and it was left as it was */
	make_file("PRAGMA user_version = 1");
	rig_open();
}

static void
foreign(void **state)
{
	int64_t	 value;

	(void)state;
	make_file("CREATE TABLE t (x)");
	assert_int_equal(refuse(&value), LC_VDB_FOREIGN);
	make_file("PRAGMA application_id = 0x6b6d6c01");
	assert_int_equal(refuse(&value), LC_VDB_FOREIGN);
}

static void
damaged_file(void **state)
{
	char	 path[128], junk[4096];
	int64_t	 value;
	int	 fd;

	(void)state;
	make_file(version1);
	snprintf(path, sizeof(path), "%s/vault.db", rig_dir);
	memset(junk, 0x5a, sizeof(junk));
	assert_int_not_equal(fd = open(path, O_WRONLY), -1);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096),
	    sizeof(junk));
	assert_int_equal(refuse(&value), LC_VDB_DAMAGED);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
	close(fd);
	assert_int_equal(refuse(&value), LC_VDB_DAMAGED);
}

static void
in_use(void **state)
{
	char	 path[128];
	sqlite3	*db;
	int64_t	 value;

	(void)state;
	make_file(version1);
	snprintf(path, sizeof(path), "%s/vault.db", rig_dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(refuse(&value), LC_VDB_BUSY);
	sqlite3_close(db);
	assert_int_equal(chmod(rig_dir, 0700), 0);
}

static void
no_folder(void **state)
{
	int64_t	 value;

	(void)state;
	assert_int_equal(db_open("/nonexistent", &value), LC_VDB_OPEN);
}

static void
key_forms(void **state)
{
	enum key_form	 form;
	unsigned char	 key[KEY_SIZE];

	(void)state;
#define PARSE(s)	key_parse((const unsigned char *)(s),		\
			    sizeof(s) - 1, &form, key)
	assert_int_equal(PARSE(RIG_KEY), R_NONE);
	assert_int_equal(form, KEY_FORM_BASE64);
	assert_int_equal(key[0], 0);
	assert_int_equal(key[31], 31);
	memset(key, 0xff, sizeof(key));
	assert_int_equal(PARSE(RIG_KEY_HEX), R_NONE);
	assert_int_equal(form, KEY_FORM_HEX);
	assert_int_equal(key[0], 0);
	assert_int_equal(key[31], 31);
	assert_int_equal(PARSE("sixteen octets.."), R_NONE);
	assert_int_equal(form, KEY_FORM_PHRASE);
	assert_int_equal(PARSE("fifteen octets."), R_KEY_INVALID);
	assert_int_equal(PARSE(""), R_KEY_MISSING);
	/* malformed, not pass phrases */
	assert_int_equal(PARSE("base64:"), R_KEY_INVALID);
	assert_int_equal(PARSE("base64:AAECAwQFBgcICQoLDA0ODw=="),
	    R_KEY_INVALID);	/* 16 octets */
	assert_int_equal(PARSE(RIG_KEY "AAAA"), R_KEY_INVALID);
	assert_int_equal(PARSE("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGx"
	    "wdHh8"), R_KEY_INVALID);	/* padding lost */
	assert_int_equal(PARSE("base64:!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaG"
	    "xwdHh8="), R_KEY_INVALID);
	assert_int_equal(PARSE(RIG_KEY " "), R_KEY_INVALID);
	assert_int_equal(PARSE(RIG_KEY_HEX "0"), R_KEY_INVALID);
	assert_int_equal(PARSE("0102030405060708090a0b0c0d0e0f1011121314151617"
	    "18191a1b1c1d1e1f2"), R_KEY_INVALID);	/* 63 */
	/* 32 hexadecimal digits are a usual pass phrase */
	assert_int_equal(PARSE("000102030405060708090a0b0c0d0e0f"), R_NONE);
	assert_int_equal(form, KEY_FORM_PHRASE);
	/* so are 64 characters that are not all digits */
	assert_int_equal(PARSE("g00102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f"), R_NONE);
	assert_int_equal(form, KEY_FORM_PHRASE);
#undef PARSE
}

/* One key in its two forms, with and without newline. */
static void
key_same(void **state)
{
	struct account	 acct = rig_account("a");

	(void)state;
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	assert_int_equal(rig_key(RIG_KEY_HEX "\n"), R_NONE);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_int_equal(rig_key(RIG_KEY "\r\n"), R_NONE);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_int_equal(rig_key(RIG_KEY "\n\n"), R_KEY_INVALID);
	assert_int_equal(rig_check(&acct.id), R_KEY_INVALID);
}

static void
key_phrase(void **state)
{
	struct account	 acct = rig_account("a");

	(void)state;
	assert_int_equal(rig_key("a pass phrase of an operator\n"), R_NONE);
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	db_close();
	rig_open();
	assert_int_equal(rig_key("a pass phrase of an operator"), R_NONE);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_int_equal(rig_key("a pass phrase of an operatoR"),
	    R_KEY_WRONG);
	assert_int_equal(rig_check(&acct.id), R_KEY_WRONG);
}

/* Wrong, missing, malformed: nothing opens and no row changes. */
static void
key_wrong(void **state)
{
	struct account	 acct = rig_account("a");
	char		*before;

	(void)state;
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	assert_non_null(before = strdup(rows()));
	assert_int_equal(rig_key(RIG_OTHER_KEY), R_KEY_WRONG);
	assert_int_equal(key_state(), R_KEY_WRONG);
	assert_int_equal(rig_check(&acct.id), R_KEY_WRONG);
	assert_string_equal(rows(), before);
	assert_int_equal(rig_key("short"), R_KEY_INVALID);
	assert_int_equal(rig_check(&acct.id), R_KEY_INVALID);
	assert_int_equal(key_load(KEY_NONE, -1), R_KEY_MISSING);
	assert_int_equal(rig_check(&acct.id), R_KEY_MISSING);
	assert_int_equal(key_load(KEY_REFUSED, -1), R_KEY_INVALID);
	assert_int_equal(key_load(KEY_FILE, -1), R_KEY_INVALID);
	assert_int_equal(rig_key(""), R_KEY_MISSING);
	assert_string_equal(rows(), before);
	/* the right one again: all is there */
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_string_equal(rows(), before);
	free(before);
}

/* A file longer than any key is not read to its end. */
static void
key_too_long(void **state)
{
	char	 text[KEY_TEXT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(key_load(KEY_FILE, rig_pipe(text, KEY_TEXT_MAX + 1)),
	    R_KEY_INVALID);
	assert_int_equal(key_load(KEY_FILE, rig_pipe(text, KEY_TEXT_MAX)),
	    R_NONE);
}

static void
secret_works(void **state)
{
	struct account	 acct = rig_account("a"), found;
	struct arena	*a;

	(void)state;
	rig_insert(&acct);
	assert_int_equal(rig_check(&acct.id), R_PASSWORD_MISSING);
	rig_put(&acct, RIG_PASSWORD);
	assert_int_equal(account_load(&acct.id, &found), 1);
	assert_int_equal(found.has_secret, 1);
	a = arena_open();
	assert_int_equal(secret_get(&found, a), R_NONE);
	assert_int_equal(a->credential.secret_len, strlen(RIG_PASSWORD));
	assert_memory_equal(a->credential.secret, RIG_PASSWORD,
	    strlen(RIG_PASSWORD));
	assert_string_equal(a->credential.user, "alice@lab.test");
	assert_int_equal(a->credential.user_len, strlen("alice@lab.test"));
	arena_close();
	/* nothing of it stays, but the data key */
	a = arena_open();
	assert_int_equal(sodium_is_zero(a->master,
	    sizeof(*a) - offsetof(struct arena, master)), 1);
	assert_int_equal(sodium_is_zero(a->data, KEY_SIZE), 0);
	arena_close();
	assert_false(file_has("vault.db", RIG_PASSWORD, strlen(RIG_PASSWORD)));
	assert_false(file_has("vault.db-wal", RIG_PASSWORD,
	    strlen(RIG_PASSWORD)));
}

/* A label may change; what decides where the password goes may not. */
static void
secret_bound(void **state)
{
	static const struct {
		const char	*change;
		enum reason	 result;
	} changes[] = {
		{ "UPDATE account SET label = 'z', tenant = 't'", R_NONE },
		{ "UPDATE account SET imap_host = 'imap.evil.test'",
		    R_SECRET_UNREADABLE },
		{ "UPDATE account SET imap_port = 143", R_SECRET_UNREADABLE },
		{ "UPDATE account SET imap_tls = 2", R_SECRET_UNREADABLE },
		{ "UPDATE account SET user = 'bob'", R_SECRET_UNREADABLE },
		{ "UPDATE account SET ca = x'2d2d2d'", R_SECRET_UNREADABLE },
		{ "UPDATE account SET generation = generation + 1",
		    R_SECRET_UNREADABLE },
		{ "UPDATE secret SET box = x''", R_SECRET_UNREADABLE },
		{ "UPDATE secret SET box = zeroblob(9999)",
		    R_SECRET_UNREADABLE },
		{ "DELETE FROM secret", R_PASSWORD_MISSING },
	};
	struct account	 acct = rig_account("a");
	size_t		 i;

	(void)state;
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_int_equal(db_begin(), 0);
		rig_sql(changes[i].change);
		assert_int_equal(rig_check(&acct.id), changes[i].result);
		db_rollback();
		assert_int_equal(rig_check(&acct.id), R_NONE);
	}
}

/* One account's box in another's row; an older box in its own. */
static void
secret_swapped(void **state)
{
	struct account	 acct = rig_account("a"), other = rig_account("b");

	(void)state;
	rig_insert(&acct);
	rig_insert(&other);
	rig_put(&acct, RIG_PASSWORD);
	rig_put(&other, "other password");
	assert_int_equal(db_run("UPDATE secret SET box = (SELECT box FROM "
	    "secret WHERE account = ?) WHERE account = ?", "dd", &acct.id,
	    &other.id), 0);
	assert_int_equal(rig_check(&other.id), R_SECRET_UNREADABLE);
	assert_int_equal(rig_check(&acct.id), R_NONE);

	rig_sql("CREATE TABLE kept AS SELECT * FROM secret");
	rig_put(&acct, "a newer password");
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_int_equal(db_run("UPDATE secret SET box = (SELECT box FROM "
	    "kept WHERE account = ?) WHERE account = ?", "dd", &acct.id,
	    &acct.id), 0);
	assert_int_equal(rig_check(&acct.id), R_SECRET_UNREADABLE);
}

/* The box of a secret that is dropped is in neither file any more. */
static void
secret_leaves(void **state)
{
	struct account	 acct = rig_account("a");
	unsigned char	 box[SEAL_MAX];
	sqlite3_stmt	*st;
	size_t		 len;

	(void)state;
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	assert_non_null(st = db_select("SELECT box FROM secret", ""));
	assert_int_equal(db_step(st), 1);
	len = (size_t)sqlite3_column_bytes(st, 0);
	memcpy(box, sqlite3_column_blob(st, 0), len);
	db_done(st);
	db_scrub();
	assert_true(file_has("vault.db", box, len));
	assert_int_equal(db_begin(), 0);
	assert_int_equal(secret_drop(&acct), 0);
	assert_int_equal(db_commit(), 0);
	db_scrub();
	assert_false(file_has("vault.db", box, len));
	assert_false(file_has("vault.db-wal", box, len));
	assert_int_equal(rig_check(&acct.id), R_PASSWORD_MISSING);
}

/* A CA of its own is part of where the password goes. */
static void
rebind(void **state)
{
	static const unsigned char	 ca[] = "-----BEGIN CERTIFICATE-----";
	struct account			 acct = rig_account("a"), old;
	unsigned char			 buf[KM_CA_MAX];

	(void)state;
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	old = acct;
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_set_ca(&acct, ca, sizeof(ca)), 0);
	assert_int_equal(rig_check(&acct.id), R_SECRET_UNREADABLE);
	assert_int_equal(secret_rebind(&old, &acct), R_NONE);
	assert_int_equal(db_commit(), 0);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	assert_int_equal(account_ca(&acct.id, buf), sizeof(ca));
	assert_memory_equal(buf, ca, sizeof(ca));
	assert_true(acct.generation > old.generation);
	rig_sql("UPDATE account SET ca = NULL");
	assert_int_equal(rig_check(&acct.id), R_SECRET_UNREADABLE);
}

/* No room: the call says so and the rows are as they were. */
static void
full(void **state)
{
	static unsigned char	 ca[KM_CA_MAX];
	struct account		 acct = rig_account("a"), b = rig_account("b");
	sqlite3_stmt		*st;
	char			*before;

	(void)state;
	rig_insert(&acct);
	rig_put(&acct, RIG_PASSWORD);
	assert_non_null(before = strdup(rows()));
	assert_non_null(st = db_select("PRAGMA max_page_count = 1", ""));
	db_step(st);
	db_done(st);
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_insert(&b), 0);
	assert_int_equal(account_set_ca(&b, ca, sizeof(ca)), -1);
	assert_int_equal(db_reason(), R_STORE_FULL);
	db_rollback();
	assert_string_equal(rows(), before);
	assert_int_equal(rig_check(&acct.id), R_NONE);
	free(before);
}

static void
count_one(const struct account *acct, void *arg)
{
	(void)acct;
	++*(int *)arg;
}

static void
records(void **state)
{
	struct account	 acct = rig_account("a"), b = rig_account("a"), found;
	int		 n = 0;

	(void)state;
	rig_insert(&acct);
	assert_int_equal(account_each(count_one, &n), 0);
	assert_int_equal(n, 1);
	/* a label is taken once */
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_insert(&b), -1);
	db_rollback();
	assert_int_equal(account_by_label("a", &found), 1);
	assert_true(id_equal(&found.id, &acct.id));
	assert_int_equal(account_by_label("b", &found), 0);
	assert_int_equal(account_load(&b.id, &found), 0);
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_delete(&acct.id), 0);
	assert_int_equal(db_commit(), 0);
	assert_int_equal(account_load(&acct.id, &found), 0);
	/* a row that cannot be ours is an error, not an account */
	rig_insert(&acct);
	rig_sql("UPDATE account SET imap_port = 70000");
	assert_int_equal(account_load(&acct.id, &found), -1);
	assert_int_equal(account_each(count_one, &n), -1);
	rig_sql("UPDATE account SET imap_port = 993, user = "
	    "CAST(zeroblob(400) AS TEXT)");
	assert_int_equal(account_load(&acct.id, &found), -1);
}

/* ---- how often a password may be tried ---- */

#define SECOND	((int64_t)1000000)
#define T0	(1800000000 * SECOND)

static void
refuse_at(const struct id *id, int64_t now)
{
	assert_int_equal(db_begin(), 0);
	assert_int_equal(rate_refused(id, now), 0);
	assert_int_equal(db_commit(), 0);
}

static void
hold(void **state)
{
	struct account	 acct = rig_account("a"), other = rig_account("b");
	int		 i;

	(void)state;
	for (i = 0; i < RATE_REFUSALS; i++) {
		assert_int_equal(rate_check(&acct.id, 0, 0, T0), R_NONE);
		refuse_at(&acct.id, T0);
	}
	assert_int_equal(rate_refusals(&acct.id), 3);
	assert_int_equal(rate_check(&acct.id, 0, 0, T0),
	    R_PASSWORD_REFUSED_HOLD);
	/* waiting does not help, nor does a restart */
	db_close();
	rig_open();
	assert_int_equal(rate_check(&acct.id, 0, 0, T0 + 365 * 86400 * SECOND),
	    R_PASSWORD_REFUSED_HOLD);
	/* an operator may; others are not concerned */
	assert_int_equal(rate_check(&acct.id, 1, 0, T0), R_NONE);
	assert_int_equal(rate_check(&other.id, 0, 0, T0), R_NONE);
	/* a new password, or one that was accepted after all */
	assert_int_equal(rate_accepted(&acct.id), 0);
	assert_int_equal(rate_check(&acct.id, 0, 0, T0), R_NONE);
}

/* Those under way may all be refused: they count before they are. */
static void
hold_parallel(void **state)
{
	struct account	 acct = rig_account("a");

	(void)state;
	assert_int_equal(rate_check(&acct.id, 0, 2, T0), R_NONE);
	assert_int_equal(rate_check(&acct.id, 0, 3, T0), R_RATE_LIMITED);
	refuse_at(&acct.id, T0);
	assert_int_equal(rate_check(&acct.id, 0, 2, T0), R_RATE_LIMITED);
	assert_int_equal(rate_check(&acct.id, 1, 3, T0), R_NONE);
	assert_int_equal(rate_check(&acct.id, 1, 4, T0), R_RATE_LIMITED);
}

static void
operator_bound(void **state)
{
	struct account	 acct = rig_account("a");
	int		 i;

	(void)state;
	for (i = 0; i < RATE_OPERATOR; i++) {
		assert_int_equal(rate_check(&acct.id, 1, 0, T0), R_NONE);
		refuse_at(&acct.id, T0 + i * SECOND);
	}
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 + 10 * SECOND),
	    R_RATE_LIMITED);
	db_close();
	rig_open();
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 + 599 * SECOND),
	    R_RATE_LIMITED);
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 + 601 * SECOND),
	    R_NONE);
	/* a clock that was wrong by years does not lock the account */
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 - 86400 * SECOND),
	    R_NONE);
	/* a new password */
	assert_int_equal(rate_reset(&acct.id), 0);
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 + 10 * SECOND), R_NONE);
	assert_int_equal(rate_refusals(&acct.id), 0);
}

static void
logins(void **state)
{
	struct account	 acct = rig_account("a");
	int		 i;

	(void)state;
	for (i = 0; i < RATE_LOGINS; i++) {
		assert_int_equal(rate_check(&acct.id, 0, 0, T0), R_NONE);
		assert_int_equal(rate_released(&acct.id, T0), 0);
	}
	assert_int_equal(rate_check(&acct.id, 0, 0, T0), R_RATE_LIMITED);
	assert_int_equal(rate_check(&acct.id, 1, 0, T0 + 59 * SECOND),
	    R_RATE_LIMITED);
	assert_int_equal(rate_check(&acct.id, 0, 0, T0 + 60 * SECOND), R_NONE);
	assert_int_equal(rate_released(&acct.id, T0 + 60 * SECOND), 0);
	assert_int_equal(rate_check(&acct.id, 0, 0, T0 + 60 * SECOND), R_NONE);
}

int
main(void)
{
#define T(f, s)	cmocka_unit_test_setup_teardown(f, s, teardown)
	const struct CMUnitTest tests[] = {
		T(new_file, setup),
		T(version_one, setup),
		T(newer, setup),
		T(foreign, setup),
		T(damaged_file, setup),
		T(in_use, setup),
		T(no_folder, setup),
		cmocka_unit_test(key_forms),
		T(key_same, setup_open),
		T(key_phrase, setup_open),
		T(key_wrong, setup_open),
		T(key_too_long, setup_open),
		T(secret_works, setup_key),
		T(secret_bound, setup_key),
		T(secret_swapped, setup_key),
		T(secret_leaves, setup_key),
		T(rebind, setup_key),
		T(full, setup_key),
		T(records, setup_key),
		T(hold, setup_open),
		T(hold_parallel, setup_open),
		T(operator_bound, setup_open),
		T(logins, setup_open),
	};
#undef T

	arena_init();
	return cmocka_run_group_tests_name("vaultdb", tests, NULL, NULL);
}
