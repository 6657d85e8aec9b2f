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
#include "common/log.h"
#include "db.h"
#include "folder.h"
#include "ingest.h"
#include "waiting.h"

/*
 * Slots of the hash table, a power of two.  Rows are committed at
 * INGEST_ROWS; what one turn of the event loop can add on top is far fewer.
 */
#define INGEST_SLOTS	16384
#define INGEST_GROW	256

static uint32_t	 ingest_slot(const unsigned char[32]);
static void	 ingest_grow(struct ingest *);
static int	 row_write_message(struct ingest *, struct row *, int64_t);
static int	 row_write_seen(struct ingest *, const struct row *);
static int	 row_write(struct ingest *, struct row *, int64_t);
static void	 ingest_reset(struct ingest *);

static uint32_t
ingest_slot(const unsigned char hash[32])
{
	uint32_t	 v;

	memcpy(&v, hash, sizeof(v));
	return v % INGEST_SLOTS;
}

static void
ingest_grow(struct ingest *in)
{
	size_t	 need = in->nfields + BODY_NFIELDS * BODY_FIELD_MAX;
	size_t	 size;

	if (in->nrows == in->rows_size) {
		in->rows = recallocarray(in->rows, in->rows_size,
		    in->rows_size + INGEST_GROW, sizeof(*in->rows));
		in->rows_size += INGEST_GROW;
	}
	if (need > in->fields_size) {
		size = in->fields_size * 2 + BODY_NFIELDS * BODY_FIELD_MAX;
		in->fields = recallocarray(in->fields, in->fields_size, size,
		    1);
		in->fields_size = size;
	}
	if (in->slots == NULL)
		in->slots = calloc(INGEST_SLOTS, sizeof(*in->slots));
	if (in->rows == NULL || in->fields == NULL || in->slots == NULL)
		fatal(LC_MEMORY);
}

struct row *
ingest_row(struct ingest *in, enum row_kind kind, int64_t folder,
    uint32_t uid)
{
	struct row	*r;

	ingest_grow(in);
	r = &in->rows[in->nrows++];
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	r->folder = folder;
	r->uid = uid;
	return r;
}

void
ingest_rows_free(struct ingest *in)
{
	free(in->rows);
	free(in->fields);
	free(in->slots);
}

/* A slot holds the row's index plus one; 0 is empty. */
int64_t
ingest_row_find(const struct ingest *in, const unsigned char hash[32])
{
	uint32_t	 i;

	if (in->slots == NULL)
		return -1;
	for (i = ingest_slot(hash); in->slots[i] != 0;
	    i = (i + 1) % INGEST_SLOTS)
		if (memcmp(in->rows[in->slots[i] - 1].hash, hash, 32) == 0)
			return in->slots[i] - 1;
	return -1;
}

void
ingest_row_index(struct ingest *in, uint32_t row)
{
	uint32_t	 i;

	/* an empty slot must remain, or the search would not end */
	if (row >= INGEST_SLOTS - 1)
		fatalx(LC_INVARIANT, row);
	for (i = ingest_slot(in->rows[row].hash); in->slots[i] != 0;
	    i = (i + 1) % INGEST_SLOTS)
		continue;
	in->slots[i] = row + 1;
}

int
ingest_is_full(const struct ingest *in)
{
	return in->nrows >= INGEST_ROWS || in->octets >= INGEST_OCTETS ||
	    in->nfields >= INGEST_FIELDS;
}

int
ingest_pending(const struct ingest *in)
{
	const struct position	*p;

	if (in->nrows > 0 || in->acked != in->messages)
		return 1;
	TAILQ_FOREACH(p, &in->positions, entry)
		if (p->dirty)
			return 1;
	return 0;
}

int
ingest_sync(struct ingest *in)
{
	if (segment_sync(&in->segment) == 0)
		return 0;
	in->reason = in->segment.reason;
	return -1;
}

