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
 * kmaild: reads the configuration, starts and supervises the others.  This
 * file is the way from the command line to the event loop and out again.
 */

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/harden.h"
#include "common/sandbox.h"

#include "parent.h"

#define CONF_PATH	KM_SYSCONFDIR "/kmaild.conf"
#define NFILES		8192	/* descriptors: sessions need several each */

static struct parent	 parent;
static struct options	 options;
static char		 conf_path[KM_PATH_SIZE];
static int		 null_fd = -1;
static int		 starter_fd = -1;	/* the waiting starter's pipe */

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: kmaild [-dnv] [-D macro=value] [-f file]\n");
	exit(2);
}

static void
report(const char *message, void *arg)
{
	(void)arg;
	fprintf(stderr, "%s\n", message);
}

/* Standard descriptors open, no others, none of the starter's oddities. */
static void
clean_start(void)
{
	struct rlimit	 rl;
	int		 fd;

	do {
		if ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
			err(1, "/dev/null");
		if (fd <= STDERR_FILENO)
			(void)fcntl(fd, F_SETFD, 0);
	} while (fd <= STDERR_FILENO);
	closefrom(fd + 1);
	null_fd = fd;
	umask(077);
	tzset();
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < NFILES) {
		rl.rlim_cur = rl.rlim_max < NFILES ? rl.rlim_max : NFILES;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
}

/* A reload finds the file again after chdir(2). */
static void
absolute_path(const char *path)
{
	char	 folder[KM_PATH_SIZE];

	if (path[0] == '/')
		folder[0] = '\0';
	else if (getcwd(folder, sizeof(folder)) == NULL)
		err(1, "current folder");
	if (snprintf(conf_path, sizeof(conf_path), "%s%s%s", folder,
	    folder[0] == '\0' ? "" : "/", path) >= (int)sizeof(conf_path))
		errx(1, "%s: name is too long", path);
}

static int
arguments(int argc, char **argv)
{
	const char	*path = CONF_PATH;
	int		 ch, check = 0;

	options.libexec = KM_LIBEXECDIR;
	options.root = geteuid() == 0;
	while ((ch = getopt(argc, argv, "D:df:L:nv")) != -1) {
		switch (ch) {
		case 'D':
			if (conf_macro(optarg) == -1)
				errx(2, "-D %s: not macro=value", optarg);
			break;
		case 'd':
			options.foreground = 1;
			break;
		case 'f':
			path = optarg;
			break;
		case 'L':
			options.libexec = optarg;
			break;
		case 'n':
			check++;
			break;
		case 'v':
			options.verbose = 1;
			break;
		default:
			usage();
		}
	}
	if (argc != optind)
		usage();
	absolute_path(path);
	options.conf_path = conf_path;
	return check;
}

static _Noreturn void
check_only(const struct conf *conf, int print)
{
	struct m_log	 m;
	char		 text[512];

	memset(&m, 0, sizeof(m));
	if ((m.code = key_problem(conf)) != 0)
		fprintf(stderr, "%s: warning: %s\n", conf_path,
		    log_text(&m, text, sizeof(text)));
	if (print)
		conf_print(conf, stdout);
	else
		fprintf(stderr, "configuration OK\n");
	exit(0);
}

/* A missing program is better named than found by a child's death. */
static void
check_programs(void)
{
	static const enum proc	 all[] = {
		P_VAULT, P_SESSION, P_FETCHER, P_STORE
	};
	char			 path[KM_PATH_SIZE];
	size_t			 i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (child_path(&options, all[i], path, sizeof(path)) == -1)
			errx(1, "%s: name is too long", options.libexec);
		if (access(path, X_OK) == -1)
			err(1, "%s", path);
	}
}

/*
 * Go to the background.  The starter stays until all processes are ready,
 * so that its exit status says whether the start succeeded.
 */
static void
daemonise(void)
{
	char	 ready;
	pid_t	 pid;
	int	 fds[2], status;

	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(1, "cannot start");
	if (pid == 0) {
		close(fds[0]);
		starter_fd = fds[1];
		if (setsid() == -1 || chdir("/") == -1)
			err(1, "cannot start");
		return;
	}
	close(fds[1]);
	if (read(fds[0], &ready, 1) == 1)
		_exit(0);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	_exit(1);
}

/* Every process is ready: let go of the starter and its terminal. */
static void
started(void)
{
	log_info_code(LC_STARTED, 0, 0);
	if (starter_fd == -1)
		return;
	logger_detach();
	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(null_fd, STDOUT_FILENO);
	(void)dup2(null_fd, STDERR_FILENO);
	if (write(starter_fd, "", 1) == -1)
		log_debug_code(LC_SETUP, errno, 0);	/* it was killed */
	close(starter_fd);
	starter_fd = -1;
	log_info_code(LC_STARTED, 0, 0);
}

static void
signalled(evutil_socket_t sig, short events, void *arg)
{
	struct parent	*p = arg;

	(void)events;
	switch (sig) {
	case SIGHUP:
		reload_begin(p, NULL);
		break;
	case SIGCHLD:
		child_reap(p);
		break;
	default:
		service_stop_all(p, p->phase == PARENT_STARTING);
	}
}

static void
signals(void)
{
	static const int	 all[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };
	static struct event	 events[4];
	size_t			 i;

	for (i = 0; i < 4; i++)
		if (evsignal_assign(&events[i], parent.base, all[i],
		    signalled, &parent) == -1 ||
		    evsignal_add(&events[i], NULL) == -1)
			fatal(LC_SETUP);
}

static void
sandbox(void)
{
	struct sandbox_result	 sr;
	const char		*writable[3];

	writable[0] = parent.conf->state;
	writable[1] = parent.conf->socket;
	writable[2] = NULL;
	sandbox_parent(&sr, writable);
	parent.ready.landlock_abi = sr.landlock_abi;
	parent.ready.missing = sr.missing;
	if (sr.missing & SANDBOX_NONE)
		log_warn_code(LC_SANDBOX_NONE, 0, 0);
	else if (sr.missing != 0)
		log_info_code(LC_SANDBOX_OLD, sr.landlock_abi, 0);
}

/* All that may fail for a reason that a person can read. */
static void
prepare(void)
{
	check_programs();
	if (!options.foreground)
		daemonise();
	harden_process();
	logger_init(&options, options.verbose ? LOG_DEBUG :
	    parent.conf->loglevel);
	if (folder_setup(parent.conf, options.root) == -1 ||
	    listen_setup(parent.conf) == -1) {
		listen_remove();
		exit(1);
	}
	if ((parent.base = event_base_new()) == NULL)
		fatalx(LC_SETUP, ENOMEM);
}

int
main(int argc, char **argv)
{
	int	 check;

	clean_start();
	check = arguments(argc, argv);
	key_init();
	parent.conf = conf_load(conf_path, options.root, report, NULL);
	if (parent.conf == NULL)
		return 1;
	if (check > 0)
		check_only(parent.conf, check > 1);

	parent.opt = &options;
	parent.phase = PARENT_STARTING;
	parent.generation = 1;
	parent.started = started;
	TAILQ_INIT(&parent.children);
	prepare();
	signals();
	sandbox();
	status_set(&parent, P_PARENT, PROC_RUNNING, getpid(), &parent.ready);
	service_start_all(&parent);
	resolver_watch(&parent);
	event_base_dispatch(parent.base);

	listen_remove();
	log_info_code(LC_STOPPED, 0, 0);
	return parent.exit_code;
}
