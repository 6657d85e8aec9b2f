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

#ifndef KMAILD_STORE_ACCOUNT_H
#define KMAILD_STORE_ACCOUNT_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdint.h>

#include "common/id.h"
#include "common/msg.h"
#include "store.h"

#define ACCOUNT_KEY_LEN	32	/* of the keyed hash over message contents */
#define ACCOUNT_FOLLOW	(-1)	/* every: as `sync every` says */

struct session;

/* A client of kmaild.sock that waits for a fetch to end. */
struct ask {
	TAILQ_ENTRY(ask) entry;
	uint64_t	 client;
	int		 running;	/* the fetch that runs answers it */
};

/* Every account whose state is not ACCOUNT_REMOVING, as in mail.db. */
struct account {
	RB_ENTRY(account) entry;
	struct id	 id;
	enum account_state state;
	char		 label[KM_LABEL_SIZE];
	char		 tenant[KM_TENANT_SIZE];
	uint32_t	 auth;
	char		 user[KM_USER_SIZE];
	char		 imap_host[KM_HOST_SIZE];
	uint16_t	 imap_port;
	uint32_t	 imap_tls;
	int		 has_secret;
	int		 paused;
	int64_t		 every;		/* seconds; 0 never; ACCOUNT_FOLLOW */
	int64_t		 epoch;		/* of its folders; see account.c */
	unsigned char	 hash_key[ACCOUNT_KEY_LEN];
	int		 put;		/* by the vault on this connection */

	/* plan.c */
	int64_t		 due;		/* clock_boot(); PLAN_NEVER */
	int64_t		 hold;		/* not before this, clock_boot() */
	uint32_t	 failures;	/* in a row */
	uint32_t	 refusals;	/* logins refused in a row */
	enum sync_status status;
	enum reason	 reason;
	TAILQ_HEAD(, ask) asks;
	struct session	*fetch;		/* the running one */
	struct report	*report;	/* to be committed, report.c */
};

RB_HEAD(account_tree, account);
RB_PROTOTYPE(account_tree, account, entry, account_cmp)

/* Read all from mail.db, and go on with removals: 0 or -1. */
int		 account_load(void);
void		 account_unload(void);
struct account	*account_get(const struct id *);
struct account_tree *account_all(void);

/* What the vault says; each is committed on return: 0 or -1. */
int		 account_settings(const struct m_account_settings *);
int		 account_put(const struct m_account_put *);
void		 account_sync_begin(void);
int		 account_synced(void);
/* Mark for removal and forget it; unknown ones are no error. */
int		 account_remove(const struct id *);
int		 account_set_paused(struct account *, int);

/* removal.c: delete the rows of removed accounts bit by bit. */
void		 removal_start(void);
void		 removal_stop(void);

#endif
