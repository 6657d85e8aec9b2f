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

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "db.h"
#include "eventlog.h"
#include "folder.h"

static int64_t	 next_id;	/* rows are written later than ids given out */

static int		 known_cmp(struct known *, struct known *);
static struct known	*known_find(struct ingest *, const unsigned char *,
			    size_t);
static struct known	*known_add(struct ingest *, const unsigned char *,
			    size_t);
static struct position	*folder_new(const struct w_examined *);
static struct position	*folder_again(struct ingest *,
			    const struct w_examined *);
static int		 folder_find(const struct ingest *, struct position *);
static int		 folder_highest(struct position *);
static void		 folder_generation(struct ingest *, struct position *);

RB_PROTOTYPE(known_tree, known, entry, known_cmp)
RB_GENERATE(known_tree, known, entry, known_cmp)

static int
known_cmp(struct known *a, struct known *b)
{
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return memcmp(a->name, b->name, a->name_len);
}

int
folder_init(void)
{
	static struct db_stmt	 q = DB_STMT("SELECT"
	    " coalesce(max(id), 0) + 1 FROM folder");

	next_id = db_integer(&q, -1);
	return next_id == -1 ? -1 : 0;
}

static struct known *
known_find(struct ingest *in, const unsigned char *name, size_t len)
{
	struct known	 key;

	key.name_len = (uint32_t)len;
	key.name = (unsigned char *)(uintptr_t)name;
	return RB_FIND(known_tree, &in->known, &key);
}

static struct known *
known_add(struct ingest *in, const unsigned char *name, size_t len)
{
	struct known	*k;

	if ((k = calloc(1, sizeof(*k) + len)) == NULL)
		fatal(LC_MEMORY);
	k->name_len = (uint32_t)len;
	k->name = (unsigned char *)(k + 1);
	memcpy(k->name, name, len);
	RB_INSERT(known_tree, &in->known, k);
	return k;
}

int
folder_load_known(struct ingest *in)
{
	static struct db_stmt	 q = DB_STMT("SELECT id, name, uidvalidity"
	    " FROM folder WHERE account = ? AND epoch = ? AND present = 1");
	const struct account	*a = in->account;
	sqlite3_stmt		*row;
	struct known		*k;
	size_t			 len;
	int			 n;

	if ((row = db_query(&q, "bi", &a->id, sizeof(a->id),
	    a->epoch)) == NULL)
		return -1;
	while ((n = db_step(row)) == 1) {
		len = (size_t)sqlite3_column_bytes(row, 1);
		if (len == 0 || len > KM_FOLDER_MAX ||
		    known_find(in, sqlite3_column_blob(row, 1), len) != NULL)
			continue;
		k = known_add(in, sqlite3_column_blob(row, 1), len);
		k->id = sqlite3_column_int64(row, 0);
		k->uidvalidity = (uint32_t)sqlite3_column_int64(row, 2);
	}
	db_done(row);
	return n;
}

void
folder_free_known(struct ingest *in)
{
	struct known	*k, *next;

	RB_FOREACH_SAFE(k, known_tree, &in->known, next) {
		RB_REMOVE(known_tree, &in->known, k);
		free(k);
	}
}

void
folder_mark_listed(struct ingest *in, const unsigned char *name, size_t len)
{
	struct known	*k;

	if ((k = known_find(in, name, len)) != NULL)
		k->listed = 1;
}

void
folder_queue_absent(struct ingest *in)
{
	struct known	*k, *next;

	RB_FOREACH_SAFE(k, known_tree, &in->known, next) {
		if (k->listed)
			continue;
		ingest_row(in, ROW_ABSENT, k->id, 0);
		RB_REMOVE(known_tree, &in->known, k);
		free(k);
	}
}

static struct position *
folder_new(const struct w_examined *e)
{
	struct position	*p;

	if ((p = calloc(1, sizeof(*p) + e->name_len)) == NULL)
		fatal(LC_MEMORY);
	p->uidvalidity = e->uidvalidity;
	p->uidnext = e->uidnext;
	p->flags = e->flags;
	p->name_len = e->name_len;
	memcpy(p->name, e->name, e->name_len);
	return p;
}

