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

#include <string.h>

#include "account.h"
#include "common/log.h"
#include "db.h"
#include "eventlog.h"
#include "peer.h"
#include "plan.h"
#include "session.h"
#include "store_main.h"
#include "vault_link.h"

/* What the vault says: its key, its accounts, its verdicts, its events. */

static enum reason	 key = R_KEY_MISSING;	/* until it says otherwise */

static void	 vault_get(struct imsg *, void *, size_t);
static void	 vault_text(const char *, size_t);
static void	 vault_key(struct imsg *);
static void	 vault_ack(uint64_t, int);
static void	 vault_settings(struct imsg *);
static void	 vault_put(struct imsg *);
static void	 vault_remove(struct imsg *);
static void	 vault_verdict(struct imsg *);
static void	 vault_event(struct imsg *);

enum reason
store_key_state(void)
{
	return key;
}

/* The vault is ours: what is malformed is a broken invariant. */
static void
vault_get(struct imsg *imsg, void *p, size_t size)
{
	if (imsg_get_data(imsg, p, size) == -1)
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
}

static void
vault_text(const char *s, size_t size)
{
	if (msg_text_ok(s, size) == -1)
		fatalx(LC_MALFORMED, 0);
}

static void
vault_key(struct imsg *imsg)
{
	struct m_key_state	 m;

	vault_get(imsg, &m, sizeof(m));
	if (reason_check(m.reason) == -1)
		fatalx(LC_MALFORMED, M_KEY_STATE);
	key = (enum reason)m.reason;
	account_sync_begin();
	plan_key_changed();
	store_begin(STORE_VAULT);
}

static void
vault_ack(uint64_t seq, int result)
{
	struct m_account_ack	 ack;

	memset(&ack, 0, sizeof(ack));
	ack.seq = seq;
	ack.reason = result == 0 ? R_NONE : db_reason();
	channel_send(peer_vault(), M_ACCOUNT_ACK, -1, &ack, sizeof(ack));
}

static void
vault_settings(struct imsg *imsg)
{
	struct m_account_settings	 m;

	vault_get(imsg, &m, sizeof(m));
	if (m.settings.folders_len > sizeof(m.settings.folders))
		fatalx(LC_MALFORMED, M_ACCOUNT_SETTINGS);
	vault_ack(m.seq, account_settings(&m));
}

static void
vault_put(struct imsg *imsg)
{
	struct m_account_put	 m;

	vault_get(imsg, &m, sizeof(m));
	vault_text(m.label, sizeof(m.label));
	vault_text(m.tenant, sizeof(m.tenant));
	vault_text(m.user, sizeof(m.user));
	vault_text(m.imap_host, sizeof(m.imap_host));
	/* cannot be told to the vault: it comes again at the next start */
	account_put(&m);
}

static void
vault_remove(struct imsg *imsg)
{
	struct m_account_remove	 m;

	vault_get(imsg, &m, sizeof(m));
	vault_ack(m.seq, account_remove(&m.account));
}

static void
vault_verdict(struct imsg *imsg)
{
	struct m_session_verdict	 m;

	vault_get(imsg, &m, sizeof(m));
	vault_text(m.subject, sizeof(m.subject));
	vault_text(m.issuer, sizeof(m.issuer));
	vault_text(m.spki, sizeof(m.spki));
	if (reason_check(m.reason) == -1)
		fatalx(LC_MALFORMED, M_SESSION_VERDICT);
	session_verdict(&m);
}

/*
 * The vault removes an account before it tells us to.  Should we or it die
 * in between, its event is what we still hear, and repeat until we keep it.
 */
static void
vault_event(struct imsg *imsg)
{
	struct m_vault_event	 m;

	vault_get(imsg, &m, sizeof(m));
	if (m.code == LC_ACCOUNT_REMOVED && m.has_account &&
	    account_remove(&m.account) == -1)
		return;
	eventlog_add_vault(&m);
}

void
vault_event_ack(uint64_t seq)
{
	struct m_vault_event_ack	 m;

	memset(&m, 0, sizeof(m));
	m.seq = seq;
	if (peer_vault() != NULL)
		channel_send(peer_vault(), M_VAULT_EVENT_ACK, -1, &m,
		    sizeof(m));
}

void
vault_dispatch(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct m_session	 closed;

	(void)ch;
	(void)arg;
	switch (imsg_get_type(imsg)) {
	case M_KEY_STATE:
		vault_key(imsg);
		break;
	case M_ACCOUNT_SETTINGS:
		vault_settings(imsg);
		break;
	case M_ACCOUNT_PUT:
		vault_put(imsg);
		break;
	case M_ACCOUNT_SYNCED:
		account_synced();
		break;
	case M_ACCOUNT_REMOVE:
		vault_remove(imsg);
		break;
	case M_SESSION_VERDICT:
		vault_verdict(imsg);
		break;
	case M_SESSION_CLOSED:
		vault_get(imsg, &closed, sizeof(closed));
		session_closed(&closed);
		break;
	case M_VAULT_EVENT:
		vault_event(imsg);
		break;
	default:
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
	}
}
