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

#include "common/imsg.h"
#include "common/log.h"
#include "db.h"
#include "folder.h"
#include "ingest.h"
#include "waiting.h"

static enum ingest_result ingest_db(struct ingest *);
static void	 ingest_note(struct ingest *, int64_t, uint32_t, enum reason,
		    uint64_t);
static int	 ingest_stored(struct ingest *, int64_t, uint32_t);
static int	 ingest_known(struct ingest *, const unsigned char[32],
		    int64_t *);
static int	 body_check(const struct ingest *, const struct w_body *,
		    size_t);
static int	 body_runs(struct ingest *, const struct w_body *,
		    const unsigned char *, const unsigned char *);
static enum ingest_result body_begin(struct ingest *, const struct w_body *);
static enum ingest_result body_end(struct ingest *, const struct w_body *,
		    const unsigned char *);
static void	 body_accept(struct ingest *, enum row_kind, int64_t,
		    const unsigned char[32], const struct w_body *,
		    const unsigned char *);

struct ingest *
ingest_new(const struct account *a, uint64_t max_size, int retry_all)
{
	struct ingest	*in;

	/* the state wants more alignment than malloc(3) promises */
	if ((in = calloc(1, sizeof(*in))) == NULL ||
	    (in->hash = aligned_alloc(_Alignof(crypto_generichash_state),
	    sizeof(*in->hash))) == NULL)
		fatal(LC_MEMORY);
	in->account = a;
	in->max_size = max_size;
	in->retry_all = retry_all;
	RB_INIT(&in->known);
	TAILQ_INIT(&in->positions);
	segment_start(&in->segment, &a->id);
	if (folder_load_known(in) == -1) {
		ingest_free(in);
		return NULL;
	}
	return in;
}

void
ingest_free(struct ingest *in)
{
	struct position	*p;

	segment_close(&in->segment);
	folder_free_known(in);
	while ((p = TAILQ_FIRST(&in->positions)) != NULL) {
		TAILQ_REMOVE(&in->positions, p, entry);
		free(p);
	}
	ingest_rows_free(in);
	free(in->hash);
	free(in);
}

static enum ingest_result
ingest_db(struct ingest *in)
{
	in->reason = db_reason();
	return INGEST_FAILED;
}

enum ingest_result
ingest_list(struct ingest *in, const struct w_folder *f)
{
	if (in->listed || f->name_len == 0 || f->name_len > KM_FOLDER_MAX)
		return INGEST_MALFORMED;
	in->nlisted++;
	if ((f->flags & FOLDER_CHOSEN) == 0)
		return INGEST_OK;
	in->nchosen++;
	folder_mark_listed(in, f->name, f->name_len);
	return INGEST_OK;
}

enum ingest_result
ingest_list_end(struct ingest *in)
{
	if (in->listed)
		return INGEST_MALFORMED;
	in->listed = 1;
	folder_queue_absent(in);
	return INGEST_OK;
}

enum ingest_result
ingest_examined(struct ingest *in, const struct w_examined *e,
    struct w_position *out)
{
	struct position	*p;
	int		 n;

	if (!in->listed || in->folder != NULL || e->uidvalidity == 0 ||
	    e->name_len == 0 || e->name_len > KM_FOLDER_MAX ||
	    ++in->nexamined > INGEST_FOLDERS)
		return INGEST_MALFORMED;
	if ((p = folder_examine(in, e)) == NULL)
		return ingest_db(in);
	TAILQ_INSERT_TAIL(&in->positions, p, entry);
	in->folder = p;
	memset(out, 0, sizeof(*out));
	out->folder = (uint64_t)p->id;
	out->covered = p->covered;
	if (p->is_new)
		return INGEST_OK;
	if ((n = waiting_position(out, in->retry_all)) == -1)
		return ingest_db(in);
	p->waits = n;
	return INGEST_OK;
}

/* Is this UID of the folder stored already?  1, 0, -1. */
static int
ingest_stored(struct ingest *in, int64_t folder, uint32_t uid)
{
	static struct db_stmt	 q = DB_STMT("SELECT 1 FROM seen"
	    " WHERE folder = ? AND uid = ?");
	const struct row	*r;
	sqlite3_stmt		*st;
	uint32_t		 i;
	int			 n;

	/* the common way: UIDs rise */
	if (uid > in->folder->highest)
		return 0;
	for (i = 0; i < in->nrows; i++) {
		r = &in->rows[i];
		if (r->folder == folder && r->uid == uid &&
		    r->kind != ROW_FAILED && r->kind != ROW_ABSENT)
			return 1;
	}
	if ((st = db_query(&q, "ii", folder, (int64_t)uid)) == NULL)
		return -1;
	n = db_step(st);
	db_done(st);
	return n;
}

