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

#ifndef KMAILD_MSG_H
#define KMAILD_MSG_H

/*
 * Every message between kmaild's processes.  The table in msg.c says for
 * each type who may send it to whom, how large its payload is, and whether
 * a descriptor comes with it; msg_check() holds a received message against
 * it.  Payloads are the structs below: fixed width, no pointers, zeroed
 * before they are filled, so that no old memory travels.  All processes are
 * of one build (M_HELLO), so host order and layout are the same.
 */

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include "common/id.h"
#include "common/limits.h"

enum proc {
	P_PARENT = 1,
	P_VAULT,
	P_SESSION,	/* the zygote kmaild-vault-session */
	P_FETCHER,
	P_STORE,
	P_WORKER,	/* forked by the fetcher, one for each session */
	P_CTL,		/* kmailctl on vault.sock */
	P_MAX
};

enum purpose {
	PURPOSE_FETCH = 1,
	PURPOSE_TEST,	/* account test: login, list folders, no examine */
	PURPOSE_MAX
};

enum tls_mode {
	TLS_IMPLICIT = 1,
	TLS_STARTTLS
};

enum auth_mode {
	AUTH_PASSWORD = 1
};

enum msg_type {
	M_NONE = 0,

	/* first on every channel, both directions */
	M_HELLO,

	/* parent to child: start and reload */
	M_PROC,			/* all: user, group, log level */
	M_PEER,			/* all: a channel to another process; fd */
	M_LISTEN,		/* vault, store: listening socket; fd */
	M_CONF_BEGIN,		/* purge what was sent before */
	M_CONF_VAULT,
	M_CONF_KEY,		/* vault: key source; fd unless none */
	M_CONF_CA,		/* session: one PEM file of a CA set; fd */
	M_CONF_FETCHER,
	M_CONF_NAMESERVER,	/* fetcher: resolver { nameserver } */
	M_CONF_RESOLVFILE,	/* fetcher: resolv.conf or hosts; fd */
	M_CONF_STORE,
	M_CONF_ALLOW,		/* vault, store: one rule */
	M_CONF_ACCOUNT,		/* vault, store: account NAME { } of kmaild.conf */
	M_CONF_END,
	M_START,		/* all are ready: begin */
	M_DRAIN,		/* replaced: no new work, end with the last session */
	M_STOP,			/* end in order, exit 0 */
	M_LOGLEVEL,

	/* child to parent */
	M_READY,		/* configured and sandboxed */
	M_LOG,
	M_CTL_RELOAD,		/* store: an operator asked for it */
	M_CTL_STOP,
	M_CTL_LOG,
	/* parent to store */
	M_CTL_RESULT,
	M_PROC_STATUS,

	/* vault to store */
	M_KEY_STATE,
	M_ACCOUNT_SETTINGS,	/* before the vault commits: keep these */
	M_ACCOUNT_PUT,		/* public part as the vault has it */
	M_ACCOUNT_SYNCED,	/* all accounts were PUT: drop any other */
	M_ACCOUNT_REMOVE,
	M_SESSION_VERDICT,	/* login done or why not */
	M_SESSION_CLOSED,	/* the session child is gone */
	M_VAULT_EVENT,
	/* store to vault */
	M_ACCOUNT_ACK,		/* to SETTINGS and REMOVE */
	M_ACCOUNT_PAUSE,
	M_TICKET,
	M_TICKET_CANCEL,	/* take the ticket back, end its session */
	M_VAULT_EVENT_ACK,

	/* store to fetcher */
	M_SESSION_ORDER,	/* fd: the worker's channel */
	M_SESSION_CANCEL,
	/* fetcher to store */
	M_SESSION_STEP,		/* resolved, connected */
	M_SESSION_FAILED,	/* before the vault had the socket */
	M_WORKER_GONE,

