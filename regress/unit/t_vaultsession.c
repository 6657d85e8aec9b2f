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
 * link: kmaild/vault/account.o kmaild/vault/arena.o kmaild/vault/child.o
 * link: kmaild/vault/conf.o kmaild/vault/db.o kmaild/vault/key.o
 * link: kmaild/vault/launch.o kmaild/vault/memory-linux.o
 * link: kmaild/vault/outbox.o kmaild/vault/rate.o kmaild/vault/seal.o
 * link: kmaild/vault/secret.o kmaild/vault/session.o kmaild/vault/socket.o
 * link: kmaild/vault/ticket.o
 * libs: libsodium sqlite3 libevent_core
 */

#include "vaultrig.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "common/clock.h"
#include "common/log.h"
#include "vaultpeers.h"

/* A session as fetcher and session child see it. */
struct world {
	struct account	 account;
	struct m_ticket	 ticket;
	int		 listener;
	uint16_t	 port;
	int		 net;		/* zygote's: the network socket */
	int		 ctl;		/* child's ends */
	int		 relay;
};

static struct world	 w;

static void
listen_somewhere(void)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w.listener, (struct sockaddr *)&in,
	    sizeof(in)), 0);
	assert_int_equal(listen(w.listener, 64), 0);
	assert_int_equal(getsockname(w.listener, (struct sockaddr *)&in,
	    &len), 0);
	w.port = ntohs(in.sin_port);
}

static int
connect_there(void)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	int			 fd;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(w.port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static int
setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.net = w.ctl = w.relay = -1;
	rig_folder();
	listen_somewhere();
	rig_base = event_base_new();
	assert_non_null(rig_base);
	session_init();
	outbox_resend();	/* numbers start again with the file */
	rig_configure(&w.port, 1, NULL, 0);
	rig_open();
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	w.account = rig_account("a");
	w.account.port = w.port;
	rig_insert(&w.account);
	rig_put(&w.account, RIG_PASSWORD);
	rig_peer_open(&rig_zygote, P_SESSION);
	rig_peer_open(&rig_store, P_STORE);
	rig_peer_open(&rig_fetcher, P_FETCHER);
	return 0;
}

