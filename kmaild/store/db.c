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

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "db.h"
#include "store.h"

static SLIST_HEAD(, db_stmt)	 stmts = SLIST_HEAD_INITIALIZER(stmts);
static sqlite3		*db;
static enum reason	 last_reason;

/* A disk that stays full is not said again at each try. */
static struct {
	int	 rc;
	int64_t	 at;		/* clock_boot() */
} said;
#define DB_SAY_AGAIN	60000	/* ms */

static enum db_result	 db_result_of(int);
static enum db_result	 db_pragma(const char *, int64_t *);
static enum db_result	 db_exec(const char *);
static enum db_result	 db_configure(void);
static enum db_result	 db_identify(int64_t *, int);
static enum db_result	 db_check(const char *);
static enum db_result	 db_migrate(const char *const *, int64_t, int);
static void		 db_failed(void);
static sqlite3_stmt	*db_bind(struct db_stmt *, const char *, va_list);

static enum db_result
db_result_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return DB_OK;
	case SQLITE_NOTADB:
		return DB_FOREIGN;
	case SQLITE_CORRUPT:
		return DB_DAMAGED;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return DB_LOCKED;
	default:
		db_failed();
		return DB_ERROR;
	}
}

static enum db_result
db_exec(const char *sql)
{
	return db_result_of(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static enum db_result
db_pragma(const char *sql, int64_t *value)
{
	sqlite3_stmt	*st;
	int		 rc;

	if ((rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL)) != SQLITE_OK)
		return db_result_of(rc);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return db_result_of(rc);
}

/* One process, no shared memory, every commit on disk. */
static enum db_result
db_configure(void)
{
	static const char *const pragmas[] = {
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA trusted_schema = OFF",
		"PRAGMA secure_delete = ON",
		"PRAGMA cache_size = -4096",
		"PRAGMA wal_autocheckpoint = 2000",
		"PRAGMA journal_size_limit = 16777216"
	};
	enum db_result	 r;
	size_t		 i;

	for (i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		if ((r = db_exec(pragmas[i])) != DB_OK)
			return r;
	/* take the lock now: a second daemon finds out here */
	if ((r = db_exec("BEGIN EXCLUSIVE")) != DB_OK)
		return r;
	return db_exec("COMMIT");
}

/* Ours, and not newer than this program; an empty file is version 0. */
static enum db_result
db_identify(int64_t *version, int nsteps)
{
	enum db_result	 r;
	int64_t		 app = 0, tables = 0;

	*version = 0;
	if ((r = db_pragma("PRAGMA application_id", &app)) != DB_OK ||
	    (r = db_pragma("PRAGMA user_version", version)) != DB_OK ||
	    (r = db_pragma("SELECT count(*) FROM sqlite_schema",
	    &tables)) != DB_OK)
		return r;
	if (app == 0 && *version == 0 && tables == 0)
		return DB_CREATED;
	if (app != DB_APPLICATION_ID)
		return DB_FOREIGN;
	if (*version > nsteps) {
		log_code(LOG_CRIT, LC_DB_NEWER, NULL, *version, nsteps, 0);
		return DB_NEWER;
	}
	return DB_OK;
}

static enum db_result
db_check(const char *path)
{
	struct stat	 st;
	sqlite3_stmt	*q;
	int		 rc, ok = 0;

	if (stat(path, &st) == -1 || st.st_size > DB_CHECK_MAX)
		return DB_OK;
	if ((rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q,
	    NULL)) != SQLITE_OK)
		return db_result_of(rc);
	if ((rc = sqlite3_step(q)) == SQLITE_ROW)
		ok = strcmp((const char *)sqlite3_column_text(q, 0),
		    "ok") == 0;
	sqlite3_finalize(q);
	if (rc != SQLITE_ROW)
		return db_result_of(rc);
	return ok ? DB_OK : DB_DAMAGED;
}

/* All steps in one transaction: the old version or the new one. */
static enum db_result
db_migrate(const char *const *steps, int64_t from, int nsteps)
{
	enum db_result	 r;
	int64_t		 v;
	char		 sql[64];

	if (from == nsteps)
		return DB_OK;
	if ((r = db_exec("BEGIN IMMEDIATE")) != DB_OK)
		return r;
	for (v = from; v < nsteps; v++)
		if ((r = db_exec(steps[v])) != DB_OK)
			goto fail;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d",
	    DB_APPLICATION_ID);
	if ((r = db_exec(sql)) != DB_OK)
		goto fail;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", nsteps);
	if ((r = db_exec(sql)) != DB_OK || (r = db_exec("COMMIT")) != DB_OK)
		goto fail;
	log_code(LOG_INFO, LC_DB_MIGRATED, NULL, from, nsteps, 0);
	return DB_OK;

fail:
	db_rollback();
	return r;
}

