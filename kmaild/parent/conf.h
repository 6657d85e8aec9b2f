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


#ifndef KMAILD_CONF_H
#define KMAILD_CONF_H

/*
 * kmaild.conf(5) as it was understood.  The parser fills a struct conf,
 * conf_check() adds defaults and what the system knows (users, files).
 */

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <stdint.h>
#include <stdio.h>

#include "common/limits.h"
#include "common/msg.h"

#define CONF_NAME_SIZE		33	/* LOGIN_NAME_MAX of the BSDs, NUL */
#define CONF_CA_FILES_MAX	16	/* files in one set */
#define CONF_CA_SETS_MAX	32	/* each costs the zygote about 1 MB */
#define CONF_ACCOUNTS_MAX	4096	/* account blocks */
#define CONF_ALLOW_MAX		128	/* allow lines, before groups resolve */
#define CONF_NAMESERVERS_MAX	8
#define CONF_SESSIONS_MAX	4096	/* each costs several descriptors */
#define CONF_SECONDS_MAX	(366 * 86400)

#ifndef KM_CAFILE
#define KM_CAFILE	"/etc/ssl/certs/ca-certificates.crt"
#endif

enum conf_user {
	CONF_USER_VAULT = 0,
	CONF_USER_TLS,
	CONF_USER_NET,
	CONF_USER_OAUTH,
	CONF_USER_STORE,
	CONF_USERS
};

struct conf_id {
	char		 name[CONF_NAME_SIZE];
	uid_t		 uid;
	gid_t		 gid;
};

struct conf_timeouts {
	uint32_t	 idle;		/* seconds; 0: not said */
	uint32_t	 step;
	uint32_t	 session;
};

struct conf_ca {
	uint32_t	 nfiles;
	char		*files[CONF_CA_FILES_MAX];	/* system: KM_CAFILE */
};

struct conf_account {
	TAILQ_ENTRY(conf_account) entry;
	char		 label[KM_LABEL_SIZE];
	struct conf_ca	 ca;
	uint32_t	 ca_set;	/* conf_check(): index into sets */
	struct conf_timeouts timeouts;
};

struct conf_allow {
	uint32_t	 who;		/* ALLOW_UID or ALLOW_GID */
	uint32_t	 rights;
	uint32_t	 scope;
	char		 name[CONF_NAME_SIZE];
	char		 scope_name[KM_LABEL_SIZE];
};

#define CONF_SYNC_SAID		0x01	/* 0 is a value: `never` */
#define CONF_SOCKET_MODE_SAID	0x02

struct conf {
	uint32_t	 said;
	char		 state[KM_PATH_SIZE];
	char		 socket[KM_PATH_SIZE];
	char		 socket_group[CONF_NAME_SIZE];
	gid_t		 socket_gid;		/* (gid_t)-1: leave */
	mode_t		 socket_mode;
	char		 key_file[KM_PATH_SIZE];	/* "" none */
	struct conf_id	 users[CONF_USERS];
	struct conf_ca	 ca;
	const struct conf_ca *sets[CONF_CA_SETS_MAX];	/* 0: the global */
	uint32_t	 nsets;
	uint64_t	 ca_signature;	/* changes when a CA file does */
	struct conf_allow allow[CONF_ALLOW_MAX];
	uint32_t	 nallow;
	struct m_conf_allow rules[KM_ALLOW_MAX];	/* resolved */
	uint32_t	 nrules;
	uint16_t	 ports[KM_PORTS_MAX];	/* ascending, with built-in */
	uint32_t	 nports;
	char		 hosts[KM_PATH_SIZE];
	struct sockaddr_storage nameservers[CONF_NAMESERVERS_MAX];
	uint32_t	 nnameservers;
	uint32_t	 sync_every;		/* seconds; 0 never */
	uint32_t	 sessions;
	uint32_t	 sessions_host;
	struct conf_timeouts timeouts;
	uint64_t	 max_size;
	uint64_t	 reserve;
	uint32_t	 alert_after;
	int		 loglevel;		/* LOG_INFO or _DEBUG; 0 */
	TAILQ_HEAD(, conf_account) accounts;
	uint32_t	 naccounts;
};

