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


%{
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "conf.h"

/*
 * Text travels by value, so that a syntax error leaves nothing to free.
 * Errors of meaning are reported and parsing goes on; their number decides.
 */
struct token {
	char		 text[KM_PATH_SIZE];
	uint32_t	 number;
};
#define YYSTYPE		struct token
#define YYINITSTACKSIZE	64	/* the grammar is left-recursive throughout */

static struct conf		*conf;
static struct conf_ca		*ca;		/* global or of the block */
static struct conf_timeouts	*timeouts;	/* likewise */
static struct conf_allow	*allow;
static struct conf_account	 refused;	/* takes a bad block's lines */
static char			 last[KM_PATH_SIZE];	/* for syntax errors */
static char			 unknown[KM_PATH_SIZE];	/* began this line */
static int			 line_start;

static void	 set_text(const char *, char *, size_t, const char *);
static void	 set_path(const char *, char *, const char *);
static void	 set_seconds(const char *, uint32_t *, const char *);
static void	 set_octets(const char *, uint64_t *, const char *);
static void	 set_user(enum conf_user, const char *);
static void	 add_ca(const char *);
static void	 add_port(const char *);
static void	 add_nameserver(const char *, const char *);
static void	 begin_allow(uint32_t, const char *);
static void	 set_scope(uint32_t, const char *);
static void	 begin_account(const char *);
static void	 end_account(void);
static int	 yylex(void);
static void	 yyerror(const char *);
int		 yyparse(void);
%}

%token	ACCOUNT ADMIN AFTER ALERT ALLOW BRIEF CA CONNECT EVERY FILE_ GROUP
%token	HOST HOSTS IDLE INCLUDE KEY LOG MAXSIZE MESSAGE MODE NAMESERVER NET
%token	NEVER OAUTH OPERATE PER PORT READ RESERVE RESOLVER SEND SESSION
%token	SESSIONS SOCKET STATE STEP STORE SYNC SYSTEM TENANT TIMEOUT TLS USER
%token	VAULT VERBOSE
%token	STRING
%token	ERROR

%%

grammar		: /* empty */
		| grammar '\n'
		| grammar include '\n'
		| grammar macro '\n'
		| grammar main '\n'
		| grammar account '\n'
		| grammar error '\n' {
			yyerrok;
		}
		;

include		: INCLUDE STRING {
			lex_file($2.text);
		}
		;

macro		: STRING '=' STRING {
			if (lex_macro($1.text, $3.text, 0) == -1)
				lex_error("not a name for a macro, or too "
				    "many of them: \"%s\"", $1.text);
		}
		;

optnl		: /* empty */
		| optnl '\n'
		;

optcomma	: /* empty */
		| ','
		;

main		: STATE STRING {
			set_path("state", conf->state, $2.text);
		}
		| SOCKET STRING socketopts {
			set_path("socket", conf->socket, $2.text);
		}
		| KEY FILE_ STRING {
			set_path("key file", conf->key_file, $3.text);
		}
		| USER role STRING {
			set_user((enum conf_user)$2.number, $3.text);
		}
		| allow '{' optnl rights '}' scope
		| CONNECT PORT STRING {
			add_port($3.text);
		}
		| CONNECT PORT '{' optnl ports '}'
		| RESOLVER '{' resolver '}'
		| SYNC EVERY STRING {
			set_seconds("sync every", &conf->sync_every, $3.text);
			conf->said |= CONF_SYNC_SAID;
		}
		| SYNC EVERY NEVER {
			conf->sync_every = 0;
			conf->said |= CONF_SYNC_SAID;
		}
		| SESSIONS STRING sessionsper {
			if (conf_number($2.text, 1, CONF_SESSIONS_MAX,
			    &conf->sessions) == -1)
				lex_error("sessions: a number from 1 to %d, "
				    "not \"%s\"", CONF_SESSIONS_MAX, $2.text);
		}
		| MESSAGE MAXSIZE STRING {
			set_octets("message max-size", &conf->max_size,
			    $3.text);
		}
		| RESERVE STRING {
			set_octets("reserve", &conf->reserve, $2.text);
		}
		| ALERT AFTER STRING {
			set_seconds("alert after", &conf->alert_after,
			    $3.text);
		}
		| LOG BRIEF {
			conf->loglevel = LOG_INFO;
		}
		| LOG VERBOSE {
			conf->loglevel = LOG_DEBUG;
		}
		| common
		;

