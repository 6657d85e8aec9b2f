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

#ifndef KMAILD_STORE_CONTROL_H
#define KMAILD_STORE_CONTROL_H

/*
 * The server side of kmaild.sock, described in kmaild-protocol(5).
 *
 * Every answer is pulled: a request has a pump function that writes as much
 * as the client's output has room for, and goes on when that has drained.
 * So a client that reads slowly costs its output buffer and no more,
 * whatever it asked for.
 */

#include <sys/queue.h>
#include <sys/types.h>

#include <event2/bufferevent.h>
#include <event2/event_struct.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdint.h>

#include "common/id.h"
#include "common/limits.h"
#include "store.h"

#define CONTROL_LINE_MAX	65536	/* octets of one request, with LF */
#define CONTROL_LINE_TIME	10	/* seconds for the rest of a line */
#define CONTROL_WRITE_TIME	600	/* seconds without any octet taken */
#define CONTROL_REQUESTS	16	/* in flight, one client */
#define CONTROL_OUT_HIGH	131072	/* octets waiting: pumps stop */
#define CONTROL_OUT_LOW		32768	/* pumps go on */
#define CONTROL_CHUNK		32768	/* octets of a body at once */
#define CONTROL_ACCOUNTS	1024	/* names in one sync or report */
#define CONTROL_MID_MIN		8	/* digits of a shortened message id */

/* ---- control_request.c: one line to a checked request ---- */

enum op {
	OP_NONE = 0,
	OP_STATUS,
	OP_ACCOUNT_LIST,
	OP_ACCOUNT_SHOW,
	OP_ACCOUNT_PAUSE,
	OP_ACCOUNT_RESUME,
	OP_ACCOUNT_TEST,
	OP_SYNC,
	OP_REPORT,
	OP_CHECK,
	OP_MESSAGE_LIST,
	OP_MESSAGE_GET,
	OP_MESSAGE_EXPORT,
	OP_WAITING_LIST,
	OP_WAITING_RETRY,
	OP_WAITING_DROP,
	OP_MONITOR,
	OP_RELOAD,
	OP_STOP,
	OP_LOG,
	OP_MAX
};

#define KEY_ACCOUNT	0x0001
#define KEY_ACCOUNTS	0x0002
#define KEY_FOLDER	0x0004
#define KEY_UID		0x0008
#define KEY_AFTER	0x0010
#define KEY_LIMIT	0x0020
#define KEY_MESSAGE	0x0040
#define KEY_OFFSET	0x0080
#define KEY_SINCE	0x0100
#define KEY_VERBOSE	0x0200

struct args {
	int64_t		 id;		/* -1: not known */
	enum op		 op;
	unsigned int	 given;		/* KEY_* */
	char		 account[KM_LABEL_SIZE];	/* label or id */
	char		(*accounts)[KM_LABEL_SIZE];	/* owned */
	size_t		 naccounts;
	unsigned char	 folder[KM_FOLDER_MAX];
	size_t		 folder_len;
	uint32_t	 uid;
	char		 after[ID_HEX_SIZE];
	char		 message[ID_HEX_SIZE];
	int64_t		 limit;
	int64_t		 offset;
	int64_t		 since;
	int		 verbose;
};

enum parsed {
	PARSED_OK = 0,
	PARSED_MALFORMED,	/* end of that client */
	PARSED_VERSION,		/* likewise */
	PARSED_INVALID		/* well-formed, but asks for nothing we have */
};

/*
 * Parse one line without its LF.  *text is a constant that says what is
 * wrong.  args_clear() also after failure.
 */
enum parsed	 args_parse(const char *, size_t, struct args *,
		    const char **);
void		 args_clear(struct args *);

/* ---- control.c: listener, clients ---- */

struct request;
TAILQ_HEAD(requests, request);

struct client {
	TAILQ_ENTRY(client) entry;
	struct bufferevent *bev;
	struct event	 line_timer;
	struct event	 pump_event;
	struct requests	 requests;
	struct request	*body;		/* has announced octets to write */
	unsigned int	 nrequests;
	uid_t		 uid;
	gid_t		 gid;
	int		 eof;		/* it asks nothing more, but listens */
	int		 closing;	/* write what is there, then close */
};

/* Octets that its pumps may still write now; 0: wait. */
size_t	 client_room(struct client *);
struct evbuffer *client_output(struct client *);
/* The stream cannot go on: announced octets are not to be had. */
void	 client_cut(struct client *);
/* Something happened that a request of this client waits for. */
void	 client_wake(struct client *);

/* ---- control_op.c: requests ---- */

enum pump {
	PUMP_MORE = 0,		/* stopped for want of room, or to be fair */
	PUMP_WAIT,		/* until client_wake() */
	PUMP_DONE		/* end or error was written */
};

struct request {
	TAILQ_ENTRY(request) entry;
	TAILQ_ENTRY(request) all;
	struct client	*client;
	uint64_t	 serial;	/* never reused: callbacks carry it */
	struct args	 args;
	struct id	 account;	/* KEY_ACCOUNT, found */
	enum pump	(*pump)(struct request *);
	void		(*clear)(struct request *);	/* frees state */
	void		*state;
	int64_t		 cursor;	/* where a list goes on */
	char		 label[KM_LABEL_SIZE];	/* likewise, by label */
	const char	*error;		/* written by the next pump */
	const char	*text;
	const char	*remedy;
	char		*own_text;	/* text, when it is not a constant */
};

