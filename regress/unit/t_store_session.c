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
 * What is due, sessions, reports: the test is vault, fetcher and worker.
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

#include <fcntl.h>

#include "common/proc.h"
#include "storerig.h"

static struct imsgbuf	 vault_end, fetcher_end, worker_end;
static struct account	*mine;
static struct m_session_order order;
static struct m_ticket	 ticket;
static int		 orders, cancels;

static void
on_store_message(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_session_step	 step;
	struct m_session_failed	 failed;
	struct m_worker_gone	 gone;
	struct m_session_verdict verdict;
	struct m_session	 closed;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_SESSION_STEP:
		assert_int_equal(imsg_get_data(imsg, &step, sizeof(step)), 0);
		session_step(&step);
		break;
	case M_SESSION_FAILED:
		assert_int_equal(imsg_get_data(imsg, &failed,
		    sizeof(failed)), 0);
		session_failed(&failed);
		break;
	case M_WORKER_GONE:
		assert_int_equal(imsg_get_data(imsg, &gone, sizeof(gone)), 0);
		session_worker_gone(&gone);
		break;
	case M_SESSION_VERDICT:
		assert_int_equal(imsg_get_data(imsg, &verdict,
		    sizeof(verdict)), 0);
		session_verdict(&verdict);
		break;
	case M_SESSION_CLOSED:
		assert_int_equal(imsg_get_data(imsg, &closed,
		    sizeof(closed)), 0);
		session_closed(&closed);
		break;
	default:
		fail_msg("type %u", imsg_get_type(imsg));
	}
}

static void
on_closed(struct channel *ch, void *arg)
{
	(void)arg;
	session_fetcher_lost(ch);
	channel_clear(ch);
}

static void
link_peer(struct channel *ch, enum proc peer, struct imsgbuf *end)
{
	int	 sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv), 0);
	channel_init(ch, rig_base, sv[0], P_STORE, peer, CHANNEL_HELLO_DONE,
	    on_store_message, on_closed, NULL);
	imsgbuf_init(end, sv[1]);
	imsgbuf_allow_fdpass(end);
}

static int
setup(void **state)
{
	if (rig_setup(state) != 0)
		return -1;
	link_peer(&rig_vault, P_VAULT, &vault_end);
	link_peer(&rig_fetcher, P_FETCHER, &fetcher_end);
	imsgbuf_init(&worker_end, -1);
	rig_peers = 1;
	orders = cancels = 0;
	mine = rig_account("one");
	plan_begin();
	return 0;
}

static void
drop(struct imsgbuf *end)
{
	if (end->fd == -1)
		return;
	imsgbuf_clear(end);
	close(end->fd);
	imsgbuf_init(end, -1);
}

static int
teardown(void **state)
{
	drop(&worker_end);
	drop(&vault_end);
	drop(&fetcher_end);
	session_exit();
	channel_clear(&rig_vault);
	channel_clear(&rig_fetcher);
	return rig_teardown(state);
}

/* What the store says to vault and fetcher. */
static void
hear(void)
{
	struct imsg	 imsg;
	int		 fd;

	rig_turn();
	while (imsgbuf_read(&fetcher_end) == 1 &&
	    imsgbuf_get(&fetcher_end, &imsg) == 1) {
		do {
			if (imsg_get_type(&imsg) == M_SESSION_ORDER) {
				orders++;
				assert_int_equal(imsg_get_data(&imsg, &order,
				    sizeof(order)), 0);
				fd = imsg_get_fd(&imsg);
				assert_int_not_equal(fd, -1);
				drop(&worker_end);
				assert_int_not_equal(fcntl(fd, F_SETFL,
				    O_NONBLOCK), -1);
				imsgbuf_init(&worker_end, fd);
			} else if (imsg_get_type(&imsg) == M_SESSION_CANCEL)
				cancels++;
			imsg_free(&imsg);
		} while (imsgbuf_get(&fetcher_end, &imsg) == 1);
	}
	while (imsgbuf_read(&vault_end) == 1 &&
	    imsgbuf_get(&vault_end, &imsg) == 1) {
		do {
			if (imsg_get_type(&imsg) == M_TICKET)
				assert_int_equal(imsg_get_data(&imsg, &ticket,
				    sizeof(ticket)), 0);
			imsg_free(&imsg);
		} while (imsgbuf_get(&vault_end, &imsg) == 1);
	}
}