	/* fetcher to vault */
	M_SOCKET,		/* fd: connected, STARTTLS dialogue done */
	/* vault to fetcher */
	M_CHANNEL,		/* fd: plaintext, authenticated */
	M_SOCKET_REFUSED,	/* verdict went to the store; forget it */

	/* vault to zygote, in this order, for each session */
	M_Z_SESSION,		/* fd: network socket */
	M_Z_CA,			/* account's own CA, pieces; none or more */
	M_Z_CTL,		/* fd: credential and verdict pair */
	M_Z_RELAY,		/* fd: plaintext pair; forks now */
	/* zygote to vault */
	M_Z_FAILED,		/* could not fork or prime */

	/* store to worker */
	W_ORDER,
	W_POSITION,		/* answer to W_EXAMINED */
	W_ACK,			/* committed so far */
	W_DONE_ACK,		/* all committed: log out */
	/* worker to store */
	W_FOLDER,		/* one LIST line */
	W_FOLDERS_END,
	W_EXAMINED,
	W_PROGRESS,
	W_BODY,			/* piece of one message, variable */
	W_BODY_ABORT,		/* forget the pieces of the open message */
	W_MSG_FAILED,
	W_COVERED,		/* position: every UID up to this was dealt with */
	W_FOLDER_DONE,
	W_DONE,

	/* kmailctl to vault, vault.sock */
	V_ACCOUNT_ADD,
	V_ACCOUNT_SET,
	V_ACCOUNT_RENAME,
	V_ACCOUNT_REMOVE,
	V_ACCOUNT_GET,
	V_PASSWORD,
	V_CA,			/* piece of ca FILE, before ADD or SET */
	/* vault to kmailctl */
	V_REPLY,

	M_TYPE_MAX
};

/* ---- every channel ---- */

struct m_hello {
	char		build[KM_BUILD_SIZE];
	uint32_t	proc;		/* enum proc of the sender */
};

/* ---- parent to child ---- */

struct m_proc {
	uint32_t	drop;		/* 1: started as root, become uid, gid */
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	loglevel;	/* LOG_* of syslog(3) */
	uint32_t	foreground;	/* -d */
};

struct m_peer {
	uint32_t	proc;		/* who is at the other end */
};

struct m_generation {			/* M_CONF_BEGIN, M_CONF_END */
	uint64_t	generation;
};

struct m_conf_vault {
	char		dir[KM_PATH_SIZE];	/* vault.db is here */
	uint32_t	nports;
	uint16_t	ports[KM_PORTS_MAX];	/* allowed peer ports */
	uint32_t	timeout_idle;		/* seconds */
	uint32_t	timeout_step;
	uint32_t	timeout_session;
};

enum key_source {
	KEY_NONE = 0,
	KEY_FILE,
	KEY_CREDENTIAL,		/* systemd */
	KEY_ENV,
	KEY_REFUSED		/* several sources, or a file that others can read */
};

struct m_conf_key {
	uint32_t	source;		/* fd follows unless NONE or REFUSED */
};

/* CA sets: 0 is the global one, others belong to account blocks. */
struct m_conf_ca {
	uint32_t	set;
};

struct m_conf_fetcher {
	uint32_t	nports;
	uint16_t	ports[KM_PORTS_MAX];
	uint32_t	timeout_connect;	/* seconds, for each address */
};

struct m_conf_nameserver {
	struct sockaddr_storage addr;
};

enum resolvfile {
	RESOLVFILE_CONF = 1,
	RESOLVFILE_HOSTS
};

struct m_conf_resolvfile {
	uint32_t	kind;
};

struct m_conf_store {
	char		dir[KM_PATH_SIZE];	/* mail.db and bodies */
	uint64_t	reserve;		/* octets to leave free */
	uint64_t	max_size;		/* octets of one message */
	uint32_t	sync_every;		/* seconds; 0 never */
	uint32_t	sessions;		/* at once, in all */
	uint32_t	sessions_host;		/* at once to one host */
	uint32_t	timeout_idle;
	uint32_t	timeout_step;
	uint32_t	timeout_session;
	uint32_t	alert_after;		/* seconds without success */
};