static void
let_go(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static int
teardown(void **state)
{
	(void)state;
	session_end_all(R_CANCELLED);
	ticket_drop_account(&w.account.id);
	if (rig_peers[P_SESSION] != NULL)
		rig_peer_close(&rig_zygote);
	rig_peer_close(&rig_store);
	rig_peer_close(&rig_fetcher);
	event_base_free(rig_base);
	let_go(&w.net);
	let_go(&w.ctl);
	let_go(&w.relay);
	close(w.listener);
	outbox_idle();
	db_close();
	rig_remove();
	return 0;
}

static void
ticket(uint32_t flags, uint32_t purpose)
{
	static uint64_t	 session;

	memset(&w.ticket, 0, sizeof(w.ticket));
	id_mint(&w.ticket.ticket);
	w.ticket.account = w.account.id;
	w.ticket.session = ++session;
	w.ticket.purpose = purpose;
	w.ticket.flags = flags;
	w.ticket.uses = 1;
	w.ticket.lifetime = 60;
	assert_int_equal(ticket_add(&w.ticket, clock_boot()), 0);
}

static void
bring_fd(int fd)
{
	struct m_socket	 m;

	memset(&m, 0, sizeof(m));
	m.session = w.ticket.session;
	m.ticket = w.ticket.ticket;
	m.account = w.ticket.account;
	session_socket(&rig_fetcher.ch, &m, fd);
}

/* The zygote's part: take the descriptors of a new session. */
static void
taken(struct m_z_session *z)
{
	struct m_session	 m;

	w.net = rig_expect(&rig_zygote, M_Z_SESSION, z, sizeof(*z));
	w.ctl = rig_expect(&rig_zygote, M_Z_CTL, &m, sizeof(m));
	w.relay = rig_expect(&rig_zygote, M_Z_RELAY, &m, sizeof(m));
	assert_int_not_equal(w.net, -1);
	assert_int_not_equal(w.ctl, -1);
	assert_int_not_equal(w.relay, -1);
}

static void
started(uint32_t flags)
{
	struct m_z_session	 z;

	ticket(flags, PURPOSE_FETCH);
	bring_fd(connect_there());
	taken(&z);
}

/* The child's part: say something, with "names" if it is a verdict. */
static void
say(uint32_t type, uint32_t reason)
{
	struct ctl_record	 c;

	memset(&c, 0, sizeof(c));
	c.type = type;
	c.reason = reason;
	c.backoff = 17;
	c.tls_done = 1;
	strlcpy(c.subject, "CN=imap.lab.test", sizeof(c.subject));
	assert_int_equal(write(w.ctl, &c, sizeof(c)), sizeof(c));
	rig_turn();
}

/* Octets that wait for the child: none, or a whole credential. */
static ssize_t
hear(struct credential *c)
{
	ssize_t	 n;

	rig_turn();
	n = recv(w.ctl, c, sizeof(*c), MSG_DONTWAIT);
	return n == -1 && errno == EAGAIN ? -1 : n;
}

static void
hung_up(void)
{
	struct credential	 c;

	assert_int_equal(hear(&c), 0);
	let_go(&w.net);
	let_go(&w.ctl);
	let_go(&w.relay);
}

static struct m_session_verdict
verdict(uint32_t reason)
{
	struct m_session_verdict	 v;

	rig_expect(&rig_store, M_SESSION_VERDICT, &v, sizeof(v));
	assert_int_equal(v.reason, reason);
	assert_int_equal(v.session, w.ticket.session);
	assert_true(id_equal(&v.account, &w.account.id));
	return v;
}

static void
refused(void)
{
	struct m_session	 m;

	rig_expect(&rig_fetcher, M_SOCKET_REFUSED, &m, sizeof(m));
	assert_int_equal(m.session, w.ticket.session);
}

static void
event_of(uint32_t code)
{
	struct m_vault_event	 e;

	rig_expect(&rig_store, M_VAULT_EVENT, &e, sizeof(e));
	assert_int_equal(e.code, code);
	assert_true(id_equal(&e.account, &w.account.id));
}

static int64_t
events(void)
{
	sqlite3_stmt	*st = db_select("SELECT count(*) FROM event", "");
	int64_t		 n;

	assert_int_equal(db_step(st), 1);
	n = sqlite3_column_int64(st, 0);
	db_done(st);
	return n;
}

/* From the socket to the end of the session, as it should be. */
static void
whole(void **state)
{
	struct m_z_session		 z;
	struct m_session_verdict	 v;
	struct credential		 c;
	struct m_session		 m;
	char				 buf[2];
	int				 channel;

	(void)state;
	ticket(0, PURPOSE_TEST);
	bring_fd(connect_there());
	taken(&z);
	assert_string_equal(z.host, "imap.lab.test");
	assert_int_equal(z.port, w.port);
	assert_int_equal(z.imap_tls, TLS_IMPLICIT);
	assert_int_equal(z.purpose, PURPOSE_TEST);
	assert_int_equal(z.timeout_step, 60);
	assert_int_equal(socket_check(w.net, w.port), 0);
	/* nothing before the child has verified */
	assert_int_equal(hear(&c), -1);
	assert_int_equal(events(), 0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	assert_int_equal(c.auth, AUTH_PASSWORD);
	assert_int_equal(c.secret_len, strlen(RIG_PASSWORD));
	assert_memory_equal(c.secret, RIG_PASSWORD, c.secret_len);
	assert_string_equal(c.user, "alice@lab.test");
	event_of(LC_CREDENTIAL_USED);
	/* and no second one */
	assert_int_equal(hear(&c), -1);
	rig_nothing(&rig_fetcher);
	say(C_VERDICT, R_NONE);
	v = verdict(R_NONE);
	assert_string_equal(v.subject, "CN=imap.lab.test");
	channel = rig_expect(&rig_fetcher, M_CHANNEL, &m, sizeof(m));
	assert_int_equal(m.session, w.ticket.session);
	assert_int_equal(write(w.relay, "ok", 2), 2);
	assert_int_equal(read(channel, buf, 2), 2);
	assert_memory_equal(buf, "ok", 2);
	/* its last word, then its end */
	say(C_VERDICT, R_TIMEOUT_IDLE);
	verdict(R_TIMEOUT_IDLE);
	let_go(&w.ctl);
	rig_expect(&rig_store, M_SESSION_CLOSED, &m, sizeof(m));
	rig_nothing(&rig_store);
	rig_nothing(&rig_fetcher);
	close(channel);
}

/* Names of certificates are for account test alone. */
static void
names_for_tests_only(void **state)
{
	struct m_session_verdict	 v;

	(void)state;
	started(0);
	say(C_VERDICT, R_TLS_CERT_NAME);
	v = verdict(R_TLS_CERT_NAME);
	assert_string_equal(v.subject, "");
	assert_int_equal(v.backoff, 17);
	refused();
	hung_up();
}

/* The use of a secret is on disk before the secret is out. */
static void
event_first(void **state)
{
	struct credential	 c;
	sqlite3_stmt		*st;

	(void)state;
	started(0);
	/* no room for the event: no credential */
	assert_int_equal(db_run("CREATE TRIGGER no BEFORE INSERT ON event "
	    "BEGIN SELECT raise(ABORT, 'no'); END", ""), 0);
	say(C_VERIFIED, R_NONE);
	verdict(R_STORE_ERROR);
	refused();
	hung_up();
	assert_int_equal(events(), 0);
	rig_sql("DROP TRIGGER no");

	started(0);
	st = db_select("PRAGMA max_page_count = 1", "");
	db_step(st);
	db_done(st);
	rig_sql("CREATE TEMP TRIGGER fill BEFORE INSERT ON event BEGIN "
	    "INSERT INTO refusal SELECT zeroblob(100000), 0; END");
	say(C_VERIFIED, R_NONE);
	verdict(R_STORE_FULL);
	refused();
	hung_up();
	rig_sql("DROP TRIGGER fill");

	started(0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(events(), 1);
	assert_int_equal(hear(&c), sizeof(c));
}

static void
no_ticket(void **state)
{
	struct m_ticket	 first;

	(void)state;
	/* unknown */
	memset(&w.ticket, 0, sizeof(w.ticket));
	id_mint(&w.ticket.ticket);
	w.ticket.account = w.account.id;
	w.ticket.session = 4711;
	bring_fd(connect_there());
	verdict(R_TICKET);
	refused();
	/* used up: the session that it made is not disturbed */
	started(0);
	first = w.ticket;
	bring_fd(connect_there());
	refused();
	rig_nothing(&rig_store);
	rig_nothing(&rig_zygote);
	/* taken back */
	session_cancel(first.session);
	verdict(R_CANCELLED);
	refused();
	hung_up();
	ticket(0, PURPOSE_FETCH);
	ticket_drop_session(w.ticket.session);
	bring_fd(connect_there());
	verdict(R_TICKET);
	refused();
	rig_nothing(&rig_zygote);
}

static void
wrong_socket(void **state)
{
	static const uint16_t	 ports[] = { 1, 2 };
	int			 s[2];

	(void)state;
	ticket(0, PURPOSE_FETCH);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	bring_fd(s[0]);
	close(s[1]);
	verdict(R_TICKET);
	refused();
	ticket(0, PURPOSE_FETCH);
	bring_fd(-1);		/* the table was full */
	verdict(R_TICKET);
	refused();
	/* the record says another port */
	rig_sql("UPDATE account SET imap_port = 993");
	rig_configure((const uint16_t[]){ w.port, 993 }, 2, NULL, 0);
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_TICKET);
	refused();
	/* the configuration forbids it by now */
	rig_configure(ports, 2, NULL, 0);
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_PORT_NOT_ALLOWED);
	refused();
	rig_nothing(&rig_zygote);
}

static void
no_secret(void **state)
{
	(void)state;
	rig_sql("UPDATE account SET imap_host = 'imap.evil.test'");
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_SECRET_UNREADABLE);
	refused();
	rig_sql("DELETE FROM secret");
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_PASSWORD_MISSING);
	refused();
	key_load(KEY_NONE, -1);
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_KEY_MISSING);
	refused();
	rig_nothing(&rig_zygote);
	key_load(KEY_FILE, rig_pipe(RIG_KEY, strlen(RIG_KEY)));
}