static void
say(struct imsgbuf *end, enum msg_type type, const void *p, size_t len)
{
	assert_int_equal(imsg_compose(end, type, 0, 0, -1, p, len), 1);
	assert_int_equal(imsgbuf_flush(end), 0);
	rig_turn();
}

/* The next message of the store to the worker, or M_NONE. */
static uint32_t
worker_hears(void *p, size_t len)
{
	struct imsg	 imsg;
	uint32_t	 type;

	rig_turn();
	if (imsgbuf_get(&worker_end, &imsg) != 1 &&
	    (imsgbuf_read(&worker_end) != 1 ||
	    imsgbuf_get(&worker_end, &imsg) != 1))
		return M_NONE;
	type = imsg_get_type(&imsg);
	if (p != NULL)
		assert_int_equal(imsg_get_data(&imsg, p, len), 0);
	imsg_free(&imsg);
	return type;
}

static void
verdict(enum reason reason, uint32_t backoff, uint32_t refusals)
{
	struct m_session_verdict	 v;

	memset(&v, 0, sizeof(v));
	v.session = order.session;
	v.account = order.account;
	v.reason = reason;
	v.backoff = backoff;
	v.refusals = refusals;
	say(&vault_end, M_SESSION_VERDICT, &v, sizeof(v));
}

/* Logged in, worker has its order. */
static void
login(void)
{
	struct m_hello	 h;
	struct w_order	 o = { 0 };

	verdict(R_NONE, 0, 0);
	memset(&h, 0, sizeof(h));
	strlcpy(h.build, KM_BUILD, sizeof(h.build));
	h.proc = P_WORKER;
	say(&worker_end, M_HELLO, &h, sizeof(h));
	assert_int_equal(worker_hears(&h, sizeof(h)), M_HELLO);
	assert_int_equal(worker_hears(&o, sizeof(o)), W_ORDER);
	assert_int_equal(o.session, order.session);
}

static uint64_t
open_inbox(void)
{
	struct w_folder		 f;
	struct w_examined	 e;
	struct w_position	 p = { 0 };

	memset(&f, 0, sizeof(f));
	f.flags = FOLDER_CHOSEN;
	f.name_len = 5;
	memcpy(f.name, "INBOX", 5);
	say(&worker_end, W_FOLDER, &f, sizeof(f));
	say(&worker_end, W_FOLDERS_END, NULL, 0);
	memset(&e, 0, sizeof(e));
	e.uidvalidity = 1;
	e.name_len = 5;
	memcpy(e.name, "INBOX", 5);
	say(&worker_end, W_EXAMINED, &e, sizeof(e));
	assert_int_equal(worker_hears(&p, sizeof(p)), W_POSITION);
	return p.folder;
}

static void
send_body(uint64_t folder, uint32_t uid)
{
	unsigned char	 buf[1024];

	say(&worker_end, W_BODY, buf, rig_body(buf, folder, uid, 1,
	    (int)uid));
}

static void
finish(uint64_t folder, enum reason reason)
{
	struct w_folder_done	 fd = { 0 };
	struct w_done		 d = { 0 };

	if (folder != 0) {
		fd.folder = folder;
		fd.reason = reason;
		say(&worker_end, W_FOLDER_DONE, &fd, sizeof(fd));
	}
	d.reason = reason;
	say(&worker_end, W_DONE, &d, sizeof(d));
}

static void
gone(int status)
{
	struct m_worker_gone	 g;

	memset(&g, 0, sizeof(g));
	g.session = order.session;
	g.status = status;
	say(&fetcher_end, M_WORKER_GONE, &g, sizeof(g));
}