/* Examined before in this session: its row may not be written yet. */
static struct position *
folder_again(struct ingest *in, const struct w_examined *e)
{
	struct position	*p;

	TAILQ_FOREACH(p, &in->positions, entry) {
		if (p->uidvalidity == e->uidvalidity &&
		    p->name_len == e->name_len &&
		    memcmp(p->name, e->name, e->name_len) == 0) {
			TAILQ_REMOVE(&in->positions, p, entry);
			return p;
		}
	}
	return NULL;
}

/* The row under this UIDVALIDITY: 1, 0 none yet, -1. */
static int
folder_find(const struct ingest *in, struct position *p)
{
	static struct db_stmt	 q = DB_STMT("SELECT id, covered, present,"
	    " uidnext FROM folder WHERE account = ? AND epoch = ? AND name = ?"
	    " AND uidvalidity = ?");
	const struct account	*a = in->account;
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "bibi", &a->id, sizeof(a->id), a->epoch,
	    p->name, (size_t)p->name_len, (int64_t)p->uidvalidity)) == NULL)
		return -1;
	if ((n = db_step(row)) == 1) {
		p->id = sqlite3_column_int64(row, 0);
		p->covered = (uint32_t)sqlite3_column_int64(row, 1);
		p->dirty = sqlite3_column_int(row, 2) == 0 ||
		    sqlite3_column_int64(row, 3) != p->uidnext;
	}
	db_done(row);
	return n;
}

static int
folder_highest(struct position *p)
{
	static struct db_stmt	 q = DB_STMT("SELECT max(uid) FROM seen"
	    " WHERE folder = ?");
	sqlite3_stmt		*row;
	int			 n;

	if ((row = db_query(&q, "i", p->id)) == NULL)
		return -1;
	if ((n = db_step(row)) == 1)
		p->highest = (uint32_t)sqlite3_column_int64(row, 0);
	db_done(row);
	return n == -1 ? -1 : 0;
}

/* Another UIDVALIDITY than last time: that one's row is absent from now on. */
static void
folder_generation(struct ingest *in, struct position *p)
{
	struct known	*k;

	if ((k = known_find(in, p->name, p->name_len)) == NULL)
		k = known_add(in, p->name, p->name_len);
	else if (k->id != p->id) {
		ingest_row(in, ROW_ABSENT, k->id, 0);
		eventlog_add(LOG_NOTICE, LC_UIDVALIDITY, &in->account->id,
		    p->id, k->uidvalidity, p->uidvalidity);
	}
	k->id = p->id;
	k->uidvalidity = p->uidvalidity;
}

struct position *
folder_examine(struct ingest *in, const struct w_examined *e)
{
	struct position	*p;
	int		 n;

	if ((p = folder_again(in, e)) != NULL)
		return p;
	p = folder_new(e);
	if ((n = folder_find(in, p)) == 0) {
		p->id = next_id++;
		p->is_new = 1;
		p->dirty = 1;
	}
	if (n == -1 || (n == 1 && folder_highest(p) == -1)) {
		free(p);
		return NULL;
	}
	folder_generation(in, p);
	return p;
}

int
folder_write(const struct ingest *in, const struct position *p)
{
	static struct db_stmt	 insert = DB_STMT("INSERT INTO folder (id,"
	    " account, epoch, name, utf8, flags, uidvalidity, covered,"
	    " uidnext, present, first_seen, last_seen)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?10)");
	static struct db_stmt	 update = DB_STMT("UPDATE folder SET"
	    " covered = max(covered, ?), uidnext = ?, present = 1,"
	    " last_seen = ? WHERE id = ?");
	const struct account	*a = in->account;

	if (!p->dirty)
		return 0;
	if (p->is_new)
		return db_run(&insert, "ibibiiiiii", p->id, &a->id,
		    sizeof(a->id), a->epoch, p->name, (size_t)p->name_len,
		    (int64_t)((p->flags & FOLDER_UTF8) != 0),
		    (int64_t)p->flags, (int64_t)p->uidvalidity,
		    (int64_t)p->covered, (int64_t)p->uidnext, clock_utc());
	return db_run(&update, "iiii", (int64_t)p->covered,
	    (int64_t)p->uidnext, clock_utc(), p->id);
}

int
folder_write_absent(int64_t id)
{
	static struct db_stmt	 q = DB_STMT("UPDATE folder SET present = 0"
	    " WHERE id = ?");

	return db_run(&q, "i", id);
}