/* What the child verified is not what the record says any more. */
static void
moved(void **state)
{
	(void)state;
	started(0);
	rig_sql("UPDATE account SET imap_host = 'imap.evil.test'");
	rig_put(&w.account, RIG_PASSWORD);
	rig_sql("UPDATE account SET imap_host = 'imap.evil.test'");
	say(C_VERIFIED, R_NONE);
	verdict(R_CANCELLED);
	refused();
	hung_up();
	assert_int_equal(events(), 0);
}

static void
key_went(void **state)
{
	(void)state;
	started(0);
	key_load(KEY_NONE, -1);
	say(C_VERIFIED, R_NONE);
	verdict(R_KEY_MISSING);
	refused();
	hung_up();
	assert_int_equal(events(), 0);
	key_load(KEY_FILE, rig_pipe(RIG_KEY, strlen(RIG_KEY)));
}

/* A child that says what it cannot say loses its session only. */
static void
child_lies(void **state)
{
	struct ctl_record	 bad;
	struct credential	 c;

	(void)state;
	/* logged in without a credential */
	started(0);
	say(C_VERDICT, R_NONE);
	verdict(R_IMAP_AUTH_PROTOCOL);
	refused();
	hung_up();
	/* verified twice, hoping for a second credential */
	started(0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	event_of(LC_CREDENTIAL_USED);
	say(C_VERIFIED, R_NONE);
	verdict(R_IMAP_AUTH_PROTOCOL);
	refused();
	hung_up();
	/* no such type, no such reason, no end of a name */
	started(0);
	say(3, R_NONE);
	verdict(R_IMAP_AUTH_PROTOCOL);
	refused();
	hung_up();
	started(0);
	say(C_VERDICT, 9999);
	verdict(R_IMAP_AUTH_PROTOCOL);
	refused();
	hung_up();
	started(0);
	memset(&bad, 'x', sizeof(bad));
	bad.type = C_VERDICT;
	bad.reason = R_TLS_CLOSED;
	assert_int_equal(write(w.ctl, &bad, sizeof(bad)), sizeof(bad));
	verdict(R_IMAP_AUTH_PROTOCOL);
	refused();
	hung_up();
}

/* Octet by octet, and an end in the middle. */
static void
child_trickles(void **state)
{
	struct ctl_record	 c;
	struct credential	 cred;
	size_t			 i;

	(void)state;
	started(0);
	memset(&c, 0, sizeof(c));
	c.type = C_VERIFIED;
	for (i = 0; i < sizeof(c); i++) {
		assert_int_equal(hear(&cred), -1);
		assert_int_equal(write(w.ctl, (char *)&c + i, 1), 1);
	}
	assert_int_equal(hear(&cred), sizeof(cred));
	event_of(LC_CREDENTIAL_USED);
	assert_int_equal(write(w.ctl, &c, 10), 10);
	let_go(&w.ctl);
	verdict(R_PROCESS_RESTARTED);
	refused();
}

static void
child_dies(void **state)
{
	(void)state;
	started(0);
	let_go(&w.ctl);
	verdict(R_PROCESS_RESTARTED);
	refused();
	rig_nothing(&rig_store);
}

static void
refusals_hold(void **state)
{
	struct m_session_verdict	 v;
	struct credential		 c;
	int				 i;

	(void)state;
	for (i = 1; i <= RATE_REFUSALS; i++) {
		started(0);
		say(C_VERIFIED, R_NONE);
		assert_int_equal(hear(&c), sizeof(c));
		event_of(LC_CREDENTIAL_USED);
		say(C_VERDICT, R_IMAP_AUTH_FAILED);
		event_of(LC_LOGIN_REFUSED);
		if (i == RATE_REFUSALS)
			event_of(LC_LOGIN_HOLD);
		v = verdict(R_IMAP_AUTH_FAILED);
		assert_int_equal(v.refusals, i);
		refused();
		hung_up();
	}
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	v = verdict(R_PASSWORD_REFUSED_HOLD);
	assert_int_equal(v.refusals, RATE_REFUSALS);
	refused();
	rig_nothing(&rig_zygote);
	/* the operator's word, and a server that changed its mind */
	started(TICKET_OPERATOR);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	event_of(LC_CREDENTIAL_USED);
	say(C_VERDICT, R_NONE);
	v = verdict(R_NONE);
	assert_int_equal(v.refusals, 0);
	assert_int_equal(rate_refusals(&w.account.id), 0);
}

/* A refusal that no credential was there for is none. */
static void
refusal_without_login(void **state)
{
	(void)state;
	started(0);
	say(C_VERDICT, R_IMAP_AUTH_FAILED);
	verdict(R_IMAP_AUTH_FAILED);
	refused();
	assert_int_equal(rate_refusals(&w.account.id), 0);
	hung_up();
}

/* Lock, remove, pause, cancel, stop. */
static void
ended(void **state)
{
	struct credential	 c;
	struct m_session	 m;

	(void)state;
	started(0);
	session_end_account(&w.account.id, R_ACCOUNT_PAUSED);
	verdict(R_ACCOUNT_PAUSED);
	refused();
	hung_up();
	started(0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	event_of(LC_CREDENTIAL_USED);
	say(C_VERDICT, R_NONE);
	verdict(R_NONE);
	close(rig_expect(&rig_fetcher, M_CHANNEL, &m, sizeof(m)));
	session_cancel(w.ticket.session);
	verdict(R_CANCELLED);
	rig_expect(&rig_store, M_SESSION_CLOSED, &m, sizeof(m));
	rig_nothing(&rig_fetcher);
	hung_up();
}

static void
no_zygote(void **state)
{
	(void)state;
	rig_peer_close(&rig_zygote);
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	verdict(R_PROCESS_RESTARTED);
	refused();
}

static void
zygote_fails(void **state)
{
	(void)state;
	started(0);
	session_failed(w.ticket.session + 1, R_CA_UNREADABLE);
	rig_nothing(&rig_store);
	session_failed(w.ticket.session, R_CA_UNREADABLE);
	verdict(R_CA_UNREADABLE);
	refused();
	hung_up();
}

/* A fetcher that went away gets nothing; its logins end. */
static void
fetcher_gone(void **state)
{
	struct credential	 c;

	(void)state;
	started(0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	event_of(LC_CREDENTIAL_USED);
	session_fetcher_gone(&rig_fetcher.ch);
	verdict(R_PROCESS_RESTARTED);
	rig_nothing(&rig_fetcher);
	hung_up();
}

/* An account's own CA goes in pieces, before the descriptors. */
static void
own_ca(void **state)
{
	static unsigned char	 ca[40000], got[sizeof(ca)];
	struct m_z_session	 z;
	struct m_session	 m;
	struct account		 old;
	struct imsg		 imsg;
	size_t			 len = 0;

	(void)state;
	randombytes_buf(ca, sizeof(ca));
	old = w.account;
	assert_int_equal(db_begin(), 0);
	assert_int_equal(account_set_ca(&w.account, ca, sizeof(ca)), 0);
	assert_int_equal(secret_rebind(&old, &w.account), R_NONE);
	assert_int_equal(db_commit(), 0);
	ticket(0, PURPOSE_FETCH);
	bring_fd(connect_there());
	w.net = rig_expect(&rig_zygote, M_Z_SESSION, &z, sizeof(z));
	assert_int_equal(z.ca_len, sizeof(ca));
	while (len < sizeof(ca)) {
		assert_int_equal(rig_next(&rig_zygote, &imsg), M_Z_CA);
		assert_true(imsg_get_len(&imsg) <= sizeof(ca) - len);
		memcpy(got + len, imsg.data, imsg_get_len(&imsg));
		len += imsg_get_len(&imsg);
		imsg_free(&imsg);
	}
	assert_memory_equal(got, ca, sizeof(ca));
	w.ctl = rig_expect(&rig_zygote, M_Z_CTL, &m, sizeof(m));
	w.relay = rig_expect(&rig_zygote, M_Z_RELAY, &m, sizeof(m));
}

/* Limits may be shortened by the store, not lengthened. */
static void
times(void **state)
{
	struct m_z_session	 z;

	(void)state;
	ticket(0, PURPOSE_FETCH);
	ticket_drop_session(w.ticket.session);
	w.ticket.timeout_idle = 5;
	w.ticket.timeout_step = 6000;
	assert_int_equal(ticket_add(&w.ticket, clock_boot()), 0);
	bring_fd(connect_there());
	taken(&z);
	assert_int_equal(z.timeout_idle, 5);
	assert_int_equal(z.timeout_step, 60);
	assert_int_equal(z.timeout_session, 600);
}

/* What the store acknowledged goes; what it did not is sent once more. */
static void
outbox(void **state)
{
	struct credential	 c;
	struct m_vault_event	 e;

	(void)state;
	started(0);
	say(C_VERIFIED, R_NONE);
	assert_int_equal(hear(&c), sizeof(c));
	rig_expect(&rig_store, M_VAULT_EVENT, &e, sizeof(e));
	outbox_send();
	rig_nothing(&rig_store);
	outbox_resend();
	event_of(LC_CREDENTIAL_USED);
	outbox_ack(e.seq);
	assert_int_equal(events(), 1);
	outbox_idle();
	assert_int_equal(events(), 0);
	outbox_resend();
	rig_nothing(&rig_store);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(whole),
		T(names_for_tests_only),
		T(event_first),
		T(no_ticket),
		T(wrong_socket),
		T(no_secret),
		T(moved),
		T(key_went),
		T(child_lies),
		T(child_trickles),
		T(child_dies),
		T(refusals_hold),
		T(refusal_without_login),
		T(ended),
		T(no_zygote),
		T(zygote_fails),
		T(fetcher_gone),
		T(own_ca),
		T(times),
		T(outbox),
	};
#undef T

	arena_init();
	return cmocka_run_group_tests_name("vaultsession", tests, NULL, NULL);
}