/* A whole fetch without any news. */
static void
fetch(void)
{
	login();
	finish(open_inbox(), R_NONE);
	assert_int_equal(worker_hears(NULL, 0), W_DONE_ACK);
	drop(&worker_end);
	rig_turn();
}

static void
give_up(enum reason reason, uint32_t backoff)
{
	struct m_session_failed	 f;

	memset(&f, 0, sizeof(f));
	f.session = order.session;
	f.reason = reason;
	f.backoff = backoff;
	say(&fetcher_end, M_SESSION_FAILED, &f, sizeof(f));
	drop(&worker_end);
	rig_turn();
}

static int64_t
status(void)
{
	return rig_sql("SELECT last_sync_status FROM account");
}

static int64_t
reason(void)
{
	return rig_sql("SELECT last_sync_reason FROM account");
}

/* Seconds until it starts by itself, to the next half minute. */
static int64_t
starts_after(int64_t most)
{
	int64_t	 t;
	int	 before = orders;

	for (t = 0; t <= most; t += 5) {
		hear();
		if (orders > before)
			return t;
		rig_wait(5);
	}
	return -1;
}

static void
test_fetch(void **state)
{
	struct w_ack	 ack = { 0 };
	unsigned char	 b[256];
	uint64_t	 f;

	(void)state;
	hear();
	assert_int_equal(orders, 1);
	assert_int_equal(ticket.session, order.session);
	assert_memory_equal(&ticket.ticket, &order.ticket, sizeof(struct id));
	assert_int_equal(ticket.flags, 0);
	assert_true(session_running(&mine->id));
	login();
	f = open_inbox();
	send_body(f, 1);
	send_body(f, 2);
	finish(f, R_NONE);
	assert_int_equal(worker_hears(&ack, sizeof(ack)), W_ACK);
	assert_int_equal(ack.messages, 2);
	assert_int_equal(worker_hears(NULL, 0), W_DONE_ACK);
	assert_int_equal(status(), STATUS_OK);
	assert_int_equal(rig_sql("SELECT last_sync_imported FROM account"), 2);
	assert_int_equal(body_read(2, 0, b, sizeof(b)),
	    rig_sql("SELECT size FROM message WHERE id = 2"));
	assert_false(session_running(&mine->id));
	drop(&worker_end);
	rig_turn();
	assert_int_equal(session_count(), 0);
	/* and again after five minutes, more or less */
	assert_in_range(starts_after(600), 250, 350);
}

/* The worker says nothing about its end, and is dead: as far as it came. */
static void
test_worker_dies(void **state)
{
	(void)state;
	hear();
	login();
	send_body(open_inbox(), 1);
	drop(&worker_end);
	rig_turn();
	gone(9);
	assert_int_equal(status(), STATUS_PARTIAL);
	assert_int_equal(reason(), R_WORKER_DIED);
	/* what was whole is kept */
	assert_int_equal(rig_sql("SELECT last_sync_imported FROM account"), 1);
	assert_int_equal(session_count(), 0);
	assert_in_range(starts_after(600), 50, 70);
}

static void
test_fetcher_dies(void **state)
{
	(void)state;
	hear();
	drop(&worker_end);
	drop(&fetcher_end);
	rig_peers = 0;
	rig_turn();
	assert_int_equal(status(), STATUS_FAILED);
	assert_int_equal(reason(), R_PROCESS_RESTARTED);
}

/* Malformed on the worker's channel ends the session and nothing else. */
static void
test_worker_lies(void **state)
{
	struct w_covered	 c = { 0 };

	(void)state;
	hear();
	login();
	c.folder = 77;
	c.uid = 5;
	say(&worker_end, W_COVERED, &c, sizeof(c));
	hear();
	assert_int_equal(cancels, 1);
	assert_int_equal(status(), STATUS_FAILED);
	assert_int_equal(rig_sql("SELECT count(*) FROM event"
	    " WHERE code = 624"), 1);
	drop(&worker_end);
	assert_in_range(starts_after(600), 50, 70);
	login();
	/* a message of a type that is not a worker's */
	say(&worker_end, M_TICKET, &ticket, sizeof(ticket));
	drop(&worker_end);
	gone(0);
	assert_int_equal(session_count(), 0);
	assert_int_equal(status(), STATUS_FAILED);
}

