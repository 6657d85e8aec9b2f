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

#include "common/harden.h"
#include "common/log.h"
#include "common/sandbox.h"
#include "common/sandbox-linux.h"

#define NWRITABLE	16

static struct sock_fprog	 child_filter;
static struct sock_fprog	 worker_filter;

static void	 sandbox_enter(struct sandbox_result *, const struct landlock *,
		    unsigned int);

static void
sandbox_enter(struct sandbox_result *result, const struct landlock *landlock,
    unsigned int who)
{
	struct sock_fprog	 filter;

	harden_process();
	seccomp_build(&filter, who);
	memset(result, 0, sizeof(*result));
	result->landlock_abi = landlock_apply(landlock);
	if (result->landlock_abi < 3)
		result->missing |= SANDBOX_MISSING_TRUNCATE;
	if (result->landlock_abi < 4)
		result->missing |= SANDBOX_MISSING_NET;
	if (result->landlock_abi < 5)
		result->missing |= SANDBOX_MISSING_IOCTL;
	if (result->landlock_abi < 6)
		result->missing |= SANDBOX_MISSING_SCOPE;
	seccomp_install(&filter);
}

/*
 * Reads anything (configuration, user database, libraries of what it
 * executes), writes only where it and its children must.
 */
void
sandbox_parent(struct sandbox_result *result, const char *const *writable)
{
	struct landlock_below	 below[NWRITABLE + 2] = {
		{ "/", BELOW_READ | BELOW_EXEC },
		{ "/dev/null", BELOW_WRITE | BELOW_IOCTL }
	};
	struct landlock		 l = { .below = below, .nbelow = 2,
				    .connect_any = 1 };

	for (; *writable != NULL; writable++) {
		if (l.nbelow == NWRITABLE + 2)
			fatalx(LC_SANDBOX, E2BIG);
		below[l.nbelow].path = *writable;
		below[l.nbelow].rights = BELOW_WRITE | BELOW_SOCKET |
		    BELOW_RENAME;
		l.nbelow++;
	}
	sandbox_enter(result, &l, S_PARENT);
}

void
sandbox_vault(struct sandbox_result *result)
{
	struct landlock	 none = { 0 };

	sandbox_enter(result, &none, S_VAULT);
}

void
sandbox_session(struct sandbox_result *result)
{
	struct landlock	 none = { 0 };

	sandbox_enter(result, &none, S_SESSION);
}

void
sandbox_prepare_session_child(void)
{
	seccomp_build(&child_filter, S_CHILD);
}

void
sandbox_session_child(void)
{
	seccomp_install(&child_filter);
}

void
sandbox_fetcher(struct sandbox_result *result, const uint16_t *ports,
    size_t nports)
{
	struct landlock	 l = { .ports = ports, .nports = nports };

	sandbox_enter(result, &l, S_FETCHER);
}

void
sandbox_prepare_worker(void)
{
	seccomp_build(&worker_filter, S_WORKER);
}

void
sandbox_worker(void)
{
	seccomp_install(&worker_filter);
}

void
sandbox_store(struct sandbox_result *result, const char *dir)
{
	struct landlock_below	 below = { dir, BELOW_READ | BELOW_WRITE };
	struct landlock		 l = { .below = &below, .nbelow = 1 };

	sandbox_enter(result, &l, S_STORE);
}

void
sandbox_ctl(struct sandbox_result *result, const char *dir)
{
	struct landlock_below	 below[2] = {
		{ "/dev/tty", BELOW_READ | BELOW_WRITE | BELOW_IOCTL },
		{ dir, BELOW_READ | BELOW_WRITE | BELOW_RENAME }
	};
	struct landlock		 l = { .below = below,
				    .nbelow = dir == NULL ? 1 : 2 };

	sandbox_enter(result, &l, S_CTL);
}