/* A line of this client; it may end the client's life as `closing`. */
void	 request_line(struct client *, const char *, size_t);
enum pump request_pump(struct request *);
void	 request_free(struct request *);
struct request *request_find(uint64_t);
/* Walk over all requests of one operation; start with NULL. */
struct request *request_next(struct request *, enum op);
/* The answer is this error: word, message, remedy or NULL; constants. */
void	 request_fail(struct request *, const char *, const char *,
	    const char *);
#define ERR_MALFORMED	"malformed"
#define ERR_VERSION	"version"
#define ERR_DENIED	"denied"
#define ERR_MISSING	"not-found"
#define ERR_INVALID	"invalid"
#define ERR_BUSY	"busy"
#define ERR_UNAVAILABLE	"unavailable"
#define ERR_INTERNAL	"internal"
/* For pumps: write the error, or the end, and be done. */
enum pump request_error(struct request *);
enum pump request_end(struct request *);
enum pump request_internal(struct request *);

/* ---- control_reply.c: JSON out ---- */

/* An item of this type with the envelope; to be given to reply_send(). */
json_t	*reply_item(struct request *, const char *);
void	 reply_send(struct request *, json_t *);
/* NULL text is null; so is a time of 0. */
void	 reply_text(json_t *, const char *, const char *);
void	 reply_int(json_t *, const char *, int64_t);
void	 reply_bool(json_t *, const char *, int);
void	 reply_time(json_t *, const char *, int64_t);
void	 reply_id(json_t *, const char *, const void *);
/* Octets that should be text: what is not becomes U+FFFD. */
void	 reply_octets(json_t *, const char *, const void *, size_t);
/* Octets that must survive: %XX. */
void	 reply_percent(json_t *, const char *, const void *, size_t);
json_t	*percent_json(const void *, size_t);
/* "word" or "word detail"; null for R_NONE. */
void	 reply_reason(json_t *, const char *, enum reason);
void	 reply_remedy(json_t *, const char *, enum reason);
void	 reply_json(json_t *, const char *, json_t *);

/* ---- control_allow.c: rights ---- */

/*
 * ALLOW_* that the rules of this moment give the peer on an account with
 * this label and tenant; 1 when all that are wanted are among them.
 */
unsigned int rights_on(const struct client *, const char *, const char *);
int	 allowed(const struct client *, unsigned int, const char *,
	    const char *);
/* Some of these rights on any account at all; on everything. */
int	 allowed_any(const struct client *, unsigned int);
int	 allowed_all(const struct client *, unsigned int);

/* ---- control_account.c ---- */

struct account_row {
	struct id	 id;
	char		 label[KM_LABEL_SIZE];
	char		 tenant[KM_TENANT_SIZE];
	char		 user[KM_USER_SIZE];
	char		 imap_host[KM_HOST_SIZE];
	int		 imap_port;
	int		 imap_tls;
	int		 auth;
	int		 has_secret;
	int		 orphan;
	int		 paused;
	int		 every_default;
	int64_t		 every;		/* seconds, default applied */
	int64_t		 since;
	int64_t		 newest;
	int64_t		 created;
	int64_t		 last_sync_at;
	enum sync_status last_sync_status;
	enum reason	 last_sync_reason;
	int64_t		 last_sync_imported;
	int64_t		 last_sync_duplicates;
	int64_t		 last_success;
	int64_t		 hold_until;
	int64_t		 epoch;
};

/* 1 found, 0 none, -1 database. */
int	 account_row(const struct id *, struct account_row *);
/* The next one by label after this; "" begins. */
int	 account_row_after(const char *, struct account_row *);
/*
 * The account that a label or an id names, if the client has the rights on
 * it: 0, or -1 and the request has its error.
 */
int	 account_want(struct request *, const char *, unsigned int,
	    struct account_row *);
/* account{} items as in account-list. */
void	 account_item(struct request *, const char *,
	    const struct account_row *);
const char *status_word(enum sync_status);
/* As it is now: running, and what the key's absence makes of it. */
enum sync_status account_status(const struct account_row *);
enum reason	 account_reason(const struct account_row *);

void	 op_account_list(struct request *);
void	 op_account_show(struct request *);
void	 op_account_pause(struct request *);
void	 op_account_resume(struct request *);

/* ---- control_report.c ---- */

void	 report_item(struct request *, const struct account_row *);
void	 op_report(struct request *);
void	 op_check(struct request *);

/* ---- control_status.c, control_parent.c, control_message.c,
 * control_body.c, control_waiting.c, control_sync.c, control_test.c,
 * control_monitor.c ---- */

void	 op_status(struct request *);
void	 op_reload(struct request *);
void	 op_stop(struct request *);
void	 op_log(struct request *);
void	 op_message_list(struct request *);

/*
 * Write the item for the row that the statement is at, with "bytes" when
 * they are not -1 and follow.  0, or -1 when it is not in the folder that
 * the request is about.
 */
int	 message_item(struct request *, sqlite3_stmt *, int64_t);
/*
 * A statement at the account's first message after this row, or at the one
 * with this id; db_done() it.  NULL: none, *failed says whether by error.
 */
#define MESSAGE_ROW	0	/* its columns: message.id */
#define MESSAGE_SIZE	1
sqlite3_stmt *message_after(const struct id *, int64_t, int *);
sqlite3_stmt *message_find(struct request *, const char *);
void	 op_message_get(struct request *);
void	 op_message_export(struct request *);
void	 op_waiting_list(struct request *);
void	 op_waiting_change(struct request *);
void	 op_account_test(struct request *);
void	 op_sync(struct request *);
void	 op_monitor(struct request *);

#endif
