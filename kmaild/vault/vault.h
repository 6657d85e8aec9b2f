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

#ifndef KMAILD_VAULT_H
#define KMAILD_VAULT_H

/*
 * The vault: account records and sealed secrets in vault.db, requests of
 * administrators on vault.sock, and the release of one credential at a time
 * to a session child that has verified its peer.
 */

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>
#include <sqlite3.h>

#include "common/channel.h"
#include "common/id.h"
#include "common/limits.h"
#include "common/msg.h"
#include "common/reason.h"

#define KEY_SIZE	crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define CA_HASH_SIZE	crypto_generichash_BYTES

/* The vault's record of an account. */
struct account {
	struct id	id;
	char		label[KM_LABEL_SIZE];
	char		tenant[KM_TENANT_SIZE];	/* "" none */
	uint32_t	auth;			/* enum auth_mode */
	char		user[KM_USER_SIZE];
	char		host[KM_HOST_SIZE];	/* normalised, v6 in brackets */
	uint16_t	port;
	uint32_t	tls;			/* enum tls_mode */
	uint64_t	generation;		/* of the secret; only grows */
	unsigned char	ca_hash[CA_HASH_SIZE];	/* of its own CA */
	uint32_t	ca_len;			/* 0: the configuration's */
	int		has_secret;
};

/* vault.c */
struct event_base *vault_base(void);
/* Tell the store all that it must know before it plans anything. */
void	 vault_greet_store(void);

/* peer.c: session, fetcher and store */
void	 peer_init(void);
/* M_PEER; within a configuration it is held until that is in force. */
void	 peer_add(struct imsg *);
void	 peer_open_held(void);
/* Payload of a checked message to struct. */
void	 peer_get(struct imsg *, void *, size_t);
/* The channel that takes new work; NULL while the process is away. */
struct channel	*vault_peer(enum proc);

/* conf.c: what the parent said, in force from one M_CONF_END to the next */
void	 conf_message(struct imsg *);
/* M_CONF_END: what was collected comes into force. */
void	 conf_apply(void);
/* 1 between M_CONF_BEGIN and conf_apply(). */
int	 conf_collecting(void);
/* Then, once vault.db is open: take over the key that came with it. */
void	 conf_load_key(void);
const struct m_conf_vault *conf_vault(void);
int	 conf_port_allowed(uint16_t);
/* account NAME { } of the configuration, or NULL. */
const struct m_conf_account *conf_account(const char *);
/*
 * 1 when a rule makes this peer an administrator of the account, or, for
 * NULL, of everything; else 0.
 */
int	 conf_admin(uid_t, gid_t, const struct account *);
/* 1 when some rule makes it an administrator of anything. */
int	 conf_admin_any(uid_t, gid_t);

/* arena.c: the one place where secrets lie in the clear */
#define KEY_TEXT_MAX	1024	/* a key file; longer is not a key */

struct arena {
	unsigned char	 data[KEY_SIZE];	/* data key */
	unsigned char	 mark[KEY_SIZE];	/* of the text that gave it */
	unsigned char	 master[KEY_SIZE];	/* from here on: wiped */
	unsigned char	 text[KEY_TEXT_MAX + 1];
	size_t		 text_len;
	struct credential credential;
	struct v_password password;
};

void	 arena_init(void);
/* Make it readable.  Must be followed by arena_close() in the same call. */
struct arena	*arena_open(void);
/* Wipe all but data key and mark, and make it inaccessible. */
void	 arena_close(void);

/* memory-linux.c, memory-openbsd.c: 0, or -1 with errno */
int	 memory_lock(void *, size_t);

/* key.c */
/*
 * Take over a key from its source.  The descriptor is owned.  Returns the
 * new state: R_NONE, R_KEY_MISSING, R_KEY_WRONG or R_KEY_INVALID, or
 * R_STORE_FULL or R_STORE_ERROR when a first data key could not be kept.
 */
enum reason	 key_load(uint32_t, int);
enum reason	 key_state(void);
const struct id	*key_id(void);
enum key_form { KEY_FORM_BASE64 = 1, KEY_FORM_HEX, KEY_FORM_PHRASE };
/*
 * Which form the text has, and its 32 octets unless it is a pass phrase.
 * R_NONE, R_KEY_MISSING (empty) or R_KEY_INVALID.
 */
enum reason	 key_parse(const unsigned char *, size_t, enum key_form *,
		    unsigned char[KEY_SIZE]);

/* seal.c */
enum secret_kind { KIND_DATAKEY = 1, KIND_PASSWORD };

/* What a box is bound to; it opens for exactly this. */
struct binding {
	struct id	 key;		/* of the key that seals */
	struct id	 account;	/* zero for a data key */
	uint32_t	 kind;
	uint64_t	 generation;
	const char	*user;
	const char	*host;
	uint16_t	 port;
	uint32_t	 tls;
	const unsigned char *ca_hash;	/* CA_HASH_SIZE, or NULL for none */
};

