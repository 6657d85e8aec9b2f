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
 * link: kmaild/vault/account.o kmaild/vault/admin.o kmaild/vault/arena.o
 * link: kmaild/vault/change.o kmaild/vault/change_check.o
 * link: kmaild/vault/child.o kmaild/vault/conf.o kmaild/vault/db.o
 * link: kmaild/vault/form.o kmaild/vault/key.o kmaild/vault/launch.o
 * link: kmaild/vault/memory-linux.o kmaild/vault/outbox.o kmaild/vault/rate.o
 * link: kmaild/vault/request.o kmaild/vault/seal.o kmaild/vault/secret.o
 * link: kmaild/vault/session.o kmaild/vault/socket.o kmaild/vault/ticket.o
 * libs: libsodium sqlite3 libevent_core
 */

#include "vaultrig.h"

#include <sys/un.h>

#include <errno.h>

#include "common/log.h"
#include "vaultpeers.h"

static const uint16_t	 ports[] = { 143, 993 };
static char		 path[128];
/* Of these only the raw ends are used. */
static struct rig_peer	 one, two, *ctl = &one;

static struct m_conf_allow
rule(uint32_t rights, uint32_t scope, const char *name)
{
	struct m_conf_allow	 r;

	memset(&r, 0, sizeof(r));
	r.who = ALLOW_UID;
	r.id = getuid();
	r.rights = rights;
	r.scope = scope;
	strlcpy(r.name, name, sizeof(r.name));
	return r;
}

static void
allow(uint32_t rights, uint32_t scope, const char *name)
{
	struct m_conf_allow	 r = rule(rights, scope, name);

	rig_configure(ports, 2, &r, 1);
}

static int
dial(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	rig_turn();
	return fd;
}

static void
send_raw(struct rig_peer *p, uint32_t type, const void *data, size_t len)
{
	assert_int_equal(imsg_compose(&p->raw, type, 0, 0, -1, data, len), 1);
	assert_int_equal(imsgbuf_flush(&p->raw), 0);
	rig_turn();
}

static void
hello(struct rig_peer *p, const char *build, uint32_t proc)
{
	struct m_hello	 m;

	p->fd = dial();
	imsgbuf_init(&p->raw, p->fd);
	memset(&m, 0, sizeof(m));
	strlcpy(m.build, build, sizeof(m.build));
	m.proc = proc;
	send_raw(p, M_HELLO, &m, sizeof(m));
}

static void
hang_up(struct rig_peer *p)
{
	imsgbuf_clear(&p->raw);
	close(p->fd);
	rig_turn();
}

/* 1 when the vault has closed this client. */
static int
is_closed(struct rig_peer *p)
{
	char	 buf[65536];
	ssize_t	 n;

	rig_turn();
	while ((n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || (n == -1 && errno != EAGAIN);
}

static struct v_reply
reply(uint32_t status)
{
	struct v_reply	 r;

	rig_expect(ctl, V_REPLY, &r, sizeof(r));
	if (r.status != status)
		print_error("status %u, field \"%s\"\n", r.status, r.field);
	assert_int_equal(r.status, status);
	return r;
}

static int
setup(void **state)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd;

	(void)state;
	rig_folder();
	rig_base = event_base_new();
	assert_non_null(rig_base);
	session_init();
	outbox_resend();
	allow(ALLOW_ADMIN, SCOPE_ALL, "");
	rig_open();
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	rig_peer_open(&rig_zygote, P_SESSION);
	rig_peer_open(&rig_store, P_STORE);
	rig_peer_open(&rig_fetcher, P_FETCHER);
	snprintf(path, sizeof(path), "%s/vault.sock", rig_dir);
	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 64), 0);
	admin_listen(fd);
	admin_start();
	hello(ctl, KM_BUILD, P_CTL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hang_up(ctl);
	admin_stop();
	rig_peer_close(&rig_zygote);
	rig_peer_close(&rig_store);
	rig_peer_close(&rig_fetcher);
	event_base_free(rig_base);
	outbox_idle();
	db_close();
	unlink(path);
	rig_remove();
	return 0;
}

