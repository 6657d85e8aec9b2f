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

#ifndef KMAILD_STORE_DB_H
#define KMAILD_STORE_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/reason.h"

#define DB_APPLICATION_ID	0x6b6d6c01
/*
 * Above this the whole-database check at start is left out, so that start
 * stays within a second or two.
 */
#define DB_CHECK_MAX		((int64_t)128 * 1024 * 1024)

enum db_result {
	DB_OK = 0,
	DB_CREATED,
	DB_NEWER,		/* made by a newer kmaild */
	DB_FOREIGN,		/* not ours */
	DB_DAMAGED,
	DB_LOCKED,		/* another process has it */
	DB_ERROR
};

/* A statement prepared at its first use and kept; static in its user. */
struct db_stmt {
	const char		*sql;
	sqlite3_stmt		*st;
	SLIST_ENTRY(db_stmt)	 entry;
};
#define DB_STMT(sql)	{ (sql), NULL, { NULL } }

/* Migrations, in order: step n leads from user_version n to n + 1. */
extern const char *const	 db_steps[];
extern const int		 db_nsteps;

/* Open or create FOLDER/mail.db and migrate it by the steps. */
enum db_result	 db_open(const char *, const char *const *, int);
/* Checkpoint and close; statements are finalized. */
void		 db_close(void);

/*
 * Bind by format: 'i' int64_t; 'b' const void * and size_t, a NULL pointer
 * is NULL; 't' const char *, likewise; memory must stay until the step.
 * db_query: ready for sqlite3_step(), NULL on error; db_done() resets it.
 * db_run: steps to the end.  0, or -1, logged, and db_reason() set.
 */
sqlite3_stmt	*db_query(struct db_stmt *, const char *, ...);
/* 1 row, 0 end, -1 error. */
int		 db_step(sqlite3_stmt *);
void		 db_done(sqlite3_stmt *);
int		 db_run(struct db_stmt *, const char *, ...);
/* Rows changed by the last db_run(). */
int		 db_changes(void);
/* One integer, or the default: no row, NULL, error. */
int64_t		 db_integer(struct db_stmt *, int64_t);

/* 0 or -1; a failed commit was rolled back. */
int		 db_begin(void);
int		 db_commit(void);
void		 db_rollback(void);

/* Why the last database call failed: R_STORE_FULL or R_STORE_ERROR. */
enum reason	 db_reason(void);
/* The same for errno of a file operation. */
enum reason	 db_reason_errno(int);

#endif