static int
row_write_message(struct ingest *in, struct row *r, int64_t now)
{
	static struct db_stmt	 q = DB_STMT("INSERT INTO message (account,"
	    " mid, hash, segment, offset, size, internaldate, stored,"
	    " hdr_from, hdr_subject, hdr_date, hdr_message_id)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	const unsigned char	*f[BODY_NFIELDS], *p = in->fields + r->field;
	size_t			 i;

	for (i = 0; i < BODY_NFIELDS; i++) {
		f[i] = r->field_len[i] == 0 ? NULL : p;
		p += r->field_len[i];
	}
	if (db_run(&q, "bbbiiiiibbbb", &in->account->id, (size_t)ID_LEN,
	    r->hash, (size_t)ID_LEN, r->hash, sizeof(r->hash), r->segment,
	    r->offset, (int64_t)r->size, r->internaldate, now,
	    f[0], (size_t)r->field_len[0], f[1], (size_t)r->field_len[1],
	    f[2], (size_t)r->field_len[2], f[3], (size_t)r->field_len[3]) == -1)
		return -1;
	r->message = sqlite3_last_insert_rowid(db_handle());
	in->tx_imported++;
	return 0;
}

static int
row_write_seen(struct ingest *in, const struct row *r)
{
	static struct db_stmt	 q = DB_STMT("INSERT INTO seen"
	    " (folder, uid, message) VALUES (?, ?, ?)");

	if (db_run(&q, "iii", r->folder, (int64_t)r->uid, r->message) == -1)
		return -1;
	if (r->kind != ROW_NEW)
		in->tx_duplicates++;
	return r->waits ? waiting_clear(&in->account->id, r->folder,
	    r->uid) : 0;
}

static int
row_write(struct ingest *in, struct row *r, int64_t now)
{
	switch (r->kind) {
	case ROW_NEW:
		if (row_write_message(in, r, now) == -1)
			return -1;
		return row_write_seen(in, r);
	case ROW_REPEAT:
		r->message = in->rows[r->same].message;
		return row_write_seen(in, r);
	case ROW_DUPLICATE:
		return row_write_seen(in, r);
	case ROW_FAILED:
		if (r->reason == R_MSG_GONE)
			return waiting_gone(r->folder, r->uid);
		return waiting_note(&in->account->id, r->folder, r->uid,
		    r->reason, r->size);
	case ROW_ABSENT:
		return folder_write_absent(r->folder);
	}
	return -1;
}

int
ingest_write(struct ingest *in)
{
	const struct position	*p;
	int64_t			 now = clock_utc();
	uint32_t		 i;

	in->tx_imported = in->tx_duplicates = 0;
	for (i = 0; i < in->nrows; i++)
		if (row_write(in, &in->rows[i], now) == -1)
			return -1;
	TAILQ_FOREACH(p, &in->positions, entry)
		if (folder_write(in, p) == -1)
			return -1;
	return segment_write_row(&in->segment);
}

/* Begin an empty batch; the memory stays for the next one. */
static void
ingest_reset(struct ingest *in)
{
	if (in->nrows > 0)
		memset(in->slots, 0, INGEST_SLOTS * sizeof(*in->slots));
	in->nrows = 0;
	in->nfields = 0;
	in->octets = 0;
}

void
ingest_committed(struct ingest *in)
{
	struct position	*p, *next;

	segment_committed(&in->segment);
	in->imported += in->tx_imported;
	in->duplicates += in->tx_duplicates;
	in->tx_imported = in->tx_duplicates = 0;
	in->acked = in->messages;
	in->acked_octets = in->message_octets;
	TAILQ_FOREACH_SAFE(p, &in->positions, entry, next) {
		p->is_new = 0;
		p->dirty = 0;
		if (p == in->folder)
			continue;
		TAILQ_REMOVE(&in->positions, p, entry);
		free(p);
	}
	ingest_reset(in);
}

void
ingest_drop(struct ingest *in)
{
	struct position	*p;

	segment_close(&in->segment);
	while ((p = TAILQ_FIRST(&in->positions)) != NULL) {
		TAILQ_REMOVE(&in->positions, p, entry);
		free(p);
	}
	in->folder = NULL;
	in->open = 0;
	in->broken_uid = 0;
	in->tx_imported = in->tx_duplicates = 0;
	in->messages = in->acked;
	in->message_octets = in->acked_octets;
	ingest_reset(in);
}
