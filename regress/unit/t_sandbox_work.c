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
 * What each process must still be able to do under its sandbox, within the
 * parent's as it is in life.
 * libs: sqlite3
 */

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sandbox.h"

static char	 dir[] = "/tmp/t_work.XXXXXX";

/* In the child, where an assertion would be lost: the line that failed. */
#define MUST(condition)							\
	do {								\
		if (!(condition))					\
			_exit(__LINE__ % 250 + 1);			\
	} while (0)

static void
within_parent(void (*work)(void))
{
	const char		*writable[] = { dir, NULL };
	struct sandbox_result	 r;
	int			 status;
	pid_t			 pid;

	if ((pid = fork()) == 0) {
		alarm(30);
		sandbox_parent(&r, writable);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
by_value(const void *a, const void *b)
{
	const int	*x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* qsort(3) of much asks for the size of memory. */
static void
sort_much(void)
{
	size_t	 i, n = 100000;
	int	*v = calloc(n, sizeof(*v));

	MUST(v != NULL);
	for (i = 0; i < n; i++)
		v[i] = (int)(n - i);
	qsort(v, n, sizeof(*v), by_value);
	MUST(v[0] == 1);
	free(v);
}

static void
sql(sqlite3 *db, const char *text)
{
	MUST(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
}

static sqlite3 *
open_db(const char *name)
{
	char	 path[64];
	sqlite3	*db;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	sql(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
	    "CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b BLOB);"
	    "INSERT INTO t(b) VALUES (randomblob(100))");
	return db;
}

static void
use_db(sqlite3 *db)
{
	sql(db, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 3000) INSERT INTO t(b) SELECT randomblob(900) FROM c");
	sql(db, "SELECT count(*) FROM t a JOIN t b ON a.b = b.b ORDER BY a.b");
	sql(db, "PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM t; VACUUM");
	MUST(sqlite3_close(db) == SQLITE_OK);
}

static void
pass_descriptor(void)
{
	union {
		struct cmsghdr	 hdr;
		char		 buf[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec	 iov = { &(char){ 'x' }, 1 };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = sizeof(c) };
	int		 p[2];

	memset(&c, 0, sizeof(c));
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, p) == 0);
	c.hdr.cmsg_len = CMSG_LEN(sizeof(int));
	c.hdr.cmsg_level = SOL_SOCKET;
	c.hdr.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&c.hdr), &p[0], sizeof(int));
	MUST(sendmsg(p[0], &m, 0) == 1);
	MUST(recvmsg(p[1], &m, MSG_CMSG_CLOEXEC) == 1);
	close(p[0]);
	close(p[1]);
}

static void
work_vault(void)
{
	struct sandbox_result	 r;
	sqlite3			*db = open_db("vault.db");

	sandbox_vault(&r);
	use_db(db);
	pass_descriptor();
	sort_much();
}

static void
work_store(void)
{
	struct sandbox_result	 r;
	struct statvfs		 sv;
	char			 name[64];
	int			 d, fd;

	sandbox_store(&r, dir);
	use_db(open_db("mail.db"));
	MUST((d = open(dir, O_RDONLY | O_DIRECTORY)) != -1);
	MUST(fstatvfs(d, &sv) == 0);
	MUST(mkdirat(d, "account", 0700) == 0);
	snprintf(name, sizeof(name), "%s/account/1.seg", dir);
	MUST((fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600)) != -1);
	MUST(pwrite(fd, "abc", 3, 0) == 3 && fdatasync(fd) == 0);
	MUST(ftruncate(fd, 2) == 0 && close(fd) == 0 && fsync(d) == 0);
	MUST(unlink(name) == 0);
	MUST(unlinkat(d, "account", AT_REMOVEDIR) == 0);
	pass_descriptor();
	sort_much();
}

static void
work_session(void)
{
	struct sandbox_result	 r;
	struct pollfd		 pfd;
	int			 p[2], status;
	pid_t			 pid;
	char			 b;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0);
	sandbox_prepare_session_child();
	sandbox_session(&r);
	sort_much();
	MUST((pid = fork()) != -1);
	if (pid == 0) {
		close(p[0]);
		MUST(fcntl(p[1], F_SETFL, O_NONBLOCK) == 0);
		sandbox_session_child();
		MUST(write(p[1], "x", 1) == 1);
		pfd.fd = p[1];
		pfd.events = POLLIN;
		MUST(poll(&pfd, 1, 10000) == 1 && read(p[1], &b, 1) == 1);
		free(malloc(1000000));
		_exit(0);
	}
	close(p[1]);
	MUST(read(p[0], &b, 1) == 1 && write(p[0], &b, 1) == 1);
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
work_fetcher(void)
{
	struct sandbox_result	 r;
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	uint16_t		 port = 993;
	int			 s, status;
	pid_t			 pid;

	sandbox_prepare_worker();
	sandbox_fetcher(&r, &port, 1);
	sin.sin_port = htons(53);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	MUST((s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) != -1);
	MUST(sendto(s, "x", 1, 0, (struct sockaddr *)&sin,
	    sizeof(sin)) == 1);
	MUST((pid = fork()) != -1);
	if (pid == 0) {
		sandbox_worker();
		sort_much();
		poll(NULL, 0, 20000);
		_exit(1);
	}
	MUST(kill(pid, SIGKILL) == 0);
	MUST(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
}

static void
work_ctl(void)
{
	struct sandbox_result	 r;
	struct winsize		 ws;
	char			 from[64], to[64];
	int			 fd;

	snprintf(from, sizeof(from), "%s/from", dir);
	snprintf(to, sizeof(to), "%s/to", dir);
	sandbox_ctl(&r, dir);
	MUST((fd = open(from, O_WRONLY | O_CREAT | O_EXCL, 0600)) != -1);
	MUST(ioctl(fd, TIOCGWINSZ, &ws) == -1 && errno == ENOTTY);
	MUST(write(fd, "x", 1) == 1 && fsync(fd) == 0 && close(fd) == 0);
	MUST(rename(from, to) == 0 && access(to, R_OK) == 0);
	MUST(unlink(to) == 0);
	sort_much();
}

#define TEST(name)							\
static void								\
test_##name(void **state)						\
{									\
	(void)state;							\
	within_parent(work_##name);					\
}
TEST(vault)
TEST(store)
TEST(session)
TEST(fetcher)

/* kmailctl is nobody's child. */
static void
test_ctl(void **state)
{
	int	 status;
	pid_t	 pid;

	(void)state;
	if ((pid = fork()) == 0) {
		alarm(30);
		work_ctl();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char	*names[] = { "vault.db", "vault.db-wal",
				    "mail.db", "mail.db-wal" };
	char			 path[64];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_vault),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_fetcher),
		cmocka_unit_test(test_ctl),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
