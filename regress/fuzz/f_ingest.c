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
 * What a worker that was taken over may say to the store: whatever it is,
 * the store goes on, keeps to the worker's folders, and what it committed
 * adds up.
 *
 * link: kmaild/store/db.o kmaild/store/eventlog.o kmaild/store/folder.o
 * link: kmaild/store/ingest.o kmaild/store/ingest_rows.o
 * link: kmaild/store/schema.o kmaild/store/segment.o
 * link: kmaild/store/waiting.o
 * libs: sqlite3 libsodium
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmaild/store/commit.h"
#include "kmaild/store/db.h"
#include "kmaild/store/eventlog.h"
#include "kmaild/store/folder.h"
#include "kmaild/store/ingest.h"

#define MAX_SIZE	65536

static char		 dir[64];
static struct account	 one;

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

void
commit_within(int ms)
{
	(void)ms;
}

void
vault_event_ack(uint64_t seq)
{
	(void)seq;
}

void
control_event(int64_t id, int64_t when, uint32_t code, const struct id *who,
    int64_t a, int64_t b, int64_t c)
{
	(void)id;
	(void)when;
	(void)code;
	(void)who;
	(void)a;
	(void)b;
	(void)c;
}

static void
clean(void)
{
	char	 cmd[128];

	db_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd) != 0)
		abort();
}

static void
set_up(void)
{
	strlcpy(dir, access("/dev/shm", W_OK) == 0 ?
	    "/dev/shm/kmaild-fuzz.XXXXXXXX" : "/tmp/kmaild-fuzz.XXXXXXXX",
	    sizeof(dir));
	if (mkdtemp(dir) == NULL || sodium_init() == -1 ||
	    db_open(dir, db_steps, db_nsteps) != DB_CREATED ||
	    segment_init(dir) == -1 || folder_init() == -1)
		abort();
	sqlite3_exec(db_handle(), "PRAGMA synchronous = OFF", NULL, NULL,
	    NULL);
	atexit(clean);
	memset(&one.id, 1, sizeof(one.id));
}

/* Take up to so many octets off the input; the rest of the struct is 0. */
static void
take(const uint8_t **p, size_t *left, void *to, size_t size)
{
	size_t	 n = size < *left ? size : *left;

	memset(to, 0, size);
	memcpy(to, *p, n);
	*p += n;
	*left -= n;
}

/* A W_BODY that is nearly right: what the input says decides the rest. */
static enum ingest_result
body(struct ingest *in, const uint8_t **p, size_t *left)
{
	static unsigned char	 buf[sizeof(struct w_body) + 4096];
	struct w_body		 b;
	uint8_t			 v[8];
	uint32_t		 run;
	size_t			 len = sizeof(b);

	memset(&b, 0, sizeof(b));
	take(p, left, v, sizeof(v));
	b.folder = in->folder == NULL ? v[0] : (uint64_t)in->folder->id;
	b.uid = v[1];
	b.flags = v[2] & 7u;
	b.nruns = v[3] & 3u;
	b.data_len = v[4];
	b.size = v[5];
	b.field_len[v[6] & 3] = v[6] >> 2;
	if (v[7] & 1)
		take(p, left, &b, sizeof(b));
	memcpy(buf, &b, sizeof(b));
	for (uint32_t i = 0; i < b.nruns && len < 4000; i++) {
		run = b.data_len / b.nruns;
		if (i == 0)
			run += b.data_len % b.nruns;
		if (v[7] & 2)
			run |= BODY_RUN_TRACE;
		memcpy(buf + len, &run, sizeof(run));
		len += sizeof(run);
	}
	len += (size_t)b.field_len[v[6] & 3] % 512 + b.data_len % 1024;
	if (v[7] & 4)
		len += v[0];
	return ingest_body(in, buf, len);
}

static enum ingest_result
say(struct ingest *in, const uint8_t **p, size_t *left)
{
	struct w_folder		 f;
	struct w_examined	 e;
	struct w_position	 pos;
	struct w_msg_failed	 m;
	struct w_covered	 c;
	struct w_folder_done	 d;
	uint8_t			 v[4];

	take(p, left, v, sizeof(v));
	switch (v[0] % 9) {
	case 0:
		memset(&f, 0, sizeof(f));
		f.flags = v[1] & 1 ? FOLDER_CHOSEN : 0;
		f.name_len = v[2] & 3;
		return ingest_list(in, &f);
	case 1:
		return ingest_list_end(in);
	case 2:
		memset(&e, 0, sizeof(e));
		e.uidvalidity = v[1] & 3;
		e.name_len = v[2] & 3;
		return ingest_examined(in, &e, &pos);
	case 3:
		take(p, left, &m, sizeof(m));
		return ingest_failed(in, &m);
	case 4:
		c.folder = in->folder == NULL ? 0 : (uint64_t)in->folder->id;
		c.uid = v[1];
		return ingest_covered(in, &c);
	case 5:
		d.folder = in->folder == NULL ? 0 : (uint64_t)in->folder->id;
		d.reason = v[1];
		return ingest_folder_done(in, &d);
	case 6:
		return ingest_abort(in);
	default:
		return body(in, p, left);
	}
}

static int64_t
count(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v = -1;

	if (sqlite3_prepare_v2(db_handle(), sql, -1, &st, NULL) != SQLITE_OK)
		abort();
	if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static void
commit(struct ingest *in)
{
	if (ingest_sync(in) == -1 || db_begin() == -1)
		abort();
	eventlog_begin();
	/* no message of a worker makes a row that the database refuses */
	if (ingest_write(in) == -1 || eventlog_write() == -1 ||
	    db_commit() == -1)
		abort();
	ingest_committed(in);
	eventlog_committed();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ingest	*in;

	if (dir[0] == '\0')
		set_up();
	if ((in = ingest_new(&one, MAX_SIZE, 1)) == NULL)
		abort();
	while (size > 0) {
		switch (say(in, &data, &size)) {
		case INGEST_OK:
			break;
		case INGEST_MALFORMED:
			size = 0;
			break;
		case INGEST_FAILED:
			abort();
		}
		if (size % 16 == 0)
			commit(in);
	}
	ingest_broken(in, R_MSG_CRASHED);
	commit(in);
	ingest_free(in);
	if (count("SELECT count(*) FROM seen WHERE message NOT IN"
	    " (SELECT id FROM message)") != 0 ||
	    count("SELECT count(*) FROM message m JOIN segment s"
	    " ON s.id = m.segment WHERE m.offset + m.size > s.length") != 0)
		abort();
	sqlite3_exec(db_handle(), "DELETE FROM seen; DELETE FROM waiting;"
	    " DELETE FROM folder; DELETE FROM message; DELETE FROM event",
	    NULL, NULL, NULL);
	return 0;
}
