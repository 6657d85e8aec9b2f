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
#include <string.h>

#include "common/log.h"
#include "vault.h"

/*
 * Every secret that is in the clear is in this one allocation: guarded,
 * locked, left out of core files, unmapped in a child, and inaccessible
 * outside of arena_open() and arena_close().
 */
static struct arena	*arena;
static int		 is_open;

void
arena_init(void)
{
	if (sodium_init() == -1)
		fatalx(LC_SETUP, EIO);
	if ((arena = sodium_malloc(sizeof(*arena))) == NULL)
		fatal(LC_MEMORY);
	/* sodium_malloc(3) goes on without a lock, silently */
	if (memory_lock(arena, sizeof(*arena)) == -1)
		fatal(LC_MLOCK);
	sodium_memzero(arena, sizeof(*arena));
	if (sodium_mprotect_noaccess(arena) == -1)
		fatal(LC_SETUP);
}

struct arena *
arena_open(void)
{
	if (is_open)
		fatalx(LC_INVARIANT, 0);
	if (sodium_mprotect_readwrite(arena) == -1)
		fatal(LC_MEMORY);
	is_open = 1;
	return arena;
}

void
arena_close(void)
{
	if (!is_open)
		fatalx(LC_INVARIANT, 0);
	sodium_memzero(arena->master,
	    sizeof(*arena) - offsetof(struct arena, master));
	is_open = 0;
	if (sodium_mprotect_noaccess(arena) == -1)
		fatal(LC_MEMORY);
}
