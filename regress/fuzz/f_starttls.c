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

/*
 * What a server, or anybody in its place, says before TLS; and the files
 * of the resolver.
 *
 * link: kmaild/fetcher/starttls.o kmaild/fetcher/resolvfile.o
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmaild/fetcher/fetcher.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
files(const uint8_t *data, size_t size)
{
	struct sockaddr_storage	 ss[ADDRESSES_MAX];
	size_t			 i, n;

	n = resolvfile_nameservers((const char *)data, size, ss,
	    NAMESERVERS_MAX);
	if (n > NAMESERVERS_MAX)
		abort();
	n = resolvfile_hosts((const char *)data, size, "imap.test", ss,
	    ADDRESSES_MAX);
	if (n > ADDRESSES_MAX)
		abort();
	for (i = 0; i < n; i++)
		if (ss[i].ss_family != AF_INET && ss[i].ss_family != AF_INET6)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct starttls	 s;
	enum starttls_result	 r = STARTTLS_MORE;
	size_t			 off = 0, n, used, step, asked = 0;

	if (size == 0)
		return 0;
	files(data, size);
	step = 1 + data[0];
	data++;
	size--;
	starttls_init(&s);
	while (off < size) {
		n = size - off < step ? size - off : step;
		r = starttls_input(&s, data + off, n, &used);
		if (used > n || (r == STARTTLS_MORE && used != n))
			abort();
		off += used;
		if (r == STARTTLS_SEND) {
			if (++asked > 2)
				abort();
			continue;
		}
		if (r != STARTTLS_MORE)
			break;
	}
	/* TLS begins only after the question and at the end of a piece */
	if (r == STARTTLS_DONE && (asked == 0 || used != n))
		abort();
	if (r == STARTTLS_FAIL && reason_check(s.reason) == -1)
		abort();
	return 0;
}
