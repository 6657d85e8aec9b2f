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
 * Which process may make which system call, with which arguments.  What is
 * not in the table kills the process.  The parent has all rows, since its
 * filter stays on its children; a zygote has those of what it forks.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/seccomp.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sandbox-linux.h"

#define ALL	(S_PARENT | S_VAULT | S_SESSION | S_CHILD | S_FETCHER | \
		S_WORKER | S_STORE | S_CTL)
#define FINAL	(S_CHILD | S_WORKER)	/* of these nothing forks */
#define LONG	(ALL & ~FINAL)
#define LOOP	(S_PARENT | S_VAULT | S_FETCHER | S_STORE)	/* libevent */
#define FORKS	(S_PARENT | S_SESSION | S_FETCHER)
#define DB	(S_VAULT | S_STORE)				/* SQLite */
#define FILES	(S_STORE | S_CTL)

#define EQ(n, v)	{ (n), SCMP_CMP_EQ, (v), 0 }
#define NO_BITS(n, m)	{ (n), SCMP_CMP_MASKED_EQ, (m), 0 }
#define ONLY_BITS(n, m)	{ (n), SCMP_CMP_MASKED_EQ, \
			~(scmp_datum_t)(m), 0 }
#define BASE_IS(n, m, v) { (n), SCMP_CMP_MASKED_EQ, \
			~(scmp_datum_t)(m), (v) }
#define WITHOUT(n, without, with) { (n), SCMP_CMP_MASKED_EQ, \
			(without) | (with), (with) }

#define NEGATIVE	0x80000000u	/* sign of an int: all, or a group */
#define SOCK_BITS	(SOCK_NONBLOCK | SOCK_CLOEXEC)
/* fork(2) as glibc writes it */
#define FORK_FLAGS	(CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD)

struct row {
	unsigned int		 who;
	int			 call;
	int			 error;	/* 0: allowed; else fails with this */
	unsigned int		 nargs;
	struct scmp_arg_cmp	 args[3];
};

#define MAY(who, name)		{ (who), SCMP_SYS(name), 0, 0, { { 0 } } }
#define MAY1(who, name, a)	{ (who), SCMP_SYS(name), 0, 1, { a } }
#define MAY2(who, name, a, b)	{ (who), SCMP_SYS(name), 0, 2, { a, b } }
#define MAY3(who, name, a, b, c) { (who), SCMP_SYS(name), 0, 3, { a, b, c } }
#define FAILS(who, name, error)	{ (who), SCMP_SYS(name), (error), 0, { { 0 } } }