static struct v_account
new_account(const char *label)
{
	static struct v_account	 m;

	memset(&m, 0, sizeof(m));
	m.given = VSET_USER | VSET_IMAP;
	m.auth = AUTH_PASSWORD;
	m.imap_tls = TLS_IMPLICIT;
	m.imap_port = 993;
	strlcpy(m.label, label, sizeof(m.label));
	strlcpy(m.user, "alice@lab.test", sizeof(m.user));
	strlcpy(m.imap_host, "IMAP.Lab.test", sizeof(m.imap_host));
	return m;
}

/* The store's part of the two phases. */
static void
store_answers(uint32_t create, uint32_t reason)
{
	static struct m_account_settings	 s;
	struct m_account_ack			 ack;

	rig_expect(&rig_store, M_ACCOUNT_SETTINGS, &s, sizeof(s));
	assert_int_equal(s.create, create);
	memset(&ack, 0, sizeof(ack));
	ack.seq = s.seq;
	ack.reason = reason;
	change_ack(&ack);
}

static struct m_account_put
put(void)
{
	struct m_account_put	 m;

	rig_expect(&rig_store, M_ACCOUNT_PUT, &m, sizeof(m));
	return m;
}

static void
event_of(uint32_t code)
{
	struct m_vault_event	 e;

	rig_expect(&rig_store, M_VAULT_EVENT, &e, sizeof(e));
	assert_int_equal(e.code, code);
}

static struct v_reply
add(const char *label)
{
	struct v_account	 m = new_account(label);

	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	store_answers(1, R_NONE);
	put();
	event_of(LC_ACCOUNT_ADDED);
	return reply(V_OK);
}

static struct v_password
password_for(const struct v_reply *r, const char *secret)
{
	struct v_password	 m;

	memset(&m, 0, sizeof(m));
	m.account = r->account;
	m.imap_port = r->imap_port;
	strlcpy(m.user, r->user, sizeof(m.user));
	strlcpy(m.imap_host, r->imap_host, sizeof(m.imap_host));
	m.secret_len = (uint32_t)strlen(secret);
	memcpy(m.secret, secret, m.secret_len);
	return m;
}

static void
give_password(const struct v_reply *r)
{
	struct v_password	 m = password_for(r, RIG_PASSWORD);
	struct m_account_put	 p;

	send_raw(ctl, V_PASSWORD, &m, sizeof(m));
	p = put();
	assert_int_equal(p.flags, ACCOUNT_HAS_SECRET | ACCOUNT_SECRET_RESET);
	event_of(LC_PASSWORD_SET);
	assert_int_equal(reply(V_OK).has_secret, 1);
	assert_int_equal(rig_check(&r->account), R_NONE);
}

static void
added(void **state)
{
	struct v_account	 m = new_account("work");
	struct v_label		 l;
	struct v_reply		 r;
	struct m_account_put	 p;
	struct account		 acct;

	(void)state;
	strlcpy(m.tenant, "kunde", sizeof(m.tenant));
	m.given |= VSET_TENANT;
	m.settings.given = SET_EVERY;
	m.settings.every = 300;
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	/* nothing before the store has the settings */
	assert_int_equal(account_by_label("work", &acct), 0);
	store_answers(1, R_NONE);
	p = put();
	assert_string_equal(p.label, "work");
	assert_string_equal(p.tenant, "kunde");
	assert_string_equal(p.imap_host, "imap.lab.test");
	assert_int_equal(p.flags, 0);
	event_of(LC_ACCOUNT_ADDED);
	r = reply(V_OK);
	assert_string_equal(r.imap_host, "imap.lab.test");
	assert_int_equal(r.has_secret, 0);
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "work", sizeof(l.label));
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	r = reply(V_OK);
	assert_string_equal(r.user, "alice@lab.test");
	assert_int_equal(r.imap_port, 993);
	strlcpy(l.label, "other", sizeof(l.label));
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	reply(V_MISSING);
	/* once */
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	reply(V_EXISTS);
	rig_nothing(&rig_store);
}

