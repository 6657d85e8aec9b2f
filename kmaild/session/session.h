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

#ifndef KMAILD_SESSION_H
#define KMAILD_SESSION_H

/*
 * kmaild-vault-session: the zygote keeps TLS contexts ready and forks; the
 * child verifies the peer, logs in with the one credential that it is given,
 * and relays.  No libevent here.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "common/msg.h"
#include "common/reason.h"

struct tls;

/* ---- zygote.c ---- */

void		 zygote_nonblock(int);
/* A child was forked: it will be waited for. */
void		 zygote_forked(void);

/* ---- link.c: channels to the vault ---- */

#define LINKS_MAX	8		/* one; more around a reload */

struct pollfd;
/* Take over a channel from the parent. */
void		 link_add(int);
/* Fill in LINKS_MAX to wait for; deal with what came. */
void		 link_poll(struct pollfd *);
void		 link_ready(const struct pollfd *);

/* ---- prime.c: CA sets and TLS contexts that only lack their socket ---- */

#define CA_SETS_MAX	1024		/* the global one, account blocks */
#define CA_SET_SIZE_MAX	(4u << 20)	/* octets; a system's bundle is 0.3 M */
#define PRIMED_MAX	16		/* hosts; each with its own CA set */

void		 prime_init(void);
/* Append one PEM file to a set; the descriptor is owned. */
void		 prime_ca_add(uint32_t, int);
/* All files are in: build a configuration of each set. */
void		 prime_ca_end(void);
/*
 * A context for host and CA, from the cache or made.  It is the cache's and
 * is to be used in a forked child only.  Own CA octets, or NULL for the set
 * that the order names.  NULL with the reason: R_CA_UNREADABLE or
 * R_TLS_HANDSHAKE.
 */
struct tls	*prime_get(const struct m_z_session *, const unsigned char *,
		    size_t, enum reason *);

/* ---- child.c ---- */

struct child_order {
	struct m_z_session zs;
	struct tls	*tls;
	int		 net;		/* connected, TLS comes next */
	int		 ctl;		/* credential and verdict */
	int		 relay;		/* plaintext, to the worker */
};

/* In the forked child; closes every other descriptor above 2. */
_Noreturn void	 child_main(const struct child_order *);

/* ---- conn.c: the TLS connection, with its deadlines ---- */

#define CONN_BUF_SIZE	16384		/* ciphertext read ahead: one record */

struct conn {
	struct tls	*tls;
	int		 net;
	int		 ctl;		/* its end ends everything */
	int		 eof;		/* the socket is at its end or broken */
	uint32_t	 idle;		/* seconds without an octet */
	uint32_t	 step;		/* seconds for one answer */
	int64_t		 last;		/* clock_boot() of the last octet */
	int64_t		 step_end;
	int64_t		 session_end;
	enum reason	 reason;	/* why a call returned -1 */
	size_t		 in_pos, in_len;
	unsigned char	 in[CONN_BUF_SIZE];
};

/* The one connection of a child; primed contexts point at it. */
struct conn	*conn_self(void);
/* tls_connect_cbs(3) with this connection's callbacks; 0 or -1. */
int		 conn_prime(struct tls *, const char *);
void		 conn_init(struct conn *, const struct child_order *);
/* Handshake and verification of chain, time and name. */
enum reason	 conn_handshake(struct conn *);
/*
 * Read something, at least one octet: how many, 0 at the end of the stream,
 * -1 with reason set (R_CANCELLED when ctl was closed).
 */
ssize_t		 conn_read(void *, void *, size_t);
/* Write all and start a new step: 0, or -1 with reason set. */
int		 conn_write(void *, const void *, size_t);
/* Exact number of octets from ctl within a step: 0, or -1 with reason set. */
int		 conn_read_ctl(struct conn *, void *, size_t);
/* 1 when ciphertext is here that TLS has not asked for yet. */
int		 conn_buffered(const struct conn *);
/* Say close_notify if that does not block. */
void		 conn_close(struct conn *);

