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
 * kmaild-store: mail, positions, the not-fetched list, reports, events, and
 * the plan of what is due.  Never sees a secret, never parses mail.
 */

#include <sys/queue.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "account.h"
#include "commit.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "conf.h"
#include "db.h"
#include "fetcher_link.h"
#include "folder.h"
#include "parent_link.h"
#include "peer.h"
#include "plan.h"
#include "recover.h"
#include "segment.h"
#include "session.h"
#include "store.h"
#include "store_main.h"
#include "vault_link.h"

static struct event_base	*base;
static struct channel		 vault;

/* What comes before the loop runs: two peers and a listener. */
static struct early {
	enum proc	 proc;
	int		 fd;
} early[8];
static size_t			 nearly;
static int			 early_listen = -1;

static void	 store_receive(void);
static void	 store_early(struct imsg *);
static void	 store_open(const char *);
static void	 store_open_mail(const char *);
static void	 store_vault_closed(struct channel *, void *);

struct event_base *
store_base(void)
{
	return base;
}

struct channel *
peer_vault(void)
{
	return vault.open ? &vault : NULL;
}

static void
store_early(struct imsg *imsg)
{
	struct m_peer	 m;

	switch (imsg_get_type(imsg)) {
	case M_PEER:
		if (imsg_get_data(imsg, &m, sizeof(m)) == -1 ||
		    nearly == sizeof(early) / sizeof(early[0]))
			fatalx(LC_MALFORMED, M_PEER);
		early[nearly].proc = (enum proc)m.proc;
		early[nearly++].fd = imsg_get_fd(imsg);
		break;
	case M_LISTEN:
		early_listen = imsg_get_fd(imsg);
		break;
	case M_LOGLEVEL:
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}

static void
store_receive(void)
{
	struct imsg	 imsg;
	int		 n;

	do {
		proc_recv(&imsg);
		if ((n = conf_message(&imsg)) == 0)
			store_early(&imsg);
		imsg_free(&imsg);
	} while (n != 2);
}

/* A database that cannot be used is said in words and ends the daemon. */
static void
store_open(const char *dir)
{
	static const enum logcode codes[] = {
		[DB_FOREIGN] = LC_DB_FOREIGN,
		[DB_DAMAGED] = LC_DB_DAMAGED,
		[DB_LOCKED] = LC_DB_LOCKED,
		[DB_ERROR] = LC_DB_OPEN
	};
	enum db_result	 r;

	switch (r = db_open(dir, db_steps, db_nsteps)) {
	case DB_OK:
		return;
	case DB_CREATED:
		log_code(LOG_NOTICE, LC_DB_CREATED, NULL, 0, 0, 0);
		return;
	case DB_NEWER:
		break;		/* db.c said which */
	default:
		log_code(LOG_CRIT, codes[r], NULL, 0, 0, 0);
	}
	exit(1);
}

static void
store_open_mail(const char *dir)
{
	if (segment_init(dir) == -1)
		fatal(LC_SETUP);
	if (folder_init() == -1 || recover_segments() == -1 ||
	    account_load() == -1)
		fatalx(LC_DB_OPEN, 0);
}

void
store_peer(enum proc proc, int fd)
{
	if (proc == P_FETCHER) {
		fetcher_link(base, fd);
		plan_wake();
		return;
	}
	if (proc != P_VAULT || vault.open)
		fatalx(LC_MALFORMED, M_PEER);
	channel_init(&vault, base, fd, P_STORE, P_VAULT, 0, vault_dispatch,
	    store_vault_closed, NULL);
}

/* The parent ends us too; until then nothing can be fetched. */
static void
store_vault_closed(struct channel *ch, void *arg)
{
	(void)arg;
	channel_clear(ch);
}

void
store_begin(unsigned int heard_now)
{
	static unsigned int	 heard;

	if (heard == (STORE_PARENT | STORE_VAULT))
		return;
	heard |= heard_now;
	if (heard != (STORE_PARENT | STORE_VAULT))
		return;
	control_start();
	plan_begin();
}

void
store_stop(void)
{
	plan_end();
	control_stop();
	session_cancel_all(R_CANCELLED);
	commit_all();
	event_base_loopbreak(base);
}

int
main(int argc, char **argv)
{
	struct sandbox_result	 sandbox;
	size_t			 i;

	proc_start(P_STORE, argc, argv);
	/* the parent alone says when to stop */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if ((base = event_base_new()) == NULL || sodium_init() == -1)
		fatalx(LC_SETUP, ENOMEM);
	plan_init(base);
	commit_init(base);
	session_init();
	store_receive();
	proc_drop();
	store_open(store_conf()->dir);
	store_open_mail(store_conf()->dir);
	control_init(base);
	if (early_listen != -1)
		control_listen(early_listen);
	sandbox_store(&sandbox, store_conf()->dir);
	proc_ready(sandbox.landlock_abi, sandbox.missing);
	parent_link(base);
	for (i = 0; i < nearly; i++)
		store_peer(early[i].proc, early[i].fd);
	removal_start();
	event_base_dispatch(base);

	session_exit();
	removal_stop();
	plan_exit();
	account_unload();
	db_close();
	segment_exit();
	parent_flush();
	return 0;
}
