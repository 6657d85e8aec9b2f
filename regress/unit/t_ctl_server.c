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
 * The server side of kmaild.sock: real clients on a real socket, a real
 * mail.db, and the test in the place of the store's core.
 *
 * link: kmaild/store/control.o kmaild/store/control_account.o
 * link: kmaild/store/control_allow.o kmaild/store/control_body.o
 * link: kmaild/store/control_message.o kmaild/store/control_monitor.o
 * link: kmaild/store/control_op.o kmaild/store/control_parent.o
 * link: kmaild/store/control_reply.o kmaild/store/control_report.o
 * link: kmaild/store/control_request.o kmaild/store/control_status.o
 * link: kmaild/store/control_sync.o kmaild/store/control_test.o
 * link: kmaild/store/control_waiting.o kmaild/store/db.o
 * link: kmaild/store/schema.o common/text.o
 * libs: sqlite3 jansson
 */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/peer.h"
#include "kmaild/store/control.h"
#include "kmaild/store/db.h"

#define UID_ALL		1000	/* may everything */
#define UID_A		1001	/* reads account a */
#define UID_T		1002	/* reads and operates tenant t */
#define UID_NONE	1003
#define BIG		(200 * 1024 * 1024)	/* octets of message 1 */

/* kB that a client may cost; what a sanitizer adds is not ours */
#ifdef KM_SANITIZE
#define CLIENT_MEMORY	65536
#else
#define CLIENT_MEMORY	512
#endif

static char			 dir[] = "/tmp/t_ctl.XXXXXX";
static struct event_base	*base;
static struct m_conf_store	 conf;
static enum reason		 key;
static uid_t			 next_uid = UID_ALL;
static int			 pauses, running;
static uint64_t			 asked, forgotten;
static int64_t			 body_end = BIG;	/* readable so far */

/* ---- the core ---- */

struct event_base	*store_base(void) { return base; }
const struct m_conf_store *store_conf(void) { return &conf; }
enum reason		 store_key_state(void) { return key; }
int64_t			 plan_next_due(const struct id *id)
			    { (void)id; return 1700000000000000; }
int			 session_running(const struct id *id)
			    { (void)id; return running; }

/* Who connects is who the test says. */
int
peer_ids(int fd, uid_t *uid, gid_t *gid)
{
	(void)fd;
	*uid = next_uid;
	*gid = 50;
	return 0;
}

const struct m_proc_status *
store_proc_status(enum proc proc)
{
	static struct m_proc_status	 ps = { .state = PROC_RUNNING,
	    .pid = 77, .last_exit = 31, .missing = 0x06, .since = 1 };

	return proc == P_VAULT ? &ps : NULL;
}

int
account_find(const char *label, struct id *id)
{
	memset(id, 0, sizeof(*id));
	id->b[0] = (uint8_t)label[0];
	return strlen(label) == 1 && strchr("abc", label[0]) != NULL ? 0 : -1;
}

int
plan_sync_now(const struct id *id, uint64_t serial)
{
	(void)id;
	asked = serial;
	return 0;
}

int
plan_test(const struct id *id, uint64_t serial)
{
	(void)id;
	asked = serial;
	return 0;
}

void
plan_forget(uint64_t serial)
{
	forgotten = serial;
}

int
plan_pause(const struct id *id)
{
	(void)id;
	pauses++;
	return 0;
}

int
plan_resume(const struct id *id)
{
	(void)id;
	return -2;
}

void
session_each(void (*f)(const struct session_info *, void *), void *arg)
{
	struct session_info	 info = { .stage = STAGE_FETCHING,
	    .purpose = PURPOSE_FETCH, .found = 3 };

	info.account.b[0] = 'a';
	f(&info, arg);
	info.account.b[0] = 'b';
	f(&info, arg);
}

ssize_t
body_read(int64_t message, uint64_t off, void *buf, size_t len)
{
	size_t	 i;

	if (message != 1) {
		memset(buf, 'x', len);
		return (ssize_t)len;
	}
	if ((int64_t)off >= body_end)
		return -1;
	for (i = 0; i < len; i++)
		((unsigned char *)buf)[i] = (unsigned char)((off + i) % 251);
	return (ssize_t)len;
}

