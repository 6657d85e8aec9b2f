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
 * Messages on their way into the store: positions, duplicates, crashes,
 * full disks, and workers that lie.
 *
 * link: regress/unit/storerig.o
 * link: kmaild/store/account.o kmaild/store/ask.o kmaild/store/body.o
 * link: kmaild/store/commit.o kmaild/store/db.o kmaild/store/eventlog.o
 * link: kmaild/store/folder.o kmaild/store/ingest.o
 * link: kmaild/store/ingest_rows.o kmaild/store/plan.o
 * link: kmaild/store/recover.o kmaild/store/removal.o
 * link: kmaild/store/report.o kmaild/store/schema.o kmaild/store/segment.o
 * link: kmaild/store/plan_operator.o kmaild/store/session.o
 * link: kmaild/store/session_commit.o kmaild/store/session_order.o
 * link: kmaild/store/session_peer.o
 * link: kmaild/store/session_test.o kmaild/store/session_worker.o
 * link: kmaild/store/waiting.o
 * libs: sqlite3 libsodium
 */

#include "storerig.h"

static struct account	*mine;
static struct ingest	*in;
static unsigned char	 buf[16384];

static int
setup(void **state)
{
	if (rig_setup(state) != 0)
		return -1;
	mine = rig_account("one");
	in = NULL;
	return 0;
}

static int
teardown(void **state)
{
	if (in != NULL)
		ingest_free(in);
	return rig_teardown(state);
}

static void
begin(void)
{
	if (in != NULL)
		ingest_free(in);
	in = ingest_new(mine, 1 << 20, 1);
	assert_non_null(in);
}

static void
list(const char *name)
{
	struct w_folder	 f;

	memset(&f, 0, sizeof(f));
	f.flags = FOLDER_CHOSEN;
	f.name_len = (uint32_t)strlen(name);
	memcpy(f.name, name, strlen(name));
	assert_int_equal(ingest_list(in, &f), INGEST_OK);
}

static enum ingest_result
examine(const char *name, uint32_t uidvalidity, struct w_position *p)
{
	struct w_examined	 e;

	memset(&e, 0, sizeof(e));
	e.uidvalidity = uidvalidity;
	e.name_len = (uint32_t)strlen(name);
	memcpy(e.name, name, strlen(name));
	return ingest_examined(in, &e, p);
}

/* A session that has INBOX open. */
static uint64_t
inbox(uint32_t uidvalidity, struct w_position *p)
{
	begin();
	list("INBOX");
	assert_int_equal(ingest_list_end(in), INGEST_OK);
	assert_int_equal(examine("INBOX", uidvalidity, p), INGEST_OK);
	return p->folder;
}

static enum ingest_result
body(uint64_t folder, uint32_t uid, int way, int what)
{
	return ingest_body(in, buf, rig_body(buf, folder, uid, way, what));
}

static enum ingest_result
covered(uint64_t folder, uint32_t uid)
{
	struct w_covered	 c = { 0 };

	c.folder = folder;
	c.uid = uid;
	return ingest_covered(in, &c);
}

static enum ingest_result
failed(uint64_t folder, uint32_t uid, enum reason reason)
{
	struct w_msg_failed	 f = { 0 };

	f.folder = folder;
	f.uid = uid;
	f.reason = reason;
	return ingest_failed(in, &f);
}

static int
commit(void)
{
	if (ingest_sync(in) == -1)
		return -1;
	assert_int_equal(db_begin(), 0);
	if (ingest_write(in) == -1) {
		db_rollback();
		return -1;
	}
	if (db_commit() == -1)
		return -1;
	ingest_committed(in);
	return 0;
}

/* A crash, and the account as it is after the new start. */
static void
crash(void)
{
	struct id	 id = mine->id;

	/* its descriptors go with the process, without any last act */
	in->segment.committed = in->segment.written;
	in->segment.is_new = 0;
	rig_crash();
	in->segment.fd = -1;
	ingest_free(in);
	in = NULL;
	mine = account_get(&id);
	assert_non_null(mine);
}