/* In the file and in account blocks alike. */
common		: CA SYSTEM {
			add_ca(KM_CAFILE);
		}
		| CA FILE_ STRING {
			add_ca($3.text);
		}
		| TIMEOUT IDLE STRING {
			set_seconds("timeout idle", &timeouts->idle, $3.text);
		}
		| TIMEOUT STEP STRING {
			set_seconds("timeout step", &timeouts->step, $3.text);
		}
		| TIMEOUT SESSION STRING {
			set_seconds("timeout session", &timeouts->session,
			    $3.text);
		}
		;

socketopts	: /* empty */
		| socketopts GROUP STRING {
			set_text("socket group", conf->socket_group,
			    sizeof(conf->socket_group), $3.text);
		}
		| socketopts MODE STRING {
			if (conf_mode($3.text, &conf->socket_mode) == -1)
				lex_error("socket mode: octal, 0001 to 0777, "
				    "not \"%s\"", $3.text);
			conf->said |= CONF_SOCKET_MODE_SAID;
		}
		;

role		: VAULT		{ $$.number = CONF_USER_VAULT; }
		| TLS		{ $$.number = CONF_USER_TLS; }
		| NET		{ $$.number = CONF_USER_NET; }
		| OAUTH		{ $$.number = CONF_USER_OAUTH; }
		| STORE		{ $$.number = CONF_USER_STORE; }
		;

allow		: ALLOW USER STRING {
			begin_allow(ALLOW_UID, $3.text);
		}
		| ALLOW GROUP STRING {
			begin_allow(ALLOW_GID, $3.text);
		}
		;

rights		: right
		| rights right
		;

right		: rightword optcomma optnl {
			allow->rights |= $1.number;
		}
		;

rightword	: READ		{ $$.number = ALLOW_READ; }
		| SEND		{ $$.number = ALLOW_SEND; }
		| OPERATE	{ $$.number = ALLOW_OPERATE; }
		| ADMIN		{ $$.number = ALLOW_ADMIN; }
		;

scope		: /* empty */ {
			allow->scope = SCOPE_ALL;
		}
		| ACCOUNT STRING {
			set_scope(SCOPE_ACCOUNT, $2.text);
		}
		| TENANT STRING {
			set_scope(SCOPE_TENANT, $2.text);
		}
		;

ports		: port
		| ports port
		;

port		: STRING optcomma optnl {
			add_port($1.text);
		}
		;

/* A newline, or a semicolon, is needed only after an error. */
resolver	: /* empty */
		| resolver '\n'
		| resolver resolverline
		| resolver error '\n' {
			yyerrok;
		}
		;

resolverline	: HOSTS STRING {
			set_path("hosts", conf->hosts, $2.text);
		}
		| NAMESERVER STRING {
			add_nameserver($2.text, "53");
		}
		| NAMESERVER STRING PORT STRING {
			add_nameserver($2.text, $4.text);
		}
		;

sessionsper	: /* empty */
		| PER HOST STRING {
			if (conf_number($3.text, 1, CONF_SESSIONS_MAX,
			    &conf->sessions_host) == -1)
				lex_error("per host: a number from 1 to %d, "
				    "not \"%s\"", CONF_SESSIONS_MAX, $3.text);
		}
		;

account		: ACCOUNT STRING {
			begin_account($2.text);
		} '{' accountlines '}' {
			end_account();
		}
		;

accountlines	: /* empty */
		| accountlines '\n'
		| accountlines common
		| accountlines error '\n' {
			yyerrok;
		}
		;

%%