/* Where errors go: one "file:line: message" without newline a call. */
typedef void	(*conf_report)(const char *, void *);

/* A complaint that is about the configuration as a whole. */
typedef void	(*conf_complain)(void *, const char *, ...)
		    __attribute__((__format__(__printf__, 2, 3)));

/* conf.c */
struct conf	*conf_new(void);
void		 conf_free(struct conf *);
/* A macro of the command line, name=value: 0 or -1.  It beats the file's. */
int		 conf_macro(const char *);
/*
 * Parse and check; root says whether users are changed at start.  NULL
 * after at least one report.
 */
struct conf	*conf_load(const char *, int, conf_report, void *);
struct conf_account *conf_account_new(struct conf *, const char *);
/* Add a file to a set, copying the path: 0 or -1 (full, memory). */
int		 conf_ca_add(struct conf_ca *, const char *);
void		 conf_ca_free(struct conf_ca *);
int		 conf_ca_equal(const struct conf_ca *, const struct conf_ca *);
/* 0, or -1 when the array is full.  A port that is there is left alone. */
int		 conf_port_add(struct conf *, uint16_t);
/* Numeric address and port into the list: 0 or -1. */
int		 conf_nameserver_add(struct conf *, const char *, uint16_t);

/* conf_allow.c */
/* Fill rules from the allow lines; reports what is wrong: 0 or -1. */
int		 conf_allow_resolve(struct conf *, conf_complain, void *);

/* conf_check.c */
/* Defaults, users, groups, files; reports what is wrong: 0 or -1. */
int		 conf_check(struct conf *, const char *, int, conf_report,
		    void *);

/* conf_print.c */
/* Everything with its defaults, in a form that parses again. */
void		 conf_print(const struct conf *, FILE *);

/* conf_value.c */
/* "5m", "300": seconds from min to CONF_SECONDS_MAX; 0 or -1. */
int		 conf_seconds(const char *, uint32_t, uint32_t *);
/* "256M": octets, at least one; 0 or -1. */
int		 conf_octets(const char *, uint64_t *);
int		 conf_number(const char *, uint32_t, uint32_t, uint32_t *);
int		 conf_mode(const char *, mode_t *);
/* The form of account labels and tenants: 0 or -1. */
int		 conf_label(const char *);
#define CONF_VALUE_SIZE	24
const char	*conf_seconds_text(uint32_t, char[CONF_VALUE_SIZE]);
const char	*conf_octets_text(uint64_t, char[CONF_VALUE_SIZE]);

/* conf_source.c */
struct conf_source {
	char		 path[KM_PATH_SIZE];
	char		*text;		/* the caller frees it */
	size_t		 len;
	size_t		 pos;		/* for the lexer */
	int		 line;
};

/*
 * Read a file, which only root or we can write.  A relative path starts
 * where the base, the file that includes it, is; NULL: in the current
 * folder.  0, or -1 after lex_error().
 */
int		 conf_source_open(struct conf_source *, const char *,
		    const char *);

/* conf_lex.c */
enum lex {
	LEX_EOF = 0,
	LEX_EOL,		/* newline or ';' */
	LEX_OPEN,
	LEX_CLOSE,
	LEX_EQUAL,
	LEX_COMMA,
	LEX_WORD,		/* bare: may be a keyword */
	LEX_TEXT,		/* quoted */
	LEX_ERROR		/* was reported */
};
void		 lex_start(conf_report, void *);
/* Close all files, drop the macros of files; number of errors. */
int		 lex_finish(void);
/* Read this file next; relative to the file being read.  0 or -1. */
int		 lex_file(const char *);
/* The next token; its text into the buffer of KM_PATH_SIZE. */
enum lex	 lex_token(char *);
/* Reports with file and line of the last token. */
void		 lex_error(const char *, ...)
		    __attribute__((__format__(__printf__, 1, 2)));
/* Define a macro; one of the command line stays: 0 or -1. */
int		 lex_macro(const char *, const char *, int);

/* parse.y */
/* Fill conf from the file; errors were reported: 0 or -1. */
int		 conf_parse(struct conf *, const char *, conf_report, void *);

#endif