/* Every message can be read, and has its size. */
static void
check_bodies(int64_t n)
{
	sqlite3_stmt	*st;
	unsigned char	 b[512];
	int64_t		 found = 0;
	ssize_t		 len;

	assert_int_equal(sqlite3_prepare_v2(db_handle(),
	    "SELECT id, size FROM message", -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		len = body_read(sqlite3_column_int64(st, 0), 0, b, sizeof(b));
		assert_int_equal(len, sqlite3_column_int64(st, 1));
		assert_memory_equal(b, "X", 1);
		assert_memory_equal(b + len - 2, "\r\n", 2);
		found++;
	}
	sqlite3_finalize(st);
	assert_int_equal(found, n);
}

/* Other trace headers are the same mail; other content is not. */
static void
test_duplicates(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(p.covered, 0);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(body(f, 2, 2, 1), INGEST_OK);	/* in this batch */
	assert_int_equal(body(f, 3, 1, 2), INGEST_OK);
	assert_int_equal(covered(f, 3), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(body(f, 4, 3, 1), INGEST_OK);	/* in the database */
	assert_int_equal(body(f, 5, 1, 3), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(in->imported, 3);
	assert_int_equal(in->duplicates, 2);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 3);
	assert_int_equal(rig_sql("SELECT count(*) FROM seen"), 5);
	assert_int_equal(rig_sql("SELECT count(DISTINCT message) FROM seen"
	    " WHERE uid IN (1, 2, 4)"), 1);
	/* what was thrown away takes no room */
	assert_int_equal(rig_sql("SELECT sum(size) FROM message"),
	    rig_sql("SELECT sum(length) FROM segment"));
	check_bodies(3);
}

/* The same content in another account is that account's own. */
static void
test_two_accounts(void **state)
{
	struct w_position	 p;

	(void)state;
	assert_int_equal(body(inbox(7, &p), 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	mine = rig_account("two");
	assert_int_equal(body(inbox(7, &p), 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(in->imported, 1);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 2);
	assert_int_equal(rig_sql("SELECT count(DISTINCT mid) FROM message"),
	    2);
}

/* What was fetched before a crash and comes again is neither. */
static void
test_refetched(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(commit(), 0);		/* but nothing covered */
	f = inbox(7, &p);
	assert_int_equal(p.covered, 0);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(body(f, 3, 1, 3), INGEST_OK);
	assert_int_equal(body(f, 3, 1, 3), INGEST_OK);	/* in one batch */
	assert_int_equal(covered(f, 3), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(in->imported, 1);
	assert_int_equal(in->duplicates, 0);
	inbox(7, &p);
	assert_int_equal(p.covered, 3);
	check_bodies(3);
}

/* UIDVALIDITY A, B, A: three new ones each time, and A is known again. */
static void
test_aba(void **state)
{
	struct w_position	 p;
	uint64_t		 a, b;
	uint32_t		 uid;

	(void)state;
	a = inbox(1, &p);
	for (uid = 1; uid <= 100; uid++)
		assert_int_equal(body(a, uid, 1, (int)uid), INGEST_OK);
	assert_int_equal(covered(a, 100), INGEST_OK);
	assert_int_equal(commit(), 0);
	b = inbox(2, &p);
	assert_int_not_equal(a, b);
	assert_int_equal(p.covered, 0);
	for (uid = 1; uid <= 103; uid++)
		assert_int_equal(body(b, uid, 2, (int)uid), INGEST_OK);
	assert_int_equal(covered(b, 103), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(in->imported, 3);
	assert_int_equal(in->duplicates, 100);
	assert_int_equal(rig_sql("SELECT uidvalidity FROM folder"
	    " WHERE present = 1"), 2);
	assert_int_equal(inbox(1, &p), a);
	assert_int_equal(p.covered, 100);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM folder"), 2);
	assert_int_equal(rig_sql("SELECT uidvalidity FROM folder"
	    " WHERE present = 1"), 1);
	assert_int_equal(commit_all(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM event WHERE code = 626"),
	    2);
	check_bodies(103);
}

/* A folder that LIST does not show any more is absent, not forgotten. */
static void
test_absent(void **state)
{
	struct w_position	 p;

	(void)state;
	assert_int_equal(body(inbox(7, &p), 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	begin();
	list("Other");
	assert_int_equal(ingest_list_end(in), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT present FROM folder"), 0);
	inbox(7, &p);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT present FROM folder"), 1);
	check_bodies(1);
}

/* Another host or user is another mailbox, whatever its UIDVALIDITY says. */
static void
test_elsewhere(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(covered(f, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	ingest_free(in);
	in = NULL;
	rig_put(&mine->id, "one", "other.example.org", ACCOUNT_HAS_SECRET);
	assert_int_not_equal(inbox(7, &p), f);
	assert_int_equal(p.covered, 0);
	assert_int_equal(body(p.folder, 1, 1, 5), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 2);
	assert_int_equal(rig_sql("SELECT count(*) FROM folder"
	    " WHERE present = 1"), 1);
}

/* Killed between write and commit: what was not committed is not there. */
static void
test_crash(void **state)
{
	struct w_position	 p;
	struct stat		 st;
	uint64_t		 f;
	char			 file[256], hex[ID_HEX_SIZE];

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(covered(f, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(covered(f, 2), INGEST_OK);
	assert_int_equal(ingest_sync(in), 0);
	snprintf(file, sizeof(file), "%s/%s/%08x.seg", rig_dir,
	    id_hex(&mine->id, hex), 1);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > rig_sql("SELECT length FROM segment"));
	crash();
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, rig_sql("SELECT length FROM segment"));
	check_bodies(1);
	f = inbox(7, &p);
	assert_int_equal(p.covered, 1);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(commit(), 0);
	check_bodies(2);
}

/* Killed before the first commit of a segment: no file is left over. */
static void
test_crash_first(void **state)
{
	struct w_position	 p;
	struct stat		 st;
	char			 dir[256], hex[ID_HEX_SIZE];

	(void)state;
	assert_int_equal(body(inbox(7, &p), 1, 1, 1), INGEST_OK);
	assert_int_equal(ingest_sync(in), 0);
	snprintf(dir, sizeof(dir), "%s/%s", rig_dir,
	    id_hex(&mine->id, hex));
	assert_int_equal(stat(dir, &st), 0);
	crash();
	assert_int_equal(stat(dir, &st), -1);
	assert_int_equal(rig_sql("SELECT count(*) FROM folder"), 0);
}

/* A segment that lost octets gives no short messages, and is not used. */
static void
test_short_segment(void **state)
{
	struct w_position	 p;
	char			 file[256], hex[ID_HEX_SIZE];
	unsigned char		 b[512];
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	ingest_free(in);
	in = NULL;
	snprintf(file, sizeof(file), "%s/%s/%08x.seg", rig_dir,
	    id_hex(&mine->id, hex), 1);
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(body_read(1, 0, b, sizeof(b)), -1);
	assert_int_equal(body(inbox(7, &p), 2, 1, 2), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT max(segment) FROM message"), 2);
}

/* A full segment is followed by another one of the same account. */
static void
test_roll(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	in->segment.done = in->segment.committed = in->segment.written =
	    in->segment.synced = SEGMENT_ROLL;
	assert_int_equal(rig_sql("UPDATE segment SET length = 268435456"
	    " RETURNING length"), SEGMENT_ROLL);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM segment"), 2);
	assert_int_equal(rig_sql("SELECT segment FROM message"
	    " ORDER BY id DESC"), 2);
	assert_int_equal(rig_sql("SELECT offset FROM message"
	    " ORDER BY id DESC"), 0);
	check_bodies(2);
}

static void
limit_files(rlim_t octets)
{
	struct rlimit	 rl;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &rl), 0);
	rl.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
}

/* No room for bodies: nothing is kept, no position moves; later it works. */
static void
test_full_segment(void **state)
{
	struct w_position	 p;
	uint64_t		 f;
	int			 i;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(body(f, 1, 1, 1), INGEST_OK);
	assert_int_equal(covered(f, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	for (i = 2; i < 200; i++)
		assert_int_equal(body(f, (uint32_t)i, 1, i), INGEST_OK);
	assert_int_equal(covered(f, 199), INGEST_OK);
	limit_files(4096);
	assert_int_equal(ingest_sync(in), -1);
	limit_files(RLIM_INFINITY);
	assert_int_equal(in->reason, R_STORE_FULL);
	ingest_drop(in);
	assert_int_equal(ingest_pending(in), 0);
	f = inbox(7, &p);
	assert_int_equal(p.covered, 1);
	for (i = 2; i < 200; i++)
		assert_int_equal(body(f, (uint32_t)i, 1, i), INGEST_OK);
	assert_int_equal(commit(), 0);
	check_bodies(199);
}

/* The same for the database. */
static void
test_full_database(void **state)
{
	struct w_position	 p;
	uint64_t		 f;
	int			 i;

	(void)state;
	f = inbox(7, &p);
	for (i = 1; i < 900; i++)
		assert_int_equal(body(f, (uint32_t)i, 1, i), INGEST_OK);
	assert_int_equal(covered(f, 899), INGEST_OK);
	assert_int_equal(ingest_sync(in), 0);
	limit_files(65536);
	assert_int_equal(commit(), -1);
	limit_files(RLIM_INFINITY);
	assert_int_equal(db_reason(), R_STORE_FULL);
	ingest_drop(in);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM folder"), 0);
	f = inbox(7, &p);
	assert_int_equal(p.covered, 0);
	for (i = 1; i < 900; i++)
		assert_int_equal(body(f, (uint32_t)i, 1, i), INGEST_OK);
	assert_int_equal(commit(), 0);
	check_bodies(899);
}

/* In pieces, with a commit of others in between, then dropped. */
static void
test_pieces(void **state)
{
	struct w_position	 p;
	struct w_body		 b;
	uint64_t		 f;
	size_t			 len, head = sizeof(b) + 8 + 4;
	unsigned char		 piece[2048];
	uint32_t		 run;

	(void)state;
	f = inbox(7, &p);
	len = rig_body(buf, f, 1, 1, 1);
	memcpy(&b, buf, sizeof(b));
	b.flags = BODY_FIRST;
	b.nruns = 1;
	b.data_len = 10;
	memset(b.field_len, 0, sizeof(b.field_len));
	run = 10 | BODY_RUN_TRACE;
	memcpy(piece, &b, sizeof(b));
	memcpy(piece + sizeof(b), &run, sizeof(run));
	memcpy(piece + sizeof(b) + sizeof(run), buf + head, 10);
	assert_int_equal(ingest_body(in, piece, sizeof(b) + 14), INGEST_OK);
	/* a second one at the same time */
	assert_int_equal(body(f, 2, 1, 2), INGEST_MALFORMED);
	assert_int_equal(commit(), 0);
	b.flags = BODY_LAST;
	b.data_len = (uint32_t)(len - head - 10);
	run = b.data_len;
	memcpy(piece, &b, sizeof(b));
	memcpy(piece + sizeof(b), &run, sizeof(run));
	memcpy(piece + sizeof(b) + sizeof(run), buf + head + 10, b.data_len);
	assert_int_equal(ingest_body(in, piece, sizeof(b) + sizeof(run) +
	    b.data_len), INGEST_OK);
	assert_int_equal(commit(), 0);
	check_bodies(1);
	assert_int_equal(ingest_abort(in), INGEST_MALFORMED);
}

static void
test_abort(void **state)
{
	struct w_position	 p;
	struct w_body		 b;
	uint64_t		 f;
	uint32_t		 run, left = 200000;
	static unsigned char	 piece[sizeof(b) + 4 + 15000];

	(void)state;
	f = inbox(7, &p);
	memset(&b, 0, sizeof(b));
	b.folder = f;
	b.uid = 1;
	b.size = left;
	b.flags = BODY_FIRST;
	b.nruns = 1;
	b.data_len = run = 15000;
	/* more than the buffer holds, so that it is in the file */
	for (; left > 30000; left -= run) {
		memcpy(piece, &b, sizeof(b));
		memcpy(piece + sizeof(b), &run, sizeof(run));
		assert_int_equal(ingest_body(in, piece, sizeof(b) + 4 + run),
		    INGEST_OK);
		b.flags = 0;
	}
	assert_true(in->segment.written > 0);
	assert_int_equal(ingest_abort(in), INGEST_OK);
	assert_int_equal(body(f, 2, 1, 2), INGEST_OK);
	assert_int_equal(commit(), 0);
	check_bodies(1);
	assert_int_equal(rig_sql("SELECT offset FROM message"), 0);
}

/* A body whose two runs are off by this much. */
static void
runs(uint64_t folder, int first, int second)
{
	size_t		 len = rig_body(buf, folder, 1, 1, 1);
	uint32_t	 v[2];

	memcpy(v, buf + sizeof(struct w_body), sizeof(v));
	v[0] += (uint32_t)first;
	v[1] += (uint32_t)second;
	memcpy(buf + sizeof(struct w_body), v, sizeof(v));
	assert_int_equal(ingest_body(in, buf, len), INGEST_MALFORMED);
	in->open = 0;
}

/* What no worker of ours says. */
static void
test_hostile(void **state)
{
	struct w_position	 p, q;
	struct w_folder_done	 d = { 0 };
	struct w_body		 b;
	uint64_t		 f, other;
	uint32_t		 v;
	size_t			 len;
	int			 i;

	(void)state;
	begin();
	/* before LIST, and of a folder of nobody's */
	assert_int_equal(examine("INBOX", 7, &p), INGEST_MALFORMED);
	assert_int_equal(body(1, 1, 1, 1), INGEST_MALFORMED);
	f = inbox(7, &p);
	assert_int_equal(commit(), 0);
	mine = rig_account("two");
	other = inbox(7, &q);
	assert_int_not_equal(f, other);
	assert_int_equal(commit(), 0);
	/* another account's folder */
	assert_int_equal(body(f, 1, 1, 1), INGEST_MALFORMED);
	assert_int_equal(covered(f, 9), INGEST_MALFORMED);
	assert_int_equal(failed(f, 9, R_MSG_EMPTY), INGEST_MALFORMED);
	d.folder = f;
	assert_int_equal(ingest_folder_done(in, &d), INGEST_MALFORMED);
	/* a second folder while one is open; no UIDVALIDITY; no UID */
	assert_int_equal(examine("B", 7, &q), INGEST_MALFORMED);
	assert_int_equal(body(other, 0, 1, 1), INGEST_MALFORMED);
	assert_int_equal(covered(other, 0), INGEST_MALFORMED);
	assert_int_equal(failed(other, 0, R_MSG_EMPTY), INGEST_MALFORMED);
	/* reasons that are no message's */
	assert_int_equal(failed(other, 9, R_NONE), INGEST_MALFORMED);
	assert_int_equal(failed(other, 9, R_IMAP_AUTH_FAILED),
	    INGEST_MALFORMED);
	assert_int_equal(failed(other, 9, (enum reason)999),
	    INGEST_MALFORMED);

	/* lengths that do not add up */
	len = rig_body(buf, other, 1, 1, 1);
	assert_int_equal(ingest_body(in, buf, len - 1), INGEST_MALFORMED);
	assert_int_equal(ingest_body(in, buf, len + 1), INGEST_MALFORMED);
	assert_int_equal(ingest_body(in, buf, 10), INGEST_MALFORMED);
#define HOSTILE(field, value) do {					\
	len = rig_body(buf, other, 1, 1, 1);				\
	memcpy(&b, buf, sizeof(b));					\
	b.field = (value);						\
	memcpy(buf, &b, sizeof(b));					\
	assert_int_equal(ingest_body(in, buf, len), INGEST_MALFORMED);	\
	in->open = 0;							\
} while (0)
	HOSTILE(nruns, BODY_RUNS_MAX + 1);
	HOSTILE(nruns, 0xffffffff);
	HOSTILE(nruns, 1);
	HOSTILE(data_len, 0xffffffff);
	HOSTILE(data_len, 0);
	HOSTILE(size, 0);
	HOSTILE(size, b.size + 1);
	HOSTILE(size, UINT64_MAX);
	HOSTILE(size, (1 << 20) + 1);
	HOSTILE(flags, 0x10 | BODY_FIRST);
	HOSTILE(flags, BODY_LAST);
	HOSTILE(flags, 0);
	HOSTILE(field_len[0], BODY_FIELD_MAX + 1);
	HOSTILE(field_len[3], 1);
	/* too large, in pieces */
	memset(&b, 0, sizeof(b));
	b.folder = other;
	b.uid = 1;
	b.size = (1 << 20) + 1;
	b.flags = BODY_FIRST;
	assert_int_equal(ingest_body(in, (unsigned char *)&b, sizeof(b)),
	    INGEST_MALFORMED);
	b.size--;
	assert_int_equal(ingest_body(in, (unsigned char *)&b, sizeof(b)),
	    INGEST_OK);
	in->open = 0;
	/* runs that do not add up, or are empty */
	for (i = 0; i < 4; i++) {
		static const int	 wrong[4][2] = { { 1, 0 }, { -1, 0 },
					    { 0, 1 }, { 0, -1 } };

		runs(other, wrong[i][0], wrong[i][1]);
	}
	len = rig_body(buf, other, 1, 1, 1);
	memcpy(&b, buf, sizeof(b));
	v = 0;
	memcpy(buf + sizeof(b), &v, sizeof(v));
	v = b.data_len;
	memcpy(buf + sizeof(b) + sizeof(v), &v, sizeof(v));
	assert_int_equal(ingest_body(in, buf, len), INGEST_MALFORMED);
	in->open = 0;
	ingest_drop(in);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM waiting"), 0);
}

/* Three tries, then quarantined; success takes it off the list. */
static void
test_waiting(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(failed(f, 7, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(failed(f, 8, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(failed(f, 9, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(covered(f, 20), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(waiting_reason(&mine->id), R_MSG_EMPTY);
	f = inbox(7, &p);
	assert_int_equal(p.nretry, 3);
	assert_int_equal(p.retry[0], 7);
	assert_int_equal(body(f, 7, 1, 7), INGEST_OK);
	assert_int_equal(failed(f, 8, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(failed(f, 9, R_MSG_GONE), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM waiting"), 1);
	f = inbox(7, &p);
	assert_int_equal(failed(f, 8, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT state FROM waiting WHERE uid = 8"),
	    WAITING_QUARANTINED);
	assert_int_equal(waiting_reason(&mine->id), R_NONE);
	f = inbox(7, &p);
	assert_int_equal(p.nretry, 0);
	assert_int_equal(waiting_retry((int64_t)f, 8), 0);
	f = inbox(7, &p);
	assert_int_equal(p.nretry, 1);
	assert_int_equal(waiting_drop((int64_t)f, 8), 0);
	assert_int_equal(waiting_drop((int64_t)f, 99), -1);
	f = inbox(7, &p);
	assert_int_equal(p.nretry, 0);
	assert_int_equal(failed(f, 8, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT state FROM waiting WHERE uid = 8"),
	    WAITING_DROPPED);
}

/* An automatic fetch tries again after a pause that grows. */
static void
test_waiting_pause(void **state)
{
	struct w_position	 p;
	uint64_t		 f;

	(void)state;
	f = inbox(7, &p);
	assert_int_equal(failed(f, 7, R_MSG_REFUSED), INGEST_OK);
	assert_int_equal(covered(f, 7), INGEST_OK);
	assert_int_equal(commit(), 0);
	f = inbox(7, &p);
	in->retry_all = 0;
	memset(&p, 0, sizeof(p));
	p.folder = f;
	p.covered = 7;
	assert_int_equal(waiting_position(&p, 0), 1);
	assert_int_equal(p.nretry, 0);
	rig_utc += (int64_t)WAITING_PAUSE * 1000000;
	assert_int_equal(waiting_position(&p, 0), 1);
	assert_int_equal(p.nretry, 1);
}

/* A message that breaks a session twice is not asked for a third time. */
static void
test_crasher(void **state)
{
	struct w_position	 p;
	struct w_body		 b;
	uint64_t		 f;
	int			 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		f = inbox(7, &p);
		assert_int_equal(p.nskip, 0);
		(void)rig_body(buf, f, 7, 1, 7);
		memcpy(&b, buf, sizeof(b));
		b.flags = BODY_FIRST;
		b.nruns = 0;
		b.data_len = 0;
		memset(b.field_len, 0, sizeof(b.field_len));
		assert_int_equal(ingest_body(in, (unsigned char *)&b,
		    sizeof(b)), INGEST_OK);
		ingest_broken(in, R_MSG_CRASHED);
		assert_int_equal(commit(), 0);
		assert_int_equal(rig_sql("SELECT state FROM waiting"),
		    i == 0 ? WAITING_SUSPECT : WAITING_RETRY);
	}
	in->retry_all = 0;
	memset(&p, 0, sizeof(p));
	p.folder = f;
	assert_int_equal(waiting_position(&p, 0), 1);
	assert_int_equal(p.nskip, 1);
	assert_int_equal(p.skip[0], 7);
	/* once and then well: as if nothing had been */
	f = inbox(7, &p);
	assert_int_equal(body(f, 7, 1, 7), INGEST_OK);
	assert_int_equal(commit(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM waiting"), 0);
}

/* Removal: rows bit by bit, files at once. */
static void
test_removal(void **state)
{
	struct w_position	 p;
	struct stat		 st;
	struct id		 id = mine->id;
	char			 dir[256], hex[ID_HEX_SIZE];
	uint64_t		 f;
	int			 i;

	(void)state;
	f = inbox(7, &p);
	for (i = 1; i < 900; i++)
		assert_int_equal(body(f, (uint32_t)i, 1, i), INGEST_OK);
	assert_int_equal(failed(f, 1000, R_MSG_EMPTY), INGEST_OK);
	assert_int_equal(commit(), 0);
	ingest_free(in);
	in = NULL;
	snprintf(dir, sizeof(dir), "%s/%s", rig_dir, id_hex(&id, hex));
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(account_remove(&id), 0);
	assert_int_equal(stat(dir, &st), -1);
	assert_null(account_get(&id));
	for (i = 0; i < 50; i++)
		rig_turn();
	assert_int_equal(rig_sql("SELECT (SELECT count(*) FROM message) +"
	    " (SELECT count(*) FROM seen) + (SELECT count(*) FROM folder) +"
	    " (SELECT count(*) FROM waiting) + (SELECT count(*) FROM segment)"
	    " + (SELECT count(*) FROM account)"), 0);
}

/* Killed after the word and before the deed: the next start does it. */
static void
test_removal_crash(void **state)
{
	struct w_position	 p;
	struct stat		 st;
	char			 dir[256], hex[ID_HEX_SIZE];

	(void)state;
	assert_int_equal(body(inbox(7, &p), 1, 1, 1), INGEST_OK);
	assert_int_equal(commit(), 0);
	ingest_free(in);
	in = NULL;
	snprintf(dir, sizeof(dir), "%s/%s", rig_dir, id_hex(&mine->id, hex));
	assert_int_equal(rig_sql("UPDATE account SET committed = 3"
	    " RETURNING 1"), 1);
	rig_crash();
	assert_int_equal(stat(dir, &st), 0);
	removal_start();
	rig_turn();
	assert_int_equal(stat(dir, &st), -1);
	assert_int_equal(rig_sql("SELECT count(*) FROM account"), 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(test_ ## name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(duplicates), TEST(two_accounts), TEST(refetched),
		TEST(aba), TEST(absent), TEST(elsewhere), TEST(crash),
		TEST(crash_first), TEST(short_segment), TEST(roll),
		TEST(full_segment), TEST(full_database), TEST(pieces),
		TEST(abort),
		TEST(hostile), TEST(waiting), TEST(waiting_pause),
		TEST(crasher), TEST(removal), TEST(removal_crash)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