static const struct keyword {
	const char	*word;
	int		 token;
} keywords[] = {
	/* sorted: bsearch(3) */
	{ "account",	ACCOUNT },
	{ "admin",	ADMIN },
	{ "after",	AFTER },
	{ "alert",	ALERT },
	{ "allow",	ALLOW },
	{ "brief",	BRIEF },
	{ "ca",		CA },
	{ "connect",	CONNECT },
	{ "every",	EVERY },
	{ "file",	FILE_ },
	{ "group",	GROUP },
	{ "host",	HOST },
	{ "hosts",	HOSTS },
	{ "idle",	IDLE },
	{ "include",	INCLUDE },
	{ "key",	KEY },
	{ "log",	LOG },
	{ "max-size",	MAXSIZE },
	{ "message",	MESSAGE },
	{ "mode",	MODE },
	{ "nameserver",	NAMESERVER },
	{ "net",	NET },
	{ "never",	NEVER },
	{ "oauth",	OAUTH },
	{ "operate",	OPERATE },
	{ "per",	PER },
	{ "port",	PORT },
	{ "read",	READ },
	{ "reserve",	RESERVE },
	{ "resolver",	RESOLVER },
	{ "send",	SEND },
	{ "session",	SESSION },
	{ "sessions",	SESSIONS },
	{ "socket",	SOCKET },
	{ "state",	STATE },
	{ "step",	STEP },
	{ "store",	STORE },
	{ "sync",	SYNC },
	{ "system",	SYSTEM },
	{ "tenant",	TENANT },
	{ "timeout",	TIMEOUT },
	{ "tls",	TLS },
	{ "user",	USER },
	{ "vault",	VAULT },
	{ "verbose",	VERBOSE }
};

static int
keyword_cmp(const void *word, const void *entry)
{
	return strcmp(word, ((const struct keyword *)entry)->word);
}

static int
yylex(void)
{
	const struct keyword	*k;
	enum lex		 token;
	int			 first;

	token = lex_token(yylval.text);
	strlcpy(last, yylval.text, sizeof(last));
	if (line_start)
		unknown[0] = '\0';
	first = line_start;
	line_start = token == LEX_EOL || token == LEX_OPEN;
	switch (token) {
	case LEX_EOF:
		strlcpy(last, "end of file", sizeof(last));
		return 0;
	case LEX_EOL:
		strlcpy(last, "end of line", sizeof(last));
		return '\n';
	case LEX_OPEN:
		strlcpy(last, "{", sizeof(last));
		return '{';
	case LEX_CLOSE:
		strlcpy(last, "}", sizeof(last));
		return '}';
	case LEX_EQUAL:
		strlcpy(last, "=", sizeof(last));
		return '=';
	case LEX_COMMA:
		strlcpy(last, ",", sizeof(last));
		return ',';
	case LEX_TEXT:
		return STRING;
	case LEX_WORD:
		k = bsearch(yylval.text, keywords,
		    sizeof(keywords) / sizeof(keywords[0]),
		    sizeof(keywords[0]), keyword_cmp);
		if (k == NULL && first)
			strlcpy(unknown, yylval.text, sizeof(unknown));
		return k != NULL ? k->token : STRING;
	case LEX_ERROR:
		break;
	}
	last[0] = '\0';
	return ERROR;
}

static void
yyerror(const char *message)
{
	(void)message;
	if (last[0] == '\0')
		return;		/* the lexer's own errors were reported */
	if (unknown[0] != '\0')
		lex_error("unknown word \"%.64s\"; see kmaild.conf(5)",
		    unknown);
	else
		lex_error("syntax error at \"%.64s\"; see kmaild.conf(5)",
		    last);
}

static void
set_text(const char *what, char *out, size_t size, const char *text)
{
	if (out[0] != '\0')
		lex_error("%s is already set", what);
	else if (text[0] == '\0')
		lex_error("%s: empty", what);
	else if (strlcpy(out, text, size) >= size)
		lex_error("%s: \"%.64s\" is too long", what, text);
}

