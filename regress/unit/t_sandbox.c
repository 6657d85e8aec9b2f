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
 * Each process, under its real sandbox, tries what it must not be able to
 * do.  A row is an act, a column a process; what is expected of it:
 *	K killed by SIGSYS	D refused: EACCES or EPERM
 *	W works			S refused from Landlock ABI 6 on, else works
 *	N refused from ABI 4 on, else works	- not killed, no more
 *	I as K, or there is no such interrupt
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sandbox.h"

#ifndef LANDLOCK_ABI_MAX
#define LANDLOCK_ABI_MAX	6
#endif

/* Outcome of an act; else errno, 0 worked, or another signal's negative. */
#define KILLED		-SIGSYS
#ifdef KM_SANITIZE
#define SANDBOXED	0
#else
#define SANDBOXED	1
#endif

#define NPROFILES	8
#define NOBODY		65534
#define NO_CORE		"Max core file size        0                    0 "

static char	 dir[] = "/tmp/t_sandbox.XXXXXX";	/* may be written */
static char	 outside[] = "/tmp/t_sandbox.XXXXXX";	/* may not */
static char	 path[64];
static char	 stat_buf[sizeof(struct stat)];
static uint16_t	 port_open, port_shut;	/* one in the list, one not */
static int	 listen_open, listen_shut, listen_local, listen_abstract;
static int	 pair[2];
static pid_t	 bystander;
static long	 abi;

/* ---- how to become each process ---- */

static void
be_parent(void)
{
	const char		*writable[] = { dir, NULL };
	struct sandbox_result	 r;

	sandbox_parent(&r, writable);
}

static void
be_vault(void)
{
	struct sandbox_result	 r;

	sandbox_vault(&r);
}

static void
be_session(void)
{
	struct sandbox_result	 r;

	sandbox_prepare_session_child();
	sandbox_session(&r);
}

static void
be_session_child(void)
{
	be_session();
	sandbox_session_child();
}

static void
be_fetcher(void)
{
	struct sandbox_result	 r;

	sandbox_prepare_worker();
	sandbox_fetcher(&r, &port_open, 1);
}

static void
be_worker(void)
{
	be_fetcher();
	sandbox_worker();
}

static void
be_store(void)
{
	struct sandbox_result	 r;

	sandbox_store(&r, dir);
}

static void
be_ctl(void)
{
	struct sandbox_result	 r;

	sandbox_ctl(&r, dir);
}

static const struct profile {
	const char	*name;
	void		(*become)(void);
} profiles[NPROFILES] = {
	{ "parent", be_parent },
	{ "vault", be_vault },
	{ "session", be_session },
	{ "session-child", be_session_child },
	{ "fetcher", be_fetcher },
	{ "worker", be_worker },
	{ "store", be_store },
	{ "ctl", be_ctl }
};

#include "regress/unit/sandboxacts.h"

