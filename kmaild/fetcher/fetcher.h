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

#ifndef KMAILD_FETCHER_H
#define KMAILD_FETCHER_H

/*
 * kmaild-fetcher: resolves, connects, carries out the cleartext half of
 * STARTTLS, passes the socket to the vault, and forks a worker once the
 * plaintext comes back.
 */

#include <sys/queue.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/channel.h"
#include "common/msg.h"
#include "common/reason.h"

/* ---- fetcher.c ---- */

struct event_base *fetcher_base(void);
/* Seconds for each address, as configured. */
uint32_t	 fetcher_timeout_connect(void);
int		 fetcher_port_allowed(uint16_t);
/* NULL while the process is away. */
struct channel	*fetcher_peer(enum proc);

/* ---- resolvfile.c: bounded parsers of two files ---- */

#define NAMESERVERS_MAX	3		/* MAXNS of resolv.h */

/* Addresses of nameserver lines, port 53; their number. */
size_t		 resolvfile_nameservers(const char *, size_t,
		    struct sockaddr_storage *, size_t);
/* Addresses of a name in a hosts file, port 0; their number. */
size_t		 resolvfile_hosts(const char *, size_t, const char *,
		    struct sockaddr_storage *, size_t);
/* Numeric address, IPv6 in brackets or not: 0 or -1. */
int		 resolvfile_literal(const char *, struct sockaddr_storage *);

/* ---- resolve.c ---- */

#define ADDRESSES_MAX	16		/* of one name */

struct resolve;

/* R_NONE with addresses, IPv6 and IPv4 in turn, their port set; or why not. */
typedef void	(*resolve_cb)(void *, enum reason,
		    const struct sockaddr_storage *, size_t);

void		 resolve_init(struct event_base *);
void		 resolve_conf_begin(void);
void		 resolve_conf_nameserver(const struct sockaddr_storage *);
/* The descriptor is owned. */
void		 resolve_conf_file(uint32_t, int);
void		 resolve_conf_end(void);
/*
 * Look a name up within so many seconds.  The callback comes from the event
 * loop, once; the result is gone after it, or after resolve_cancel().
 */
struct resolve	*resolve_start(const char *, uint16_t, uint32_t, resolve_cb,
		    void *);
void		 resolve_cancel(struct resolve *);

/* ---- connect.c ---- */

/* R_NONE with a connected, non-blocking socket that the callee owns. */
typedef void	(*connect_cb)(void *, enum reason, int,
		    const struct sockaddr_storage *);

struct connect {
	struct sockaddr_storage addrs[ADDRESSES_MAX];
	size_t		 naddrs;
	size_t		 next;
	int		 fd;		/* being connected, or -1 */
	enum reason	 reason;	/* what is known of those that failed */
	struct event	 ev;
	connect_cb	 cb;
	void		*arg;
};

/*
 * Try one address after the other, each for the configured time.  The
 * callback may come before this returns; it may free the struct.
 */
void		 connect_start(struct connect *,
		    const struct sockaddr_storage *, size_t, connect_cb,
		    void *);
void		 connect_cancel(struct connect *);

/* tcp-linux.c, tcp-openbsd.c: keep-alive and time-outs; best effort */
#define TCP_DEAD_AFTER	120		/* seconds without any ACK */

void		 tcp_options(int);

/* ---- starttls.c: what is said before TLS, pure parser ---- */

#define STARTTLS_LINE_MAX	8192
#define STARTTLS_LINES_MAX	200
#define STARTTLS_TOTAL_MAX	65536

enum starttls_result {
	STARTTLS_MORE = 0,	/* all input taken */
	STARTTLS_SEND,		/* send out, then offer the rest again */
	STARTTLS_DONE,		/* TLS begins */
	STARTTLS_FAIL		/* reason, backoff */
};

struct starttls {
	int		 state;
	int		 caps_known;
	int		 offered;
	unsigned int	 nlines;
	size_t		 total;
	size_t		 len;
	const char	*out;
	enum reason	 reason;
	uint32_t	 backoff;
	char		 line[STARTTLS_LINE_MAX + 1];
};

void		 starttls_init(struct starttls *);
/* The last argument gets how many octets were taken. */
enum starttls_result starttls_input(struct starttls *, const unsigned char *,
		    size_t, size_t *);

/* ---- cleartext.c: the same over a socket ---- */

/* R_NONE: TLS may begin.  Otherwise the reason and a server's back-off. */
typedef void	(*cleartext_cb)(void *, enum reason, uint32_t);

struct cleartext;

/* Within step seconds, never idle longer; the socket stays the caller's. */
struct cleartext *cleartext_start(int, uint32_t, uint32_t, cleartext_cb,
		    void *);
void		 cleartext_cancel(struct cleartext *);

/* ---- session.c ---- */

/* M_SESSION_ORDER: the descriptor is owned. */
void		 session_order(const struct m_session_order *, int);
void		 session_cancel(uint64_t);
/* M_CHANNEL: the descriptor is owned. */
void		 session_channel(uint64_t, int);
void		 session_refused(uint64_t);
void		 session_end_all(void);
int		 session_none(void);
/* SIGCHLD */
void		 session_reap(void);

#endif
