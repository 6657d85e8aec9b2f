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

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/harden.h"
#include "common/log.h"
#include "common/proc.h"

static struct imsgbuf	 parent;
static struct m_proc	 conf;
static enum proc	 self;

static void	 proc_log(const struct m_log *);

/* For programs without libevent, and until channel_adopt() in the others. */
static void
proc_log(const struct m_log *m)
{
	if (imsg_compose(&parent, M_LOG, 0, 0, -1, m, sizeof(*m)) == -1)
		return;
	if (m->level <= LOG_CRIT)
		imsgbuf_flush(&parent);
	else
		imsgbuf_write(&parent);
}

void
proc_start(enum proc proc, int argc, char **argv)
{
	struct stat	 st;
	struct imsg	 imsg;

	(void)argv;
	self = proc;
	if (argc != 1 || fstat(PROC_FD, &st) == -1 || !S_ISSOCK(st.st_mode))
		exit(2);	/* started by hand: only kmaild starts this */
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	closefrom(PROC_FD + 1);
	tzset();

	imsgbuf_init(&parent, PROC_FD);
	imsgbuf_allow_fdpass(&parent);
	log_init(proc_log, LOG_INFO);
	harden_process();
	if (proc_hello(&parent, self, P_PARENT) == -1) {
		if (errno == EPROTO) {
			log_code(LOG_CRIT, LC_BUILD, NULL, 0, 0, 0);
			exit(75);
		}
		exit(1);
	}
	proc_recv(&imsg);
	if (imsg_get_type(&imsg) != M_PROC ||
	    imsg_get_data(&imsg, &conf, sizeof(conf)) == -1)
		fatalx(LC_MALFORMED, imsg_get_type(&imsg));
	imsg_free(&imsg);
	log_set_level((int)conf.loglevel);
}

const struct m_proc *
proc_conf(void)
{
	return &conf;
}

struct imsgbuf *
proc_parent(void)
{
	return &parent;
}

void
proc_recv(struct imsg *imsg)
{
	switch (proc_recv_from(&parent, self, P_PARENT, imsg)) {
	case 1:
		return;
	case 0:
		exit(1);	/* the parent ended: nobody to tell */
	default:
		log_code(LOG_CRIT, LC_MALFORMED, NULL, 0, P_PARENT, 0);
		exit(1);
	}
}

void
proc_drop(void)
{
	uid_t	 ruid, euid, suid;
	gid_t	 rgid, egid, sgid, gid;

	if (!conf.drop)
		return;
	gid = conf.gid;
	if (conf.uid == 0 || conf.gid == 0)
		fatalx(LC_PRIVDROP, EPERM);
	if (setgroups(1, &gid) == -1 ||
	    setresgid(gid, gid, gid) == -1 ||
	    setresuid(conf.uid, conf.uid, conf.uid) == -1)
		fatal(LC_PRIVDROP);
	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		fatal(LC_PRIVDROP);
	if (ruid != conf.uid || euid != conf.uid || suid != conf.uid ||
	    rgid != gid || egid != gid || sgid != gid ||
	    setuid(0) != -1 || seteuid(0) != -1)
		fatalx(LC_PRIVDROP, EPERM);
	/* a change of ids made the process dumpable again */
	harden_process();
}

void
proc_ready(uint32_t abi, uint32_t missing)
{
	struct m_ready	 ready;

	memset(&ready, 0, sizeof(ready));
	ready.landlock_abi = abi;
	ready.missing = missing;
	if (imsg_compose(&parent, M_READY, 0, 0, -1, &ready,
	    sizeof(ready)) == -1 || imsgbuf_flush(&parent) == -1)
		exit(1);
}

int
proc_hello(struct imsgbuf *ib, enum proc me, enum proc peer)
{
	struct m_hello	 hello;
	struct imsg	 imsg;
	int		 ok;

	memset(&hello, 0, sizeof(hello));
	strlcpy(hello.build, KM_BUILD, sizeof(hello.build));
	hello.proc = me;
	if (imsg_compose(ib, M_HELLO, 0, 0, -1, &hello,
	    sizeof(hello)) == -1 || imsgbuf_flush(ib) == -1)
		return -1;
	if (proc_recv_from(ib, me, peer, &imsg) != 1) {
		errno = EBADMSG;
		return -1;
	}
	ok = imsg_get_type(&imsg) == M_HELLO &&
	    imsg_get_data(&imsg, &hello, sizeof(hello)) == 0 &&
	    msg_text_ok(hello.build, sizeof(hello.build)) == 0 &&
	    hello.proc == (uint32_t)peer;
	imsg_free(&imsg);
	if (!ok) {
		errno = EBADMSG;
		return -1;
	}
	if (strcmp(hello.build, KM_BUILD) != 0) {
		errno = EPROTO;
		return -1;
	}
	return 0;
}

int
proc_recv_from(struct imsgbuf *ib, enum proc me, enum proc peer,
    struct imsg *imsg)
{
	struct pollfd	 pfd;
	int		 n;

	for (;;) {
		if ((n = imsgbuf_get(ib, imsg)) == -1)
			return -1;
		if (n == 1)
			break;
		pfd.fd = ib->fd;
		pfd.events = POLLIN;
		if (poll(&pfd, 1, -1) == -1 && errno != EINTR)
			return -1;
		if ((n = imsgbuf_read(ib)) != 1)
			return n;
	}
	if (msg_check(imsg_get_type(imsg), peer, me, imsg_get_len(imsg),
	    imsg->hasfd) == -1) {
		imsg_free(imsg);
		errno = EBADMSG;
		return -1;
	}
	return 1;
}