/* Done, it says, with a message open. */
static void
test_worker_leaves_open(void **state)
{
	(void)state;
	hear();
	login();
	open_inbox();
	finish(0, R_NONE);
	assert_int_equal(reason(), R_WORKER_DIED);
}

/* Pauses grow from a minute to an hour; success forgets them. */
static void
test_pauses(void **state)
{
	static const int64_t	 pauses[] = { 60, 120, 240, 480, 960, 1920,
				    3600, 3600 };
	int64_t			 t;
	size_t			 i;

	(void)state;
	hear();
	for (i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		give_up(R_CONNECT_REFUSED, 0);
		assert_int_equal(status(), STATUS_FAILED);
		t = starts_after(4500);
		assert_in_range(t, pauses[i] * 88 / 100,
		    pauses[i] * 112 / 100 + 5);
	}
	fetch();
	assert_int_equal(status(), STATUS_OK);
	assert_in_range(starts_after(600), 250, 350);
	give_up(R_CONNECT_REFUSED, 0);
	assert_in_range(starts_after(600), 50, 70);
}

/* 90 seconds: not before 90, not after 150. */
static void
test_backoff(void **state)
{
	(void)state;
	hear();
	verdict(R_IMAP_THROTTLED, 90, 0);
	assert_int_equal(status(), STATUS_DEFERRED);
	assert_in_range(starts_after(600), 90, 145);
	/* also over a restart of the daemon */
	verdict(R_IMAP_UNAVAILABLE, 90, 0);
	assert_true(rig_sql("SELECT hold_until FROM account") >=
	    rig_utc + 90 * 1000000);
	/* hours where the server names no time */
	assert_in_range(starts_after(600), 90, 145);
	verdict(R_IMAP_THROTTLED, 0, 0);
	assert_int_equal(starts_after(3000), -1);
	/* nobody waits for ever */
	assert_in_range(starts_after(90000), 0, 90000);
	verdict(R_IMAP_THROTTLED, UINT32_MAX, 0);
	assert_in_range(starts_after(90000), 21600, 28000);
}

/* Three refusals: no more by itself, but on an operator's word. */
static void
test_refused(void **state)
{
	int64_t	 ended;

	(void)state;
	hear();
	verdict(R_IMAP_AUTH_FAILED, 0, 1);
	assert_in_range(starts_after(3000), 250, 350);
	verdict(R_IMAP_AUTH_FAILED, 0, 2);
	assert_in_range(starts_after(3000), 500, 700);
	verdict(R_IMAP_AUTH_FAILED, 0, 3);
	assert_int_equal(reason(), R_PASSWORD_REFUSED_HOLD);
	ended = rig_sql("SELECT count(*) FROM event WHERE code = 621");
	assert_int_equal(starts_after(90000), -1);
	assert_int_equal(rig_sql("SELECT count(*) FROM event"
	    " WHERE code = 621"), ended);
	/* a reload does not count as a person */
	plan_every_changed();
	assert_int_equal(starts_after(90000), -1);
	assert_int_equal(plan_next_due(&mine->id), 0);
	assert_int_equal(plan_sync_now(&mine->id, 1), 0);
	hear();
	assert_int_equal(orders, 4);
	assert_int_equal(ticket.flags, TICKET_OPERATOR);
	verdict(R_IMAP_AUTH_FAILED, 0, 4);
	assert_int_equal(rig_syncs, 1);
	/* a new password: at once */
	rig_put(&mine->id, "one", "imap.example.org",
	    ACCOUNT_HAS_SECRET | ACCOUNT_SECRET_RESET);
	hear();
	assert_int_equal(orders, 5);
	assert_int_equal(ticket.flags, 0);
}