#define SEAL_VERSION	1
#define SEAL_OVERHEAD	(1 + ID_LEN +					\
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES +			\
    crypto_aead_xchacha20poly1305_ietf_ABYTES)
#define SEAL_MAX	(KM_SECRET_MAX + SEAL_OVERHEAD)

/* Write len + SEAL_OVERHEAD octets of box. */
void	 seal_make(unsigned char *, const unsigned char[KEY_SIZE],
	    const struct binding *, const unsigned char *, size_t);
/*
 * Open a box into a buffer of the given size: octets written, or -1 when
 * it is not for this key and binding, or not a box, or too large.
 */
ssize_t	 seal_open(unsigned char *, size_t, const unsigned char[KEY_SIZE],
	    const struct binding *, const unsigned char *, size_t);

/* db.c: vault.db; one transaction at a time, nothing else uses the file */
/*
 * Open or create DIR/vault.db, migrate it, and write to it once.  0, or a
 * code of logcode.h with its integer.
 */
int	 db_open(const char *, int64_t *);
void	 db_close(void);
int	 db_begin(void);
int	 db_commit(void);
/* Safe to call when no transaction is open. */
void	 db_rollback(void);
/*
 * Bind and run one statement.  Format: 'i' int64_t, 't' text, 'd' struct id,
 * 'b' pointer and size_t, NULL for SQL NULL.  db_run: 0 or -1.  db_select:
 * a statement to step and give to db_done(), or NULL.
 */
int	 db_run(const char *, const char *, ...);
sqlite3_stmt	*db_select(const char *, const char *, ...);
/* 1 a row, 0 no more, -1 error. */
int	 db_step(sqlite3_stmt *);
void	 db_done(sqlite3_stmt *);
/* Number of the row that was inserted last. */
int64_t	 db_last_id(void);
/* Why the last call failed: R_STORE_FULL or R_STORE_ERROR. */
enum reason	 db_reason(void);
/* Deleted boxes leave the write-ahead log too. */
void	 db_scrub(void);
/* Copy out of a row: 0, or -1 when it has another size or does not fit. */
int	 db_column_blob(sqlite3_stmt *, int, void *, size_t);
int	 db_column_id(sqlite3_stmt *, int, struct id *);
int	 db_column_text(sqlite3_stmt *, int, char *, size_t);

/* form.c: what a field of a record may look like; 0 or -1 */
int	 form_label(const char *);
int	 form_user(const char *);
/* Writes the normalised form over the given one. */
int	 form_host(char[KM_HOST_SIZE]);
int	 form_ca(const unsigned char *, size_t);
int	 form_secret(const unsigned char *, size_t);
int	 form_settings(const struct settings *);

/* account.c: 1 found, 0 not, -1 db_reason() says why */
int	 account_load(const struct id *, struct account *);
int	 account_by_label(const char *, struct account *);
/* All in order of label, or -1; the callback must not change the table. */
int	 account_each(void (*)(const struct account *, void *), void *);
/* 0 or -1; within the caller's transaction. */
int	 account_insert(const struct account *);
int	 account_update(const struct account *);
int	 account_delete(const struct id *);
/* Set the CA (len 0: none) in the table, and its hash in the record. */
int	 account_set_ca(struct account *, const unsigned char *, size_t);
/* Octets of the CA copied to a buffer of KM_CA_MAX, or -1. */
ssize_t	 account_ca(const struct id *, unsigned char *);
/* 1 when a secret may go to either of both, else 0. */
int	 account_same_remote(const struct account *, const struct account *);
int	 account_same_ca(const struct account *, const struct account *);
/* Tell the store the public part. */
void	 account_put(const struct account *, uint32_t);

/* secret.c: the sealed passwords; the arena must be open */
/*
 * Within a transaction: keep a new secret, or none.  Both raise the
 * generation and update the record in the table.  0 or -1.
 */
int	 secret_put(struct account *, struct arena *, const unsigned char *,
	    size_t);
int	 secret_drop(struct account *);
/* Fill the arena's credential: R_NONE, or why not. */
enum reason	 secret_get(const struct account *, struct arena *);
/* The record's CA changes: seal again for the new one.  R_NONE or why not. */
enum reason	 secret_rebind(const struct account *, struct account *);
/* Would it open now?  Nothing stays in the clear. */
enum reason	 secret_check(const struct account *);

/* outbox.c: events on their way to the store */
/* Within a transaction: 0 or -1. */
int	 outbox_add(uint32_t, const struct id *, int64_t, int64_t);
/* After the commit: log and send what was added. */
void	 outbox_send(void);
/* A new store channel: all that it did not acknowledge, once more. */
void	 outbox_resend(void);
/* The store has it.  Deleted with the next transaction. */
void	 outbox_ack(uint64_t);
/* Within a transaction: delete what was acknowledged; then committed. */
int	 outbox_purge(void);
void	 outbox_purged(void);
/* Nothing else was written for a while: delete it now. */
void	 outbox_idle(void);