static void
not_added(void **state)
{
	struct v_account	 m;
	struct account		 acct;

	(void)state;
	m = new_account("a");
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	store_answers(1, R_STORE_FULL);
	assert_int_equal(reply(V_STORE).reason, R_STORE_FULL);
	assert_int_equal(account_by_label("a", &acct), 0);
	rig_nothing(&rig_store);
#define REFUSED(status, word, change) do {				\
	m = new_account("a");						\
	change;								\
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));			\
	assert_string_equal(reply(status).field, word);			\
	rig_nothing(&rig_store);					\
} while (0)
	REFUSED(V_INVALID, "name", m.label[0] = '-');
	REFUSED(V_INVALID, "name", m.label[0] = '\0');
	REFUSED(V_INVALID, "user", m.user[1] = '\n');
	REFUSED(V_INVALID, "user", memset(m.user, 0, sizeof(m.user)));
	REFUSED(V_INVALID, "imap", m.imap_host[3] = '/');
	REFUSED(V_INVALID, "imap", m.imap_port = 0);
	REFUSED(V_INVALID, "tls", m.imap_tls = 0);
	REFUSED(V_INVALID, "tls", m.imap_tls = 3);
	REFUSED(V_INVALID, "auth", m.auth = 2);
	REFUSED(V_INVALID, "tenant", m.given |= VSET_TENANT;
	    strlcpy(m.tenant, "No", sizeof(m.tenant)));
	REFUSED(V_INVALID, "settings", m.settings.folders_len = 5000);
	REFUSED(V_PORT, "", m.imap_port = 2525);
	/* omitting the flags omits no check */
	REFUSED(V_PORT, "", m.imap_port = 2525; m.given = 0);
#undef REFUSED
}

/* Both databases or none: the vault's commit fails after the store's. */
static void
add_undone(void **state)
{
	struct v_account		 m = new_account("a");
	struct m_account_remove		 undo;
	struct m_account_ack		 ack;
	struct account			 acct;

	(void)state;
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	rig_sql("CREATE TRIGGER no BEFORE INSERT ON account BEGIN "
	    "SELECT raise(ABORT, 'no'); END");
	store_answers(1, R_NONE);
	assert_int_equal(reply(V_ERROR).reason, R_STORE_ERROR);
	rig_expect(&rig_store, M_ACCOUNT_REMOVE, &undo, sizeof(undo));
	memset(&ack, 0, sizeof(ack));
	ack.seq = undo.seq;
	change_ack(&ack);
	rig_nothing(ctl);
	rig_sql("DROP TRIGGER no");
	assert_int_equal(account_by_label("a", &acct), 0);
	add("a");
}

static void
client_leaves(void **state)
{
	struct v_account	 m = new_account("a");
	struct account		 acct;

	(void)state;
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	hang_up(ctl);
	store_answers(1, R_NONE);
	put();
	assert_int_equal(account_by_label("a", &acct), 1);
	hello(ctl, KM_BUILD, P_CTL);
}

/* While the store considers one, others of that account wait. */
static void
busy(void **state)
{
	struct v_account	 m = new_account("a"), b = new_account("b");
	struct v_reply		 r = add("b");
	struct v_password	 p = password_for(&r, "x");
	struct v_label		 l;

	(void)state;
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "b", sizeof(l.label));
	hello(&two, KM_BUILD, P_CTL);
	/* a label that is about to be taken */
	send_raw(&one, V_ACCOUNT_ADD, &m, sizeof(m));
	ctl = &two;
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	reply(V_BUSY);
	store_answers(1, R_NONE);
	put();
	event_of(LC_ACCOUNT_ADDED);
	ctl = &one;
	reply(V_OK);
	/* an account that is about to change */
	send_raw(&one, V_ACCOUNT_SET, &b, sizeof(b));
	ctl = &two;
	send_raw(ctl, V_PASSWORD, &p, sizeof(p));
	reply(V_BUSY);
	send_raw(ctl, V_ACCOUNT_REMOVE, &l, sizeof(l));
	reply(V_BUSY);
	send_raw(ctl, V_ACCOUNT_SET, &b, sizeof(b));
	reply(V_BUSY);
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	reply(V_OK);
	hang_up(&two);
	ctl = &one;
	store_answers(0, R_NONE);
	reply(V_OK);
}

static struct v_reply
set(const struct v_account *m, uint32_t flags)
{
	struct m_account_put	 p;

	send_raw(ctl, V_ACCOUNT_SET, m, sizeof(*m));
	store_answers(0, R_NONE);
	p = put();
	assert_int_equal(p.flags, flags);
	return reply(V_OK);
}

