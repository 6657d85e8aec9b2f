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

#ifndef KMAILD_REASON_H
#define KMAILD_REASON_H

#include <stdint.h>

/*
 * Why something did not work, as the outside sees it: one or two words and
 * a remedy, in one table (reason.c).  The numbers are stored in mail.db:
 * append only, never renumber.
 */
enum reason {
	R_NONE = 0,			/* all is well */

	/* the key: every report says so, nothing is fetched */
	R_KEY_MISSING = 1,
	R_KEY_WRONG,
	R_KEY_INVALID,			/* malformed, too short, several sources */

	/* an account cannot start */
	R_PASSWORD_MISSING = 10,	/* no secret is stored */
	R_PASSWORD_REFUSED_HOLD,	/* three refusals; waits for a person */
	R_ACCOUNT_PAUSED,
	R_PORT_NOT_ALLOWED,
	R_STORE_FULL,			/* below `reserve` */
	R_RATE_LIMITED,			/* the vault's own limit on logins */
	R_TICKET,			/* vault refused: no such ticket, expired, wrong peer */
	R_SECRET_UNREADABLE,		/* box does not open for this record */
	R_CA_UNREADABLE,

	/* imap_sync_failed: before TLS */
	R_DNS_FAILED = 30,
	R_DNS_TIMEOUT,
	R_CONNECT_REFUSED,
	R_CONNECT_TIMEOUT,
	R_CONNECT_UNREACHABLE,
	R_STARTTLS_MISSING,
	R_STARTTLS_REFUSED,
	R_STARTTLS_INJECTED,		/* bytes between OK and handshake */
	R_GREETING_BYE,
	R_GREETING_PREAUTH,
	R_GREETING_INVALID,

	/* TLS */
	R_TLS_HANDSHAKE = 50,
	R_TLS_CERT_NAME,
	R_TLS_CERT_EXPIRED,
	R_TLS_CERT_NOT_YET,
	R_TLS_CERT_UNTRUSTED,
	R_TLS_CLOSED,

	/* login */
	R_IMAP_AUTH_FAILED = 70,	/* the server refused user or password */
	R_IMAP_LOGIN_DISABLED,		/* no mechanism that we may use */
	R_IMAP_AUTH_PROTOCOL,		/* echo, flood, or nonsense in the dialogue */
	R_IMAP_UNAVAILABLE,		/* [UNAVAILABLE], [INUSE], BYE: later */
	R_IMAP_LIMIT,			/* [LIMIT], too many connections */
	R_IMAP_THROTTLED,		/* [THROTTLED], [OVERQUOTA], back-off given */
	R_IMAP_EXPIRED,			/* [EXPIRED]: the password is too old */
	R_IMAP_AUTHZ,			/* [AUTHORIZATIONFAILED], [CONTACTADMIN] */

	/* after login */
	R_IMAP_PROTOCOL = 90,		/* a response that the parser refuses */
	R_IMAP_TOO_LONG,		/* line, nesting, count above its bound */
	R_IMAP_BYE,
	R_IMAP_CLOSED,			/* connection lost */
	R_IMAP_FOLDER_MISSING,
	R_IMAP_FOLDER_REFUSED,
	R_IMAP_COMMAND_REFUSED,		/* NO or BAD to a command that should work */
	R_TIMEOUT_IDLE = 100,
	R_TIMEOUT_STEP,
	R_TIMEOUT_SESSION,
	R_RELAY_FORBIDDEN,		/* worker sent a command outside the list */
	R_WORKER_DIED,
	R_PROCESS_RESTARTED,		/* fetcher or zygote went away under it */
	R_CANCELLED,			/* pause, remove, stop */
	R_STORE_ERROR,			/* database or file error; see the log */

	/* one message: the not-fetched list */
	R_MSG_TOO_LARGE = 120,
	R_MSG_EMPTY,			/* NIL or "" although there should be bytes */
	R_MSG_NOT_DELIVERED,		/* OK without a FETCH for it */
	R_MSG_REFUSED,			/* NO or BAD for this message alone */
	R_MSG_CRASHED,			/* a worker died over it */
	R_MSG_INTERRUPTED,		/* connection lost within it, repeatedly */
	R_MSG_SLOW,			/* below the least rate */
	R_MSG_INVALID,			/* malformed response around its body */
	R_MSG_GONE,			/* expunged meanwhile: off the list */

	R_MAX
};

/* First word ("imap_sync_failed"), never NULL for a known reason. */
const char	*reason_word(enum reason);
/* Second word ("imap_auth_failed") or NULL. */
const char	*reason_detail(enum reason);
/* What a person does about it, one sentence; NULL for R_NONE. */
const char	*reason_remedy(enum reason);
/* 1 when waiting will not heal it: a person is needed. */
int		 reason_needs_person(enum reason);
/* 0 when the number is in the table, else -1: for bytes from a peer. */
int		 reason_check(uint32_t);

#endif