#define ALLOW_READ	0x01
#define ALLOW_SEND	0x02
#define ALLOW_OPERATE	0x04
#define ALLOW_ADMIN	0x08

enum allow_who { ALLOW_UID = 1, ALLOW_GID };
enum allow_scope { SCOPE_ALL = 1, SCOPE_ACCOUNT, SCOPE_TENANT };

/* Group members were resolved by the parent; GID matches the primary one. */
struct m_conf_allow {
	uint32_t	who;
	uint32_t	id;		/* uid or gid */
	uint32_t	rights;
	uint32_t	scope;
	char		name[KM_LABEL_SIZE];	/* account label or tenant */
};

struct m_conf_account {
	char		label[KM_LABEL_SIZE];
	uint32_t	ca_set;			/* 0: the global one */
	uint32_t	timeout_idle;		/* seconds; 0: the global one */
	uint32_t	timeout_step;
	uint32_t	timeout_session;
};

struct m_loglevel {
	uint32_t	loglevel;
};

/* ---- child to parent ---- */

struct m_ready {
	uint32_t	landlock_abi;	/* as applied; 0 on OpenBSD */
	uint32_t	missing;	/* SANDBOX_MISSING_* */
};

struct m_log {
	uint32_t	level;
	uint32_t	code;		/* enum logcode */
	uint32_t	has_account;
	struct id	account;
	int64_t		a, b, c;
};

struct m_ctl {				/* RELOAD, STOP, LOG */
	uint32_t	request;	/* repeated in the result */
	uint32_t	verbose;	/* LOG: 1 verbose, 0 brief */
};

struct m_ctl_result {
	uint32_t	request;
	uint32_t	ok;
	char		text[512];	/* the configuration's own error message */
};

enum proc_state { PROC_STARTING = 1, PROC_RUNNING, PROC_WAITING, PROC_DRAINING };

struct m_proc_status {
	uint32_t	proc;
	uint32_t	state;
	int32_t		pid;		/* 0 while it waits for its restart */
	uint32_t	restarts;
	int64_t		since;		/* microseconds UTC */
	int32_t		last_exit;	/* wait(2) status of the last one, -1 none */
	uint32_t	landlock_abi;
	uint32_t	missing;
};

/* ---- vault and store ---- */

struct m_key_state {
	uint32_t	reason;		/* R_NONE, R_KEY_MISSING, ... */
};

#define SET_FOLDERS	0x01		/* which fields of settings are given */
#define SET_EVERY	0x02
#define SET_SINCE	0x04
#define SET_NEWEST	0x08

struct settings {
	uint32_t	given;		/* SET_* */
	uint32_t	every;		/* seconds; 0 never */
	uint32_t	every_default;	/* 1: follow `sync every` */
	uint32_t	newest;		/* messages; 0 no limit */
	int64_t		since;		/* day, seconds UTC; 0 no limit */
	uint32_t	folders_len;	/* octets of folders; 0: INBOX */
	char		folders[KM_FOLDERS_SIZE];
};

struct m_account_settings {
	uint64_t	seq;		/* repeated in the ack */
	struct id	account;
	uint32_t	create;		/* 1: add, 0: set */
	struct settings	settings;
};

#define ACCOUNT_HAS_SECRET	0x01
#define ACCOUNT_SECRET_RESET	0x02	/* new secret: forget refusals, sync now */
#define ACCOUNT_REMOTE_CHANGED	0x04	/* host, port or user changed */

struct m_account_put {
	struct id	account;
	uint32_t	auth;		/* enum auth_mode */
	uint32_t	flags;		/* ACCOUNT_* */
	uint32_t	imap_tls;	/* enum tls_mode */
	uint16_t	imap_port;
	char		label[KM_LABEL_SIZE];
	char		tenant[KM_TENANT_SIZE];	/* "" none */
	char		user[KM_USER_SIZE];
	char		imap_host[KM_HOST_SIZE];
};

