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

#ifndef KMAILD_STORE_SESSION_H
#define KMAILD_STORE_SESSION_H

#include <sys/queue.h>

#include <event2/event_struct.h>
#include <stdint.h>

#include "account.h"
#include "common/channel.h"
#include "ingest.h"
#include "store.h"

/* After the account's own limit for a session, then it is cancelled; s. */
#define SESSION_GRACE		30
/* For the worker to log out, or the peers to say why it is gone; s. */
#define SESSION_LINGER		10

/*
 * One login at a mail server, from the ticket to the end of its worker.
 * Ends when its report is committed and the worker's channel is closed.
 */
struct session {
	TAILQ_ENTRY(session) entry;
	uint64_t	 number;
	struct account	*account;	/* NULL: removed meanwhile */
	struct id	 id;		/* of the account */
	char		 host[KM_HOST_SIZE];	/* it counts against */
	enum purpose	 purpose;
	uint64_t	 client;	/* test: who asked */
	enum session_stage stage;
	int64_t		 since;
	struct channel	 worker;
	struct channel	*fetcher;	/* that has the order; NULL: lost */
	struct event	 timer;		/* deadline, then linger */
	struct ingest	*ingest;	/* fetch */
	uint64_t	 max_size;
	int		 begun;		/* ordered */

	/* what was heard */
	int		 logged_in;
	int		 done;		/* W_DONE */
	int		 gone;		/* M_WORKER_GONE; its wait(2) status: */
	int32_t		 status;
	int		 child_gone;	/* M_SESSION_CLOSED */
	int		 late;		/* lingered long enough */
	enum reason	 done_reason;
	enum reason	 failure;	/* FAILED, VERDICT, own; R_NONE */
	enum reason	 relay;		/* why the session child ended */
	uint32_t	 backoff;
	uint32_t	 found;
	uint32_t	 folders;	/* test: listed, chosen */
	uint32_t	 chosen;

	int		 concluded;	/* its report is queued */
	int		 reported;	/* and committed */
	int		 unacked;	/* W_DONE_ACK is owed */
};

/* All of them; session.c alone inserts and removes. */
TAILQ_HEAD(sessions, session);
extern struct sessions	 sessions;

void	 session_init(void);
/* Close all: the daemon stops. */
void	 session_exit(void);

/* Fetch this account: 0 or -1. */
int	 session_start(struct account *, int operator);
/* Test it for this client; a fetch may run beside it. */
void	 session_test(struct account *, uint64_t);
void	 session_forget_client(uint64_t);
void	 session_forget_account(struct account *);
void	 session_cancel_account(struct account *, enum reason);
void	 session_cancel_all(enum reason);
unsigned int session_count(void);
unsigned int session_count_host(const char *);

/* session_peer.c: words whose size and origin were checked */
void	 session_verdict(const struct m_session_verdict *);
void	 session_closed(const struct m_session *);
void	 session_step(const struct m_session_step *);
void	 session_failed(const struct m_session_failed *);
void	 session_worker_gone(const struct m_worker_gone *);
void	 session_fetcher_lost(struct channel *);

/* session_commit.c: the group commit's part, for all sessions */
int	 session_pending(void);
void	 session_sync(void);
int	 session_write(void);
void	 session_committed(void);
void	 session_rolled_back(enum reason);

/* session.c, for the other parts */

/* NULL when it has ended. */
struct session	*session_find(uint64_t);
/* Something was heard: conclude or end the session if it is time. */
void	 session_check(struct session *);
/* It cannot go on for this reason: no more is heard from its worker. */
void	 session_cancel(struct session *, enum reason);
/* Seconds until its timer. */
void	 session_alarm(struct session *, int64_t);

/* session_order.c: 0, or -1 and nobody was told */
int	 order_send(struct session *, int operator);

/* session_worker.c: the worker's words */
void	 worker_dispatch(struct channel *, struct imsg *, void *);
void	 worker_closed(struct channel *, void *);
/* Its messages are committed: tell it. */
void	 worker_committed(struct session *);

/* session_test.c: tell the client of a test; others are ignored */
void	 test_begin(struct session *);
void	 test_connecting(const struct session *,
	    const struct m_session_step *);
void	 test_verdict(const struct session *,
	    const struct m_session_verdict *);
void	 test_end(const struct session *, enum reason);

#endif