/* rate.c: how often a password may be tried */
#define RATE_LOGINS		120	/* releases of one secret... */
#define RATE_LOGINS_SPAN	60	/* ...in so many seconds */
#define RATE_REFUSALS		3	/* in a row: no further automatic try */
#define RATE_OPERATOR		5	/* refusals by a person's doing... */
#define RATE_OPERATOR_SPAN	600	/* ...in so many seconds */

/*
 * May a login start?  The count is that of this account's logins under way,
 * each of which may yet be refused.  R_NONE, R_PASSWORD_REFUSED_HOLD,
 * R_RATE_LIMITED, or db_reason().  Times are microseconds UTC.
 */
enum reason	 rate_check(const struct id *, int, unsigned int, int64_t);
/* Within a transaction: 0 or -1. */
int	 rate_released(const struct id *, int64_t);
int	 rate_refused(const struct id *, int64_t);
int	 rate_accepted(const struct id *);
int	 rate_reset(const struct id *);
/* Refusals in a row. */
uint32_t rate_refusals(const struct id *);

/* ticket.c: the store's word that an account is due */
#define TICKETS_MAX		4096	/* far above any `sessions` limit */
#define TICKET_LIFETIME_MAX	3600	/* seconds */
#define TICKET_USES_MAX		16

/* 0, or -1 when there are too many or this one makes no sense. */
int	 ticket_add(const struct m_ticket *, int64_t);
/*
 * Use one up: copies it and returns 0, or -1 when it is unknown, expired,
 * used up, or of another account or session.  Time is clock_boot().
 */
int	 ticket_use(const struct m_socket *, int64_t, struct m_ticket *);
void	 ticket_drop_session(uint64_t);
void	 ticket_drop_account(const struct id *);
size_t	 ticket_count(void);

/* socket.c */
/*
 * A descriptor from the fetcher: a connected TCP socket whose peer has this
 * port?  0 or -1.
 */
int	 socket_check(int, uint16_t);

/* session.c */
void	 session_init(void);
/* M_SOCKET: the descriptor is owned. */
void	 session_socket(struct channel *, const struct m_socket *, int);
void	 session_cancel(uint64_t);
void	 session_end_account(const struct id *, enum reason);
void	 session_end_all(enum reason);
/* The zygote could not start a child, and why. */
void	 session_failed(uint64_t, enum reason);
/* A fetcher went away: its logins under way have nowhere to go. */
void	 session_fetcher_gone(struct channel *);

/* launch.c */
/*
 * Hand the socket and one end of two new pairs to the zygote; the other
 * ends (credential and verdict; plaintext) are returned.  The descriptor is
 * owned.  R_NONE or why not.
 */
enum reason	 launch(const struct m_z_session *, const struct account *,
		    int, int *, int *);

/* admin.c: clients of vault.sock */
struct client;
/* Take over a listening socket in place of the one before. */
void	 admin_listen(int);
void	 admin_start(void);
void	 admin_stop(void);
void	 admin_reply(struct client *, const struct v_reply *);
uid_t	 admin_uid(const struct client *);
gid_t	 admin_gid(const struct client *);
/* It asked for something that is answered later; nothing else until then. */
void	 admin_busy(struct client *);
int	 admin_is_busy(const struct client *);
/* The CA pieces sent so far; the caller frees them. */
unsigned char	*admin_take_ca(struct client *, size_t *);
/* It broke the protocol: it is gone on return. */
void	 admin_malformed(struct client *);

/* request.c: what clients ask for */
void	 request(struct client *, struct imsg *);
/* Log it; always V_DENIED. */
enum v_status	 request_denied(struct client *, uint32_t);
/*
 * The account of that label, if this client is its administrator: V_OK,
 * V_DENIED, V_MISSING, or V_ERROR with its reason in the reply.
 */
enum v_status	 request_find(struct client *, uint32_t, const char *,
		    struct account *, struct v_reply *);
void	 request_show(struct v_reply *, const struct account *);

/* change.c: add, set and remove, which the store takes part in */
void	 change_add(struct client *, struct imsg *);
void	 change_set(struct client *, struct imsg *);
void	 change_remove(struct client *, struct imsg *);
/* A new store channel: removals that it has not done.  0 or -1. */
int	 change_resume(void);
/* M_ACCOUNT_ACK of the store. */
void	 change_ack(const struct m_account_ack *);
/* The client is gone; what it asked for goes on. */
void	 change_client_gone(struct client *);
/* Is one under way for this account; for a new account of this label? */
int	 change_pending(const struct id *);
int	 change_label_pending(const char *);

#endif