/* The operator's word: whatever pause, and once more after a running one. */
static void
test_operator(void **state)
{
	(void)state;
	hear();
	verdict(R_IMAP_THROTTLED, 3600, 0);
	assert_int_equal(plan_sync_now(&mine->id, 11), 0);
	hear();
	assert_int_equal(orders, 2);
	assert_int_equal(plan_sync_now(&mine->id, 12), 0);
	hear();
	assert_int_equal(orders, 2);
	fetch();
	assert_int_equal(rig_syncs, 1);
	assert_int_equal(rig_sync_client, 11);
	hear();
	assert_int_equal(orders, 3);
	fetch();
	assert_int_equal(rig_syncs, 2);
	assert_int_equal(rig_sync_client, 12);
	hear();
	assert_int_equal(orders, 3);
	/* who has left is not told */
	assert_int_equal(plan_sync_now(&mine->id, 13), 0);
	plan_forget(13);
	hear();
	assert_int_equal(rig_syncs, 2);
}

/* No key, no password, paused, no room: nothing starts, and it says why. */
static void
test_blocked(void **state)
{
	struct account	*other;

	(void)state;
	hear();
	fetch();
	orders = 0;
	rig_key = R_KEY_MISSING;
	plan_key_changed();
	rig_turn();
	assert_int_equal(reason(), R_KEY_MISSING);
	assert_int_equal(plan_sync_now(&mine->id, 1), 0);
	rig_wait(1000);
	hear();
	assert_int_equal(rig_syncs, 1);
	assert_int_equal(status(), STATUS_FAILED);
	rig_key = R_NONE;
	assert_int_equal(plan_pause(&mine->id), 0);
	plan_key_changed();
	rig_turn();
	assert_int_equal(reason(), R_ACCOUNT_PAUSED);
	rig_wait(1000);
	hear();
	assert_int_equal(orders, 0);
	rig_conf.reserve = INT64_MAX;
	assert_int_equal(plan_resume(&mine->id), 0);
	rig_turn();
	assert_int_equal(reason(), R_STORE_FULL);
	assert_int_equal(status(), STATUS_DEFERRED);
	hear();
	assert_int_equal(orders, 0);
	rig_conf.reserve = 0;
	assert_in_range(starts_after(600), 55, 65);
	other = rig_account("two");
	rig_put(&other->id, "two", "imap.example.org", 0);
	orders = 0;
	rig_turn();
	hear();
	assert_int_equal(orders, 0);
	assert_int_equal(rig_sql("SELECT last_sync_reason FROM account"
	    " WHERE label = 'two'"), R_PASSWORD_MISSING);
}

/* A hanging account holds up no other; limits in all and for a host. */
static void
test_limits(void **state)
{
	char	 label[8];
	int	 i;

	(void)state;
	rig_conf.sessions = 3;
	rig_conf.sessions_host = 2;
	for (i = 0; i < 4; i++) {
		snprintf(label, sizeof(label), "a%d", i);
		rig_account(label);
	}
	hear();
	assert_int_equal(orders, 2);		/* of five, one host */
	for (i = 0; i < 2; i++) {
		snprintf(label, sizeof(label), "b%d", i);
		rig_put(&rig_account(label)->id, label, "other.example.org",
		    ACCOUNT_HAS_SECRET);
	}
	hear();
	assert_int_equal(orders, 3);		/* in all */
	give_up(R_CONNECT_REFUSED, 0);
	hear();
	assert_int_equal(orders, 4);
}

/* never: only on request, not even after a failure */
static void
test_never(void **state)
{
	struct m_account_settings	 m;

	(void)state;
	hear();
	fetch();
	memset(&m, 0, sizeof(m));
	m.account = mine->id;
	m.settings.given = SET_EVERY;
	assert_int_equal(account_settings(&m), 0);
	assert_int_equal(starts_after(90000), -1);
	assert_int_equal(plan_sync_now(&mine->id, 1), 0);
	hear();
	assert_int_equal(orders, 2);
	give_up(R_CONNECT_REFUSED, 0);
	assert_int_equal(starts_after(90000), -1);
	m.settings.every = 60;
	assert_int_equal(account_settings(&m), 0);
	assert_in_range(starts_after(300), 0, 70);
	fetch();
	assert_in_range(starts_after(300), 50, 70);
}

