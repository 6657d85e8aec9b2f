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


#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "conf.h"

static const char *const user_roles[CONF_USERS] = {
	"vault", "tls", "net", "oauth", "store"
};

/* As the lexer takes it back. */
static void
print_quoted(FILE *fp, const char *text)
{
	fputc('"', fp);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', fp);
		fputc(*text, fp);
	}
	fputc('"', fp);
}

static void
print_text(FILE *fp, const char *words, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(fp, "%s ", words);
	print_quoted(fp, text);
	fputc('\n', fp);
}

static void
print_seconds(FILE *fp, const char *words, uint32_t seconds)
{
	char	 text[CONF_VALUE_SIZE];

	fprintf(fp, "%s %s\n", words, conf_seconds_text(seconds, text));
}

static void
print_octets(FILE *fp, const char *words, uint64_t octets)
{
	char	 text[CONF_VALUE_SIZE];

	fprintf(fp, "%s %s\n", words, conf_octets_text(octets, text));
}

static void
print_ca(FILE *fp, const char *indent, const struct conf_ca *ca)
{
	uint32_t	i;

	for (i = 0; i < ca->nfiles; i++) {
		if (strcmp(ca->files[i], KM_CAFILE) == 0) {
			fprintf(fp, "%sca system\n", indent);
			continue;
		}
		fprintf(fp, "%sca file ", indent);
		print_quoted(fp, ca->files[i]);
		fputc('\n', fp);
	}
}

static void
print_socket(FILE *fp, const struct conf *conf)
{
	fprintf(fp, "socket ");
	print_quoted(fp, conf->socket);
	if (conf->socket_group[0] != '\0') {
		fprintf(fp, " group ");
		print_quoted(fp, conf->socket_group);
	}
	fprintf(fp, " mode %04o\n", (unsigned int)conf->socket_mode);
}

static void
print_allow(FILE *fp, const struct conf_allow *line)
{
	fprintf(fp, "allow %s ", line->who == ALLOW_UID ? "user" : "group");
	print_quoted(fp, line->name);
	fprintf(fp, " {%s%s%s%s }",
	    line->rights & ALLOW_READ ? " read" : "",
	    line->rights & ALLOW_SEND ? " send" : "",
	    line->rights & ALLOW_OPERATE ? " operate" : "",
	    line->rights & ALLOW_ADMIN ? " admin" : "");
	if (line->scope != SCOPE_ALL) {
		fprintf(fp, line->scope == SCOPE_ACCOUNT ? " account " :
		    " tenant ");
		print_quoted(fp, line->scope_name);
	}
	fputc('\n', fp);
}

static void
print_nameserver(FILE *fp, const struct sockaddr_storage *ss)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	char			 text[INET6_ADDRSTRLEN] = "";
	in_port_t		 port;

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		port = in.sin_port;
	} else {
		memcpy(&in6, ss, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
		port = in6.sin6_port;
	}
	fprintf(fp, "\tnameserver %s port %u\n", text,
	    (unsigned int)ntohs(port));
}

static void
print_network(FILE *fp, const struct conf *conf)
{
	uint32_t	i;

	fprintf(fp, "connect port {");
	for (i = 0; i < conf->nports; i++)
		fprintf(fp, " %u", (unsigned int)conf->ports[i]);
	fprintf(fp, " }\nresolver {\n");
	print_text(fp, "\thosts", conf->hosts);
	for (i = 0; i < conf->nnameservers; i++)
		print_nameserver(fp, &conf->nameservers[i]);
	fprintf(fp, "}\n");
}

static void
print_account(FILE *fp, const struct conf_account *a)
{
	fprintf(fp, "account ");
	print_quoted(fp, a->label);
	fprintf(fp, " {\n");
	print_ca(fp, "\t", &a->ca);
	if (a->timeouts.idle != 0)
		print_seconds(fp, "\ttimeout idle", a->timeouts.idle);
	if (a->timeouts.step != 0)
		print_seconds(fp, "\ttimeout step", a->timeouts.step);
	if (a->timeouts.session != 0)
		print_seconds(fp, "\ttimeout session", a->timeouts.session);
	fprintf(fp, "}\n");
}

static void
print_limits(FILE *fp, const struct conf *conf)
{
	print_seconds(fp, "sync every", conf->sync_every);
	fprintf(fp, "sessions %u per host %u\n", conf->sessions,
	    conf->sessions_host);
	print_seconds(fp, "timeout idle", conf->timeouts.idle);
	print_seconds(fp, "timeout step", conf->timeouts.step);
	print_seconds(fp, "timeout session", conf->timeouts.session);
	print_octets(fp, "message max-size", conf->max_size);
	print_octets(fp, "reserve", conf->reserve);
	print_seconds(fp, "alert after", conf->alert_after);
	fprintf(fp, "log %s\n", conf->loglevel == LOG_DEBUG ?
	    "verbose" : "brief");
}

void
conf_print(const struct conf *conf, FILE *fp)
{
	const struct conf_account	*a;
	uint32_t			 i;

	print_text(fp, "state", conf->state);
	print_socket(fp, conf);
	print_text(fp, "key file", conf->key_file);
	for (i = 0; i < CONF_USERS; i++) {
		if (conf->users[i].name[0] == '\0')
			continue;
		fprintf(fp, "user %s ", user_roles[i]);
		print_quoted(fp, conf->users[i].name);
		fputc('\n', fp);
	}
	print_ca(fp, "", &conf->ca);
	for (i = 0; i < conf->nallow; i++)
		print_allow(fp, &conf->allow[i]);
	print_network(fp, conf);
	print_limits(fp, conf);
	TAILQ_FOREACH(a, &conf->accounts, entry)
		print_account(fp, a);
}
