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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "vault.h"

/*
 * vault.db is opened before the sandbox and its write-ahead log is made
 * then; afterwards the vault has no file right, and needs none: one
 * process, no shared memory, temporary tables in memory.
 */
#define DB_APPLICATION_ID	0x6b6d6c02

static const char *const migrations[] = {
	/* 1 */
	"CREATE TABLE datakey ("
	"id BLOB PRIMARY KEY NOT NULL, salt BLOB NOT NULL, "
	"box BLOB NOT NULL, created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE account ("
	"id BLOB PRIMARY KEY NOT NULL, label TEXT UNIQUE NOT NULL, "
	"tenant TEXT NOT NULL, auth INTEGER NOT NULL, user TEXT NOT NULL, "
	"imap_host TEXT NOT NULL, imap_port INTEGER NOT NULL, "
	"imap_tls INTEGER NOT NULL, ca BLOB, generation INTEGER NOT NULL, "
	"created INTEGER NOT NULL) STRICT;"
	"CREATE TABLE secret ("
	"account BLOB NOT NULL, kind INTEGER NOT NULL, box BLOB NOT NULL, "
	"created INTEGER NOT NULL, PRIMARY KEY (account, kind)) "
	"STRICT, WITHOUT ROWID;"
	"CREATE TABLE removed (account BLOB PRIMARY KEY NOT NULL) "
	"STRICT, WITHOUT ROWID;"
	"CREATE TABLE login ("
	"account BLOB PRIMARY KEY NOT NULL, refusals INTEGER NOT NULL, "
	"since INTEGER NOT NULL, releases INTEGER NOT NULL) "
	"STRICT, WITHOUT ROWID;"
	"CREATE TABLE refusal ("
	"account BLOB NOT NULL, time INTEGER NOT NULL) STRICT;"
	"CREATE INDEX refusal_account ON refusal (account, time);"
	"CREATE TABLE event ("
	"seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, "
	"code INTEGER NOT NULL, account BLOB, a INTEGER NOT NULL, "
	"b INTEGER NOT NULL) STRICT;",
};
#define DB_VERSION	((int64_t)(sizeof(migrations) / sizeof(migrations[0])))

static sqlite3	*db;
static int	 last_error;

static int	 db_fail(void);
static int	 db_exec(const char *);
static int	 db_pragma(const char *, int64_t *);
static int	 db_check(int64_t *);
static int	 db_migrate(int64_t, int64_t *);
static int	 db_wal(void);
static int	 db_bind(sqlite3_stmt *, const char *, va_list);
static sqlite3_stmt *db_vselect(const char *, const char *, va_list);

/* Remember why, and say it; the caller returns -1. */
static int
db_fail(void)
{
	last_error = sqlite3_extended_errcode(db);
	if ((last_error & 0xff) == SQLITE_FULL)
		log_code(LOG_ERR, LC_VDB_FULL, NULL, 0, 0, 0);
	else
		log_code(LOG_ERR, LC_VDB_ERROR, NULL, last_error, 0, 0);
	return -1;
}

enum reason
db_reason(void)
{
	return (last_error & 0xff) == SQLITE_FULL ? R_STORE_FULL :
	    R_STORE_ERROR;
}

static int
db_exec(const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* The first column of the first row; an SQLite code. */
static int
db_pragma(const char *sql, int64_t *value)
{
	sqlite3_stmt	*st;
	int		 rc;

	*value = 0;
	if ((rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL)) != SQLITE_OK)
		return rc;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		*value = sqlite3_column_int64(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Whole, and ours; on success the value is its version. */
static int
db_check(int64_t *value)
{
	sqlite3_stmt	*st;
	int64_t		 id, version, tables;
	int		 rc, ok = 0;

	if ((rc = db_pragma("PRAGMA application_id", &id)) != SQLITE_OK ||
	    (rc = db_pragma("PRAGMA user_version", &version)) != SQLITE_OK ||
	    (rc = db_pragma("SELECT count(*) FROM sqlite_schema",
	    &tables)) != SQLITE_OK)
		goto fail;
	if (id != DB_APPLICATION_ID && (id != 0 || version != 0 ||
	    tables != 0))
		return LC_VDB_FOREIGN;
	*value = version;
	if (version < 0 || version > DB_VERSION)
		return LC_VDB_NEWER;
	if ((rc = sqlite3_prepare_v2(db, "PRAGMA quick_check", -1, &st,
	    NULL)) != SQLITE_OK)
		goto fail;
	if (sqlite3_step(st) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0)
		ok = 1;
	sqlite3_finalize(st);
	if (ok)
		return 0;
	rc = SQLITE_CORRUPT;
fail:
	*value = rc;
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return LC_VDB_BUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return LC_VDB_DAMAGED;
	case SQLITE_FULL:
		return LC_VDB_FULL;
	default:
		return LC_VDB_OPEN;
	}
}

/*
 * All steps in one transaction.  Also when there are none it writes, so
 * that the log file exists before the sandbox.
 */
static int
db_migrate(int64_t version, int64_t *value)
{
	char	 pragma[64];
	int64_t	 i;
	int	 rc;

	if ((rc = db_exec("BEGIN IMMEDIATE")) != SQLITE_OK)
		goto fail;
	for (i = version; i < DB_VERSION; i++)
		if ((rc = db_exec(migrations[i])) != SQLITE_OK)
			goto fail;
	snprintf(pragma, sizeof(pragma),
	    "PRAGMA application_id = %d; PRAGMA user_version = %lld",
	    DB_APPLICATION_ID, (long long)DB_VERSION);
	if ((rc = db_exec(pragma)) != SQLITE_OK ||
	    (rc = db_exec("COMMIT")) != SQLITE_OK)
		goto fail;
	if (version != 0 && version != DB_VERSION)
		log_info_code(LC_VDB_MIGRATED, version, DB_VERSION);
	return 0;

fail:
	db_rollback();
	*value = rc;
	return (rc & 0xff) == SQLITE_FULL ? LC_VDB_FULL : LC_VDB_OPEN;
}

/* SQLite answers with the mode that it could get. */
static int
db_wal(void)
{
	sqlite3_stmt	*st;
	int		 rc;

	if ((rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st,
	    NULL)) != SQLITE_OK)
		return rc;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = strcmp((const char *)sqlite3_column_text(st, 0),
		    "wal") == 0 ? SQLITE_OK : SQLITE_CANTOPEN;
	sqlite3_finalize(st);
	return rc;
}