static const struct row rows[] = {
	/* descriptors that one has */
	MAY(ALL, read), MAY(ALL, write), MAY(ALL, readv), MAY(ALL, writev),
	MAY(ALL, close), MAY(ALL, poll), MAY(ALL, ppoll), MAY(ALL, shutdown),
	MAY(ALL, recvfrom), MAY(ALL, recvmsg),
	/* TCP fast open connects past Landlock; an address is for DNS only */
	MAY2(ALL, sendto, NO_BITS(3, MSG_FASTOPEN), EQ(4, 0)),
	MAY1(S_FETCHER, sendto, NO_BITS(3, MSG_FASTOPEN)),
	MAY1(ALL, sendmsg, NO_BITS(2, MSG_FASTOPEN)),
	MAY1(ALL, fcntl, EQ(1, F_GETFD)), MAY1(ALL, fcntl, EQ(1, F_SETFD)),
	MAY1(ALL, fcntl, EQ(1, F_GETFL)),
	/* O_ASYNC would make the kernel send signals */
	MAY2(ALL, fcntl, EQ(1, F_SETFL), NO_BITS(2, O_ASYNC)),
	MAY1(LONG, fcntl, EQ(1, F_DUPFD_CLOEXEC)),
	MAY1(DB | S_CTL, fcntl, EQ(1, F_SETLK)),
	MAY1(DB | S_CTL, fcntl, EQ(1, F_GETLK)),
	MAY1(LOOP | S_CTL, ioctl, EQ(1, FIONREAD)),
	MAY(LONG, close_range), MAY(LONG, dup2), MAY(LONG, dup3),

	/* memory: never executable */
	MAY(ALL, brk), MAY(ALL, munmap), MAY(ALL, mremap), MAY(ALL, madvise),
	MAY1(ALL, mmap, NO_BITS(2, PROT_EXEC)),
	MAY1(LONG, mprotect, NO_BITS(2, PROT_EXEC)),
	MAY(S_VAULT, mlock), MAY(S_VAULT, mlock2), MAY(S_VAULT, munlock),

	/* time, chance, and about oneself */
	MAY(ALL, clock_gettime), MAY(ALL, gettimeofday), MAY(ALL, time),
	MAY(ALL, getrandom), MAY(ALL, getpid), MAY(ALL, futex),
	MAY(ALL, exit), MAY(ALL, exit_group),
	MAY(ALL, rt_sigreturn), MAY(ALL, restart_syscall),
	MAY(LONG, rt_sigaction), MAY(LONG, rt_sigprocmask),
	MAY(LONG, gettid), MAY(LONG, getuid), MAY(LONG, geteuid),
	MAY(LONG, getgid), MAY(LONG, getegid), MAY(LONG, nanosleep),
	MAY(LONG, clock_nanosleep), MAY(LONG, clock_getres),
	/* qsort(3) of glibc 2.36 asks how much memory there is */
	MAY(LONG | S_WORKER, sysinfo),
	MAY1(LONG, prlimit64, EQ(2, 0)),
	/* fstat(3); names could be looked at with it, though nothing read */
	MAY1(DB | S_CTL, newfstatat, EQ(3, AT_EMPTY_PATH)),
	MAY(DB | S_CTL, fstat),

	/* libevent */
	MAY(LOOP, epoll_create1), MAY(LOOP, epoll_ctl), MAY(LOOP, epoll_wait),
	MAY(LOOP, epoll_pwait), MAY(LOOP, epoll_pwait2), MAY(LOOP, eventfd2),
	MAY(LOOP, pipe2),

	/* local sockets */
	MAY2(LOOP, socketpair, EQ(0, AF_UNIX),
	    BASE_IS(1, SOCK_BITS, SOCK_STREAM)),
	MAY(DB, accept), MAY(DB, accept4),
	MAY(LOOP | S_CTL, getsockopt), MAY(LOOP | S_CTL, getsockname),
	MAY(LOOP | S_CTL, getpeername),

	/* the network: no listen, no bind, no MPTCP; ports are Landlock's */
	MAY3(S_FETCHER, socket, EQ(0, AF_INET),
	    BASE_IS(1, SOCK_BITS, SOCK_STREAM), EQ(2, 0)),
	MAY3(S_FETCHER, socket, EQ(0, AF_INET),
	    BASE_IS(1, SOCK_BITS, SOCK_STREAM), EQ(2, IPPROTO_TCP)),
	MAY3(S_FETCHER, socket, EQ(0, AF_INET),
	    BASE_IS(1, SOCK_BITS, SOCK_DGRAM), EQ(2, 0)),
	MAY3(S_FETCHER, socket, EQ(0, AF_INET6),
	    BASE_IS(1, SOCK_BITS, SOCK_STREAM), EQ(2, 0)),
	MAY3(S_FETCHER, socket, EQ(0, AF_INET6),
	    BASE_IS(1, SOCK_BITS, SOCK_STREAM), EQ(2, IPPROTO_TCP)),
	MAY3(S_FETCHER, socket, EQ(0, AF_INET6),
	    BASE_IS(1, SOCK_BITS, SOCK_DGRAM), EQ(2, 0)),
	MAY(S_FETCHER, connect),
	MAY2(S_FETCHER, setsockopt, EQ(1, SOL_SOCKET), EQ(2, SO_KEEPALIVE)),
	MAY2(S_FETCHER, setsockopt, EQ(1, IPPROTO_TCP), EQ(2, TCP_NODELAY)),
	MAY2(S_FETCHER, setsockopt, EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPIDLE)),
	MAY2(S_FETCHER, setsockopt, EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPINTVL)),
	MAY2(S_FETCHER, setsockopt, EQ(1, IPPROTO_TCP), EQ(2, TCP_KEEPCNT)),
	MAY2(S_FETCHER, setsockopt, EQ(1, IPPROTO_TCP),
	    EQ(2, TCP_USER_TIMEOUT)),

	/* fork, and what the child does until its own filter is there */
	MAY1(FORKS, clone, EQ(0, FORK_FLAGS)), FAILS(FORKS, clone3, ENOSYS),
	MAY(FORKS, set_robust_list), MAY(FORKS, wait4), MAY(FORKS, waitid),
	MAY2(FORKS, seccomp, EQ(0, SECCOMP_SET_MODE_FILTER), EQ(1, 0)),
	MAY2(S_FETCHER, kill, NO_BITS(0, NEGATIVE), EQ(1, SIGKILL)),

	/* files that are open */
	MAY(DB | S_CTL, pread64), MAY(DB | S_CTL, pwrite64),
	MAY(DB | S_CTL, lseek), MAY(DB | S_CTL, fsync),
	MAY(DB | S_CTL, fdatasync), MAY(DB | S_CTL, ftruncate),
	MAY(S_STORE, preadv), MAY(S_STORE, pwritev), MAY(S_STORE, fallocate),
	MAY(S_STORE, fstatfs), MAY(S_STORE, fadvise64),
	/* SQLite tries paths, and gets by without */
	FAILS(S_VAULT, openat, EACCES), FAILS(S_VAULT, open, EACCES),
	/* on closing, SQLite looks whether the file is still in its place */
	{ S_VAULT, SCMP_SYS(newfstatat), EACCES, 1,
	    { { 3, SCMP_CMP_NE, AT_EMPTY_PATH, 0 } } },
	FAILS(S_VAULT, unlink, EACCES), FAILS(S_VAULT, access, EACCES),
	FAILS(S_VAULT, readlink, EACCES), FAILS(S_VAULT, getcwd, EACCES),
	FAILS(S_VAULT, fchown, EACCES), FAILS(S_VAULT, fchmod, EACCES),

	/* paths, as far as Landlock goes */
	MAY(FILES, open), MAY(FILES, openat), MAY(FILES, newfstatat),
	MAY(FILES, statx), MAY(FILES, stat), MAY(FILES, lstat),
	MAY(FILES, access), MAY(FILES, faccessat), MAY(FILES, faccessat2),
	MAY(FILES, readlink), MAY(FILES, readlinkat), MAY(FILES, getcwd),
	MAY(FILES, getdents64), MAY(FILES, mkdir), MAY(FILES, mkdirat),
	MAY(FILES, unlink), MAY(FILES, unlinkat), MAY(FILES, rmdir),
	MAY(FILES, rename), MAY(FILES, renameat), MAY(FILES, renameat2),
	MAY(S_STORE, statfs), MAY(S_STORE, fchown), MAY(S_STORE, fchmod),
	MAY(S_CTL, utimensat),

	/* a terminal: its size, a question without echo */
	MAY1(S_CTL, ioctl, EQ(1, TIOCGWINSZ)),
	MAY1(S_CTL, ioctl, EQ(1, TCGETS)), MAY1(S_CTL, ioctl, EQ(1, TCSETS)),
	MAY1(S_CTL, ioctl, EQ(1, TCSETSW)), MAY1(S_CTL, ioctl, EQ(1, TCSETSF)),

	/* the parent: start and end its children, become their users */
	MAY(S_PARENT, execve), MAY1(S_PARENT, kill, NO_BITS(0, NEGATIVE)),
	MAY(S_PARENT, setgroups), MAY(S_PARENT, getgroups),
	MAY(S_PARENT, setresuid), MAY(S_PARENT, setresgid),
	MAY(S_PARENT, getresuid), MAY(S_PARENT, getresgid),
	MAY(S_PARENT, setuid), MAY(S_PARENT, setgid), MAY(S_PARENT, setsid),
	MAY(S_PARENT, getppid), MAY(S_PARENT, getpgrp), MAY(S_PARENT, umask),
	MAY(S_PARENT, chdir), MAY(S_PARENT, fchdir), MAY(S_PARENT, dup),
	MAY(S_PARENT, pipe), MAY1(S_PARENT, prlimit64, EQ(0, 0)),
	MAY1(S_PARENT, fcntl, EQ(1, F_DUPFD)),
	/* ... what its children do before their own sandbox */
	MAY1(S_PARENT, mmap, WITHOUT(2, PROT_WRITE, PROT_EXEC)),
	MAY(S_PARENT, arch_prctl), MAY(S_PARENT, set_tid_address),
	MAY(S_PARENT, rseq), MAY(S_PARENT, uname), MAY(S_PARENT, getrusage),
	MAY(S_PARENT, sched_getaffinity), MAY(S_PARENT, sched_yield),
	MAY(S_PARENT, sigaltstack), MAY(S_PARENT, tgkill),
	MAY(S_PARENT, mincore), MAY(S_PARENT, membarrier),
	MAY(S_PARENT, epoll_create),
	MAY1(S_PARENT, prctl, EQ(0, PR_SET_NO_NEW_PRIVS)),
	MAY1(S_PARENT, prctl, EQ(0, PR_GET_NO_NEW_PRIVS)),
	MAY2(S_PARENT, prctl, EQ(0, PR_SET_DUMPABLE), EQ(1, 0)),
	MAY1(S_PARENT, prctl, EQ(0, PR_GET_DUMPABLE)),
	MAY1(S_PARENT, prctl, EQ(0, PR_SET_PDEATHSIG)),
	MAY1(S_PARENT, prctl, EQ(0, PR_CAPBSET_READ)),
	MAY2(S_PARENT, seccomp, EQ(0, SECCOMP_GET_ACTION_AVAIL), EQ(1, 0)),
	/* libseccomp asks what the kernel knows, by calls that must fail */
	MAY2(S_PARENT, seccomp, EQ(0, SECCOMP_SET_MODE_STRICT), EQ(1, 1)),
	MAY2(S_PARENT, seccomp, EQ(0, SECCOMP_SET_MODE_FILTER), EQ(2, 0)),
	MAY2(S_PARENT, seccomp, EQ(0, SECCOMP_GET_NOTIF_SIZES), EQ(1, 0)),
	MAY(S_PARENT, landlock_create_ruleset),
	MAY(S_PARENT, landlock_add_rule),
	MAY(S_PARENT, landlock_restrict_self),
	/* ... configuration, users, groups, sockets, syslog */
	MAY(S_PARENT, newfstatat), MAY(S_PARENT, statx), MAY(S_PARENT, pselect6),
	MAY(S_PARENT, select), MAY(S_PARENT, getdents), MAY(S_PARENT, flock),
	MAY(S_PARENT, chmod), MAY(S_PARENT, fchmodat), MAY(S_PARENT, chown),
	MAY(S_PARENT, lchown), MAY(S_PARENT, fchownat), MAY(S_PARENT, link),
	MAY(S_PARENT, linkat), MAY(S_PARENT, inotify_init1),
	MAY(S_PARENT, inotify_add_watch), MAY(S_PARENT, inotify_rm_watch),
	MAY1(S_PARENT, ioctl, EQ(1, TCGETS)),
	MAY2(S_PARENT, socket, EQ(0, AF_UNIX), ONLY_BITS(1, SOCK_BITS |
	    SOCK_STREAM | SOCK_DGRAM | SOCK_SEQPACKET)),
	MAY(S_PARENT, bind), MAY(S_PARENT, listen),
	MAY(S_PARENT, socketpair), MAY(S_PARENT, setsockopt)
};

