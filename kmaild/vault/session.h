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

#ifndef KMAILD_VAULT_SESSION_H
#define KMAILD_VAULT_SESSION_H

/* Between session.c and child.c. */

#include "vault.h"

#define SESSION_GRACE	5	/* s: the child keeps deadlines itself */

enum session_state {
	S_HANDSHAKE = 1,	/* waiting for C_VERIFIED */
	S_VERIFIED,		/* the credential is released next */
	S_LOGIN,		/* waiting for C_VERDICT */
	S_OPEN,			/* logged in; relays */
	S_CLOSING		/* said why it ends */
};

struct session {
	TAILQ_ENTRY(session) entry;
	struct m_ticket	 ticket;
	struct account	 account;	/* as it was when the socket came */
	struct channel	*fetcher;	/* NULL: went away */
	enum session_state state;
	int		 ctl;
	int		 relay;		/* the fetcher's end until S_OPEN */
	struct event	 ev_ctl;
	struct event	 ev_deadline;
	struct ctl_record record;	/* being read */
	size_t		 have;
	uint32_t	 step;		/* seconds */
	uint32_t	 total;
	int64_t		 born;		/* clock_boot() */
};

/* session.c */
/* In order of age; NULL for the first, NULL after the last. */
struct session	*session_next(const struct session *);
void		 session_deadline(struct session *, uint32_t);
/* To the store, with what the child knew of its peer, or NULL. */
void		 session_verdict(const struct m_ticket *, enum reason,
		    const struct ctl_record *);
/* To the fetcher: forget the socket. */
void		 session_refuse(struct channel *, uint64_t);
/* Close the pair, which ends the child, and tell both who wait. */
void		 session_end(struct session *, enum reason);
/* Without a word. */
void		 session_free(struct session *);

/* child.c */
void		 child_init(void);
void		 child_readable(evutil_socket_t, short, void *);

#endif
