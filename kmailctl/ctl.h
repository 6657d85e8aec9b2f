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

#ifndef KMAILCTL_H
#define KMAILCTL_H

#include <sys/types.h>

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/id.h"
#include "common/msg.h"
#include "common/text.h"

/* Exit codes, in the manual. */
#define CTL_DONE	0
#define CTL_FAILED	1
#define CTL_USAGE	2
#define CTL_NODAEMON	3	/* kmaild cannot be reached */
#define CTL_LATER	75	/* deferred: try again later (sysexits.h) */

/* ---- kmailctl.c ---- */

/* What main() was told; nobody writes it afterwards. */
struct options {
	const char	*folder;	/* of sockets */
	int		 json;		/* -j */
};
const struct options	*options(void);
/* "kmailctl: ..." on stderr; the remedy, if any, on a line of its own. */
void	 complain(const char *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));

/* The same for what the daemon would not do; with -j on stdout, too. */
void	 refuse(const char *, const char *, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));

/* ---- words.c: the table from words to functions ---- */

struct call {
	int	 argc;		/* words after the command */
	char	**argv;
	int	 flag;		/* the command's own option was given */
};

struct word {
	const char	*name;
	const char	*args;		/* as usage shows them */
	const char	*help;
	int		 min, max;	/* words after it */
	int		 flag;		/* letter of its one option, or 0 */
	int		(*run)(const struct call *);
	const struct word *sub;		/* instead of run */
};

/* Find and run the command; its exit code. */
int	 words_run(const struct word *, int, char **);
/* The words of one table on stderr. */
void	 words_brief(const struct word *);
/* All commands below these words with their arguments. */
int	 words_help(const struct word *, int, char **);
/*
 * The index of the one name that the word begins, or is; -1 none or
 * several, and *several says which.
 */
int	 words_match(const char *, const char *const *, int *);
/* NAME's form: 0 or -1, and the complaint is made. */
int	 name_check(const char *, const char *);

/* ---- table.c: the commands ---- */

extern const struct word	 commands[];

/* ---- socket.c ---- */

/* Connect to this socket of the daemon; -1, and the complaint is made. */
int	 socket_open(const char *);
/* Wait for something to read, 0 for ever: 0, or -1, complaint made. */
int	 socket_wait(int, int);
/* After this, only what is open and what is made below the folder. */
void	 ctl_sandbox(const char *);

/* ---- daemon.c: kmaild.sock ---- */

/* Connect: CTL_DONE, or the code to exit with; the complaint is made. */
int	 daemon_open(void);
/* A request of this operation, to which keys are added. */
json_t	*request_new(const char *);
void	 request_text(json_t *, const char *, const char *);
/* All words of the call, if any, as "accounts". */
void	 request_names(json_t *, const struct call *);
/* Send it; its number.  Takes over the object. */
int	 daemon_send(json_t *);
/* The next object; NULL: the connection is lost, complaint made. */
json_t	*daemon_next(void);
/* Exactly so many octets: 0 or -1, complaint made. */
int	 daemon_read(void *, size_t);
/* Wait at most so many seconds for each line; 0: for ever. */
void	 daemon_patience(int);
/* Wait until the daemon closes, at most so many seconds. */
void	 daemon_wait_closed(int);
/* An {"type":"error"} to stderr, and with -j to stdout; the exit code. */
int	 daemon_error(const json_t *);
/*
 * Send, hand each item to the function (with -j print it instead when
 * the function is NULL), until the end.  The exit code; the function's, if
 * it is not CTL_DONE, ends it.
 */
int	 daemon_run(json_t *, int (*)(json_t *, void *), void *);
/* Open, sandbox, run. */
int	 daemon_ask(json_t *, int (*)(json_t *, void *), void *);
/* Fields of an object: "" or 0 when it is null or of another type. */
const char *json_text(const json_t *, const char *);
int64_t	 json_int(const json_t *, const char *);
int	 json_bool(const json_t *, const char *);
int	 json_type_is(const json_t *, const char *);
/* One object on one line of stdout, without the request's number. */
void	 json_line(json_t *);

/* ---- vault.c: vault.sock ---- */

int	 vault_open(void);
/*
 * Send one message, with the octets of a CA file before it if there are
 * any, and wait for V_REPLY.  CTL_DONE, or the code to exit with, complaint
 * made.
 */
int	 vault_ask(enum msg_type, const void *, size_t, struct v_reply *);
int	 vault_send_ca(const unsigned char *, size_t);
/* "USER at HOST:PORT" */
#define VAULT_WHOM_SIZE	(3 * KM_USER_SIZE + 3 * KM_HOST_SIZE + 16)
const char *vault_whom(const struct v_reply *, char[VAULT_WHOM_SIZE]);

/* ---- parse.c: words that the operator types ---- */

#define PARSE_ERROR_SIZE	2048

struct account_words {
	struct v_account v;
	const char	*ca_file;	/* "none": back to the default */
	int		 auth_given;
	int		 host_given;
	int		 port_given;
	int		 tls_given;
};