static void
set_path(const char *what, char *out, const char *path)
{
	if (path[0] != '/')
		lex_error("%s: \"%.64s\" must begin with a slash", what,
		    path);
	else
		set_text(what, out, KM_PATH_SIZE, path);
}

static void
set_seconds(const char *what, uint32_t *seconds, const char *text)
{
	if (*seconds != 0)
		lex_error("%s is already set", what);
	else if (conf_seconds(text, 1, seconds) == -1)
		lex_error("%s: a time such as 30s, 5m, 2h, 1d, not \"%.64s\"",
		    what, text);
}

static void
set_octets(const char *what, uint64_t *octets, const char *text)
{
	if (*octets != 0)
		lex_error("%s is already set", what);
	else if (conf_octets(text, octets) == -1)
		lex_error("%s: a size such as 512K, 256M, 1G, not \"%.64s\"",
		    what, text);
}

static void
set_user(enum conf_user role, const char *name)
{
	set_text("user", conf->users[role].name, CONF_NAME_SIZE, name);
}

static void
add_ca(const char *path)
{
	if (path[0] != '/')
		lex_error("ca file: \"%.64s\" must begin with a slash", path);
	else if (conf_ca_add(ca, path) == -1)
		lex_error("ca: at most %d files", CONF_CA_FILES_MAX);
}

static void
add_port(const char *text)
{
	uint32_t	port;

	if (conf_number(text, 1, UINT16_MAX, &port) == -1)
		lex_error("connect port: 1 to 65535, not \"%.64s\"", text);
	else if (conf_port_add(conf, (uint16_t)port) == -1)
		lex_error("connect port: at most %d ports", KM_PORTS_MAX);
}

static void
add_nameserver(const char *address, const char *text)
{
	uint32_t	port;

	if (conf_number(text, 1, UINT16_MAX, &port) == -1)
		lex_error("nameserver port: 1 to 65535, not \"%.64s\"", text);
	else if (conf_nameserver_add(conf, address, (uint16_t)port) == -1)
		lex_error("nameserver: at most %d numeric addresses, "
		    "not \"%.64s\"", CONF_NAMESERVERS_MAX, address);
}

static void
begin_allow(uint32_t who, const char *name)
{
	static struct conf_allow	spare;	/* for a line that is refused */

	memset(&spare, 0, sizeof(spare));
	allow = &spare;
	if (conf->nallow == CONF_ALLOW_MAX)
		lex_error("allow: at most %d lines", CONF_ALLOW_MAX);
	else
		allow = &conf->allow[conf->nallow++];
	allow->who = who;
	set_text("allow", allow->name, sizeof(allow->name), name);
}

static void
set_scope(uint32_t scope, const char *name)
{
	allow->scope = scope;
	if (conf_label(name) == -1)
		lex_error("\"%.64s\" is not a name of an account or tenant",
		    name);
	else
		strlcpy(allow->scope_name, name, sizeof(allow->scope_name));
}

static void
begin_account(const char *label)
{
	struct conf_account	*a = NULL;

	if (conf_label(label) == -1)
		lex_error("\"%.64s\" is not an account name", label);
	else if ((a = conf_account_new(conf, label)) == NULL)
		lex_error("account %s: given twice, or too many blocks",
		    label);
	if (a == NULL) {
		conf_ca_free(&refused.ca);
		memset(&refused, 0, sizeof(refused));
		a = &refused;
	}
	ca = &a->ca;
	timeouts = &a->timeouts;
}

static void
end_account(void)
{
	ca = &conf->ca;
	timeouts = &conf->timeouts;
}

int
conf_parse(struct conf *c, const char *path, conf_report report, void *arg)
{
	int	 failed = 1;

	conf = c;
	line_start = 1;
	end_account();
	lex_start(report, arg);
	if (lex_file(path) == 0)
		failed = yyparse() != 0;
	conf_ca_free(&refused.ca);
	return lex_finish() == 0 && !failed ? 0 : -1;
}