static int
waiting_state(int64_t folder, uint32_t uid, int state)
{
	char	 sql[128];

	snprintf(sql, sizeof(sql), "UPDATE waiting SET state = %d WHERE "
	    "folder = %lld AND uid = %u", state, (long long)folder, uid);
	return sqlite3_exec(db_handle(), sql, NULL, NULL, NULL) ==
	    SQLITE_OK ? 0 : -2;
}

int
waiting_retry(int64_t folder, uint32_t uid)
{
	return waiting_state(folder, uid, WAITING_RETRY);
}

int
waiting_drop(int64_t folder, uint32_t uid)
{
	return waiting_state(folder, uid, WAITING_DROPPED);
}

int
parent_request(enum msg_type type, int verbose, uint64_t serial)
{
	(void)type;
	(void)verbose;
	asked = serial;
	return 0;
}

/* ---- the client ---- */

static void
turn(int n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static int
client(uid_t uid)
{
	struct sockaddr_un	 sun;
	int			 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)), 0);
	next_uid = uid;
	turn(4);
	return fd;
}

static void
say(int fd, const char *line)
{
	assert_int_equal(write(fd, line, strlen(line)), strlen(line));
	assert_int_equal(write(fd, "\n", 1), 1);
}

/* What has come; 1 also when the server closed. */
static int
hear(int fd, char *buf, size_t size)
{
	size_t	 n = 0;
	ssize_t	 got;
	int	 i, closed = 0;

	for (i = 0; i < 50 && n + 1 < size; i++) {
		turn(2);
		got = read(fd, buf + n, size - n - 1);
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 || errno != EAGAIN) {
			closed = 1;
			break;
		}
	}
	buf[n] = '\0';
	return closed;
}

static char	 heard[262144];

#define OP(op)	"{\"v\":1,\"id\":5,\"op\":\"" op "\"}"
#define OPA(op, a) "{\"v\":1,\"id\":5,\"op\":\"" op "\",\"account\":\"" a "\"}"
#define OPX(op, a, x) "{\"v\":1,\"id\":5,\"op\":\"" op "\",\"account\":\"" a \
	"\"," x "}"

/* Ask as this user on a connection of its own. */
static const char *
ask(uid_t uid, const char *line)
{
	int	 fd = client(uid);

	say(fd, line);
	hear(fd, heard, sizeof(heard));
	close(fd);
	turn(2);
	return heard;
}