struct m_account_remove {
	uint64_t	seq;
	struct id	account;
};

struct m_account_ack {
	uint64_t	seq;
	uint32_t	reason;		/* R_NONE or R_STORE_ERROR, R_STORE_FULL */
};

struct m_account_pause {
	struct id	account;
};

#define TICKET_OPERATOR	0x01		/* a person asked: pauses do not count */

struct m_ticket {
	struct id	ticket;
	struct id	account;
	uint64_t	session;	/* the store's number for it */
	uint32_t	purpose;
	uint32_t	uses;
	uint32_t	flags;
	uint32_t	lifetime;	/* seconds from receipt */
	uint32_t	timeout_idle;
	uint32_t	timeout_step;
	uint32_t	timeout_session;
};

struct m_session {			/* CANCEL, CLOSED, SOCKET_REFUSED */
	uint64_t	session;
};

struct m_session_verdict {
	uint64_t	session;
	struct id	account;
	uint32_t	reason;		/* R_NONE: logged in */
	uint32_t	backoff;	/* seconds the server asked for; 0 none */
	uint32_t	tls_done;	/* certificate verified: names are set */
	uint32_t	refusals;	/* logins refused in a row, vault's count */
	int64_t		notbefore;	/* seconds UTC */
	int64_t		notafter;
	char		subject[KM_CERTNAME_SIZE];	/* test only, printable */
	char		issuer[KM_CERTNAME_SIZE];
	char		spki[65];	/* SHA-256 of the SPKI, hexadecimal */
};

struct m_vault_event {
	uint64_t	seq;
	int64_t		time;		/* microseconds UTC */
	uint32_t	code;		/* enum logcode */
	uint32_t	has_account;
	struct id	account;
	int64_t		a, b;
};

struct m_vault_event_ack {
	uint64_t	seq;
};

/* ---- store and fetcher ---- */

struct m_session_order {
	uint64_t	session;
	struct id	ticket;
	struct id	account;
	uint32_t	purpose;
	uint32_t	imap_tls;
	uint16_t	imap_port;
	char		imap_host[KM_HOST_SIZE];
	uint32_t	timeout_step;	/* resolve, connect, STARTTLS dialogue */
	uint32_t	timeout_idle;
};

enum session_step { STEP_RESOLVED = 1, STEP_CONNECTED };

struct m_session_step {
	uint64_t	session;
	uint32_t	step;
	uint32_t	count;		/* addresses found */
	struct sockaddr_storage addr;	/* CONNECTED: to whom */
};

struct m_session_failed {
	uint64_t	session;
	uint32_t	reason;
	uint32_t	backoff;
};

struct m_worker_gone {
	uint64_t	session;
	int32_t		status;		/* wait(2) status */
};

/* ---- fetcher and vault ---- */

struct m_socket {
	uint64_t	session;
	struct id	ticket;
	struct id	account;
};

/* ---- vault and zygote ---- */

struct m_z_session {
	uint64_t	session;
	uint32_t	purpose;
	uint32_t	imap_tls;	/* STARTTLS: no greeting after the handshake */
	uint16_t	port;
	uint32_t	ca_set;		/* 0 and up: M_CONF_CA; unused if ca_len */
	uint32_t	ca_len;		/* octets that follow in M_Z_CA */
	uint32_t	timeout_idle;
	uint32_t	timeout_step;
	uint32_t	timeout_session;
	char		host[KM_HOST_SIZE];
};

/* M_Z_CA: raw bytes, 1 to MAX_IMSGSIZE - IMSG_HEADER_SIZE of them */

/*
 * On the credential pair there is no imsg: records of these sizes, child
 * to vault C_*, vault to child one struct credential by plain write(2).
 */