static const struct row {
	const char	*name;
	int		(*act)(void);
	char		 expect[NPROFILES + 1];
} rows[] = {
#define ROW(name, expect)	{ #name, act_##name, expect }
	/*		       parent
	 *		       |vault
	 *		       ||session
	 *		       |||child
	 *		       ||||fetcher
	 *		       |||||worker
	 *		       ||||||store
	 *		       |||||||ctl */
	ROW(time,		"WWWWWWWW"),
	ROW(random,		"WWWWWWWW"),
	ROW(memory,		"WWWWWWWW"),
	ROW(write,		"WWWWWWWW"),
	ROW(sendmsg,		"WWWWWWWW"),
	ROW(open,		"WDKKKKDD"),
	ROW(stat,		"WDKKKKWW"),
	ROW(make_outside,	"DDKKKKDD"),
	ROW(make_inside,	"WDKKKKWW"),
	ROW(folder_outside,	"DKKKKKDD"),
	ROW(folder_inside,	"WKKKKKWW"),
	ROW(symlink,		"KKKKKKKK"),
	ROW(truncate,		"KKKKKKKK"),
	ROW(chmod,		"WKKKKKKK"),
	ROW(chroot,		"KKKKKKKK"),
	ROW(memfd,		"KKKKKKKK"),
	ROW(handle,		"KKKKKKKK"),
	ROW(inotify,		"WKKKKKKK"),
	ROW(tcp,		"WKKKWKKK"),
	ROW(tcp6,		"WKKKWKKK"),
	ROW(udp,		"WKKKWKKK"),
	ROW(local,		"WKKKKKKK"),
	ROW(mptcp,		"KKKKKKKK"),
	ROW(raw,		"KKKKKKKK"),
	ROW(sctp,		"KKKKKKKK"),
	ROW(netlink,		"KKKKKKKK"),
	ROW(packet,		"KKKKKKKK"),
	ROW(vsock,		"KKKKKKKK"),
	ROW(connect_open,	"WKKKWKKK"),
	ROW(connect_shut,	"WKKKNKKK"),
	ROW(connect_local,	"WKKKKKKK"),
	ROW(connect_abstract,	"SKKKKKKK"),
	ROW(bind_tcp,		"NKKKKKKK"),
	ROW(listen,		"-KKKKKKK"),
	ROW(fastopen_to,	"KKKKKKKK"),
	ROW(fastopen_msg,	"KKKKKKKK"),
	ROW(setsockopt,		"-KKKKKKK"),
	ROW(async,		"KKKKKKKK"),
	ROW(owner,		"KKKKKKKK"),
	ROW(inject,		"KKKKKKKK"),
	ROW(sendmmsg,		"KKKKKKKK"),
	ROW(fork,		"WKWKWKKK"),
	ROW(exec,		"WKKKKKKK"),
	ROW(vfork,		"KKKKKKKK"),
	ROW(thread,		"KKKKKKKK"),
	ROW(clone_user,		"KKKKKKKK"),
	ROW(unshare,		"KKKKKKKK"),
	ROW(setns,		"KKKKKKKK"),
	ROW(kill,		"SKKKSKKK"),
	ROW(kill_all,		"KKKKKKKK"),
	ROW(ptrace,		"KKKKKKKK"),
	ROW(peek,		"KKKKKKKK"),
	ROW(poke,		"KKKKKKKK"),
	ROW(pidfd,		"KKKKKKKK"),
	ROW(pidfd_getfd,	"KKKKKKKK"),
	ROW(kcmp,		"KKKKKKKK"),
	ROW(setuid,		"-KKKKKKK"),
	ROW(limits,		"WKKKKKKK"),
	ROW(mprotect_exec,	"KKKKKKKK"),
	ROW(map_write_exec,	"KKKKKKKK"),
	ROW(map_exec,		"WKKKKKKK"),
	ROW(dumpable,		"KKKKKKKK"),
	ROW(prctl_name,		"KKKKKKKK"),
	ROW(io_uring,		"KKKKKKKK"),
	ROW(keyctl,		"KKKKKKKK"),
	ROW(add_key,		"KKKKKKKK"),
	ROW(bpf,		"KKKKKKKK"),
	ROW(perf,		"KKKKKKKK"),
	ROW(userfaultfd,	"KKKKKKKK"),
	ROW(mount,		"KKKKKKKK"),
	ROW(move_mount,		"KKKKKKKK"),
	ROW(personality,	"KKKKKKKK"),
	ROW(module,		"KKKKKKKK"),
	ROW(reboot,		"KKKKKKKK"),
	ROW(listener,		"KKKKKKKK"),
	ROW(landlock,		"WKKKKKKK"),
#ifdef __x86_64__
	ROW(i386,		"IIIIIIII"),
	ROW(x32,		"KKKKKKKK"),
#endif
};

/* ---- the test ---- */

/* Fork, enter, act; the outcome.  Dumps of the killed would be secrets. */
static int
outcome(void (*outer)(void), void (*become)(void), int (*act)(void))
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		alarm(20);
		signal(SIGSEGV, SIG_DFL);	/* cmocka would go on */
		if (outer != NULL)
			outer();
		become();
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WCOREDUMP(status));
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int
as_expected(char expect, int got)
{
	switch (expect) {
	case 'K':
		return got == KILLED;
	case 'I':
		return got == KILLED || got == -SIGSEGV;
	case 'N':
		return abi >= 4 ? got == EACCES : got == 0;
	case 'S':
		return abi >= 6 ? got == EPERM : got == 0;
	case 'D':
		return got == EACCES || got == EPERM;
	case 'W':
		return got == 0;
	default:
		return got >= 0;
	}
}

