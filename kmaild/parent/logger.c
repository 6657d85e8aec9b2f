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


/* The log's end: codes become text, on stderr or in syslog. */

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"

#include "parent.h"

#define LOGGER_TEXT_SIZE	1024

static int	 to_syslog;

static const char *
level_text(uint32_t level)
{
	if (level <= LOG_CRIT)
		return "fatal: ";
	if (level == LOG_ERR)
		return "error: ";
	if (level == LOG_WARNING)
		return "warning: ";
	if (level == LOG_DEBUG)
		return "debug: ";
	return "";
}

void
logger_child(enum proc proc, const struct m_log *m)
{
	char	 text[LOGGER_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
	char	 account[sizeof(" account ") + ID_HEX_SIZE] = "";
	char	 hex[ID_HEX_SIZE];

	if (m->level > (uint32_t)log_level())
		return;
	if (m->has_account)
		snprintf(account, sizeof(account), " account %s",
		    id_hex(&m->account, hex));
	log_text(m, text, sizeof(text));
	if (to_syslog)
		syslog((int)m->level, "%s: %s%s%s", proc_name(proc),
		    level_text(m->level), text, account);
	else
		fprintf(stderr, "%s %s: %s%s%s\n",
		    clock_text(clock_utc(), now), proc_name(proc),
		    level_text(m->level), text, account);
}

static void
logger_own(const struct m_log *m)
{
	logger_child(P_PARENT, m);
}

void
logger_init(const struct options *opt, int level)
{
	/* connected now: later there may be no way to open it */
	if (!opt->foreground)
		openlog("kmaild", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_init(logger_own, level);
}

void
logger_detach(void)
{
	to_syslog = 1;
}
