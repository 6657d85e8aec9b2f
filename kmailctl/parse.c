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

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "ctl.h"

#define PORT_TLS	993	/* RFC 8314 3.2 */
#define PORT_STARTTLS	143	/* RFC 9051 2.1 */
#define EVERY_MAX	(365 * 24 * 3600)
#define NEWEST_MAX	UINT32_MAX

#define fail(e, ...)	(snprintf((e), PARSE_ERROR_SIZE, __VA_ARGS__), -1)

static const char *const	 names[] = { "auth", "user", "imap", "tls",
    "starttls", "folder", "every", "since", "newest", "tenant", "ca", NULL };
enum name { N_AUTH, N_USER, N_IMAP, N_TLS, N_STARTTLS, N_FOLDER, N_EVERY,
    N_SINCE, N_NEWEST, N_TENANT, N_CA };

static int	 parse_name(const char *, int, char *);
static int	 parse_value(enum name, const char *, struct account_words *,
		    char *);
static int	 parse_user(const char *, struct v_account *, char *);
static int	 parse_folder(const char *, struct settings *, char *);
static int	 parse_newest(const char *, struct settings *, char *);
static int	 parse_tenant(const char *, struct v_account *, char *);
static int	 parse_port(const char *, uint16_t *, char *);
static int	 parse_mode(enum name, struct account_words *, char *);
static int	 parse_all(const struct account_words *, char *);

uint16_t
parse_default_port(uint32_t tls)
{
	return tls == TLS_STARTTLS ? PORT_STARTTLS : PORT_TLS;
}

static int
parse_port(const char *text, uint16_t *port, char *error)
{
	const char	*wrong;

	*port = (uint16_t)strtonum(text, 1, 65535, &wrong);
	if (wrong != NULL || strspn(text, "0123456789") != strlen(text))
		return fail(error, "imap: port `%s': a number from 1 to 65535",
		    text);
	return 0;
}

/*
 * HOST, HOST:PORT, [V6] or [V6]:PORT; the host in lower case, a v6 address
 * with its brackets.  *port_given says whether *port was set.
 */
int
parse_endpoint(const char *text, char host[KM_HOST_SIZE], uint16_t *port,
    int *port_given, char error[PARSE_ERROR_SIZE])
{
	struct in6_addr	 addr;
	const char	*end, *colon;
	char		 v6[INET6_ADDRSTRLEN];
	size_t		 len, i;

	if (text[0] == '[') {
		if ((end = strchr(text, ']')) == NULL)
			return fail(error, "imap: `%s': a `]' is missing, as "
			    "in [2001:db8::1]:993", text);
		len = (size_t)(++end - text);
		if (len - 2 >= sizeof(v6))
			return fail(error, "imap: `%s': not an IPv6 address",
			    text);
		memcpy(v6, text + 1, len - 2);
		v6[len - 2] = '\0';
		if (inet_pton(AF_INET6, v6, &addr) != 1)
			return fail(error, "imap: `%s': not an IPv6 address",
			    v6);
	} else {
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			return fail(error, "imap: `%s': an IPv6 address takes "
			    "brackets, as in [2001:db8::1]:993", text);
		end = colon != NULL ? colon : text + strlen(text);
		len = (size_t)(end - text);
		if (len == 0 || len >= KM_HOST_SIZE || strspn(text,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-._") < len || text[0] == '-' ||
		    text[0] == '.')
			return fail(error, "imap: `%s': a host is a name of "
			    "letters, digits, `-' and `.', an IPv4 address, "
			    "or [an IPv6 address]", text);
	}
	for (i = 0; i < len; i++)
		host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ?
		    text[i] - 'A' + 'a' : text[i]);
	host[len] = '\0';
	*port_given = *end == ':';
	if (*end == ':')
		return parse_port(end + 1, port, error);
	if (*end != '\0')
		return fail(error, "imap: `%s': after the host comes "
		    ":PORT or nothing", text);
	return 0;
}

