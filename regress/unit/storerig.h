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
 * The store's core in a temporary folder, with a clock that the test sets,
 * and the test in the place of control, vault, fetcher and worker.
 */


#ifndef STORERIG_H
#define STORERIG_H

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sodium.h>

#include "common/clock.h"
#include "kmaild/store/account.h"
#include "kmaild/store/body.h"
#include "kmaild/store/commit.h"
#include "kmaild/store/db.h"
#include "kmaild/store/eventlog.h"
#include "kmaild/store/folder.h"
#include "kmaild/store/ingest.h"
#include "kmaild/store/peer.h"
#include "kmaild/store/plan.h"
#include "kmaild/store/recover.h"
#include "kmaild/store/report.h"
#include "kmaild/store/segment.h"
#include "kmaild/store/session.h"
#include "kmaild/store/store.h"
#include "kmaild/store/waiting.h"

extern char			 rig_dir[64];
extern struct event_base	*rig_base;
extern struct m_conf_store	 rig_conf;
extern enum reason		 rig_key;
extern int64_t			 rig_boot;	/* milliseconds */
extern int64_t			 rig_utc;
/* The store's ends; not there unless rig_peers. */
extern struct channel		 rig_vault, rig_fetcher;
extern int			 rig_peers;

/* what control was told */
extern int			 rig_syncs, rig_ends;
extern uint64_t			 rig_sync_client;
extern enum reason		 rig_end_reason;
extern enum test_step		 rig_step;
extern int			 rig_steps;
extern uint32_t			 rig_event;
extern int			 rig_events;
extern uint64_t			 rig_acked;

/* The first integer that the statement gives; -1 when there is none. */
int64_t		 rig_sql(const char *);
int		 rig_setup(void **);
int		 rig_teardown(void **);
void		 rig_open(void);
void		 rig_close(void);
/* As a process that is killed leaves it: nothing is cut off, no row goes. */
void		 rig_crash(void);
/* Let the loop do what is to be done now. */
void		 rig_turn(void);
/* Time goes by; timers of libevent do not know. */
void		 rig_wait(int64_t);
void		 rig_put(const struct id *, const char *, const char *,
		    uint32_t);
struct account	*rig_account(const char *);
/*
 * One whole message in one W_BODY: a trace header that differs for each
 * `way`, then content that `what` alone decides.  Returns its octets.
 */
size_t		 rig_body(unsigned char *, uint64_t, uint32_t, int, int);

#endif