static void
set_keeps_and_drops(void **state)
{
	struct v_reply		 r = add("a");
	struct v_account	 m;

	(void)state;
#define DROPS(change) do {						\
	give_password(&r);						\
	m = new_account("a");						\
	m.given = 0;							\
	change;								\
	r = set(&m, ACCOUNT_REMOTE_CHANGED);				\
	assert_int_equal(r.secret_dropped, 1);				\
	assert_int_equal(r.has_secret, 0);				\
	assert_int_equal(rig_check(&r.account), R_PASSWORD_MISSING);	\
	event_of(LC_SECRET_DROPPED);					\
	event_of(LC_ACCOUNT_SET);					\
} while (0)
	DROPS(m.given = VSET_USER; strlcpy(m.user, "bob", sizeof(m.user)));
	DROPS(m.given = VSET_IMAP;
	    strlcpy(m.imap_host, "other.test", sizeof(m.imap_host)));
	DROPS(m.given = VSET_IMAP; m.imap_port = 143;
	    strlcpy(m.imap_host, "other.test", sizeof(m.imap_host)));
	DROPS(m.given = VSET_IMAP; m.imap_port = 143; m.imap_tls = 2;
	    strlcpy(m.imap_host, "other.test", sizeof(m.imap_host)));
#undef DROPS
	/* what is not given stays; the same host spelt otherwise is the same */
	give_password(&r);
	m = new_account("a");
	m.given = 0;
	strlcpy(m.user, "ignored", sizeof(m.user));
	r = set(&m, ACCOUNT_HAS_SECRET);
	event_of(LC_ACCOUNT_SET);
	assert_string_equal(r.user, "bob");
	assert_int_equal(r.secret_dropped, 0);
	m.given = VSET_IMAP | VSET_TENANT;
	m.imap_port = 143;
	m.imap_tls = 2;
	strlcpy(m.imap_host, "OTHER.test.", sizeof(m.imap_host));
	strlcpy(m.tenant, "kunde", sizeof(m.tenant));
	r = set(&m, ACCOUNT_HAS_SECRET);
	assert_int_equal(r.has_secret, 1);
	assert_int_equal(rig_check(&r.account), R_NONE);
}

static void
set_ca(void **state)
{
	static const char	 pem[] = "-----BEGIN CERTIFICATE-----\nMII=\n"
	    "-----END CERTIFICATE-----\n";
	static char		 piece[16000];
	struct v_reply		 r = add("a");
	struct v_account	 m = new_account("a");
	struct account		 acct;
	int			 i;

	(void)state;
	give_password(&r);
	m.given = VSET_CA;
	send_raw(ctl, V_CA, pem, 10);
	send_raw(ctl, V_CA, pem + 10, sizeof(pem) - 1 - 10);
	r = set(&m, ACCOUNT_HAS_SECRET);
	event_of(LC_ACCOUNT_SET);
	assert_int_equal(account_load(&r.account, &acct), 1);
	assert_int_equal(acct.ca_len, sizeof(pem) - 1);
	assert_int_equal(rig_check(&r.account), R_NONE);
	/* no pieces: back to the default, and the secret goes along */
	r = set(&m, ACCOUNT_HAS_SECRET);
	event_of(LC_ACCOUNT_SET);
	assert_int_equal(account_load(&r.account, &acct), 1);
	assert_int_equal(acct.ca_len, 0);
	assert_int_equal(rig_check(&r.account), R_NONE);
	/* not without the key that it is sealed with */
	key_load(KEY_NONE, -1);
	send_raw(ctl, V_CA, pem, sizeof(pem) - 1);
	send_raw(ctl, V_ACCOUNT_SET, &m, sizeof(m));
	assert_int_equal(reply(V_KEY).reason, R_KEY_MISSING);
	assert_int_equal(rig_key(RIG_KEY), R_NONE);
	assert_int_equal(rig_check(&r.account), R_NONE);
	/* pieces belong to the request that follows, whatever came of it */
	send_raw(ctl, V_CA, "no certificate", 14);
	send_raw(ctl, V_ACCOUNT_SET, &m, sizeof(m));
	assert_string_equal(reply(V_INVALID).field, "ca");
	for (i = 0; i < 5; i++)
		send_raw(ctl, V_CA, piece, sizeof(piece));
	assert_true(is_closed(ctl));
}