/* A message that waits makes it partial. */
static void
test_partial(void **state)
{
	struct w_msg_failed	 m = { 0 };
	uint64_t		 f;

	(void)state;
	hear();
	login();
	f = open_inbox();
	m.folder = f;
	m.uid = 7;
	m.reason = R_MSG_EMPTY;
	say(&worker_end, W_MSG_FAILED, &m, sizeof(m));
	finish(f, R_NONE);
	assert_int_equal(status(), STATUS_PARTIAL);
	assert_int_equal(reason(), R_MSG_EMPTY);
	assert_int_equal(rig_sql("SELECT last_success FROM account"), 0);
}

/* A message that breaks each session: the rest is not failed for it. */
static void
test_breaker(void **state)
{
	struct w_msg_failed	 m = { 0 };
	int			 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_not_equal(starts_after(600), -1);
		login();
		m.folder = open_inbox();
		m.uid = 7;
		m.reason = R_MSG_INTERRUPTED;
		say(&worker_end, W_MSG_FAILED, &m, sizeof(m));
		finish(m.folder, R_IMAP_BYE);
		drop(&worker_end);
		rig_turn();
		assert_int_equal(status(), i == 0 ? STATUS_FAILED :
		    STATUS_PARTIAL);
	}
	assert_int_equal(reason(), R_MSG_INTERRUPTED);
}

/* The session child's word on the end is better than the worker's. */
static void
test_relay_reason(void **state)
{
	struct m_session	 c = { 0 };
	uint64_t		 f;

	(void)state;
	hear();
	login();
	f = open_inbox();
	finish(f, R_IMAP_CLOSED);
	assert_int_equal(status(), STATUS_NEVER);	/* awaits it */
	verdict(R_RELAY_FORBIDDEN, 0, 0);
	c.session = order.session;
	say(&vault_end, M_SESSION_CLOSED, &c, sizeof(c));
	drop(&worker_end);
	rig_turn();
	assert_int_equal(reason(), R_RELAY_FORBIDDEN);
}

/* Cancelled by a pause: nothing that comes later is heard. */
static void
test_cancel(void **state)
{
	(void)state;
	hear();
	login();
	send_body(open_inbox(), 1);
	assert_int_equal(plan_pause(&mine->id), 0);
	hear();
	assert_int_equal(cancels, 1);
	assert_int_equal(reason(), R_ACCOUNT_PAUSED);
	assert_int_equal(session_count(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 1);
}

/* Disk full at the commit: reported so, position where it was. */
static void
test_full(void **state)
{
	struct w_covered	 c = { 0 };
	struct rlimit		 rl;
	uint64_t		 f;
	int			 i;

	(void)state;
	hear();
	login();
	f = open_inbox();
	commit_all();
	for (i = 1; i < 400; i++)
		send_body(f, (uint32_t)i);
	c.folder = f;
	c.uid = 399;
	say(&worker_end, W_COVERED, &c, sizeof(c));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &rl), 0);
	rl.rlim_cur = 40960;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
	finish(f, R_NONE);
	assert_int_equal(status(), STATUS_NEVER);
	rl.rlim_cur = RLIM_INFINITY;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &rl), 0);
	assert_int_equal(commit_all(), 0);
	assert_int_equal(status(), STATUS_DEFERRED);
	assert_int_equal(reason(), R_STORE_FULL);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 0);
	assert_int_equal(rig_sql("SELECT covered FROM folder"), 0);
	assert_int_equal(worker_hears(NULL, 0), M_NONE);
	drop(&worker_end);
	rig_turn();
	assert_int_equal(session_count(), 0);
}