/*
 * The words after NAME of account add or set into the message: 0, or -1
 * and what is wrong, which names the word and what would be right.
 */
int	 parse_account(int, char **, int, struct account_words *,
	    char[PARSE_ERROR_SIZE]);
int	 parse_endpoint(const char *, char[KM_HOST_SIZE], uint16_t *, int *,
	    char[PARSE_ERROR_SIZE]);
int	 parse_every(const char *, struct settings *, char[PARSE_ERROR_SIZE]);
int	 parse_date(const char *, int64_t *, char[PARSE_ERROR_SIZE]);
uint16_t parse_default_port(uint32_t);

/* ---- display.c: foreign text on a terminal ---- */

/*
 * Text of UTF-8 with whatever is unsafe made visible or U+FFFD; at most so
 * many columns, 0 for no limit.  Returns the columns used; the buffer is
 * always ended.
 */
size_t	 display_text(const char *, size_t, char *, size_t, size_t);
/* RFC 2047 encoded words of a header field decoded; UTF-8, not yet safe. */
void	 display_decode(const char *, char *, size_t);
/* A folder's name, %XX from the daemon, for people. */
void	 display_folder(const char *, int, char *, size_t);
/* Octets of a message to stdout, safe; state is kept over the pieces. */
struct display {
	unsigned char	 held[4];	/* beginning of a sequence */
	size_t		 nheld;
	int		 newline;	/* ended the last line */
};
void	 display_message(struct display *, const unsigned char *, size_t);
void	 display_message_end(struct display *);
/* "2026-11-22 20:14" of RFC 3339, "-" for null. */
const char *display_time(const char *);
/* "12.3 MB" */
#define DISPLAY_SIZE	32
const char *display_octets(int64_t, char[DISPLAY_SIZE]);
/* "5m", "never" */
const char *display_every(int64_t, char[DISPLAY_SIZE]);
/* Columns of the terminal on this descriptor, 0 when it is none. */
size_t	 display_columns(int);

/* ---- columns.c: aligned tables ---- */

struct columns {
	const char *const *headers;	/* ">" in front: to the right */
	size_t		 ncols;
	size_t		 ncells;
	char		**cells;
};
void	 columns_begin(struct columns *, const char *const *, size_t);
/* One cell, made safe; NULL or "" is shown as "-". */
void	 columns_add(struct columns *, const char *);
void	 columns_addf(struct columns *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/* Print with the header, and free.  Without rows: nothing. */
void	 columns_end(struct columns *);

/* ---- progress.c: one line on stderr, if that is a terminal ---- */

struct progress {
	const char	*what;
	int		 on;
	int64_t		 start;		/* clock_boot() */
	int64_t		 drawn;
	uint64_t	 done;		/* at the first drawing */
	uint64_t	 octets;
};
void	 progress_begin(struct progress *, const char *);
/* Messages done, found so far (0: not known), octets. */
void	 progress_draw(struct progress *, uint64_t, uint64_t, uint64_t);
/* Wipe the line: what follows is the result. */
void	 progress_end(struct progress *);

/* ---- export.c, maildir.c, mbox.c ---- */

/* 0, or -1 with errno. */
int	 write_all(int, const void *, size_t);
int	 export_octets(size_t, int (*)(void *, const unsigned char *, size_t),
	    void *);
/* How many there are, and how many were written. */
void	 export_done(const char *, uint64_t, uint64_t);
int	 export_maildir(const char *, const char *);
int	 export_mbox(const char *, const char *);

/* ---- the commands ---- */

int	 account_add(const struct call *);
int	 account_set(const struct call *);
int	 account_rename(const struct call *);
int	 account_remove(const struct call *);
int	 account_password(const struct call *);
int	 account_list(const struct call *);
int	 account_show(const struct call *);
int	 account_pause(const struct call *);
int	 account_resume(const struct call *);
int	 account_test(const struct call *);
int	 sync_accounts(const struct call *);
int	 show_status(const struct call *);
int	 show_report(const struct call *);
int	 check(const struct call *);
int	 message_list(const struct call *);
int	 message_show(const struct call *);
int	 message_waiting(const struct call *);
int	 message_export(const struct call *);
int	 monitor(const struct call *);
int	 daemon_reload(const struct call *);
int	 daemon_stop(const struct call *);
int	 log_brief(const struct call *);
int	 log_verbose(const struct call *);
int	 help(const struct call *);

/* The rows of account list and status; of report and the end of sync. */
int	 account_row(json_t *, struct columns *);
void	 account_columns(struct columns *);
void	 report_columns(struct columns *);
int	 report_row(json_t *, struct columns *);
/* Errors and remedies below a table of reports; an array of items. */
void	 report_remedies(const json_t *);
/*
 * The %XX form of an account's folder that a person's word means, as the
 * request takes it; 0, or -1 and the complaint is made.
 */
int	 folder_find(const char *, const char *,
	    char[TEXT_PERCENT_SIZE(KM_FOLDER_MAX)]);

#endif