static unsigned int	 seccomp_covers(unsigned int);
static void		 seccomp_row(scmp_filter_ctx, const struct row *);
static void		 seccomp_export(scmp_filter_ctx, struct sock_fprog *);

#ifdef SANDBOX_DEBUG
#define ACTION	SCMP_ACT_TRAP

static void	 seccomp_trapped(int, siginfo_t *, void *);
static void	 seccomp_trap(void);

/* Says which call was refused, with nothing but write(2). */
static void
seccomp_trapped(int sig, siginfo_t *info, void *context)
{
	static char	 text[] = "sandbox: refused system call 0000\n";
	char		*digit = text + sizeof(text) - 2;
	int		 i, n = info->si_syscall;

	(void)sig;
	(void)context;
	for (i = 0; i < 4; i++, n /= 10)
		*--digit = (char)('0' + n % 10);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(127);
	_exit(126);
}

static void
seccomp_trap(void)
{
	struct sigaction	 sa = { .sa_sigaction = seccomp_trapped,
				    .sa_flags = SA_SIGINFO };

	if (sigaction(SIGSYS, &sa, NULL) == -1)
		fatal(LC_SANDBOX);
}
#else
#define ACTION	SCMP_ACT_KILL_PROCESS
#define seccomp_trap()	((void)0)
#endif