/* One process's column; within the parent's sandbox, as it is in life, too. */
static void
column(size_t n)
{
	size_t	 i;
	int	 got, inner, wrong = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = outcome(NULL, profiles[n].become, rows[i].act);
		inner = n == 0 || rows[i].expect[n] == 'K' ? got :
		    outcome(be_parent, profiles[n].become, rows[i].act);
		if (as_expected(rows[i].expect[n], got) &&
		    as_expected(rows[i].expect[n], inner))
			continue;
		print_message("# %s: %s: expected %c, got %d, under the "
		    "parent's %d\n", profiles[n].name, rows[i].name,
		    rows[i].expect[n], got, inner);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

#define COLUMN(name, n)							\
static void								\
test_##name(void **state)						\
{									\
	(void)state;							\
	column(n);							\
}
COLUMN(parent, 0)
COLUMN(vault, 1)
COLUMN(session, 2)
COLUMN(session_child, 3)
COLUMN(fetcher, 4)
COLUMN(worker, 5)
COLUMN(store, 6)
COLUMN(ctl, 7)

/* Lines of a file in /proc that equal one of the texts. */
static int
lines(pid_t pid, const char *name, const char *one, const char *other)
{
	char	 file[64], line[256];
	FILE	*f;
	int	 found = 0;

	snprintf(file, sizeof(file), "/proc/%d/%s", (int)pid, name);
	assert_non_null(f = fopen(file, "r"));
	while (fgets(line, sizeof(line), f) != NULL)
		found += strncmp(line, one, strlen(one)) == 0 ||
		    strncmp(line, other, strlen(other)) == 0;
	fclose(f);
	return found;
}

/*
 * What the kernel says of each: filter, no_new_privs, no core; and not
 * dumpable, since its folder in /proc belongs to root and not to its user.
 */
static void
test_kernel_says(void **state)
{
	struct rlimit	 rl = { 4096, 4096 };
	struct stat	 st;
	char		 file[64], b;
	pid_t		 pid;
	size_t		 i;
	int		 p[2];

	(void)state;
	for (i = 0; i < NPROFILES; i++) {
		assert_int_equal(pipe(p), 0);
		if ((pid = fork()) == 0) {
			alarm(20);
			setrlimit(RLIMIT_CORE, &rl);
			if (getuid() == 0 && setresuid(NOBODY, NOBODY,
			    NOBODY) == -1)
				_exit(1);
			prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
			prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			profiles[i].become();
			if (write(p[1], "", 1) != 1)
				_exit(1);
			for (;;)
				poll(NULL, 0, -1);
		}
		assert_int_equal(read(p[0], &b, 1), 1);
		assert_int_equal(lines(pid, "status", "NoNewPrivs:\t1\n",
		    "Seccomp:\t2\n"), 2);
		snprintf(file, sizeof(file), "/proc/%d/limits", (int)pid);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_uid, 0);
		if (getuid() == 0)
			assert_int_equal(lines(pid, "limits", NO_CORE,
			    "-"), 1);
		close(p[0]);
		close(p[1]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static int
listen_in(uint16_t *port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	int			 s = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(s, 100), 0);
	assert_int_equal(getsockname(s, (struct sockaddr *)&sin, &len), 0);
	*port = ntohs(sin.sin_port);
	return s;
}

static int
listen_un(int abstract)
{
	struct sockaddr_un	 sun;
	socklen_t		 len = local_address(&sun, abstract);
	int			 s = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(s, (struct sockaddr *)&sun, len), 0);
	assert_int_equal(listen(s, 100), 0);
	return s;
}

static int
setup(void **state)
{
	(void)state;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);
	if (abi > LANDLOCK_ABI_MAX)
		abi = LANDLOCK_ABI_MAX;
	print_message("# Landlock ABI %ld\n", abi);
	if (mkdtemp(dir) == NULL || mkdtemp(outside) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/path", dir);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	listen_open = listen_in(&port_open);
	listen_shut = listen_in(&port_shut);
	listen_local = listen_un(0);
	listen_abstract = listen_un(1);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return -1;
	if ((bystander = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		signal(SIGTERM, SIG_IGN);
		for (;;)
			poll(NULL, 0, -1);
	}
	usleep(100000);		/* until it ignores the signal */
	return 0;
}

static int
teardown(void **state)
{
	static const char	*names[] = { "file", "folder", "path",
				    "socket" };
	char			 name[64];
	size_t			 i;

	(void)state;
	kill(bystander, SIGKILL);
	waitpid(bystander, NULL, 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		remove(name);
		snprintf(name, sizeof(name), "%s/%s", outside, names[i]);
		remove(name);
	}
	return rmdir(dir) == -1 || rmdir(outside) == -1 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_vault),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_session_child),
		cmocka_unit_test(test_fetcher),
		cmocka_unit_test(test_worker),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_ctl),
		cmocka_unit_test(test_kernel_says),
	};

	if (!SANDBOXED) {
		puts("1..0 # SKIP a build with sanitizers has no sandbox");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
