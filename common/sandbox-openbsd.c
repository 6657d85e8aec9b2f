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
#include <unistd.h>

#include "common/harden.h"
#include "common/log.h"
#include "common/sandbox.h"

static void	 sandbox_enter(struct sandbox_result *, const char *);

/* No unveil(2) call left open: pledges without "unveil" lock it. */
static void
sandbox_enter(struct sandbox_result *result, const char *promises)
{
	harden_process();
	memset(result, 0, sizeof(*result));
	if (pledge(promises, NULL) == -1)
		fatal(LC_SANDBOX);
}

/* Promises are not inherited by exec here: each child makes its own. */
void
sandbox_parent(struct sandbox_result *result, const char *const *writable)
{
	if (unveil("/", "rx") == -1)
		fatal(LC_SANDBOX);
	for (; *writable != NULL; writable++)
		if (unveil(*writable, "rwc") == -1)
			fatal(LC_SANDBOX);
	if (unveil(NULL, NULL) == -1)
		fatal(LC_SANDBOX);
	sandbox_enter(result, "stdio rpath wpath cpath fattr chown getpw unix "
	    "sendfd recvfd proc exec id");
}

void
sandbox_vault(struct sandbox_result *result)
{
	sandbox_enter(result, "stdio unix sendfd recvfd");
}

void
sandbox_session(struct sandbox_result *result)
{
	sandbox_enter(result, "stdio recvfd proc");
}

void
sandbox_prepare_session_child(void)
{
}

void
sandbox_session_child(void)
{
	if (pledge("stdio", NULL) == -1)
		fatal(LC_SANDBOX);
}

/* pledge(2) knows no ports: the vault checks the port of each socket. */
void
sandbox_fetcher(struct sandbox_result *result, const uint16_t *ports,
    size_t nports)
{
	(void)ports;
	(void)nports;
	sandbox_enter(result, "stdio inet sendfd recvfd proc");
}

void
sandbox_prepare_worker(void)
{
}

void
sandbox_worker(void)
{
	if (pledge("stdio", NULL) == -1)
		fatal(LC_SANDBOX);
}

void
sandbox_store(struct sandbox_result *result, const char *dir)
{
	if (unveil(dir, "rwc") == -1)
		fatal(LC_SANDBOX);
	sandbox_enter(result, "stdio rpath wpath cpath flock unix sendfd "
	    "recvfd");
}

void
sandbox_ctl(struct sandbox_result *result, const char *dir)
{
	if (dir == NULL) {
		sandbox_enter(result, "stdio tty");
		return;
	}
	if (unveil(dir, "rwc") == -1 || unveil("/dev/tty", "rw") == -1)
		fatal(LC_SANDBOX);
	sandbox_enter(result, "stdio rpath wpath cpath fattr tty");
}