enum ctl_type {
	C_VERIFIED = 1,		/* handshake done, peer verified: may I? */
	C_VERDICT		/* struct verdict filled */
};

struct ctl_record {
	uint32_t	type;
	uint32_t	reason;
	uint32_t	backoff;
	uint32_t	tls_done;
	int64_t		notbefore;
	int64_t		notafter;
	char		subject[KM_CERTNAME_SIZE];
	char		issuer[KM_CERTNAME_SIZE];
	char		spki[65];
};

struct credential {
	uint32_t	auth;		/* enum auth_mode */
	uint32_t	user_len;
	uint32_t	secret_len;
	char		user[KM_USER_SIZE];
	unsigned char	secret[KM_SECRET_MAX];
};

/* ---- store and worker ---- */

struct w_order {
	uint64_t	session;
	uint32_t	purpose;
	uint64_t	max_size;
	uint32_t	timeout_idle;
	uint32_t	timeout_step;
	uint32_t	timeout_session;
	uint32_t	newest;
	int64_t		since;
	uint32_t	folders_len;
	char		folders[KM_FOLDERS_SIZE];
};

#define FOLDER_NOSELECT		0x0001	/* \Noselect or \NonExistent */
#define FOLDER_ALL		0x0002	/* RFC 6154 special use */
#define FOLDER_ARCHIVE		0x0004
#define FOLDER_DRAFTS		0x0008
#define FOLDER_FLAGGED		0x0010
#define FOLDER_JUNK		0x0020
#define FOLDER_SENT		0x0040
#define FOLDER_TRASH		0x0080
#define FOLDER_CHOSEN		0x0100	/* one of the account's patterns matched */
#define FOLDER_UTF8		0x0200	/* name is UTF-8, not modified UTF-7 */

struct w_folder {
	uint32_t	flags;
	uint32_t	delimiter;	/* octet, 0 for NIL */
	uint32_t	name_len;
	unsigned char	name[KM_FOLDER_MAX];
};

struct w_examined {
	uint32_t	uidvalidity;
	uint32_t	uidnext;	/* 0 unknown */
	uint32_t	exists;
	uint32_t	flags;		/* FOLDER_UTF8 */
	uint32_t	name_len;
	unsigned char	name[KM_FOLDER_MAX];
};

struct w_position {
	uint64_t	folder;		/* the store's number, for what follows */
	uint32_t	covered;	/* every UID up to this was dealt with */
	uint32_t	nretry;
	uint32_t	retry[KM_RETRY_MAX];	/* not fetched, due again; ascending */
	uint32_t	nskip;		/* above covered: do not ask for these */
	uint32_t	skip[KM_SKIP_MAX];	/* they crashed workers; ascending */
};

struct w_ack {
	uint64_t	messages;	/* of this session, committed so far */
	uint64_t	octets;
};

struct w_progress {
	uint32_t	found;		/* new messages known so far, session */
	uint32_t	folders;	/* chosen, in all */
	uint32_t	folders_done;
};

/*
 * W_BODY: this head, then nruns uint32_t, then the header fields (only with
 * BODY_LAST: from, subject, date, message-id, each field_len[] octets, raw
 * as received but unfolded and cut), then data_len octets of the message.
 * A run is a count of data octets; its top bit says that they belong to a
 * trace header, which the duplicate hash leaves out.  Runs add up to
 * data_len.
 */
#define BODY_FIRST	0x01
#define BODY_LAST	0x02
#define BODY_RUN_TRACE	0x80000000u
#define BODY_RUNS_MAX	64
#define BODY_FIELD_MAX	512		/* octets kept of one header field */
#define BODY_NFIELDS	4

struct w_body {
	uint64_t	folder;
	uint64_t	size;		/* of the literal */
	int64_t		internaldate;	/* seconds UTC */
	uint32_t	uid;
	uint32_t	flags;		/* BODY_* */
	uint32_t	nruns;
	uint32_t	data_len;
	uint16_t	field_len[BODY_NFIELDS];
};