int
parse_every(const char *text, struct settings *s,
    char error[PARSE_ERROR_SIZE])
{
	static const char	 units[] = "smhdw";
	static const unsigned long seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char		*unit;
	char			*end;
	unsigned long		 n;

	s->given |= SET_EVERY;
	s->every = 0;
	s->every_default = strcmp(text, "default") == 0;
	if (s->every_default || strcmp(text, "never") == 0)
		return 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end == '\0' ||
	    (unit = strchr(units, *end)) == NULL || end[1] != '\0')
		return fail(error, "every: `%s': a number and one of s, m, h, "
		    "d, w, as in 5m; or never, or default", text);
	if (n == 0 || n > EVERY_MAX ||
	    n * seconds[unit - units] > EVERY_MAX)
		return fail(error, "every: `%s': from 1s to 365d; or never",
		    text);
	s->every = (uint32_t)(n * seconds[unit - units]);
	return 0;
}

/* YYYY-MM-DD, midnight UTC, in seconds. */
int
parse_date(const char *text, int64_t *date, char error[PARSE_ERROR_SIZE])
{
	struct tm	 tm, back;
	time_t		 t;
	int		 n = 0, y, m, d;

	if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &n) == 3 &&
	    n == 10 && text[n] == '\0') {
		memset(&tm, 0, sizeof(tm));
		tm.tm_year = y - 1900;
		tm.tm_mon = m - 1;
		tm.tm_mday = d;
		t = timegm(&tm);
		if (y >= 1970 && gmtime_r(&t, &back) != NULL &&
		    back.tm_mday == d && back.tm_mon == m - 1 && t > 0) {
			*date = t;
			return 0;
		}
	}
	return fail(error, "since: `%s': a day after 1970-01-01, as in "
	    "2026-01-31; or all", text);
}

static int
parse_newest(const char *text, struct settings *s, char *error)
{
	const char	*wrong;

	s->given |= SET_NEWEST;
	s->newest = 0;
	if (strcmp(text, "all") == 0)
		return 0;
	s->newest = (uint32_t)strtonum(text, 1, NEWEST_MAX, &wrong);
	if (wrong != NULL || strspn(text, "0123456789") != strlen(text))
		return fail(error, "newest: `%s': a number of messages, or "
		    "all", text);
	return 0;
}

/* Any name that a server may have; the first given replaces the list. */
static int
parse_folder(const char *text, struct settings *s, char *error)
{
	size_t	 len = strlen(text);

	if (len == 0 || len > KM_FOLDER_MAX)
		return fail(error, "folder: `%s': a name of 1 to %d octets",
		    text, KM_FOLDER_MAX);
	if (len + 1 > sizeof(s->folders) - s->folders_len)
		return fail(error, "folder: `%s': too many folders; use a "
		    "pattern, as in 'Archive/*'", text);
	s->given |= SET_FOLDERS;
	memcpy(s->folders + s->folders_len, text, len + 1);
	s->folders_len += (uint32_t)len + 1;
	return 0;
}

static int
parse_user(const char *text, struct v_account *v, char *error)
{
	const unsigned char	*p = (const unsigned char *)text;
	size_t			 len = strlen(text), n;
	uint32_t		 cp;

	if (len == 0 || len >= sizeof(v->user))
		return fail(error, "user: 1 to %d octets", KM_USER_SIZE - 1);
	for (; len > 0; p += n, len -= n)
		if ((n = text_utf8(p, len, &cp)) == 0 || cp < 0x20 ||
		    (cp >= 0x7f && cp <= 0x9f))
			return fail(error, "user: UTF-8 without control "
			    "characters");
	strlcpy(v->user, text, sizeof(v->user));
	v->given |= VSET_USER;
	return 0;
}

static int
parse_tenant(const char *text, struct v_account *v, char *error)
{
	size_t	 n;

	v->given |= VSET_TENANT;
	if (strcmp(text, "none") == 0)
		return 0;
	n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-");
	if (n == 0 || text[n] != '\0' || n >= sizeof(v->tenant) ||
	    strchr("._-", text[0]) != NULL)
		return fail(error, "tenant: `%s': 1 to %d of the letters a-z, "
		    "digits, `.', `_' and `-', the first a letter or digit; "
		    "or none", text, KM_TENANT_SIZE - 1);
	strlcpy(v->tenant, text, sizeof(v->tenant));
	return 0;
}

