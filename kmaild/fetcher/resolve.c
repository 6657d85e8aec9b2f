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

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/dns.h>

#include "common/log.h"
#include "fetcher.h"

/*
 * evdns with nameservers and a hosts file of our own reading: the sandbox
 * allows no file, and the parent passes fresh descriptors when they change.
 */

#define FILE_MAX	262144	/* octets of resolv.conf or hosts */
#define SECOND_WAIT	1	/* seconds for AAAA once A is there, or so */

struct resolve {
	struct evdns_request *req[2];	/* AAAA, A; NULL when answered */
	struct event	 timer;
	struct sockaddr_storage addrs[2][ADDRESSES_MAX];
	size_t		 naddrs[2];
	int		 timed_out;
	uint16_t	 port;
	resolve_cb	 cb;		/* NULL: delivered or cancelled */
	void		*arg;
};

/* Which of its two requests an answer is for. */
struct query {
	struct resolve	*r;
	int		 which;
};

static struct event_base	*base;
static struct evdns_base	*dns;
static struct sockaddr_storage	 configured[NAMESERVERS_MAX];
static size_t			 nconfigured;
static struct sockaddr_storage	 found[NAMESERVERS_MAX];
static size_t			 nfound;
static char			*hosts;
static size_t			 hosts_len;
static size_t			 nservers;	/* in use */
static int			 collecting;

static void	 resolve_apply(void);
static char	*file_read(int, size_t *);
static int	 resolve_known(struct resolve *, const char *);
static void	 resolve_query(struct resolve *, const char *, int);
static void	 resolve_answer(int, char, int, int, void *, void *);
static void	 resolve_keep(struct resolve *, int, int, const void *);
static void	 resolve_wait(struct resolve *, time_t);
static void	 resolve_timer(evutil_socket_t, short, void *);
static void	 resolve_deliver(struct resolve *);
static void	 resolve_drop(struct resolve *);

void
resolve_init(struct event_base *b)
{
	base = b;
	/* without files: nothing is opened, and EVDNS finds no nameserver */
	if ((dns = evdns_base_new(base, 0)) == NULL)
		fatalx(LC_SETUP, ENOMEM);
	if (evdns_base_set_option(dns, "timeout:", "3") != 0 ||
	    evdns_base_set_option(dns, "attempts:", "3") != 0)
		fatalx(LC_SETUP, EINVAL);
	resolve_apply();
}

void
resolve_conf_begin(void)
{
	collecting = 1;
	nconfigured = 0;
}

void
resolve_conf_nameserver(const struct sockaddr_storage *ss)
{
	if (nconfigured < NAMESERVERS_MAX)
		configured[nconfigured++] = *ss;
}

/* All of a file, or as much as is sensible: NULL when it cannot be read. */
static char *
file_read(int fd, size_t *len)
{
	char	*text;
	ssize_t	 n;

	if ((text = malloc(FILE_MAX)) == NULL)
		fatal(LC_MEMORY);
	for (*len = 0; *len < FILE_MAX; *len += (size_t)n) {
		n = read(fd, text + *len, FILE_MAX - *len);
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == -1) {
			log_warn_code(LC_FETCHER_RESOLVFILE, errno, 0);
			free(text);
			return NULL;
		}
		if (n == 0)
			break;
	}
	return text;
}

void
resolve_conf_file(uint32_t kind, int fd)
{
	char	*text;
	size_t	 len;

	if (fd == -1)
		return;
	text = file_read(fd, &len);
	close(fd);
	if (text == NULL)
		return;
	if (kind == RESOLVFILE_HOSTS) {
		free(hosts);
		hosts = realloc(text, len > 0 ? len : 1);
		if (hosts == NULL)
			fatal(LC_MEMORY);
		hosts_len = len;
		return;
	}
	nfound = resolvfile_nameservers(text, len, found, NAMESERVERS_MAX);
	free(text);
	if (!collecting)
		resolve_apply();
}

void
resolve_conf_end(void)
{
	collecting = 0;
	resolve_apply();
}

/* The configuration's nameservers, else those of resolv.conf. */
static void
resolve_apply(void)
{
	struct sockaddr_storage	*list = nconfigured > 0 ? configured : found;
	size_t			 i, n = nconfigured > 0 ? nconfigured : nfound;
	socklen_t		 len;

	if (dns == NULL)
		return;
	nservers = 0;
	evdns_base_clear_nameservers_and_suspend(dns);
	for (i = 0; i < n; i++) {
		len = list[i].ss_family == AF_INET6 ?
		    sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
		if (evdns_base_nameserver_sockaddr_add(dns,
		    (struct sockaddr *)&list[i], len, 0) == 0)
			nservers++;
	}
	evdns_base_resume(dns);
	if (nservers == 0)
		log_warn_code(LC_FETCHER_NAMESERVER, 0, 0);
}

/* A literal, or in the hosts file: 1 with the addresses kept, else 0. */
static int
resolve_known(struct resolve *r, const char *host)
{
	struct sockaddr_storage	 list[ADDRESSES_MAX];
	size_t			 i, n = 0;
	int			 which;

	if (resolvfile_literal(host, &list[0]) == 0)
		n = 1;
	else if (hosts != NULL)
		n = resolvfile_hosts(hosts, hosts_len, host, list,
		    ADDRESSES_MAX);
	for (i = 0; i < n; i++) {
		which = list[i].ss_family == AF_INET;
		r->addrs[which][r->naddrs[which]++] = list[i];
	}
	return n > 0;
}

