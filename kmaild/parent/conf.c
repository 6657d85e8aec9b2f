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

#include <stdlib.h>
#include <string.h>

#include "conf.h"

/* What may be connected to without saying so: IMAP, submission, HTTPS. */
static const uint16_t builtin_ports[] = { 143, 443, 465, 587, 993 };

struct conf *
conf_new(void)
{
	struct conf	*conf;
	size_t		 i;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return NULL;
	TAILQ_INIT(&conf->accounts);
	conf->socket_gid = (gid_t)-1;
	for (i = 0; i < sizeof(builtin_ports) / sizeof(builtin_ports[0]); i++)
		conf_port_add(conf, builtin_ports[i]);
	return conf;
}

void
conf_ca_free(struct conf_ca *ca)
{
	uint32_t	i;

	for (i = 0; i < ca->nfiles; i++)
		free(ca->files[i]);
	ca->nfiles = 0;
}

void
conf_free(struct conf *conf)
{
	struct conf_account	*a;

	if (conf == NULL)
		return;
	while ((a = TAILQ_FIRST(&conf->accounts)) != NULL) {
		TAILQ_REMOVE(&conf->accounts, a, entry);
		conf_ca_free(&a->ca);
		free(a);
	}
	conf_ca_free(&conf->ca);
	free(conf);
}

int
conf_macro(const char *arg)
{
	char	 name[KM_PATH_SIZE];
	char	*value;

	if (strlcpy(name, arg, sizeof(name)) >= sizeof(name) ||
	    (value = strchr(name, '=')) == NULL)
		return -1;
	*value++ = '\0';
	return lex_macro(name, value, 1);
}

struct conf *
conf_load(const char *path, int root, conf_report report, void *arg)
{
	struct conf	*conf;

	if ((conf = conf_new()) == NULL) {
		report("out of memory", arg);
		return NULL;
	}
	if (conf_parse(conf, path, report, arg) == -1 ||
	    conf_check(conf, path, root, report, arg) == -1) {
		conf_free(conf);
		return NULL;
	}
	return conf;
}

/* A new block, or NULL: such a block exists, too many, or no memory. */
struct conf_account *
conf_account_new(struct conf *conf, const char *label)
{
	struct conf_account	*a;

	if (conf->naccounts == CONF_ACCOUNTS_MAX)
		return NULL;
	TAILQ_FOREACH(a, &conf->accounts, entry)
		if (strcmp(a->label, label) == 0)
			return NULL;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	strlcpy(a->label, label, sizeof(a->label));
	TAILQ_INSERT_TAIL(&conf->accounts, a, entry);
	conf->naccounts++;
	return a;
}

int
conf_ca_add(struct conf_ca *ca, const char *path)
{
	uint32_t	i;

	for (i = 0; i < ca->nfiles; i++)
		if (strcmp(ca->files[i], path) == 0)
			return 0;
	if (ca->nfiles == CONF_CA_FILES_MAX ||
	    (ca->files[ca->nfiles] = strdup(path)) == NULL)
		return -1;
	ca->nfiles++;
	return 0;
}

int
conf_ca_equal(const struct conf_ca *a, const struct conf_ca *b)
{
	uint32_t	i;

	if (a->nfiles != b->nfiles)
		return 0;
	for (i = 0; i < a->nfiles; i++)
		if (strcmp(a->files[i], b->files[i]) != 0)
			return 0;
	return 1;
}

int
conf_port_add(struct conf *conf, uint16_t port)
{
	uint32_t	i, j;

	for (i = 0; i < conf->nports && conf->ports[i] < port; i++)
		;
	if (i < conf->nports && conf->ports[i] == port)
		return 0;
	if (conf->nports == KM_PORTS_MAX)
		return -1;
	for (j = conf->nports; j > i; j--)
		conf->ports[j] = conf->ports[j - 1];
	conf->ports[i] = port;
	conf->nports++;
	return 0;
}

int
conf_nameserver_add(struct conf *conf, const char *address, uint16_t port)
{
	struct sockaddr_storage	*ss;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;

	if (conf->nnameservers == CONF_NAMESERVERS_MAX)
		return -1;
	ss = &conf->nameservers[conf->nnameservers];
	memset(&in, 0, sizeof(in));
	memset(&in6, 0, sizeof(in6));
	if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
		in.sin_family = AF_INET;
		in.sin_port = htons(port);
		memcpy(ss, &in, sizeof(in));
	} else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1) {
		in6.sin6_family = AF_INET6;
		in6.sin6_port = htons(port);
		memcpy(ss, &in6, sizeof(in6));
	} else
		return -1;
	conf->nnameservers++;
	return 0;
}