/* Is this content stored already?  1 and its message.id, 0, -1. */
static int
ingest_known(struct ingest *in, const unsigned char hash[32],
    int64_t *message)
{
	static struct db_stmt	 q = DB_STMT("SELECT id FROM message"
	    " WHERE account = ? AND hash = ?");
	sqlite3_stmt		*st;
	int			 n;

	if ((st = db_query(&q, "bb", &in->account->id, (size_t)ID_LEN, hash,
	    (size_t)32)) == NULL)
		return -1;
	if ((n = db_step(st)) == 1)
		*message = sqlite3_column_int64(st, 0);
	db_done(st);
	return n;
}

/* The head's own form, and that it goes on with the open message. */
static int
body_check(const struct ingest *in, const struct w_body *b, size_t len)
{
	size_t	 want, i;

	if ((b->flags & ~(uint32_t)(BODY_FIRST | BODY_LAST)) != 0 ||
	    b->nruns > BODY_RUNS_MAX || b->data_len > MAX_IMSGSIZE)
		return -1;
	want = sizeof(*b) + b->nruns * sizeof(uint32_t) + b->data_len;
	for (i = 0; i < BODY_NFIELDS; i++) {
		if (b->field_len[i] > BODY_FIELD_MAX ||
		    (b->field_len[i] != 0 && (b->flags & BODY_LAST) == 0))
			return -1;
		want += b->field_len[i];
	}
	if (len != want || in->folder == NULL || b->uid == 0 ||
	    b->folder != (uint64_t)in->folder->id || b->size > in->max_size)
		return -1;
	if ((b->flags & BODY_FIRST) != 0)
		return in->open || b->data_len > b->size ? -1 : 0;
	if (!in->open || b->uid != in->msg.uid || b->size != in->msg.size ||
	    b->internaldate != in->msg.internaldate || b->data_len == 0)
		return -1;
	return b->data_len > b->size - in->got ? -1 : 0;
}

/* Hash all but trace headers; the runs add up to the data, or -1. */
static int
body_runs(struct ingest *in, const struct w_body *b,
    const unsigned char *runs, const unsigned char *data)
{
	uint32_t	 run, n, i, left = b->data_len;

	for (i = 0; i < b->nruns; i++) {
		memcpy(&run, runs + i * sizeof(run), sizeof(run));
		n = run & ~BODY_RUN_TRACE;
		if (n == 0 || n > left)
			return -1;
		if ((run & BODY_RUN_TRACE) == 0)
			crypto_generichash_update(in->hash, data, n);
		data += n;
		left -= n;
	}
	return left == 0 ? 0 : -1;
}

static enum ingest_result
body_begin(struct ingest *in, const struct w_body *b)
{
	int	 n;

	if ((n = ingest_stored(in, in->folder->id, b->uid)) == -1)
		return ingest_db(in);
	/* full and committed: the next message opens the next segment */
	if (segment_is_full(&in->segment) &&
	    in->segment.done == in->segment.committed)
		segment_close(&in->segment);
	in->open = 1;
	in->repeated = n;
	in->got = 0;
	in->msg = *b;
	in->broken_uid = 0;
	crypto_generichash_init(in->hash, in->account->hash_key,
	    ACCOUNT_KEY_LEN, 32);
	return INGEST_OK;
}

static void
body_accept(struct ingest *in, enum row_kind kind, int64_t message,
    const unsigned char hash[32], const struct w_body *b,
    const unsigned char *fields)
{
	struct row	*r;
	size_t		 len = 0, i;

	r = ingest_row(in, kind, in->folder->id, b->uid);
	r->waits = in->folder->waits;
	if (kind == ROW_DUPLICATE)
		r->message = message;
	if (kind == ROW_REPEAT)
		r->same = (uint32_t)message;
	if (kind != ROW_NEW) {
		segment_undo(&in->segment);
		return;
	}
	r->segment = in->segment.id;
	r->offset = segment_accept(&in->segment);
	r->size = b->size;
	r->internaldate = b->internaldate;
	memcpy(r->hash, hash, sizeof(r->hash));
	r->field = (uint32_t)in->nfields;
	for (i = 0; i < BODY_NFIELDS; i++) {
		r->field_len[i] = b->field_len[i];
		len += b->field_len[i];
	}
	memcpy(in->fields + in->nfields, fields, len);
	in->nfields += len;
	ingest_row_index(in, (uint32_t)(r - in->rows));
}