int
db_open(const char *dir, int64_t *value)
{
	static const char	 settings[] =
	    "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; "
	    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; "
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
	    "PRAGMA wal_autocheckpoint = 256; PRAGMA cache_size = -512";
	char	 path[KM_PATH_SIZE + sizeof("/vault.db")], byte;
	int	 code, rc;

	*value = 0;
	sqlite3_randomness(sizeof(byte), &byte);	/* opens /dev/urandom */
	snprintf(path, sizeof(path), "%s/vault.db", dir);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE, NULL);
	if (rc != SQLITE_OK)
		goto fail;
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if ((rc = db_exec("PRAGMA locking_mode = EXCLUSIVE")) != SQLITE_OK)
		goto fail;
	if ((code = db_check(value)) != 0)
		goto refuse;
	if ((rc = db_wal()) != SQLITE_OK ||
	    (rc = db_exec(settings)) != SQLITE_OK)
		goto fail;
	if ((code = db_migrate(*value, value)) != 0)
		goto refuse;
	return 0;

fail:
	*value = rc;
	code = (rc & 0xff) == SQLITE_BUSY ? LC_VDB_BUSY : LC_VDB_OPEN;
refuse:
	db_close();
	return code;
}

/* Left to itself SQLite would now remove the log file, and may not. */
void
db_close(void)
{
	if (db == NULL)
		return;
	(void)db_exec("PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(db);
	db = NULL;
}

int
db_begin(void)
{
	return db_exec("BEGIN IMMEDIATE") == SQLITE_OK ? 0 : db_fail();
}

int
db_commit(void)
{
	return db_exec("COMMIT") == SQLITE_OK ? 0 : db_fail();
}

void
db_rollback(void)
{
	if (db != NULL && !sqlite3_get_autocommit(db))
		(void)db_exec("ROLLBACK");
}

static int
db_bind(sqlite3_stmt *st, const char *fmt, va_list ap)
{
	const struct id	*id;
	const void	*p;
	size_t		 len;
	int		 i, rc = SQLITE_OK;

	for (i = 1; *fmt != '\0' && rc == SQLITE_OK; i++, fmt++) {
		switch (*fmt) {
		case 'i':
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 't':
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *),
			    -1, SQLITE_STATIC);
			break;
		case 'd':
			id = va_arg(ap, const struct id *);
			rc = sqlite3_bind_blob(st, i, id == NULL ? NULL :
			    id->b, ID_LEN, SQLITE_STATIC);
			break;
		case 'b':
			p = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			rc = sqlite3_bind_blob64(st, i, p, len, SQLITE_STATIC);
			break;
		default:
			fatalx(LC_INVARIANT, *fmt);
		}
	}
	return rc;
}

static sqlite3_stmt *
db_vselect(const char *sql, const char *fmt, va_list ap)
{
	sqlite3_stmt	*st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
		db_fail();
		return NULL;
	}
	if (db_bind(st, fmt, ap) != SQLITE_OK) {
		db_fail();
		sqlite3_finalize(st);
		return NULL;
	}
	return st;
}

/* What is bound must live until db_done(). */
sqlite3_stmt *
db_select(const char *sql, const char *fmt, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;

	va_start(ap, fmt);
	st = db_vselect(sql, fmt, ap);
	va_end(ap);
	return st;
}

int
db_run(const char *sql, const char *fmt, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;
	int		 n;

	va_start(ap, fmt);
	st = db_vselect(sql, fmt, ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	n = db_step(st);
	db_done(st);
	return n == 0 ? 0 : -1;
}

int
db_step(sqlite3_stmt *st)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_fail();
	}
}

void
db_done(sqlite3_stmt *st)
{
	sqlite3_finalize(st);
}

int64_t
db_last_id(void)
{
	return sqlite3_last_insert_rowid(db);
}

void
db_scrub(void)
{
	if (db_exec("PRAGMA wal_checkpoint(TRUNCATE)") != SQLITE_OK)
		db_fail();
}

int
db_column_blob(sqlite3_stmt *st, int column, void *p, size_t len)
{
	const void	*blob = sqlite3_column_blob(st, column);

	if (blob == NULL ||
	    (size_t)sqlite3_column_bytes(st, column) != len)
		return -1;
	memcpy(p, blob, len);
	return 0;
}

int
db_column_id(sqlite3_stmt *st, int column, struct id *id)
{
	return db_column_blob(st, column, id->b, ID_LEN);
}

int
db_column_text(sqlite3_stmt *st, int column, char *buf, size_t size)
{
	const unsigned char	*text = sqlite3_column_text(st, column);
	size_t			 len;

	if (text == NULL)
		return -1;
	len = (size_t)sqlite3_column_bytes(st, column);
	/* the rest too: these structs travel */
	memset(buf, 0, size);
	if (len >= size || memchr(text, '\0', len) != NULL)
		return -1;
	memcpy(buf, text, len);
	return 0;
}