static int
parse_value(enum name name, const char *text, struct account_words *w,
    char *error)
{
	struct settings	*s = &w->v.settings;

	switch (name) {
	case N_AUTH:
		if (strcmp(text, "password") != 0)
			return fail(error, "auth: `%s': right would be: "
			    "password", text);
		w->v.auth = AUTH_PASSWORD;
		w->auth_given = 1;
		return 0;
	case N_USER:
		return parse_user(text, &w->v, error);
	case N_IMAP:
		w->host_given = 1;
		return parse_endpoint(text, w->v.imap_host, &w->v.imap_port,
		    &w->port_given, error);
	case N_FOLDER:
		return parse_folder(text, s, error);
	case N_EVERY:
		return parse_every(text, s, error);
	case N_SINCE:
		s->given |= SET_SINCE;
		s->since = 0;
		return strcmp(text, "all") == 0 ? 0 :
		    parse_date(text, &s->since, error);
	case N_NEWEST:
		return parse_newest(text, s, error);
	case N_TENANT:
		return parse_tenant(text, &w->v, error);
	case N_CA:
		w->ca_file = text;
		w->v.given |= VSET_CA;
		return 0;
	default:
		return -1;
	}
}

static int
parse_mode(enum name name, struct account_words *w, char *error)
{
	if (w->tls_given)
		return fail(error, "%s: tls or starttls was given already",
		    names[name]);
	w->tls_given = 1;
	w->v.imap_tls = name == N_TLS ? TLS_IMPLICIT : TLS_STARTTLS;
	return 0;
}

/* The word's number; -1, and what would have been right. */
static int
parse_name(const char *text, int set, char *error)
{
	int	 i, name, several;

	if ((name = words_match(text, names, &several)) != -1 &&
	    !(set && name == N_AUTH))
		return name;
	snprintf(error, PARSE_ERROR_SIZE, "`%s': %s; right would be:", text,
	    several ? "short for several words" : "unknown word");
	for (i = set ? N_USER : N_AUTH; names[i] != NULL; i++)
		if (!several || strncmp(names[i], text, strlen(text)) == 0) {
			strlcat(error, " ", PARSE_ERROR_SIZE);
			strlcat(error, names[i], PARSE_ERROR_SIZE);
		}
	return -1;
}

/* What an account cannot be without. */
static int
parse_all(const struct account_words *w, char *error)
{
	if (!w->auth_given)
		return fail(error, "`auth' is missing: auth password");
	if ((w->v.given & VSET_USER) == 0)
		return fail(error, "`user' is missing: user USER, the name to "
		    "log in with");
	if (!w->host_given)
		return fail(error, "`imap' is missing: imap HOST[:PORT] "
		    "[tls|starttls]");
	return 0;
}

int
parse_account(int argc, char **argv, int set, struct account_words *w,
    char error[PARSE_ERROR_SIZE])
{
	unsigned int	 seen = 0;
	int		 name;

	memset(w, 0, sizeof(*w));
	while (argc > 0) {
		if ((name = parse_name(argv[0], set, error)) == -1)
			return -1;
		if (name != N_FOLDER && (seen & (1u << name)))
			return fail(error, "`%s' was given twice",
			    names[name]);
		seen |= 1u << name;
		argc--;
		argv++;
		if (name == N_TLS || name == N_STARTTLS) {
			if (parse_mode((enum name)name, w, error) == -1)
				return -1;
			continue;
		}
		if (argc == 0)
			return fail(error, "`%s': its value is missing",
			    names[name]);
		if (parse_value((enum name)name, argv[0], w, error) == -1)
			return -1;
		argc--;
		argv++;
	}
	if (set)
		return 0;
	if (!w->tls_given)
		w->v.imap_tls = TLS_IMPLICIT;
	if (!w->port_given)
		w->v.imap_port = parse_default_port(w->v.imap_tls);
	w->v.given |= VSET_IMAP;
	return parse_all(w, error);
}