enum db_result
db_open(const char *dir, const char *const *steps, int nsteps)
{
	enum db_result	 r, kind;
	int64_t		 version;
	char		 path[PATH_MAX];
	int		 n, rc;

	n = snprintf(path, sizeof(path), "%s/mail.db", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return DB_ERROR;
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if ((r = db_result_of(rc)) != DB_OK)
		goto fail;
	sqlite3_extended_result_codes(db, 1);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if ((r = db_exec("PRAGMA locking_mode = EXCLUSIVE")) != DB_OK)
		goto fail;
	kind = db_identify(&version, nsteps);
	if (kind != DB_OK && kind != DB_CREATED) {
		r = kind;
		goto fail;
	}
	if ((r = db_configure()) != DB_OK || (r = db_check(path)) != DB_OK ||
	    (r = db_migrate(steps, version, nsteps)) != DB_OK)
		goto fail;
	return kind;

fail:
	db_close();
	return r;
}

void
db_close(void)
{
	struct db_stmt	*s;

	while ((s = SLIST_FIRST(&stmts)) != NULL) {
		SLIST_REMOVE_HEAD(&stmts, entry);
		sqlite3_finalize(s->st);
		s->st = NULL;
	}
	sqlite3_close(db);
	db = NULL;
}

sqlite3 *
db_handle(void)
{
	return db;
}

enum reason
db_reason_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return R_STORE_FULL;
	default:
		return R_STORE_ERROR;
	}
}

enum reason
db_reason(void)
{
	return last_reason;
}

/* Note and log what went wrong; a damaged database is not worked on. */
static void
db_failed(void)
{
	int	 e = errno, rc = sqlite3_extended_errcode(db);

	/* SQLite does not keep the errno of a failed write to its log */
	if ((rc & 0xff) != SQLITE_IOERR)
		e = sqlite3_system_errno(db);

	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB)
		fatalx(LC_DB_DAMAGED, rc);
	last_reason = (rc & 0xff) == SQLITE_FULL ? R_STORE_FULL :
	    db_reason_errno(e);
	if (rc == said.rc && clock_boot() - said.at < DB_SAY_AGAIN)
		return;
	said.rc = rc;
	said.at = clock_boot();
	log_code(LOG_ERR, LC_DB_ERROR, NULL, rc, e, 0);
}

static sqlite3_stmt *
db_bind(struct db_stmt *s, const char *fmt, va_list ap)
{
	const void	*p;
	size_t		 len;
	int		 i, rc;

	if (s->st == NULL) {
		if (sqlite3_prepare_v3(db, s->sql, -1,
		    SQLITE_PREPARE_PERSISTENT, &s->st, NULL) != SQLITE_OK) {
			db_failed();
			return NULL;
		}
		SLIST_INSERT_HEAD(&stmts, s, entry);
	}
	for (i = 1; *fmt != '\0'; fmt++, i++) {
		switch (*fmt) {
		case 'i':
			rc = sqlite3_bind_int64(s->st, i,
			    va_arg(ap, int64_t));
			break;
		case 'b':
			p = va_arg(ap, const void *);
			len = va_arg(ap, size_t);
			if (p == NULL)
				rc = sqlite3_bind_null(s->st, i);
			else
				rc = sqlite3_bind_blob64(s->st, i,
				    len == 0 ? "" : p, len, SQLITE_STATIC);
			break;
		case 't':
			rc = sqlite3_bind_text(s->st, i,
			    va_arg(ap, const char *), -1, SQLITE_STATIC);
			break;
		default:
			rc = SQLITE_MISUSE;
		}
		if (rc != SQLITE_OK)
			fatalx(LC_INVARIANT, rc);
	}
	return s->st;
}

sqlite3_stmt *
db_query(struct db_stmt *s, const char *fmt, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;

	va_start(ap, fmt);
	st = db_bind(s, fmt, ap);
	va_end(ap);
	return st;
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
		db_failed();
		return -1;
	}
}

void
db_done(sqlite3_stmt *st)
{
	if (st != NULL)
		sqlite3_reset(st);
}

int
db_run(struct db_stmt *s, const char *fmt, ...)
{
	sqlite3_stmt	*st;
	va_list		 ap;
	int		 n;

	va_start(ap, fmt);
	st = db_bind(s, fmt, ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	while ((n = db_step(st)) == 1)
		continue;
	sqlite3_reset(st);
	return n;
}

int
db_changes(void)
{
	return sqlite3_changes(db);
}

int64_t
db_integer(struct db_stmt *s, int64_t def)
{
	sqlite3_stmt	*st;
	int64_t		 v = def;

	if ((st = db_query(s, "")) == NULL)
		return def;
	if (db_step(st) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL)
		v = sqlite3_column_int64(st, 0);
	db_done(st);
	return v;
}

int
db_begin(void)
{
	static struct db_stmt	 s = DB_STMT("BEGIN IMMEDIATE");

	return db_run(&s, "");
}

int
db_commit(void)
{
	static struct db_stmt	 s = DB_STMT("COMMIT");

	if (db_run(&s, "") == 0)
		return 0;
	db_rollback();
	return -1;
}

void
db_rollback(void)
{
	/* some errors have rolled back by themselves */
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}