/* ---- imap_auth.c: from greeting to the answer to AUTHENTICATE ---- */

#define AUTH_LINE_MAX	8192	/* octets of a line; Gmail's stay below 400 */
#define AUTH_LINES_MAX	200	/* untagged lines in the whole dialogue */
#define AUTH_TOTAL_MAX	65536	/* octets from the server until its OK */
#define AUTH_OUT_SIZE	4096	/* 320 + 1024 octets, all escaped or base64 */
#define AUTH_ECHO_MIN	6	/* shorter secrets may be in a text by chance */

/* How the dialogue reaches the server; returns as conn_read, conn_write. */
struct auth_io {
	ssize_t		(*read)(void *, void *, size_t);
	int		(*write)(void *, const void *, size_t);
	enum reason	(*reason)(void *);
	void		*arg;
};

struct auth {
	const struct auth_io *io;
	const struct credential *cred;	/* set while it must not come back */
	unsigned int	 tag;
	unsigned int	 caps;
	unsigned int	 nlines;
	size_t		 total;
	uint32_t	 backoff;	/* seconds that the server asked for */
	enum reason	 bye;		/* an untagged BYE's, else R_NONE */
	char		*line;		/* the line read last, NUL-ended */
	size_t		 in_pos, in_len;
	size_t		 out_len;
	size_t		 echo_off, echo_len;	/* the secret's place in out */
	unsigned char	 in[AUTH_LINE_MAX + 2];
	unsigned char	 out[AUTH_OUT_SIZE];
};

void		 auth_init(struct auth *, const struct auth_io *);
/*
 * Read the greeting (unless STARTTLS came before: then there is none), learn
 * the capabilities and see that there is a way to log in.
 */
enum reason	 auth_greeting(struct auth *, int);
/*
 * AUTHENTICATE PLAIN (RFC 4616, RFC 4959), or LOGIN where that is all there
 * is.  Nothing of the credential is left in the struct afterwards.
 */
enum reason	 auth_login(struct auth *, const struct credential *);
/* Octets that the server sent after its OK: the worker's. */
size_t		 auth_rest(struct auth *, const unsigned char **);
void		 auth_wipe(struct auth *);

/* ---- spki.c: for account test, what a key pin would be ---- */

#define SPKI_HEX_SIZE	65

/*
 * SHA-256 of the SubjectPublicKeyInfo of the first certificate in PEM, in
 * hexadecimal: 0, or -1 when there is none.
 */
int		 spki_hash(const uint8_t *, size_t, char[SPKI_HEX_SIZE]);

/* ---- filter.c: the worker's commands ---- */

#define FILTER_SIZE	8192	/* one command with its literals */
#define FILTER_LITERAL_MAX KM_FOLDER_MAX

enum filter_result {
	FILTER_MORE = 0,	/* all input taken, no command complete */
	FILTER_PASS,		/* out, out_len may go to the server */
	FILTER_FORBIDDEN	/* end the session */
};

struct filter {
	int		 idle;		/* IDLE was sent: DONE must follow */
	int		 logout;	/* LOGOUT was sent: nothing may */
	size_t		 literal;	/* octets of a literal still to come */
	size_t		 sent;		/* octets of buf that were passed on */
	size_t		 len;
	const unsigned char *out;	/* within buf, until the next call */
	size_t		 out_len;
	unsigned char	 buf[FILTER_SIZE];
};

void		 filter_init(struct filter *);
/*
 * Take octets of the worker.  The last argument gets how many were taken;
 * after FILTER_PASS the rest is to be offered again.
 */
enum filter_result filter_input(struct filter *, const unsigned char *,
		    size_t, size_t *);

/* ---- relay.c ---- */

/* Both ways until one end is done; the octets go to the worker first. */
enum reason	 relay_run(struct conn *, int, const unsigned char *, size_t);

#endif
