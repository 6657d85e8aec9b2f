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

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sandbox.h"
#include "vault.h"

static struct event_base	*base;
static struct channel		 parent;
static int			 started;

static void	 vault_configure(void);
static void	 vault_apply(void);
static void	 vault_open(void);
static void	 vault_from_parent(struct imsg *);
static void	 vault_reloaded(void);
static void	 vault_start(void);
_Noreturn static void vault_stop(void);
static void	 vault_put_one(const struct account *, void *);
static void	 vault_send_key_state(void);
static void	 parent_dispatch(struct channel *, struct imsg *, void *);
static void	 parent_closed(struct channel *, void *);

int
main(int argc, char **argv)
{
	struct sandbox_result	 sr;

	proc_start(P_VAULT, argc, argv);
	/* init signals whole groups; the parent says when to stop */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if ((base = event_base_new()) == NULL)
		fatalx(LC_SETUP, ENOMEM);
	peer_init();
	session_init();

	vault_configure();
	proc_drop();
	vault_open();
	sandbox_vault(&sr);
	conf_load_key();

	proc_ready(sr.landlock_abi, sr.missing);
	channel_adopt(&parent, base, proc_parent(), P_VAULT, P_PARENT,
	    parent_dispatch, parent_closed, NULL);
	event_base_dispatch(base);
	fatalx(LC_INVARIANT, 0);	/* the loop ends by exit alone */
}

struct event_base *
vault_base(void)
{
	return base;
}

/* Up to the first M_CONF_END. */
static void
vault_configure(void)
{
	struct imsg	 imsg;
	uint32_t	 type;

	do {
		proc_recv(&imsg);
		type = imsg_get_type(&imsg);
		if (type == M_CONF_END)
			vault_apply();
		else
			vault_from_parent(&imsg);
		imsg_free(&imsg);
	} while (type != M_CONF_END);
}

static void
vault_apply(void)
{
	conf_apply();
	peer_open_held();
}

/* What needs files and limits: before the sandbox. */
static void
vault_open(void)
{
	int64_t	 value;
	int	 code;

	arena_init();
	if ((code = db_open(conf_vault()->dir, &value)) != 0) {
		log_code(LOG_CRIT, (enum logcode)code, NULL, value, 0, 0);
		exit(1);
	}
}

/* The same for a first start and for a reload. */
static void
vault_from_parent(struct imsg *imsg)
{
	struct m_loglevel	 level;

	switch (imsg_get_type(imsg)) {
	case M_PEER:
		peer_add(imsg);
		break;
	case M_LISTEN:
		admin_listen(imsg_get_fd(imsg));
		break;
	case M_CONF_END:
		vault_reloaded();
		break;
	case M_START:
		vault_start();
		break;
	case M_STOP:
		vault_stop();
	case M_LOGLEVEL:
		peer_get(imsg, &level, sizeof(level));
		log_set_level((int)level.loglevel);
		break;
	default:
		conf_message(imsg);
		break;
	}
}

static void
vault_reloaded(void)
{
	vault_apply();
	conf_load_key();
	vault_send_key_state();
}

static void
vault_start(void)
{
	started = 1;
	vault_greet_store();
	admin_start();
}

_Noreturn static void
vault_stop(void)
{
	admin_stop();
	session_end_all(R_CANCELLED);
	outbox_idle();
	db_close();
	exit(0);
}

static void
parent_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	(void)ch;
	(void)arg;
	vault_from_parent(imsg);
}

static void
parent_closed(struct channel *ch, void *arg)
{
	(void)ch;
	(void)arg;
	db_close();
	exit(1);
}

/* All that the store must know of before it plans anything. */
void
vault_greet_store(void)
{
	struct channel	*store;

	if (!started || (store = vault_peer(P_STORE)) == NULL)
		return;
	vault_send_key_state();
	if (change_resume() == -1 || account_each(vault_put_one, NULL) == -1)
		return;		/* without SYNCED nothing is dropped */
	channel_send(store, M_ACCOUNT_SYNCED, -1, NULL, 0);
	outbox_resend();
}

static void
vault_put_one(const struct account *acct, void *arg)
{
	(void)arg;
	account_put(acct, 0);
}

static void
vault_send_key_state(void)
{
	struct channel		*store;
	struct m_key_state	 m;

	if (!started || (store = vault_peer(P_STORE)) == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.reason = key_state();
	channel_send(store, M_KEY_STATE, -1, &m, sizeof(m));
}
