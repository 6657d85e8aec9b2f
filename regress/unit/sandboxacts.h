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

#ifndef KMAILD_SANDBOXACTS_H
#define KMAILD_SANDBOXACTS_H

/*
 * What t_sandbox.c lets every process try: functions act_NAME() that return
 * 0 if it worked, else errno.  They use that file's folders, ports, sockets
 * and bystander.
 */

#define ACT(name, expression)						\
static int								\
act_##name(void)							\
{									\
	return (expression) == -1 ? errno : 0;				\
}
#define ACT_CALL(name, ...)	ACT(name, syscall(__VA_ARGS__))

static int
connect_in(uint16_t port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	int			 s;

	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(s, (struct sockaddr *)&sin, sizeof(sin));
}

static socklen_t
local_address(struct sockaddr_un *sun, int abstract)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path + abstract, sizeof(sun->sun_path) - 1,
	    "%s/socket", outside);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(sun->sun_path + abstract));
}

static int
connect_un(int abstract)
{
	struct sockaddr_un	 sun;
	socklen_t		 len = local_address(&sun, abstract);

	return connect(socket(AF_UNIX, SOCK_STREAM, 0),
	    (struct sockaddr *)&sun, len);
}

static int
bind_tcp(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };

	return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&sin,
	    sizeof(sin));
}

/* Connects without connect(2), and so past a rule about ports. */
static int
fast_open(int by_msg)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	struct iovec		 iov = { dir, 1 };
	struct msghdr		 msg = { .msg_name = &sin,
				    .msg_namelen = sizeof(sin),
				    .msg_iov = &iov, .msg_iovlen = 1 };

	sin.sin_port = htons(port_shut);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (by_msg)
		return (int)sendmsg(pair[0], &msg, MSG_FASTOPEN);
	return (int)sendto(pair[0], dir, 1, MSG_FASTOPEN,
	    (struct sockaddr *)&sin, sizeof(sin));
}

static int
make_file(const char *where)
{
	char	 name[64];

	snprintf(name, sizeof(name), "%s/file", where);
	return (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT,
	    0600);
}

static int
make_folder(const char *where)
{
	char	 name[64];

	snprintf(name, sizeof(name), "%s/folder", where);
	return mkdir(name, 0700) == -1 && errno != EEXIST ? -1 : 0;
}

static int
call_fork(void)
{
	pid_t	 pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 || waitpid(pid, NULL, 0) == -1 ? -1 : 0;
}

static int
call_exec(void)
{
	char	*argv[] = { path, NULL };
	char	*envp[] = { NULL };

	return execve("/bin/true", argv, envp);
}

static int
stack_of_signals(void)
{
	return fcntl(pair[0], F_SETOWN, getpid());
}

#define PAGE		4096u
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

static int
make_executable(void)
{
	void	*p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, ANON, -1, 0);

	return mprotect(p, PAGE, PROT_READ | PROT_EXEC);
}

static int
map(int prot)
{
	return mmap(NULL, PAGE, prot, ANON, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
peek(void)
{
	char		 b;
	struct iovec	 l = { &b, 1 }, r = { dir, 1 };

	return (int)syscall(SYS_process_vm_readv, bystander, &l, 1, &r, 1, 0);
}

static int
raise_limit(void)
{
	struct rlimit	 rl = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &rl);
}

#ifdef __x86_64__
/* getpid by the tables of i386 and of x32 */
static int
call_i386(void)
{
	long	 r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory",
	    "r8", "r9", "r10", "r11");
	return (int)r;
}
#define CALL_X32	(SYS_getpid | 0x40000000)
#endif