static void
passwords(void **state)
{
	struct v_reply		 r = add("a");
	struct v_password	 m;

	(void)state;
#define REFUSED(code, change) do {					\
	m = password_for(&r, RIG_PASSWORD);				\
	change;								\
	send_raw(ctl, V_PASSWORD, &m, sizeof(m));			\
	reply(code);							\
	rig_nothing(&rig_store);					\
	assert_int_equal(rig_check(&r.account), R_PASSWORD_MISSING);	\
} while (0)
	/* not what the operator was shown */
	REFUSED(V_CHANGED, m.imap_port = 143);
	REFUSED(V_CHANGED, strlcpy(m.user, "bob", sizeof(m.user)));
	REFUSED(V_CHANGED, strlcpy(m.imap_host, "evil.test",
	    sizeof(m.imap_host)));
	REFUSED(V_MISSING, m.account.b[0] ^= 1);
	REFUSED(V_INVALID, m.secret[3] = '\n');
	REFUSED(V_INVALID, m.secret[3] = '\0');
	REFUSED(V_INVALID, m.secret_len = 0);
#undef REFUSED
	key_load(KEY_NONE, -1);
	m = password_for(&r, RIG_PASSWORD);
	send_raw(ctl, V_PASSWORD, &m, sizeof(m));
	assert_int_equal(reply(V_KEY).reason, R_KEY_MISSING);
	rig_key(RIG_OTHER_KEY);
	send_raw(ctl, V_PASSWORD, &m, sizeof(m));
	assert_int_equal(reply(V_KEY).reason, R_KEY_WRONG);
	rig_key(RIG_KEY);
	assert_int_equal(rig_check(&r.account), R_PASSWORD_MISSING);
	/* counted refusals end with a new password */
	assert_int_equal(rate_refused(&r.account, 1), 0);
	assert_int_equal(rate_refused(&r.account, 1), 0);
	give_password(&r);
	assert_int_equal(rate_refusals(&r.account), 0);
}

static void
renamed(void **state)
{
	struct v_reply		 r = add("a");
	struct v_rename		 m;
	struct m_account_put	 p;

	(void)state;
	add("b");
	give_password(&r);
	memset(&m, 0, sizeof(m));
	strlcpy(m.label, "a", sizeof(m.label));
	strlcpy(m.new_label, "c", sizeof(m.new_label));
	send_raw(ctl, V_ACCOUNT_RENAME, &m, sizeof(m));
	p = put();
	assert_string_equal(p.label, "c");
	assert_int_equal(p.flags, ACCOUNT_HAS_SECRET);
	assert_true(id_equal(&p.account, &r.account));
	event_of(LC_ACCOUNT_RENAMED);
	assert_string_equal(reply(V_OK).label, "c");
	assert_int_equal(rig_check(&r.account), R_NONE);
	send_raw(ctl, V_ACCOUNT_RENAME, &m, sizeof(m));
	reply(V_MISSING);
	strlcpy(m.label, "c", sizeof(m.label));
	strlcpy(m.new_label, "b", sizeof(m.new_label));
	send_raw(ctl, V_ACCOUNT_RENAME, &m, sizeof(m));
	reply(V_EXISTS);
	strlcpy(m.new_label, "B", sizeof(m.new_label));
	send_raw(ctl, V_ACCOUNT_RENAME, &m, sizeof(m));
	assert_string_equal(reply(V_INVALID).field, "name");
}

