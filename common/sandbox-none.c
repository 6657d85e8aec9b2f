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
 * The build with sanitizers: they need system calls and files of their own,
 * so there is no sandbox, and every status says so.  It cannot be installed.
 */

#include <string.h>

#include "common/sandbox.h"

#ifndef KM_SANITIZE
#error "only for make SANITIZE=1"
#endif

static void	 sandbox_none(struct sandbox_result *);

static void
sandbox_none(struct sandbox_result *result)
{
	memset(result, 0, sizeof(*result));
	result->missing = SANDBOX_NONE;
}

void
sandbox_parent(struct sandbox_result *result, const char *const *writable)
{
	(void)writable;
	sandbox_none(result);
}

void
sandbox_vault(struct sandbox_result *result)
{
	sandbox_none(result);
}

void
sandbox_session(struct sandbox_result *result)
{
	sandbox_none(result);
}

void
sandbox_prepare_session_child(void)
{
}

void
sandbox_session_child(void)
{
}

void
sandbox_fetcher(struct sandbox_result *result, const uint16_t *ports,
    size_t nports)
{
	(void)ports;
	(void)nports;
	sandbox_none(result);
}

void
sandbox_prepare_worker(void)
{
}

void
sandbox_worker(void)
{
}

void
sandbox_store(struct sandbox_result *result, const char *dir)
{
	(void)dir;
	sandbox_none(result);
}

void
sandbox_ctl(struct sandbox_result *result, const char *dir)
{
	(void)dir;
	sandbox_none(result);
}