static int
count(const char *text, const char *what)
{
	int	 n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

#define has(text, what)	assert_non_null(strstr((text), (what)))
#define hasnt(text, what) assert_null(strstr((text), (what)))
#define ENDED		"{\"v\":1,\"id\":5,\"type\":\"end\"}\n"

/* ---- set-up ---- */

static void
rule(uint32_t who, uint32_t id, uint32_t rights, uint32_t scope,
    const char *name)
{
	struct m_conf_allow	 m;

	memset(&m, 0, sizeof(m));
	m.who = who;
	m.id = id;
	m.rights = rights;
	m.scope = scope;
	strlcpy(m.name, name, sizeof(m.name));
	control_allow_add(&m);
}

static void
rules(const char *label)
{
	control_allow_begin();
	rule(ALLOW_UID, UID_ALL, 0xf, SCOPE_ALL, "");
	rule(ALLOW_UID, UID_A, ALLOW_READ, SCOPE_ACCOUNT, label);
	rule(ALLOW_UID, UID_T, ALLOW_READ | ALLOW_OPERATE, SCOPE_TENANT,
	    "t");
	control_allow_end();
}

static void
sql(const char *text)
{
	char	*error = NULL;

	if (sqlite3_exec(db_handle(), text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
}

static int
setup(void **state)
{
	struct sockaddr_un	 sun;
	int			 fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	base = event_base_new();
	conf.sync_every = 300;
	conf.alert_after = 3600;
	assert_int_equal(db_open(dir, db_steps, db_nsteps), DB_CREATED);
	sql("INSERT INTO account (id, label, tenant, auth, user, imap_host,"
	    " imap_port, imap_tls, has_secret, committed, created, hash_key,"
	    " last_sync_status, last_success) VALUES"
	    " (x'61000000000000000000000000000000', 'a', '', 1, 'ua', 'ha',"
	    "  993, 1, 1, 1, 1, x'00', 2, 1),"
	    " (x'62000000000000000000000000000000', 'b', 't', 1, 'ub', 'hb',"
	    "  143, 2, 0, 1, 1, x'00', 0, 0),"
	    " (x'63000000000000000000000000000000', 'c', '', 1, 'uc', 'hc',"
	    "  993, 1, 1, 0, 1, x'00', 0, 0)");
	sql("INSERT INTO folder VALUES (1,"
	    " x'61000000000000000000000000000000', 0, x'494E424F58', 0, 0, 9,"
	    " 5, 6, 1, 1, 1), (2, x'61000000000000000000000000000000', 0,"
	    " x'4120E4', 0, 0, 9, 5, 6, 1, 1, 1)");
	sql("INSERT INTO message VALUES (1,"
	    " x'61000000000000000000000000000000',"
	    " x'AAAAAAAA000000000000000000000001',"
	    " x'AAAAAAAA00000000000000000000000100000000000000000000000000"
	    "000000', 1, 0, 209715200, 1, 1, x'1B5D41C39C', x'FF', NULL,"
	    " NULL), (2, x'61000000000000000000000000000000',"
	    " x'AAAAAAAB000000000000000000000002',"
	    " x'AAAAAAAB00000000000000000000000200000000000000000000000000"
	    "000000', 1, 0, 5, 1, 1, NULL, NULL, NULL, NULL)");
	sql("INSERT INTO seen VALUES (1, 1, 1), (2, 1, 2)");
	sql("INSERT INTO waiting VALUES (1, 7, 120, 3, 9, 1, 1, 1),"
	    " (2, 8, 121, 1, 9, 1, 1, 0), (2, 9, 121, 1, 9, 1, 1, 3)");
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 64), 0);
	control_init(base);
	control_listen(fd);
	control_start();
	rules("a");
	return 0;
}

static int
teardown(void **state)
{
	char	 command[64];

	(void)state;
	control_stop();
	turn(2);
	event_base_free(base);
	db_close();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* ---- tests ---- */

static void
test_rights(void **state)
{
	const char	*text;

	(void)state;
	text = ask(UID_ALL, OP("account-list"));
	has(text, "\"label\":\"a\"");
	has(text, "\"label\":\"b\"");
	hasnt(text, "\"label\":\"c\"");		/* not committed */
	has(text, ENDED);
	text = ask(UID_A, OP("account-list"));
	has(text, "\"label\":\"a\"");
	hasnt(text, "\"label\":\"b\"");
	text = ask(UID_T, OP("status"));
	hasnt(text, "\"label\":\"a\"");
	has(text, "\"label\":\"b\"");
	has(text, "signal 31 (sandbox)");
	has(text, "\"missing\":[\"net\",\"ioctl\"]");
	has(ask(UID_NONE, OP("account-list")), "\"error\":\"denied\"");
	has(ask(UID_NONE, OP("status")), "\"error\":\"denied\"");
	has(ask(UID_A, OPA("account-show", "b")), "\"not-found\"");
	has(ask(UID_A, OPA("account-show", "c")), "\"not-found\"");
	has(ask(UID_A, OPA("account-show",
	    "62000000000000000000000000000000")), "\"not-found\"");
	has(ask(UID_A, OPA("account-show",
	    "61000000000000000000000000000000")), "\"label\":\"a\"");
	has(ask(UID_A, OPA("account-pause", "a")), "\"error\":\"denied\"");
	assert_int_equal(pauses, 0);
	has(ask(UID_T, OPA("account-pause", "b")), ENDED);
	assert_int_equal(pauses, 1);
	has(ask(UID_ALL, OPA("account-resume", "b")), "\"unavailable\"");
	has(ask(UID_T, OP("reload")), "\"error\":\"denied\"");
	has(ask(UID_A, OP("sync")), "\"error\":\"denied\"");
	has(ask(UID_A, OPA("message-list", "b")), "\"not-found\"");
	has(ask(UID_A, OPA("waiting-retry", "a")), "\"error\":\"denied\"");
}

/* A rule is held against the label of the moment, at each request. */
static void
test_rename(void **state)
{
	int	 fd = client(UID_A);

	(void)state;
	say(fd, OPA("account-show", "a"));
	hear(fd, heard, sizeof(heard));
	has(heard, ENDED);
	rules("z");
	say(fd, OPA("account-show", "a"));
	hear(fd, heard, sizeof(heard));
	has(heard, "\"not-found\"");
	rules("a");
	say(fd, OPA("account-show", "a"));
	hear(fd, heard, sizeof(heard));
	has(heard, ENDED);
	close(fd);
}

/* A malformed request ends that client and nothing else. */
static void
test_malformed(void **state)
{
	static const char *const	 lines[] = { "", "x", "{}", "[]",
	    "{\"v\":2,\"id\":5,\"op\":\"status\"}",
	    "{\"v\":1,\"id\":5,\"op\":\"status\",\"x\":1}" };
	char	*line;
	size_t	 i;
	int	 fd, other = client(UID_ALL);

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		fd = client(UID_ALL);
		say(fd, lines[i]);
		say(fd, OP("account-list"));
		assert_int_equal(hear(fd, heard, sizeof(heard)), 1);
		has(heard, "\"type\":\"error\"");
		assert_int_equal(count(heard, "\n"), 1);
		close(fd);
	}
	/* a line without end */
	assert_non_null(line = malloc(CONTROL_LINE_MAX));
	memset(line, ' ', CONTROL_LINE_MAX);
	fd = client(UID_ALL);
	for (i = 0; i < CONTROL_LINE_MAX; i += 4096) {
		assert_int_equal(write(fd, line, 4096), 4096);
		turn(2);
	}
	assert_int_equal(hear(fd, heard, sizeof(heard)), 1);
	has(heard, "\"error\":\"malformed\"");
	close(fd);
	/* the longest that there may be */
	memcpy(line, OP("check"), strlen(OP("check")));
	line[CONTROL_LINE_MAX - 1] = '\n';
	fd = client(UID_ALL);
	for (i = 0; i < CONTROL_LINE_MAX; i += 4096) {
		assert_int_equal(write(fd, line + i, 4096), 4096);
		turn(2);
	}
	assert_int_equal(hear(fd, heard, sizeof(heard)), 0);
	has(heard, ENDED);
	close(fd);
	free(line);
	say(other, "{\"v\":1,\"id\":5,\"op\":\"account-shrink\"}");
	say(other, OP("account-list"));
	assert_int_equal(hear(other, heard, sizeof(heard)), 0);
	has(heard, "\"error\":\"invalid\"");
	has(heard, ENDED);
	close(other);
}

/* Who has no more to ask still gets its answers. */
static void
test_half_closed(void **state)
{
	int	 fd = client(UID_ALL);

	(void)state;
	say(fd, OP("account-list"));
	say(fd, OP("check"));
	shutdown(fd, SHUT_WR);
	assert_int_equal(hear(fd, heard, sizeof(heard)), 1);
	assert_int_equal(count(heard, ENDED), 2);
	close(fd);
	fd = client(UID_ALL);
	say(fd, OP("monitor"));
	shutdown(fd, SHUT_WR);
	assert_int_equal(hear(fd, heard, sizeof(heard)), 1);
	close(fd);
}

static void
test_messages(void **state)
{
	const char	*text;

	(void)state;
	text = ask(UID_A, OPA("message-list", "a"));
	assert_int_equal(count(text, "\"type\":\"message\""), 2);
	has(text, "aaaaaaaa000000000000000000000001");
	has(text, "\"from\":\"\xef\xbf\xbd]A\xc3\x9c\"");
	has(text, "\"subject\":\"\xef\xbf\xbd\"");
	has(text, "\"date\":null");
	has(text, "\"folder\":\"A%20%E4\"");
	text = ask(UID_A, OPX("message-list", "a",
	    "\"folder\":\"A%20%e4\""));
	assert_int_equal(count(text, "\"type\":\"message\""), 1);
	has(text, "aaaaaaab");
	text = ask(UID_A, OPX("message-list", "a", "\"limit\":1"));
	assert_int_equal(count(text, "\"type\":\"message\""), 1);
	has(text, ENDED);
	text = ask(UID_A, OPX("message-list", "a",
	    "\"after\":\"aaaaaaaa000000000000000000000001\""));
	assert_int_equal(count(text, "\"type\":\"message\""), 1);
	has(text, "aaaaaaab");
	text = ask(UID_A, OPX("message-get", "a",
	    "\"message\":\"aaaaaaab\",\"offset\":1"));
	has(text, "\"bytes\":4}\nxxxx" ENDED);
	has(ask(UID_A, OPX("message-get", "a",
	    "\"message\":\"aaaaaaab\",\"offset\":6")), "\"invalid\"");
	has(ask(UID_A, OPX("message-get", "a",
	    "\"message\":\"bbbbbbbb\"")), "\"not-found\"");
	sql("INSERT INTO message VALUES (3,"
	    " x'61000000000000000000000000000000',"
	    " x'AAAAAAAB100000000000000000000002',"
	    " x'AAAAAAAB10000000000000000000000200000000000000000000000000"
	    "000000', 1, 0, 0, 1, 1, NULL, NULL, NULL, NULL)");
	has(ask(UID_A, OPX("message-get", "a",
	    "\"message\":\"aaaaaaab\"")), "several messages");
	has(ask(UID_A, OPX("message-get", "a",
	    "\"message\":\"aaaaaaab1\"")), "\"bytes\":0}\n" ENDED);
	sql("DELETE FROM message WHERE id = 3");
}

static long
resident(void)
{
	struct rusage	 ru;

	assert_int_equal(getrusage(RUSAGE_SELF, &ru), 0);
	return ru.ru_maxrss;
}

/* Every octet arrives, nothing between, and memory does not grow. */
static void
test_large(void **state)
{
	static unsigned char	 buf[65536];
	int64_t			 off = 0;
	ssize_t			 n, i;
	long			 before;
	char			*body;
	int			 fd = client(UID_A), idle = 0;

	(void)state;
	say(fd, OP("check"));
	hear(fd, heard, sizeof(heard));
	before = resident();
	say(fd, OPX("message-get", "a", "\"message\":\"aaaaaaaa\""));
	say(fd, OP("account-list"));	/* its answer has to wait */
	turn(3);
	n = read(fd, buf, sizeof(buf));
	body = memchr(buf, '\n', (size_t)n);
	assert_non_null(body);
	n -= body + 1 - (char *)buf;
	memmove(buf, body + 1, (size_t)n);
	while (off + n < BIG) {
		for (i = 0; i < n; i++)
			if (buf[i] != (off + i) % 251)
				fail_msg("octet %lld", (long long)(off + i));
		off += n;
		turn(1);
		if ((n = read(fd, buf, sizeof(buf))) < 1) {
			n = 0;
			assert_true(idle++ < 1000);
		} else
			idle = 0;
	}
	assert_memory_equal(buf + (BIG - off), ENDED, strlen(ENDED));
	assert_true(resident() - before < 4 * CLIENT_MEMORY);
	close(fd);
	turn(2);
}

/* Who reads nothing costs its buffer, and others go on. */
static void
test_slow(void **state)
{
	long	 before = resident();
	int	 fd[8], i;

	(void)state;
	for (i = 0; i < 8; i++) {
		fd[i] = client(UID_A);
		say(fd[i], OPX("message-get", "a",
		    "\"message\":\"aaaaaaaa\""));
	}
	turn(200);
	assert_true(resident() - before < 8 * CLIENT_MEMORY);
	has(ask(UID_ALL, OP("account-list")), ENDED);
	for (i = 0; i < 8; i++)
		close(fd[i]);
	turn(4);
}

/* A file that breaks off: never an octet that was not announced. */
static void
test_cut(void **state)
{
	int	 fd;

	(void)state;
	body_end = 50000;
	fd = client(UID_A);
	say(fd, OPX("message-get", "a", "\"message\":\"aaaaaaaa\""));
	assert_int_equal(hear(fd, heard, sizeof(heard)), 1);
	hasnt(heard, "\"type\":\"end\"");
	close(fd);
	body_end = 0;
	has(ask(UID_A, OPX("message-get", "a", "\"message\":\"aaaaaaaa\"")),
	    "\"error\":\"unavailable\"");
	body_end = BIG;
}

static void
test_waiting(void **state)
{
	const char	*text;

	(void)state;
	text = ask(UID_ALL, OP("waiting-list"));
	assert_int_equal(count(text, "\"type\":\"waiting\""), 2);
	has(text, "\"state\":\"quarantined\"");
	hasnt(ask(UID_T, OP("waiting-list")), "\"waiting\"");
	has(ask(UID_ALL, OPX("waiting-drop", "a",
	    "\"folder\":\"INBOX\",\"uid\":8")), "\"not-found\"");
	has(ask(UID_ALL, OPX("waiting-drop", "a",
	    "\"folder\":\"A%20%E4\",\"uid\":8")), "\"changed\":1");
	text = ask(UID_A, OPA("waiting-list", "a"));
	assert_int_equal(count(text, "\"type\":\"waiting\""), 1);
	has(ask(UID_ALL, OPA("waiting-retry", "a")), "\"changed\":1");
	has(ask(UID_A, OPA("waiting-list", "a")), "\"state\":\"retry\"");
	has(ask(UID_A, OP("report")), "\"waiting\":1");
}

static void
test_sync(void **state)
{
	struct id	 a = { { 'a' } }, b = { { 'b' } };
	int		 fd = client(UID_ALL);

	(void)state;
	say(fd, OP("sync"));
	hear(fd, heard, sizeof(heard));
	assert_string_equal(heard, "");
	control_progress(&a, 10, 5, 1000);
	control_progress(&a, 10, 6, 1200);	/* only the latest is told */
	hear(fd, heard, sizeof(heard));
	assert_int_equal(count(heard, "\"type\":\"progress\""), 1);
	has(heard, "\"done\":6");
	control_sync_done(asked, &a);
	running = 1;		/* the next one, for somebody else */
	hear(fd, heard, sizeof(heard));
	has(heard, "\"last_sync_status\":\"ok\"");
	hasnt(heard, "\"end\"");
	has(ask(UID_ALL, OP("report")), "\"last_sync_status\":\"running\"");
	running = 0;
	control_sync_done(asked, &a);
	control_sync_done(asked, &b);
	hear(fd, heard, sizeof(heard));
	assert_int_equal(count(heard, "\"type\":\"report\""), 1);
	has(heard, ENDED);
	assert_int_equal(forgotten, asked);
	/* a client that goes away */
	say(fd, "{\"v\":1,\"id\":5,\"op\":\"sync\",\"accounts\":[\"a\"]}");
	turn(4);
	assert_int_not_equal(forgotten, asked);
	close(fd);
	turn(4);
	assert_int_equal(forgotten, asked);
	control_sync_done(asked, &a);
	has(ask(UID_ALL, "{\"v\":1,\"id\":5,\"op\":\"sync\",\"accounts\":"
	    "[\"a\",\"q\"]}"), "\"not-found\"");
}

static void
test_test(void **state)
{
	struct test_result	 result;
	int			 fd = client(UID_T);

	(void)state;
	memset(&result, 0, sizeof(result));
	say(fd, OPA("account-test", "b"));
	turn(4);
	result.step = TEST_NAME;
	result.count = 2;
	control_test_step(asked, &result);
	hear(fd, heard, sizeof(heard));
	has(heard, "\"step\":\"name\",\"ok\":true");
	has(heard, "\"addresses\":2");
	control_test_end(asked, R_CONNECT_REFUSED);
	hear(fd, heard, sizeof(heard));
	has(heard, "\"type\":\"result\",\"ok\":false");
	has(heard, ENDED);
	close(fd);
}

static void
test_monitor(void **state)
{
	struct id	 a = { { 'a' } };
	int		 all = client(UID_ALL), t = client(UID_T),
			 reader = client(UID_A);

	(void)state;
	sql("INSERT INTO event (time, code, account, a) VALUES (1, 3,"
	    " x'61000000000000000000000000000000', 0)");
	say(all, OP("monitor"));
	say(t, "{\"v\":1,\"id\":5,\"op\":\"monitor\",\"since\":0}");
	say(reader, OP("monitor"));
	turn(4);
	sql("INSERT INTO event (time, code, account, a) VALUES (1, 3,"
	    " x'61000000000000000000000000000000', 0), (1, 3, NULL, 0)");
	control_event(3, 1, 3, &a, 0, 0, 0);
	hear(all, heard, sizeof(heard));
	assert_int_equal(count(heard, "\"type\":\"event\""), 2);
	has(heard, "\"code\":\"out-of-memory\"");
	hear(reader, heard, sizeof(heard));
	assert_int_equal(count(heard, "\"type\":\"event\""), 1);
	hear(t, heard, sizeof(heard));
	assert_string_equal(heard, "");
	rules("z");			/* the right is gone: so is the sight */
	sql("INSERT INTO event (time, code, account, a) VALUES (1, 3,"
	    " x'61000000000000000000000000000000', 0)");
	control_event(4, 1, 3, &a, 0, 0, 0);
	hear(reader, heard, sizeof(heard));
	assert_string_equal(heard, "");
	rules("a");
	say(all, OP("monitor"));
	hear(all, heard, sizeof(heard));
	has(heard, "\"error\":\"busy\"");
	close(all);
	close(t);
	close(reader);
	turn(4);
}

static void
test_parent(void **state)
{
	int	 fd = client(UID_ALL);

	(void)state;
	say(fd, OP("reload"));
	turn(4);
	control_parent_result(asked, 0, "kmaild.conf:3: syntax error\n");
	hear(fd, heard, sizeof(heard));
	has(heard, "\"message\":\"kmaild.conf:3: syntax error\"");
	say(fd, OP("stop"));
	turn(4);
	control_parent_result(asked, 1, "");
	hear(fd, heard, sizeof(heard));
	has(heard, ENDED);
	close(fd);
	turn(2);
	control_parent_result(asked, 1, "");
}

/* Sixteen requests at once wait for each other; none is lost. */
static void
test_pipeline(void **state)
{
	int	 fd = client(UID_ALL), i;

	(void)state;
	for (i = 0; i < 100; i++)
		say(fd, OPX("message-get", "a", "\"message\":\"aaaaaaab\""));
	hear(fd, heard, sizeof(heard));
	assert_int_equal(count(heard, "\"bytes\":5}\nxxxxx"), 100);
	assert_int_equal(count(heard, ENDED), 100);
	close(fd);
}

/* One uid cannot take all connections; root and we have some of our own. */
static void
test_limits(void **state)
{
	int	 fd[40], extra, i;

	(void)state;
	for (i = 0; i < 32; i++)
		fd[i] = client(UID_A);
	extra = client(UID_A);
	assert_int_equal(hear(extra, heard, sizeof(heard)), 1);
	has(heard, "\"error\":\"busy\"");
	close(extra);
	has(ask(UID_ALL, OP("account-list")), ENDED);
	for (i = 0; i < 32; i++)
		close(fd[i]);
	turn(4);
	has(ask(UID_A, OP("account-list")), ENDED);
}

static void
test_key(void **state)
{
	(void)state;
	has(ask(UID_ALL, OP("check")), "\"status\":2");
	key = R_KEY_MISSING;
	has(ask(UID_ALL, OP("report")),
	    "\"last_sync_error\":\"email_encryption_key_missing\"");
	has(ask(UID_ALL, OP("status")),
	    "\"state\":\"email_encryption_key_missing\"");
	has(ask(UID_A, OP("check")), "email_encryption_key_missing");
	key = R_NONE;
}

/* The rest of a line has its time, however it trickles. */
static void
test_late(void **state)
{
	int	 fd = client(UID_ALL), idle = client(UID_ALL), i, closed = 0;

	(void)state;
	for (i = 0; i < 24 && !closed; i++) {
		if (write(fd, " ", 1) == -1)
			break;
		usleep(500000);
		closed = hear(fd, heard, sizeof(heard));
	}
	assert_true(i >= 18 && i < 24);
	say(idle, OP("account-list"));
	hear(idle, heard, sizeof(heard));
	has(heard, ENDED);
	close(fd);
	close(idle);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_test),
		cmocka_unit_test(test_monitor),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_late),
	};

	signal(SIGPIPE, SIG_IGN);	/* as proc_start() does */
	return cmocka_run_group_tests(tests, setup, teardown);
}
