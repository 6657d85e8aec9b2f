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

#include <sys/mman.h>

#include <unistd.h>

#include "vault.h"

int
memory_lock(void *p, size_t len)
{
	size_t	 page = (size_t)sysconf(_SC_PAGESIZE);
	size_t	 skew = (uintptr_t)p % page;
	void	*start = (unsigned char *)p - skew;

	len += skew;
	if (mlock(start, len) == -1 ||
	    madvise(start, len, MADV_DONTDUMP) == -1 ||
	    madvise(start, len, MADV_DONTFORK) == -1)
		return -1;
	return 0;
}
