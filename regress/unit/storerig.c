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

#include "storerig.h"

char			 rig_dir[64];
struct event_base	*rig_base;
struct m_conf_store	 rig_conf;
enum reason		 rig_key;
int64_t			 rig_boot = 1000000;	/* milliseconds */
int64_t			 rig_utc = 1700000000000000;
struct channel		 rig_vault, rig_fetcher;	/* store's ends */
int			 rig_peers;

/* what control was told */
int		 rig_syncs, rig_ends;
uint64_t		 rig_sync_client;
enum reason	 rig_end_reason;
enum test_step	 rig_step;
int		 rig_steps;
uint32_t		 rig_event;
int		 rig_events;
uint64_t		 rig_acked;

int64_t
clock_boot(void)
{
	return rig_boot;
}

int64_t
clock_utc(void)
{
	return rig_utc;
}

struct event_base *
store_base(void)
{
	return rig_base;
}

const struct m_conf_store *
store_conf(void)
{
	return &rig_conf;
}

enum reason
store_key_state(void)
{
	return rig_key;
}

struct channel *
peer_vault(void)
{
	return rig_peers ? &rig_vault : NULL;
}

struct channel *
peer_fetcher(void)
{
	return rig_peers ? &rig_fetcher : NULL;
}

void
conf_timeouts(const struct account *a, uint32_t *idle, uint32_t *step,
    uint32_t *session)
{
	(void)a;
	*idle = 60;
	*step = 60;
	*session = 3600;
}

void
vault_event_ack(uint64_t seq)
{
	rig_acked = seq;
}

void
control_sync_done(uint64_t client, const struct id *id)
{
	(void)id;
	/* what is spoken of is committed */
	assert_true(sqlite3_get_autocommit(db_handle()));
	rig_syncs++;
	rig_sync_client = client;
}

void
control_test_step(uint64_t client, const struct test_result *t)
{
	(void)client;
	rig_steps++;
	rig_step = t->step;
}

void
control_test_end(uint64_t client, enum reason reason)
{
	(void)client;
	rig_ends++;
	rig_end_reason = reason;
}

void
control_event(int64_t id, int64_t when, uint32_t code, const struct id *acct,
    int64_t a, int64_t b, int64_t c)
{
	(void)id;
	(void)when;
	(void)acct;
	(void)a;
	(void)b;
	(void)c;
	rig_events++;
	rig_event = code;
}

void
control_progress(const struct id *id, uint32_t found, uint32_t done,
    uint64_t octets)
{
	(void)id;
	(void)found;
	(void)done;
	(void)octets;
}

/* ---- questions to the database ---- */

int64_t
rig_sql(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v = -1;

	assert_int_equal(sqlite3_prepare_v2(db_handle(), sql, -1, &st, NULL),
	    SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* ---- start, stop, crash ---- */

void
rig_open(void)
{
	enum db_result	 r;

	rig_base = event_base_new();
	assert_non_null(rig_base);
	plan_init(rig_base);
	commit_init(rig_base);
	session_init();
	r = db_open(rig_dir, db_steps, db_nsteps);
	assert_true(r == DB_OK || r == DB_CREATED);
	assert_int_equal(segment_init(rig_dir), 0);
	assert_int_equal(folder_init(), 0);
	assert_int_equal(recover_segments(), 0);
	assert_int_equal(account_load(), 0);
}

void
rig_close(void)
{
	session_exit();
	removal_stop();
	plan_exit();
	account_unload();
	body_forget();
	db_close();
	segment_exit();
	event_base_free(rig_base);
}

int
rig_setup(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	assert_true(sodium_init() >= 0);
	strlcpy(rig_dir, "/tmp/kmaild-store.XXXXXXXXXX", sizeof(rig_dir));
	assert_non_null(mkdtemp(rig_dir));
	memset(&rig_conf, 0, sizeof(rig_conf));
	rig_conf.max_size = 1 << 20;
	rig_conf.sync_every = 300;
	rig_conf.sessions = 4;
	rig_conf.sessions_host = 4;
	rig_key = R_NONE;
	rig_peers = 0;
	rig_syncs = rig_ends = rig_steps = rig_events = 0;
	rig_open();
	return 0;
}

int
rig_teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	rig_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", rig_dir);
	return system(cmd) == 0 ? 0 : -1;
}

void
rig_crash(void)
{
	char	 cmd[256];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s.k' && cp -a '%s' '%s.k'",
	    rig_dir, rig_dir, rig_dir);
	assert_int_equal(system(cmd), 0);
	rig_close();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s' && mv '%s.k' '%s'", rig_dir,
	    rig_dir, rig_dir);
	assert_int_equal(system(cmd), 0);
	rig_open();
}

void
rig_turn(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		event_base_loop(rig_base, EVLOOP_NONBLOCK);
}

void
rig_wait(int64_t seconds)
{
	commit_all();
	rig_boot += seconds * 1000;
	rig_utc += seconds * 1000000;
	plan_wake();
	rig_turn();
}

/* ---- accounts ---- */

void
rig_put(const struct id *id, const char *label, const char *host,
    uint32_t flags)
{
	struct m_account_put	 m;

	memset(&m, 0, sizeof(m));
	m.account = *id;
	m.auth = AUTH_PASSWORD;
	m.flags = flags;
	m.imap_tls = TLS_IMPLICIT;
	m.imap_port = 993;
	strlcpy(m.label, label, sizeof(m.label));
	strlcpy(m.user, "user", sizeof(m.user));
	strlcpy(m.imap_host, host, sizeof(m.imap_host));
	assert_int_equal(account_put(&m), 0);
}

struct account *
rig_account(const char *label)
{
	struct m_account_settings	 m;
	struct id			 id;

	id_mint(&id);
	memset(&m, 0, sizeof(m));
	m.account = id;
	m.create = 1;
	assert_int_equal(account_settings(&m), 0);
	rig_put(&id, label, "imap.example.org", ACCOUNT_HAS_SECRET);
	return account_get(&id);
}

/* ---- a worker's messages ---- */

static const char rig_trace[] = "Received: from a by b; today\r\n";
static const char rig_rest[] = "From: a@b\r\nSubject: x\r\n\r\nbody ";

size_t
rig_body(unsigned char *buf, uint64_t folder, uint32_t uid, int way, int what)
{
	struct w_body	 b;
	uint32_t	 runs[2];
	char		 trace[64], rest[128];

	snprintf(trace, sizeof(trace), "X%d%s", way, rig_trace);
	snprintf(rest, sizeof(rest), "%s%d\r\n", rig_rest, what);
	memset(&b, 0, sizeof(b));
	b.folder = folder;
	b.uid = uid;
	b.internaldate = 1700000000;
	b.flags = BODY_FIRST | BODY_LAST;
	b.nruns = 2;
	b.data_len = (uint32_t)(strlen(trace) + strlen(rest));
	b.size = b.data_len;
	b.field_len[0] = 3;
	b.field_len[1] = 1;
	runs[0] = (uint32_t)strlen(trace) | BODY_RUN_TRACE;
	runs[1] = (uint32_t)strlen(rest);
	memcpy(buf, &b, sizeof(b));
	memcpy(buf + sizeof(b), runs, sizeof(runs));
	memcpy(buf + sizeof(b) + sizeof(runs), "a@bx", 4);
	memcpy(buf + sizeof(b) + sizeof(runs) + 4, trace, strlen(trace));
	memcpy(buf + sizeof(b) + sizeof(runs) + 4 + strlen(trace), rest,
	    strlen(rest));
	return sizeof(b) + sizeof(runs) + 4 + b.data_len;
}
