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

#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "vault.h"

#define HOST_LABEL_MAX	63	/* RFC 1035 2.3.4 */
#define HOST_NAME_MAX_	253	/* what of its 255 octets shows as text */

static int	 host_literal6(char[KM_HOST_SIZE]);
static int	 host_name(const char *);
static int	 utf8_step(const unsigned char *, size_t);

/* [a-z0-9][a-z0-9._-]{0,31} */
int
form_label(const char *s)
{
	size_t	 n;

	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-");
	if (n == 0 || n >= KM_LABEL_SIZE || s[n] != '\0' ||
	    strchr("._-", s[0]) != NULL)
		return -1;
	return 0;
}

/*
 * Octets of one character of shortest-form UTF-8 (RFC 3629) that is not a
 * control character, or -1.
 */
static int
utf8_step(const unsigned char *p, size_t len)
{
	static const uint32_t	 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t		 c;
	int			 n, i;

	if (p[0] < 0x80)
		return p[0] < 0x20 || p[0] == 0x7f ? -1 : 1;
	if ((p[0] & 0xe0) == 0xc0)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		n = 4;
	else
		return -1;
	if ((size_t)n > len)
		return -1;
	c = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    (c >= 0x80 && c <= 0x9f))
		return -1;
	return n;
}

int
form_user(const char *s)
{
	size_t	 len = strlen(s), i;
	int	 n;

	if (len == 0 || len >= KM_USER_SIZE)
		return -1;
	for (i = 0; i < len; i += (size_t)n)
		if ((n = utf8_step((const unsigned char *)s + i,
		    len - i)) == -1)
			return -1;
	return 0;
}

/* "[" address "]" in the form that inet_ntop(3) writes; no zone. */
static int
host_literal6(char host[KM_HOST_SIZE])
{
	struct in6_addr	 addr;
	char		 text[INET6_ADDRSTRLEN];
	size_t		 len = strlen(host);

	if (len < 2 || host[len - 1] != ']')
		return -1;
	host[len - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &addr) != 1 ||
	    inet_ntop(AF_INET6, &addr, text, sizeof(text)) == NULL)
		return -1;
	memset(host, 0, KM_HOST_SIZE);
	host[0] = '[';
	strlcat(host, text, KM_HOST_SIZE);
	strlcat(host, "]", KM_HOST_SIZE);
	return 0;
}

/* A name of letters, digits, hyphens; or four numbers. */
static int
host_name(const char *host)
{
	struct in_addr	 addr;
	const char	*p = host, *last = host;
	size_t		 n;

	if (strlen(host) > HOST_NAME_MAX_)
		return -1;
	for (;;) {
		last = p;
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-_");
		if (n == 0 || n > HOST_LABEL_MAX || p[0] == '-' ||
		    p[n - 1] == '-')
			return -1;
		p += n;
		if (*p == '\0')
			break;
		if (*p++ != '.')
			return -1;
	}
	/* no top-level name is a number: resolvers read such as addresses */
	if (last[strspn(last, "0123456789")] == '\0' ||
	    strncmp(last, "0x", 2) == 0)
		return inet_pton(AF_INET, host, &addr) == 1 ? 0 : -1;
	return 0;
}

int
form_host(char host[KM_HOST_SIZE])
{
	size_t	 len = strlen(host), i;

	if (host[0] == '[')
		return host_literal6(host);
	for (i = 0; i < len; i++)
		if (host[i] >= 'A' && host[i] <= 'Z')
			host[i] = (char)(host[i] - 'A' + 'a');
	if (len > 1 && host[len - 1] == '.')
		len--;
	memset(host + len, 0, KM_HOST_SIZE - len);
	return host_name(host);
}

/*
 * Whether it is a certificate is for the zygote to find out, which can
 * parse one; here it has to look like PEM, and like nothing secret.
 */
int
form_ca(const unsigned char *p, size_t len)
{
	static const char	 begin[] = "-----BEGIN CERTIFICATE-----";
	static const char	 end[] = "-----END CERTIFICATE-----";
	const unsigned char	*b;
	size_t			 i;

	if (len == 0 || len > KM_CA_MAX)
		return -1;
	for (i = 0; i < len; i++)
		if (p[i] == '\0')
			return -1;
	if ((b = memmem(p, len, begin, sizeof(begin) - 1)) == NULL ||
	    memmem(b, len - (size_t)(b - p), end, sizeof(end) - 1) == NULL ||
	    memmem(p, len, "PRIVATE KEY", 11) != NULL)
		return -1;
	return 0;
}

/* Nothing that could end a line or a string of a mail protocol. */
int
form_secret(const unsigned char *p, size_t len)
{
	size_t	 i;

	if (len == 0 || len > KM_SECRET_MAX)
		return -1;
	for (i = 0; i < len; i++)
		if (p[i] == '\0' || p[i] == '\r' || p[i] == '\n')
			return -1;
	return 0;
}

/* The store looks at the values; the shape must be right before they go. */
int
form_settings(const struct settings *s)
{
	if ((s->given & ~(uint32_t)(SET_FOLDERS | SET_EVERY | SET_SINCE |
	    SET_NEWEST)) != 0 || s->folders_len > sizeof(s->folders) ||
	    s->every_default > 1 || s->since < 0)
		return -1;
	if (s->folders_len > 0 && s->folders[s->folders_len - 1] != '\0')
		return -1;
	return 0;
}
