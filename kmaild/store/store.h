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

#ifndef KMAILD_STORE_H
#define KMAILD_STORE_H

/*
 * What the core of kmaild-store (database, segments, sessions, plan) and
 * its control side (kmaild.sock) offer each other.  The core never calls
 * back from inside a function that control called: callbacks come from the
 * event loop, when no transaction is open and all they speak of is
 * committed.
 */

#include <sys/types.h>

#include <event2/event.h>
#include <sqlite3.h>
#include <stdint.h>

#include "common/id.h"
#include "common/msg.h"
#include "common/reason.h"

/* account.last_sync_status; STATUS_RUNNING is never stored, see below. */
enum sync_status {
	STATUS_NEVER = 0,
	STATUS_RUNNING,
	STATUS_OK,
	STATUS_PARTIAL,
	STATUS_DEFERRED,
	STATUS_FAILED
};

/* account.committed */
enum account_state {
	ACCOUNT_SETTINGS = 0,	/* settings only, not yet PUT by the vault */
	ACCOUNT_LIVE,
	ACCOUNT_ORPHAN,		/* the vault lost it: mail kept, no fetching */
	ACCOUNT_REMOVING	/* invisible; rows go bit by bit */
};

/* waiting.state */
enum waiting_state {
	WAITING_RETRY = 0,
	WAITING_QUARANTINED,
	WAITING_DROPPED,
	WAITING_SUSPECT		/* one crash or loss within it: not listed */
};

/* ---- the core, for control ---- */

/*
 * The one connection to mail.db, for SELECT only.  Show accounts that are
 * ACCOUNT_LIVE or ACCOUNT_ORPHAN, and waiting rows other than
 * WAITING_SUSPECT.
 */
sqlite3			*db_handle(void);
struct event_base	*store_base(void);
const struct m_conf_store *store_conf(void);

/* The vault's word on its key: R_NONE or why nothing is fetched. */
enum reason		 store_key_state(void);
/* As the parent told last; NULL when it never spoke of this process. */
const struct m_proc_status *store_proc_status(enum proc);

/* A live or orphaned account by its label: 0, or -1. */
int	 account_find(const char *, struct id *);
/* When the next fetch starts by itself, microseconds UTC; 0 for never. */
int64_t	 plan_next_due(const struct id *);

/*
 * The operator's word: fetch within a second, or once more after the fetch
 * that runs.  control_sync_done() follows for each call that returned 0,
 * also when nothing could start: the report says why.  -1: no such account.
 */
int	 plan_sync_now(const struct id *, uint64_t);
/*
 * Test the account: control_test_step() for each step, then
 * control_test_end().  -1: no such account.
 */
int	 plan_test(const struct id *, uint64_t);
/* This client is gone: no more callbacks for it; ends its test. */
void	 plan_forget(uint64_t);
/* 0, -1 no such account, -2 database. */
int	 plan_pause(const struct id *);
int	 plan_resume(const struct id *);

enum session_stage {
	STAGE_STARTING = 1,	/* ordered */
	STAGE_RESOLVED,
	STAGE_CONNECTED,
	STAGE_LOGGED_IN,
	STAGE_FETCHING,		/* the worker spoke */
	STAGE_ENDING
};

struct session_info {
	uint64_t	 session;
	struct id	 account;
	uint32_t	 purpose;
	enum session_stage stage;
	int64_t		 since;		/* microseconds UTC */
	uint32_t	 found;		/* messages to fetch, so far */
	uint32_t	 done;
	uint64_t	 octets;
};

/* Call the function for each session. */
void	 session_each(void (*)(const struct session_info *, void *), void *);
/* 1 when a fetch of this account runs: its status is STATUS_RUNNING. */
int	 session_running(const struct id *);

/*
 * Read from a stored message (message.id) at an offset: octets, 0 at its
 * end, -1 when it is not there or its segment cannot be read.
 */
ssize_t	 body_read(int64_t, uint64_t, void *, size_t);

/*
 * Not-fetched list, by folder.id and UID: try again at the next fetch with
 * a fresh count; or never again.  0, -1 not on the list, -2 database.
 */
int	 waiting_retry(int64_t, uint32_t);
int	 waiting_drop(int64_t, uint32_t);

/*
 * M_CTL_RELOAD, M_CTL_STOP or M_CTL_LOG (with verbose) to the parent;
 * control_parent_result() follows.  -1 when too many are under way.
 */
int	 parent_request(enum msg_type, int, uint64_t);

/* ---- control, for the core (control*.c) ---- */

/* Once, after the database is open and before the sandbox. */
void	 control_init(struct event_base *);
/* The listening socket, at start and again on reload; owned by control. */
void	 control_listen(int);
/* M_START: begin to accept.  Stop: close the listener and all clients. */
void	 control_start(void);
void	 control_stop(void);

/* Configuration's `allow` rules: begin, each, end (then they are valid). */
void	 control_allow_begin(void);
void	 control_allow_add(const struct m_conf_allow *);
void	 control_allow_end(void);

/* A sync that this client asked for ended; the report is committed. */
void	 control_sync_done(uint64_t, const struct id *);

enum test_step {
	TEST_KEY = 1,
	TEST_NAME,
	TEST_TCP,
	TEST_TLS,
	TEST_LOGIN,
	TEST_FOLDERS
};

struct test_result {
	enum test_step	 step;
	enum reason	 reason;	/* R_NONE: passed */
	uint32_t	 count;		/* NAME: addresses; FOLDERS: in all */
	uint32_t	 chosen;	/* FOLDERS: that would be fetched */
	/* TCP: to whom; ss_family is 0 when not known */
	struct sockaddr_storage addr;
	/* TLS: names and dates when tls_done; else NULL */
	const struct m_session_verdict *verdict;
};

void	 control_test_step(uint64_t, const struct test_result *);
/* The test is over; R_NONE when every step passed. */
void	 control_test_end(uint64_t, enum reason);

/* A committed row of the event table; account is NULL when it has none. */
void	 control_event(int64_t, int64_t, uint32_t, const struct id *,
	    int64_t, int64_t, int64_t);
/* A running fetch: messages found and dealt with so far, octets received. */
void	 control_progress(const struct id *, uint32_t, uint32_t, uint64_t);
/* The parent's answer to parent_request(): ok, text on failure. */
void	 control_parent_result(uint64_t, int, const char *);

#endif