static void
removed(void **state)
{
	struct v_reply		 r = add("a");
	struct v_label		 l;
	struct m_account_remove	 m;
	struct m_account_ack	 ack;
	struct account		 acct;

	(void)state;
	give_password(&r);
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "a", sizeof(l.label));
	send_raw(ctl, V_ACCOUNT_REMOVE, &l, sizeof(l));
	/* the vault has forgotten it before the store is asked */
	assert_int_equal(account_load(&r.account, &acct), 0);
	rig_expect(&rig_store, M_ACCOUNT_REMOVE, &m, sizeof(m));
	assert_true(id_equal(&m.account, &r.account));
	event_of(LC_ACCOUNT_REMOVED);
	rig_nothing(ctl);
	memset(&ack, 0, sizeof(ack));
	ack.seq = m.seq;
	ack.reason = R_STORE_ERROR;
	change_ack(&ack);
	assert_int_equal(reply(V_STORE).reason, R_STORE_ERROR);
	/* again at the next start, until it is done */
	assert_int_equal(change_resume(), 0);
	rig_expect(&rig_store, M_ACCOUNT_REMOVE, &m, sizeof(m));
	assert_true(id_equal(&m.account, &r.account));
	assert_int_equal(change_resume(), 0);
	rig_nothing(&rig_store);
	memset(&ack, 0, sizeof(ack));
	ack.seq = m.seq;
	change_ack(&ack);
	assert_int_equal(change_resume(), 0);
	rig_nothing(&rig_store);
	send_raw(ctl, V_ACCOUNT_REMOVE, &l, sizeof(l));
	reply(V_MISSING);
}

/* Who may not, may not; and learns nothing. */
static void
denied(void **state)
{
	struct v_reply		 r = add("a");
	struct v_account	 m = new_account("new");
	struct v_label		 l;
	struct v_rename		 n;
	struct v_password	 p = password_for(&r, "x");
	static const struct { uint32_t rights, scope; const char *name; }
	    rules[] = {
		{ ALLOW_READ | ALLOW_SEND | ALLOW_OPERATE, SCOPE_ALL, "" },
		{ ALLOW_ADMIN, SCOPE_ACCOUNT, "b" },
		{ ALLOW_ADMIN, SCOPE_TENANT, "kunde" },
		{ ALLOW_ADMIN, SCOPE_TENANT, "" },
		{ ALLOW_ADMIN, 0, "a" },
	};
	size_t			 i;

	(void)state;
	memset(&l, 0, sizeof(l));
	memset(&n, 0, sizeof(n));
	strlcpy(n.label, "a", sizeof(n.label));
	strlcpy(n.new_label, "z", sizeof(n.new_label));
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		allow(rules[i].rights, rules[i].scope, rules[i].name);
		strlcpy(l.label, "a", sizeof(l.label));
		send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
		reply(V_DENIED);
		send_raw(ctl, V_ACCOUNT_REMOVE, &l, sizeof(l));
		reply(V_DENIED);
		strlcpy(l.label, "none", sizeof(l.label));
		send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
		reply(V_DENIED);
		send_raw(ctl, V_ACCOUNT_RENAME, &n, sizeof(n));
		reply(V_DENIED);
		send_raw(ctl, V_PASSWORD, &p, sizeof(p));
		reply(V_DENIED);
		send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
		reply(V_DENIED);
		m = new_account("a");
		send_raw(ctl, V_ACCOUNT_SET, &m, sizeof(m));
		reply(V_DENIED);
		m = new_account("new");
	}
	rig_nothing(&rig_store);
	/* another user's rule */
	{
		struct m_conf_allow	 other = rule(ALLOW_ADMIN, SCOPE_ALL,
					    "");

		other.id = getuid() + 1;
		rig_configure(ports, 2, &other, 1);
		strlcpy(l.label, "a", sizeof(l.label));
		send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
		reply(V_DENIED);
		other.who = ALLOW_GID;
		other.id = getgid();
		rig_configure(ports, 2, &other, 1);
		send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
		reply(V_OK);
	}
}

/* An administrator of one account, or of one tenant's. */
static void
scoped(void **state)
{
	struct v_reply		 r = add("a");
	struct v_account	 m = new_account("a");
	struct v_label		 l;

	(void)state;
	m.given = VSET_TENANT;
	strlcpy(m.tenant, "kunde", sizeof(m.tenant));
	set(&m, 0);
	event_of(LC_ACCOUNT_SET);
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "a", sizeof(l.label));
	allow(ALLOW_ADMIN, SCOPE_TENANT, "kunde");
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	reply(V_OK);
	give_password(&r);
	/* not out of the tenant, nor into it */
	strlcpy(m.tenant, "andere", sizeof(m.tenant));
	send_raw(ctl, V_ACCOUNT_SET, &m, sizeof(m));
	reply(V_DENIED);
	m = new_account("b");
	m.given |= VSET_TENANT;
	strlcpy(m.tenant, "kunde", sizeof(m.tenant));
	send_raw(ctl, V_ACCOUNT_ADD, &m, sizeof(m));
	reply(V_DENIED);
	allow(ALLOW_ADMIN, SCOPE_ACCOUNT, "a");
	give_password(&r);
	rig_nothing(&rig_store);
}