struct resolve *
resolve_start(const char *host, uint16_t port, uint32_t seconds,
    resolve_cb cb, void *arg)
{
	struct resolve	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatal(LC_MEMORY);
	r->port = port;
	r->cb = cb;
	r->arg = arg;
	evtimer_assign(&r->timer, base, resolve_timer, r);
	if (!resolve_known(r, host) && nservers > 0) {
		resolve_query(r, host, 0);
		resolve_query(r, host, 1);
	}
	resolve_wait(r, r->req[0] != NULL || r->req[1] != NULL ?
	    (time_t)seconds : 0);
	return r;
}

static void
resolve_wait(struct resolve *r, time_t seconds)
{
	struct timeval	 tv = { .tv_sec = seconds };

	if (evtimer_add(&r->timer, &tv) == -1)
		fatal(LC_MEMORY);
}

static void
resolve_query(struct resolve *r, const char *host, int which)
{
	struct query	*q;

	if ((q = malloc(sizeof(*q))) == NULL)
		fatal(LC_MEMORY);
	q->r = r;
	q->which = which;
	/* a full name: the search list of this machine has no say */
	if (which == 0)
		r->req[0] = evdns_base_resolve_ipv6(dns, host,
		    DNS_QUERY_NO_SEARCH, resolve_answer, q);
	else
		r->req[1] = evdns_base_resolve_ipv4(dns, host,
		    DNS_QUERY_NO_SEARCH, resolve_answer, q);
	if (r->req[which] == NULL)
		free(q);
}

static void
resolve_keep(struct resolve *r, int which, int count, const void *data)
{
	const unsigned char	*p = data;
	struct sockaddr_in6	*sin6;
	struct sockaddr_in	*sin;
	int			 i;

	for (i = 0; i < count && r->naddrs[which] < ADDRESSES_MAX; i++) {
		if (which == 0) {
			sin6 = (struct sockaddr_in6 *)
			    &r->addrs[0][r->naddrs[0]++];
			sin6->sin6_family = AF_INET6;
			memcpy(&sin6->sin6_addr, p + i * 16, 16);
		} else {
			sin = (struct sockaddr_in *)
			    &r->addrs[1][r->naddrs[1]++];
			sin->sin_family = AF_INET;
			memcpy(&sin->sin_addr, p + i * 4, 4);
		}
	}
}

static void
resolve_answer(int result, char type, int count, int ttl, void *data,
    void *arg)
{
	struct query	*q = arg;
	struct resolve	*r = q->r;
	int		 which = q->which;

	(void)ttl;
	free(q);
	r->req[which] = NULL;
	if (r->cb == NULL) {
		resolve_drop(r);
		return;
	}
	if (result == DNS_ERR_NONE &&
	    type == (which == 0 ? DNS_IPv6_AAAA : DNS_IPv4_A))
		resolve_keep(r, which, count, data);
	else if (result == DNS_ERR_TIMEOUT)
		r->timed_out = 1;
	if (r->req[!which] == NULL)
		resolve_wait(r, 0);
	else if (r->naddrs[which] > 0)
		resolve_wait(r, SECOND_WAIT);
}

/* All answers are in, or it takes too long. */
static void
resolve_timer(evutil_socket_t fd, short events, void *arg)
{
	struct resolve	*r = arg;

	(void)fd;
	(void)events;
	if (r->req[0] != NULL || r->req[1] != NULL)
		r->timed_out = 1;
	resolve_deliver(r);
}

static void
resolve_deliver(struct resolve *r)
{
	struct sockaddr_storage	 list[ADDRESSES_MAX];
	resolve_cb		 cb = r->cb;
	void			*arg = r->arg;
	size_t			 i, n = 0;
	enum reason		 reason = R_NONE;
	int			 which;

	for (i = 0; i < ADDRESSES_MAX; i++)
		for (which = 0; which < 2; which++)
			if (i < r->naddrs[which] && n < ADDRESSES_MAX)
				list[n++] = r->addrs[which][i];
	for (i = 0; i < n; i++)
		if (list[i].ss_family == AF_INET6)
			((struct sockaddr_in6 *)&list[i])->sin6_port =
			    htons(r->port);
		else
			((struct sockaddr_in *)&list[i])->sin_port =
			    htons(r->port);
	if (n == 0)
		reason = r->timed_out ? R_DNS_TIMEOUT : R_DNS_FAILED;
	resolve_cancel(r);
	cb(arg, reason, list, n);
}

void
resolve_cancel(struct resolve *r)
{
	int	 i;

	r->cb = NULL;
	evtimer_del(&r->timer);
	/* each still calls back, from the loop */
	for (i = 0; i < 2; i++)
		if (r->req[i] != NULL)
			evdns_cancel_request(dns, r->req[i]);
	resolve_drop(r);
}

/* Free it once no answer can come any more. */
static void
resolve_drop(struct resolve *r)
{
	if (r->req[0] == NULL && r->req[1] == NULL)
		free(r);
}
