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


#ifndef KMAILD_PARENT_H
#define KMAILD_PARENT_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "common/channel.h"
#include "common/log.h"
#include "common/msg.h"

#include "conf.h"

#define READY_SECONDS	60	/* pass phrase, database recovery */
#define STOP_SECONDS	15	/* from M_STOP to SIGKILL */

struct options {
	const char	*conf_path;	/* absolute */
	const char	*libexec;	/* where the other programs are */
	int		 foreground;
	int		 verbose;
	int		 root;
};

enum child_phase {
	CHILD_STARTING = 1,	/* configured, not ready */
	CHILD_RUNNING,
	CHILD_DRAINING,		/* replaced; ends with its last session */
	CHILD_DOOMED		/* broke the rules or a limit: killed */
};

/* One running program. */
struct child {
	TAILQ_ENTRY(child) entry;
	struct parent	*parent;
	enum proc	 proc;
	enum child_phase phase;
	pid_t		 pid;		/* 0 once it was waited for */
	int		 status;	/* wait(2) status then */
	int		 replacement;	/* of a reload under way */
	struct channel	 chan;
	struct m_ready	 ready;
	struct event	 limit;		/* to be ready, or gone, until then */
	int		 peers[P_MAX];	/* others' ends, -1, kept until ready */
};

enum parent_phase { PARENT_STARTING = 1, PARENT_RUNNING, PARENT_STOPPING };

struct parent {
	struct event_base	*base;
	const struct options	*opt;
	struct conf		*conf;
	uint64_t		 generation;	/* of conf */
	enum parent_phase	 phase;
	int			 exit_code;
	struct m_ready		 ready;		/* own sandbox */
	TAILQ_HEAD(, child)	 children;
	void			(*started)(void);
};

/* child.c */
/* Fork and execute; its channel is open and M_PROC queued.  NULL: errno. */
struct child	*child_new(struct parent *, enum proc);
/* Gone, or killed, within so many milliseconds. */
void		 child_limit(struct child *, int);
void		 child_kill(struct child *);
/* SIGCHLD: collect every process that ended. */
void		 child_reap(struct parent *);
/* Close, stop timers, free.  It was waited for. */
void		 child_free(struct child *);
/* The path of a program: 0, or -1 too long. */
int		 child_path(const struct options *, enum proc, char *, size_t);

/* service.c: what child.c reports, and what follows from it */
void		 service_ready(struct child *);
void		 service_gone(struct child *);
/* Start all; when all are ready, parent->started() is called once. */
void		 service_start_all(struct parent *);
/* Tell all to end; the event loop ends with the last one. */
void		 service_stop_all(struct parent *, int);
struct child	*service_current(enum proc);
/* Start one with peers and configuration; its peers' ends are kept. */
struct child	*service_spawn(struct parent *, enum proc,
		    const struct conf *);
/* Put a ready replacement in the place of the current one, which drains. */
void		 service_replace(struct child *);
void		 service_log_level(struct parent *, int);

/* peer.c */
/* Connect the freshly started children with each other. */
int		 peer_connect_all(struct parent *);
/* Send the child its ends, keep the others' in child->peers: 0 or -1. */
int		 peer_connect(struct child *);
/* Now that the child is ready, give the others their ends. */
void		 peer_hand_over(struct child *);

/* status.c */
void		 status_set(struct parent *, enum proc, enum proc_state, pid_t,
		    const struct m_ready *);
void		 status_died(enum proc, int);
/* Tell the store about all: it has just started. */
void		 status_send_all(struct parent *);


/* send.c */
/*
 * M_CONF_BEGIN and all M_CONF_* for this process; the caller adds M_LISTEN
 * and M_PEER and ends with send_end().  0, or -1 if a CA file went away.
 */
int		 send_conf(struct child *, const struct conf *, uint64_t);
void		 send_end(struct child *, uint64_t);

/* reload.c */
/* By SIGHUP (NULL) or an operator, who gets an answer. */
void		 reload_begin(struct parent *, const struct m_ctl *);
/* A replacement is ready; one has died. */
void		 reload_ready(struct parent *, struct child *);
void		 reload_gone(struct parent *, struct child *);
void		 reload_answer(struct parent *, const struct m_ctl *, int,
		    const char *);

/* key.c */
/* Take the key out of the environment and overwrite it there; once. */
void		 key_init(void);
/*
 * Open the key source; the descriptor, -1 if none, is the caller's.  What
 * is wrong or unwise about it, or 0.  KEY_ENV comes without descriptor.
 */
enum key_source	 key_open(const struct conf *, int *, enum logcode *);
/* The environment's key, once: the caller's descriptor, then -1. */
int		 key_env_take(void);
/* What is wrong with the key source, or 0. */
enum logcode	 key_problem(const struct conf *);

/* folder.c */
/* Make and check the folders, take the lock; error on stderr and -1. */
int		 folder_setup(const struct conf *, int);

/* listen.c */
/* Make both sockets; error on stderr and -1. */
int		 listen_setup(const struct conf *);
/* A descriptor of kmaild.sock (P_STORE) or vault.sock (P_VAULT). */
int		 listen_fd(enum proc);
/* Group and mode after a reload: 0 or -1. */
int		 listen_access(const struct conf *);
void		 listen_remove(void);

/* resolver.c */
/* Look every few seconds whether resolv.conf or hosts changed. */
void		 resolver_watch(struct parent *);
void		 resolver_send(struct child *, const struct conf *);

/* logger.c */
void		 logger_init(const struct options *, int);
/* From stderr to syslog: the start has succeeded. */
void		 logger_detach(void);
void		 logger_child(enum proc, const struct m_log *);

#endif