/* Whose rows a filter takes: it stays on all that the process starts. */
static unsigned int
seccomp_covers(unsigned int who)
{
	if (who & S_PARENT)
		return ALL & ~S_CTL;
	if (who & S_SESSION)
		return S_SESSION | S_CHILD;
	if (who & S_FETCHER)
		return S_FETCHER | S_WORKER;
	return who;
}

static void
seccomp_row(scmp_filter_ctx ctx, const struct row *row)
{
	uint32_t	 action = SCMP_ACT_ALLOW;
	int		 r;

	if (row->error != 0)
		action = SCMP_ACT_ERRNO((uint32_t)row->error);
	r = seccomp_rule_add_array(ctx, action, row->call, row->nargs,
	    row->args);
	/* -EEXIST: the parent has it without conditions already */
	if (r < 0 && r != -EEXIST)
		fatalx(LC_SANDBOX, -r);
}

/* By a pipe: libseccomp 2.5 writes only to descriptors. */
static void
seccomp_export(scmp_filter_ctx ctx, struct sock_fprog *prog)
{
	static const size_t	 max = 4096 * sizeof(struct sock_filter);
	ssize_t			 n;
	int			 p[2], r;

	if (pipe2(p, O_CLOEXEC) == -1)
		fatal(LC_SANDBOX);
	if ((r = seccomp_export_bpf(ctx, p[1])) < 0)
		fatalx(LC_SANDBOX, -r);
	close(p[1]);
	if ((prog->filter = malloc(max)) == NULL)
		fatal(LC_SANDBOX);
	n = read(p[0], prog->filter, max);
	if (n <= 0 || (size_t)n == max)
		fatal(LC_SANDBOX);
	close(p[0]);
	prog->len = (unsigned short)((size_t)n / sizeof(*prog->filter));
}

void
seccomp_build(struct sock_fprog *prog, unsigned int who)
{
	scmp_filter_ctx	 ctx;
	unsigned int	 covers = seccomp_covers(who);
	size_t		 i;
	int		 r;

	if ((ctx = seccomp_init(ACTION)) == NULL)
		fatalx(LC_SANDBOX, ENOMEM);
	/* calls by another table of numbers (i386, x32) */
	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS)) < 0)
		fatalx(LC_SANDBOX, -r);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].who & (rows[i].error == 0 ? covers : who))
			seccomp_row(ctx, &rows[i]);
	seccomp_export(ctx, prog);
	seccomp_release(ctx);
}

void
seccomp_install(const struct sock_fprog *prog)
{
	seccomp_trap();
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, prog) == -1)
		fatal(LC_SANDBOX);
}