struct w_msg_failed {
	uint64_t	folder;
	uint32_t	uid;
	uint32_t	reason;
	uint64_t	size;		/* hint, 0 unknown */
};

struct w_covered {
	uint64_t	folder;
	uint32_t	uid;
};

struct w_folder_done {
	uint64_t	folder;		/* 0: EXAMINE failed, no position */
	uint32_t	reason;
};

struct w_done {
	uint32_t	reason;
	uint32_t	backoff;
};

/* ---- kmailctl and vault ---- */

#define VSET_USER	0x01		/* which fields of the record are given */
#define VSET_IMAP	0x02		/* host, port and mode together */
#define VSET_TENANT	0x04
#define VSET_CA		0x08		/* V_CA pieces were sent; none: back to default */

struct v_account {			/* ADD, SET */
	uint32_t	given;		/* VSET_*; ADD: all but tenant, ca */
	uint32_t	auth;
	uint32_t	imap_tls;
	uint16_t	imap_port;
	char		label[KM_LABEL_SIZE];
	char		tenant[KM_TENANT_SIZE];
	char		user[KM_USER_SIZE];
	char		imap_host[KM_HOST_SIZE];
	struct settings	settings;
};

struct v_label {			/* GET, REMOVE */
	char		label[KM_LABEL_SIZE];
};

struct v_rename {
	char		label[KM_LABEL_SIZE];
	char		new_label[KM_LABEL_SIZE];
};

struct v_password {
	struct id	account;
	uint16_t	imap_port;
	uint32_t	secret_len;
	char		user[KM_USER_SIZE];	/* as shown to the operator */
	char		imap_host[KM_HOST_SIZE];
	unsigned char	secret[KM_SECRET_MAX];
};

enum v_status {
	V_OK = 0,
	V_DENIED,		/* not an administrator */
	V_EXISTS,		/* label in use */
	V_MISSING,		/* no such account */
	V_INVALID,		/* a field breaks its form */
	V_PORT,			/* not in `connect port` */
	V_CHANGED,		/* record is not what the operator was shown */
	V_KEY,			/* reason says which: missing, wrong */
	V_STORE,		/* store could not keep it; reason */
	V_BUSY,
	V_ERROR			/* vault.db; reason, see the log */
};

struct v_reply {
	uint32_t	status;
	uint32_t	reason;
	uint32_t	auth;
	uint32_t	imap_tls;
	uint32_t	has_secret;
	uint32_t	secret_dropped;	/* SET re-pointed the account */
	uint16_t	imap_port;
	struct id	account;
	char		label[KM_LABEL_SIZE];
	char		user[KM_USER_SIZE];
	char		imap_host[KM_HOST_SIZE];
	char		field[32];	/* V_INVALID: which word */
};

/* ---- the table ---- */

enum msg_fd { FD_NO = 0, FD_YES, FD_MAYBE };

struct msg_desc {
	const char	*name;
	uint32_t	 from;		/* set of PROC_BIT() */
	uint32_t	 to;
	size_t		 min, max;	/* payload octets; equal for a struct */
	enum msg_fd	 fd;
	int		 secret;	/* payload holds one: wipe */
};

#define PROC_BIT(p)	(1u << (p))

/* NULL for a number outside the table. */
const struct msg_desc	*msg_desc(uint32_t);
/*
 * 0 when a message of this type, payload size and descriptor may come from
 * one process to the other, else -1.
 */
int			 msg_check(uint32_t, enum proc, enum proc, size_t,
			    int);
const char		*msg_name(uint32_t);
/* "vault", "fetcher", ... as in status and log. */
const char		*proc_name(enum proc);
/* 0 when the array holds a NUL within its size. */
int			 msg_text_ok(const char *, size_t);

#endif
