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

#include <limits.h>
#include <stddef.h>

#include "ctl.h"

/* Every command: the one place that says what words there are. */

#define END	{ NULL, NULL, NULL, 0, 0, 0, NULL, NULL }

#define SETTINGS							\
	"[folder F]... [every 5m|never]\n"				\
	"\t    [since DATE] [newest N] [tenant T] [ca FILE]"

static const struct word account_words[] = {
	{ "add", "NAME auth password user USER imap HOST[:PORT]\n"
	    "\t    [tls|starttls] " SETTINGS,
	    "Connect a mailbox; `account password` comes next.",
	    2, INT_MAX, 0, account_add, NULL },
	{ "list", "", "All accounts, a line each.",
	    0, 0, 0, account_list, NULL },
	{ "show", "NAME", "One account, its settings and folders.",
	    1, 1, 0, account_show, NULL },
	{ "set", "NAME [user USER] [imap HOST[:PORT]] [tls|starttls]\n"
	    "\t    " SETTINGS,
	    "Change what is given and leave the rest.",
	    2, INT_MAX, 0, account_set, NULL },
	{ "rename", "NAME NEW", "Give an account another name.",
	    2, 2, 0, account_rename, NULL },
	{ "remove", "[-y] NAME",
	    "Delete an account, its mail and its password.",
	    1, 1, 'y', account_remove, NULL },
	{ "password", "NAME",
	    "Store a password: asked for, or one line of standard input.",
	    1, 1, 0, account_password, NULL },
	{ "pause", "NAME", "Fetch nothing until resumed.",
	    1, 1, 0, account_pause, NULL },
	{ "resume", "NAME", "Fetch again.", 1, 1, 0, account_resume, NULL },
	{ "test", "NAME", "Try name, TCP, TLS, login and folders in turn.",
	    1, 1, 0, account_test, NULL },
	END
};

static const struct word message_words[] = {
	{ "list", "NAME [FOLDER]", "Messages in the order of arrival.",
	    1, 2, 0, message_list, NULL },
	{ "show", "[-r] NAME ID",
	    "One message, safe for a terminal; -r: as received.",
	    2, 2, 'r', message_show, NULL },
	{ "export", "NAME maildir DIR | NAME mbox FILE",
	    "All messages, as received.", 3, 3, 0, message_export, NULL },
	{ "waiting", "[NAME] | retry NAME [FOLDER [UID]] |\n"
	    "\t    drop NAME [FOLDER [UID]]",
	    "What could not be fetched; try it again, or never again.",
	    0, 4, 0, message_waiting, NULL },
	END
};

static const struct word log_words[] = {
	{ "brief", "", "Log what matters.", 0, 0, 0, log_brief, NULL },
	{ "verbose", "", "Log more.", 0, 0, 0, log_verbose, NULL },
	END
};

const struct word commands[] = {
	{ "account", "", "add, list, show, set, rename, remove, password, "
	    "pause, resume, test", 0, 0, 0, NULL, account_words },
	{ "sync", "[NAME ...]", "Fetch now and wait for the end.",
	    0, INT_MAX, 0, sync_accounts, NULL },
	{ "status", "", "The key, processes, sessions, accounts.",
	    0, 0, 0, show_status, NULL },
	{ "report", "[NAME ...]", "How the last fetch went, and what to do.",
	    0, INT_MAX, 0, show_report, NULL },
	{ "check", "", "One line and exit code 0, 1 or 2, for monitoring.",
	    0, 0, 0, check, NULL },
	{ "message", "", "list, show, export, waiting",
	    0, 0, 0, NULL, message_words },
	{ "monitor", "", "Events as they happen.", 0, 0, 0, monitor, NULL },
	{ "reload", "", "Read kmaild.conf again.", 0, 0, 0, daemon_reload,
	    NULL },
	{ "stop", "", "End kmaild in order.", 0, 0, 0, daemon_stop, NULL },
	{ "log", "", "brief, verbose", 0, 0, 0, NULL, log_words },
	{ "help", "[WORD ...]", "Commands and their words.",
	    0, INT_MAX, 0, help, NULL },
	END
};

int
help(const struct call *call)
{
	return words_help(commands, call->argc, call->argv);
}
