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

#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tls.h>

#include "common/log.h"
#include "session.h"

/*
 * libtls parses a CA set anew for each connection, which takes 20 ms and a
 * megabyte for a system's bundle.  So the parsing is done here, once for
 * each host, and a forked child inherits a context that lacks nothing but
 * its socket.
 */

#define CA_READ_SIZE	65536

struct primed {
	TAILQ_ENTRY(primed) entry;
	char		 host[KM_HOST_SIZE];
	uint32_t	 set;
	unsigned char	*ca;		/* account's own, or NULL */
	size_t		 ca_len;
	struct tls	*tls;
};

struct ca_set {
	unsigned char	*pem;		/* until prime_ca_end() */
	size_t		 len, size;
	int		 bad;		/* a file could not be read */
	struct tls_config *config;
};

static TAILQ_HEAD(primed_list, primed) cache = TAILQ_HEAD_INITIALIZER(cache);
static unsigned int	 ncache;
static struct ca_set	*sets;
static size_t		 nsets;

static int	 ca_set_append(struct ca_set *, int);
static struct tls_config *config_make(const unsigned char *, size_t);
static struct primed *cache_find(const struct m_z_session *,
		    const unsigned char *, size_t);
static void	 primed_free(struct primed *);
static struct primed *primed_new(const struct m_z_session *,
		    const unsigned char *, size_t, enum reason *);
static int	 primed_tls(struct primed *, struct tls_config *);

void
prime_init(void)
{
	if (tls_init() == -1)
		fatalx(LC_SETUP, EIO);
}

/* Read a file to its end: 0, or -1 when it cannot be or is too large. */
static int
ca_set_append(struct ca_set *set, int fd)
{
	unsigned char	*pem;
	ssize_t		 n;

	for (;;) {
		/* one octet more, for a newline between two files */
		if (set->size < set->len + CA_READ_SIZE + 1) {
			pem = recallocarray(set->pem, set->size,
			    set->len + CA_READ_SIZE + 1, 1);
			if (pem == NULL)
				fatal(LC_MEMORY);
			set->pem = pem;
			set->size = set->len + CA_READ_SIZE + 1;
		}
		n = read(fd, set->pem + set->len, CA_READ_SIZE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		set->len += (size_t)n;
		if (set->len > CA_SET_SIZE_MAX)
			return -1;
	}
	set->pem[set->len++] = '\n';
	return 0;
}

void
prime_ca_add(uint32_t number, int fd)
{
	if (number >= CA_SETS_MAX)
		fatalx(LC_MALFORMED, M_CONF_CA);
	if (number >= nsets) {
		sets = recallocarray(sets, nsets, number + 1, sizeof(*sets));
		if (sets == NULL)
			fatal(LC_MEMORY);
		nsets = number + 1;
	}
	if (ca_set_append(&sets[number], fd) == -1) {
		log_code(LOG_ERR, LC_SESSION_CA, NULL, number, errno, 0);
		sets[number].bad = 1;
	}
	close(fd);
}

/* TLS 1.2 and 1.3, chain, time and name verified: libtls's own defaults. */
static struct tls_config *
config_make(const unsigned char *pem, size_t len)
{
	static const char	 mark[] = "-----BEGIN ";
	struct tls_config	*config;

	/* without any certificate libtls would find all untrusted */
	if (memmem(pem, len, mark, sizeof(mark) - 1) == NULL)
		return NULL;
	if ((config = tls_config_new()) == NULL)
		return NULL;
	if (tls_config_set_protocols(config, TLS_PROTOCOLS_DEFAULT) == -1 ||
	    tls_config_set_ca_mem(config, pem, len) == -1) {
		tls_config_free(config);
		return NULL;
	}
	return config;
}

void
prime_ca_end(void)
{
	struct ca_set	*set;
	size_t		 i;

	for (i = 0; i < nsets; i++) {
		set = &sets[i];
		if (set->len != 0 && !set->bad)
			set->config = config_make(set->pem, set->len);
		if (set->config == NULL)
			log_code(LOG_ERR, LC_SESSION_CA, NULL, (int64_t)i, 0,
			    0);
		free(set->pem);
		set->pem = NULL;
	}
}

static struct primed *
cache_find(const struct m_z_session *zs, const unsigned char *ca,
    size_t ca_len)
{
	struct primed	*p;

	TAILQ_FOREACH(p, &cache, entry) {
		if (strcmp(p->host, zs->host) != 0 || p->ca_len != ca_len)
			continue;
		if (ca_len == 0 ? p->set == zs->ca_set :
		    memcmp(p->ca, ca, ca_len) == 0)
			return p;
	}
	return NULL;
}

static void
primed_free(struct primed *p)
{
	tls_free(p->tls);
	free(p->ca);
	free(p);
}

/* Everything but the socket: 0, or -1 when the CA cannot be parsed. */
static int
primed_tls(struct primed *p, struct tls_config *config)
{
	char	 host[KM_HOST_SIZE];
	size_t	 len;

	/* "[v6]" as the record has it, without brackets for the check */
	strlcpy(host, p->host, sizeof(host));
	len = strlen(host);
	if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	if ((p->tls = tls_client()) == NULL)
		return -1;
	if (tls_configure(p->tls, config) == -1)
		return -1;
	return conn_prime(p->tls, host);
}

static struct primed *
primed_new(const struct m_z_session *zs, const unsigned char *ca,
    size_t ca_len, enum reason *reason)
{
	struct tls_config	*config = NULL;
	struct primed		*p;

	*reason = R_CA_UNREADABLE;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		fatal(LC_MEMORY);
	strlcpy(p->host, zs->host, sizeof(p->host));
	p->set = zs->ca_set;
	if (ca_len != 0) {
		if ((p->ca = malloc(ca_len)) == NULL)
			fatal(LC_MEMORY);
		memcpy(p->ca, ca, ca_len);
		p->ca_len = ca_len;
		config = config_make(ca, ca_len);
	} else if (zs->ca_set < nsets)
		config = sets[zs->ca_set].config;
	if (config == NULL || primed_tls(p, config) == -1) {
		primed_free(p);
		p = NULL;
	}
	/* the context holds its own reference */
	if (ca_len != 0)
		tls_config_free(config);
	return p;
}

struct tls *
prime_get(const struct m_z_session *zs, const unsigned char *ca,
    size_t ca_len, enum reason *reason)
{
	struct primed	*p, *old;

	if ((p = cache_find(zs, ca, ca_len)) != NULL)
		TAILQ_REMOVE(&cache, p, entry);
	else {
		if ((p = primed_new(zs, ca, ca_len, reason)) == NULL)
			return NULL;
		if (ncache == PRIMED_MAX) {
			old = TAILQ_LAST(&cache, primed_list);
			TAILQ_REMOVE(&cache, old, entry);
			primed_free(old);
		} else
			ncache++;
	}
	TAILQ_INSERT_HEAD(&cache, p, entry);
	return p->tls;
}