static enum ingest_result
body_end(struct ingest *in, const struct w_body *b,
    const unsigned char *fields)
{
	unsigned char	 hash[32];
	enum row_kind	 kind = ROW_NEW;
	int64_t		 message;
	int		 n;

	if (in->got != b->size)
		return INGEST_MALFORMED;
	in->open = 0;
	in->messages++;
	in->message_octets += b->size;
	if (in->repeated) {
		segment_undo(&in->segment);
		return INGEST_OK;
	}
	crypto_generichash_final(in->hash, hash, sizeof(hash));
	if ((message = ingest_row_find(in, hash)) != -1)
		kind = ROW_REPEAT;
	else if ((n = ingest_known(in, hash, &message)) == -1)
		return ingest_db(in);
	else if (n == 1)
		kind = ROW_DUPLICATE;
	body_accept(in, kind, message, hash, b, fields);
	if (b->uid > in->folder->highest)
		in->folder->highest = b->uid;
	in->octets += b->size;
	return INGEST_OK;
}

enum ingest_result
ingest_body(struct ingest *in, const unsigned char *p, size_t len)
{
	const unsigned char	*runs, *fields, *data;
	struct w_body		 b;
	enum ingest_result	 r;

	if (len < sizeof(b))
		return INGEST_MALFORMED;
	memcpy(&b, p, sizeof(b));
	if (body_check(in, &b, len) == -1)
		return INGEST_MALFORMED;
	runs = p + sizeof(b);
	fields = runs + b.nruns * sizeof(uint32_t);
	data = p + len - b.data_len;
	if ((b.flags & BODY_FIRST) && (r = body_begin(in, &b)) != INGEST_OK)
		return r;
	if (body_runs(in, &b, runs, data) == -1)
		return INGEST_MALFORMED;
	if (segment_append(&in->segment, data, b.data_len) == -1) {
		in->reason = in->segment.reason;
		return INGEST_FAILED;
	}
	in->got += b.data_len;
	return b.flags & BODY_LAST ? body_end(in, &b, fields) : INGEST_OK;
}

enum ingest_result
ingest_abort(struct ingest *in)
{
	if (!in->open)
		return INGEST_MALFORMED;
	in->open = 0;
	in->broken_folder = in->folder->id;
	in->broken_uid = in->msg.uid;
	segment_undo(&in->segment);
	return INGEST_OK;
}

static void
ingest_note(struct ingest *in, int64_t folder, uint32_t uid,
    enum reason reason, uint64_t size)
{
	struct row	*r;

	r = ingest_row(in, ROW_FAILED, folder, uid);
	r->reason = reason;
	r->size = size;
	if (reason != R_MSG_GONE)
		in->failed++;
	if (reason == R_MSG_INTERRUPTED || reason == R_MSG_CRASHED) {
		in->last_broken_folder = folder;
		in->last_broken_uid = uid;
	}
}

enum ingest_result
ingest_failed(struct ingest *in, const struct w_msg_failed *f)
{
	int		 n;

	if (in->folder == NULL || f->folder != (uint64_t)in->folder->id ||
	    f->uid == 0 || (in->open && f->uid == in->msg.uid) ||
	    f->size > INT64_MAX || f->reason < R_MSG_TOO_LARGE ||
	    reason_check(f->reason) == -1)
		return INGEST_MALFORMED;
	if ((n = ingest_stored(in, in->folder->id, f->uid)) == -1)
		return ingest_db(in);
	if (in->broken_uid == f->uid)
		in->broken_uid = 0;
	if (n == 1)
		return INGEST_OK;
	in->folder->waits = 1;
	ingest_note(in, in->folder->id, f->uid, (enum reason)f->reason,
	    f->size);
	return INGEST_OK;
}

enum ingest_result
ingest_covered(struct ingest *in, const struct w_covered *c)
{
	struct position	*p = in->folder;

	if (p == NULL || c->folder != (uint64_t)p->id || c->uid == 0 ||
	    (in->open && c->uid >= in->msg.uid && in->msg.uid > p->covered))
		return INGEST_MALFORMED;
	if (c->uid <= p->covered)
		return INGEST_OK;
	p->covered = c->uid;
	p->dirty = 1;
	return INGEST_OK;
}

enum ingest_result
ingest_folder_done(struct ingest *in, const struct w_folder_done *d)
{
	if (reason_check(d->reason) == -1 || in->open)
		return INGEST_MALFORMED;
	if (in->folder == NULL ? d->folder != 0 :
	    d->folder != (uint64_t)in->folder->id)
		return INGEST_MALFORMED;
	if (d->reason != R_NONE && in->folder_reason == R_NONE)
		in->folder_reason = (enum reason)d->reason;
	in->folder = NULL;
	return INGEST_OK;
}

void
ingest_broken(struct ingest *in, enum reason reason)
{
	if (in->open)
		ingest_abort(in);
	if (in->broken_uid == 0)
		return;
	ingest_note(in, in->broken_folder, in->broken_uid, reason, 0);
	in->broken_uid = 0;
}