/* what everybody needs */
ACT(time, syscall(SYS_clock_gettime, CLOCK_BOOTTIME, path))
ACT(random, syscall(SYS_getrandom, path, 1, 0))
ACT(memory, map(PROT_READ | PROT_WRITE))
ACT(write, write(pair[0], "", 1))
ACT(sendmsg, sendmsg(pair[0], &(struct msghdr){ .msg_iovlen = 0 }, 0))
/* files */
ACT_CALL(open, SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)
ACT_CALL(stat, SYS_newfstatat, AT_FDCWD, "/etc/passwd", stat_buf, 0)
ACT(make_outside, make_file(outside))
ACT(make_inside, make_file(dir))
ACT(folder_outside, make_folder(outside))
ACT(folder_inside, make_folder(dir))
ACT(symlink, symlink("/etc", path))
ACT(truncate, truncate("/dev/null", 0))
ACT(chmod, chmod(path, 0777))
ACT(chroot, chroot(dir))
ACT(memfd, syscall(SYS_memfd_create, "x", 0))
ACT(handle, syscall(SYS_open_by_handle_at, AT_FDCWD, path, 0))
ACT(inotify, syscall(SYS_inotify_init1, 0))
/* sockets */
ACT(tcp, socket(AF_INET, SOCK_STREAM, 0))
ACT(tcp6, socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP))
ACT(udp, socket(AF_INET, SOCK_DGRAM, 0))
ACT(local, socket(AF_UNIX, SOCK_STREAM, 0))
ACT(mptcp, socket(AF_INET, SOCK_STREAM, 262))
ACT(raw, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
ACT(sctp, socket(AF_INET, SOCK_STREAM, 132))
ACT(netlink, socket(AF_NETLINK, SOCK_RAW, 0))
ACT(packet, socket(AF_PACKET, SOCK_RAW, 0))
ACT(vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
ACT(connect_open, connect_in(port_open))
ACT(connect_shut, connect_in(port_shut))
ACT(connect_local, connect_un(0))
ACT(connect_abstract, connect_un(1))
ACT(bind_tcp, bind_tcp())
ACT(listen, listen(pair[0], 1))
ACT(fastopen_to, fast_open(0))
ACT(fastopen_msg, fast_open(1))
ACT(setsockopt, setsockopt(pair[0], SOL_SOCKET, SO_MARK, &pair[0], 4))
ACT(async, fcntl(pair[0], F_SETFL, O_ASYNC))
ACT(owner, stack_of_signals())
ACT(inject, ioctl(0, TIOCSTI, dir))
ACT_CALL(sendmmsg, SYS_sendmmsg, pair[0], NULL, 0, 0)
/* other processes */
ACT(fork, call_fork())
ACT(exec, call_exec())
ACT_CALL(vfork, SYS_clone, CLONE_VM | SIGCHLD, 0, 0, 0, 0)
ACT_CALL(thread, SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0,
    0)
ACT_CALL(clone_user, SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
ACT(unshare, unshare(CLONE_NEWUSER))
ACT_CALL(setns, SYS_setns, 0, 0)
ACT(kill, kill(bystander, SIGKILL))
ACT(kill_all, kill(-1, 0))
ACT_CALL(ptrace, SYS_ptrace, 16, bystander, 0, 0)
ACT(peek, peek())
ACT_CALL(poke, SYS_process_vm_writev, bystander, NULL, 0, NULL, 0, 0)
ACT_CALL(pidfd, SYS_pidfd_open, bystander, 0)
ACT_CALL(pidfd_getfd, SYS_pidfd_getfd, 0, 0, 0)
ACT_CALL(kcmp, SYS_kcmp, bystander, bystander, 0, 0, 0)
ACT(setuid, setresuid(12345, 12345, 12345))
ACT(limits, raise_limit())
/* code and the kernel */
ACT(mprotect_exec, make_executable())
ACT(map_write_exec, map(PROT_READ | PROT_WRITE | PROT_EXEC))
ACT(map_exec, map(PROT_READ | PROT_EXEC))
ACT(dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ACT(prctl_name, prctl(PR_SET_NAME, "x", 0, 0, 0))
ACT_CALL(io_uring, SYS_io_uring_setup, 1, NULL)
ACT_CALL(keyctl, SYS_keyctl, 0, 0, 0, 0, 0)
ACT_CALL(add_key, SYS_add_key, NULL, NULL, NULL, 0, 0)
ACT_CALL(bpf, SYS_bpf, 0, NULL, 0)
ACT_CALL(perf, SYS_perf_event_open, NULL, 0, 0, 0, 0)
ACT_CALL(userfaultfd, SYS_userfaultfd, 0)
ACT_CALL(mount, SYS_mount, "x", "/", "tmpfs", 0, NULL)
ACT_CALL(move_mount, SYS_move_mount, 0, "", 0, "", 0)
ACT_CALL(personality, SYS_personality, 0xffffffff)
ACT_CALL(module, SYS_finit_module, -1, "", 0)
ACT_CALL(reboot, SYS_reboot, 0, 0, 0, 0)
ACT_CALL(listener, SYS_seccomp, 1, 8, path)
ACT_CALL(landlock, SYS_landlock_create_ruleset, NULL, 0, 1)
#ifdef __x86_64__
ACT(i386, call_i386())
ACT_CALL(x32, CALL_X32)
#endif

#endif