static void
test_test(void **state)
{
	struct m_session_step	 step;
	struct w_folder		 w;

	(void)state;
	hear();
	fetch();
	orders = 0;
	assert_int_equal(plan_test(&mine->id, 5), 0);
	assert_int_equal(rig_steps, 0);		/* not from within the call */
	hear();
	assert_int_equal(orders, 1);
	assert_int_equal(order.purpose, PURPOSE_TEST);
	memset(&step, 0, sizeof(step));
	step.session = order.session;
	step.step = STEP_RESOLVED;
	say(&fetcher_end, M_SESSION_STEP, &step, sizeof(step));
	step.step = STEP_CONNECTED;
	say(&fetcher_end, M_SESSION_STEP, &step, sizeof(step));
	assert_int_equal(rig_step, TEST_TCP);
	login();
	assert_int_equal(rig_step, TEST_LOGIN);
	memset(&w, 0, sizeof(w));
	w.name_len = 1;
	w.name[0] = 'a';
	say(&worker_end, W_FOLDER, &w, sizeof(w));
	say(&worker_end, W_FOLDERS_END, NULL, 0);
	finish(0, R_NONE);
	assert_int_equal(worker_hears(NULL, 0), W_DONE_ACK);
	assert_int_equal(rig_step, TEST_FOLDERS);
	assert_int_equal(rig_ends, 1);
	assert_int_equal(rig_end_reason, R_NONE);
	drop(&worker_end);
	rig_turn();
	assert_int_equal(session_count(), 0);
	/* a key that is missing fails at its first step */
	rig_key = R_KEY_WRONG;
	assert_int_equal(plan_test(&mine->id, 5), 0);
	rig_turn();
	assert_int_equal(rig_step, TEST_KEY);
	assert_int_equal(rig_end_reason, R_KEY_WRONG);
}

/* An event of the vault's is kept once, however often it is sent. */
static void
test_vault_events(void **state)
{
	struct m_vault_event	 e;
	int64_t			 row;

	(void)state;
	memset(&e, 0, sizeof(e));
	e.seq = 5;
	e.time = 77;
	e.code = 206;
	eventlog_add_vault(&e);
	assert_int_equal(commit_all(), 0);
	assert_int_equal(rig_acked, 5);
	rig_acked = 0;
	row = rig_sql("SELECT id FROM event WHERE code = 206");
	eventlog_add_vault(&e);
	assert_int_equal(commit_all(), 0);
	assert_int_equal(rig_acked, 5);
	assert_int_equal(rig_sql("SELECT count(*) FROM event"
	    " WHERE code = 206"), 1);
	assert_int_equal(rig_sql("SELECT id FROM event WHERE code = 206"),
	    row);
	/* a new vault.db counts from the beginning */
	e.time = 78;
	eventlog_add_vault(&e);
	assert_int_equal(commit_all(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM event"
	    " WHERE code = 206"), 2);
}

/* A vault.db that was lost takes no mail with it. */
static void
test_orphans(void **state)
{
	struct account	*empty;

	(void)state;
	hear();
	login();
	send_body(open_inbox(), 1);
	finish(1, R_NONE);
	drop(&worker_end);
	empty = rig_account("empty");
	(void)empty;
	account_sync_begin();
	assert_int_equal(account_synced(), 0);
	assert_int_equal(rig_sql("SELECT count(*) FROM message"), 1);
	assert_int_equal(mine->state, ACCOUNT_ORPHAN);
	assert_int_equal(rig_sql("SELECT committed FROM account"
	    " WHERE label = 'one'"), ACCOUNT_ORPHAN);
	assert_int_equal(rig_sql("SELECT count(*) FROM account"
	    " WHERE label = 'empty'"), 0);
	orders = 0;
	assert_int_equal(starts_after(9000), -1);
	rig_put(&mine->id, "one", "imap.example.org", ACCOUNT_HAS_SECRET);
	hear();
	assert_int_equal(orders, 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(test_ ## name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(fetch), TEST(worker_dies), TEST(fetcher_dies),
		TEST(worker_lies), TEST(worker_leaves_open), TEST(pauses),
		TEST(backoff), TEST(refused), TEST(operator), TEST(blocked),
		TEST(limits), TEST(never), TEST(partial), TEST(breaker),
		TEST(relay_reason),
		TEST(cancel), TEST(full), TEST(test), TEST(vault_events),
		TEST(orphans)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
