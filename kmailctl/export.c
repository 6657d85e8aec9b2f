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

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define CHUNK	32768

int
write_all(int fd, const void *data, size_t len)
{
	const char	*p = data;
	ssize_t		 n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

/*
 * The announced octets through a function, CTL_DONE or the exit code: all
 * are read even if it fails, so that what follows is in step.
 */
int
export_octets(size_t left, int (*put)(void *, const unsigned char *, size_t),
    void *arg)
{
	static unsigned char	 data[CHUNK];
	size_t			 n;
	int			 code = CTL_DONE;

	for (; left > 0; left -= n) {
		n = left < sizeof(data) ? left : sizeof(data);
		if (daemon_read(data, n) == -1)
			return CTL_NODAEMON;
		if (code == CTL_DONE && put(arg, data, n) == -1) {
			complain("Free space or choose another place, then "
			    "repeat this.", "write: %s", strerror(errno));
			code = CTL_FAILED;
		}
	}
	return code;
}

void
export_done(const char *account, uint64_t total, uint64_t written)
{
	if (options()->json)
		printf("{\"v\":1,\"type\":\"exported\",\"label\":\"%s\","
		    "\"messages\":%llu,\"written\":%llu}\n", account,
		    (unsigned long long)total, (unsigned long long)written);
	else
		printf("%llu message%s, %llu written\n",
		    (unsigned long long)total, total == 1 ? "" : "s",
		    (unsigned long long)written);
}

int
message_export(const struct call *call)
{
	static const char *const	 forms[] = { "maildir", "mbox", NULL };
	int	 several;

	if (name_check("account", call->argv[0]) == -1)
		return CTL_USAGE;
	switch (words_match(call->argv[1], forms, &several)) {
	case 0:
		return export_maildir(call->argv[0], call->argv[2]);
	case 1:
		return export_mbox(call->argv[0], call->argv[2]);
	default:
		complain(NULL, "%s: unknown word; right would be: maildir "
		    "mbox", call->argv[1]);
		return CTL_USAGE;
	}
}