/* A malformed message ends that client, and nobody else. */
static void
malformed(void **state)
{
	static const unsigned char	 junk[64] = "GET / HTTP/1.0\r\n\r\n";
	struct v_label			 l;
	struct v_password		 p;
	struct rig_peer			 bad;
	uint64_t			 n = 1;

	(void)state;
	/* no hello */
	bad.fd = dial();
	assert_int_equal(write(bad.fd, junk, sizeof(junk)), sizeof(junk));
	assert_true(is_closed(&bad));
	close(bad.fd);
	/* another build, another process */
	hello(&bad, "other", P_CTL);
	assert_true(is_closed(&bad));
	hang_up(&bad);
	hello(&bad, KM_BUILD, P_STORE);
	assert_true(is_closed(&bad));
	hang_up(&bad);
#define BAD(type, data, len) do {					\
	hello(&bad, KM_BUILD, P_CTL);					\
	send_raw(&bad, (type), (data), (len));				\
	assert_true(is_closed(&bad));					\
	hang_up(&bad);							\
} while (0)
	memset(&l, 'a', sizeof(l));
	BAD(V_ACCOUNT_GET, &l, sizeof(l));		/* no NUL */
	BAD(V_ACCOUNT_GET, &l, sizeof(l) - 1);
	BAD(V_ACCOUNT_GET, &l, 0);
	BAD(V_REPLY, &l, sizeof(l));
	BAD(M_CONF_END, &n, sizeof(n));
	BAD(M_TICKET, junk, sizeof(junk));
	BAD(9999, &n, sizeof(n));
	memset(&p, 0, sizeof(p));
	p.secret_len = KM_SECRET_MAX + 1;
	BAD(V_PASSWORD, &p, sizeof(p));
	memset(p.user, 'u', sizeof(p.user));
	p.secret_len = 1;
	BAD(V_PASSWORD, &p, sizeof(p));
#undef BAD
	/* this one is still there */
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "a", sizeof(l.label));
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	reply(V_MISSING);
	/* two requests at once: the second does not wait for the store */
	{
		struct v_account	 m = new_account("a");

		hello(&bad, KM_BUILD, P_CTL);
		send_raw(&bad, V_ACCOUNT_ADD, &m, sizeof(m));
		send_raw(&bad, V_ACCOUNT_GET, &l, sizeof(l));
		assert_true(is_closed(&bad));
		hang_up(&bad);
		store_answers(1, R_NONE);
	}
}

static void
counted(void **state)
{
	struct rig_peer	 p[32];
	struct v_label	 l;
	int		 i, n = 0;

	(void)state;
	for (i = 0; i < 32; i++)
		p[i].fd = dial();
	for (i = 0; i < 32; i++)
		n += !is_closed(&p[i]);
	assert_int_equal(n, 15);	/* and the one of the test: 16 */
	for (i = 0; i < 32; i++)
		close(p[i].fd);
	rig_turn();
	p[0].fd = dial();
	assert_false(is_closed(&p[0]));
	close(p[0].fd);
	memset(&l, 0, sizeof(l));
	strlcpy(l.label, "a", sizeof(l.label));
	send_raw(ctl, V_ACCOUNT_GET, &l, sizeof(l));
	reply(V_MISSING);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(added),
		T(not_added),
		T(add_undone),
		T(client_leaves),
		T(busy),
		T(set_keeps_and_drops),
		T(set_ca),
		T(passwords),
		T(renamed),
		T(removed),
		T(denied),
		T(scoped),
		T(malformed),
		T(counted),
	};
#undef T

	arena_init();
	return cmocka_run_group_tests_name("vaultadmin", tests, NULL, NULL);
}
