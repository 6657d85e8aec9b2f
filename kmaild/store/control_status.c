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

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/sandbox.h"
#include "control.h"

static void	 key_item(struct request *);
static void	 process_item(struct request *, enum proc);
static void	 exit_text(int, char *, size_t);
static json_t	*missing_json(uint32_t);
static void	 session_item(const struct session_info *, void *);
static enum pump status_pump(struct request *);
static enum pump status_accounts_pump(struct request *);

void
op_status(struct request *r)
{
	if (!allowed_any(r->client, ALLOW_READ | ALLOW_ADMIN)) {
		request_fail(r, ERR_DENIED, "you may read no account",
		    "Ask for an `allow` line in kmaild.conf(5).");
		return;
	}
	r->pump = status_pump;
}

static enum pump
status_pump(struct request *r)
{
	int	 proc;

	key_item(r);
	for (proc = P_PARENT; proc < P_MAX; proc++)
		process_item(r, (enum proc)proc);
	session_each(session_item, r);
	r->pump = status_accounts_pump;
	return PUMP_MORE;
}

static void
key_item(struct request *r)
{
	enum reason	 reason = store_key_state();
	json_t		*item = reply_item(r, "key");

	reply_text(item, "state", reason == R_NONE ? "ok" :
	    reason_word(reason));
	reply_reason(item, "reason", reason);
	reply_remedy(item, "remedy", reason);
	reply_send(r, item);
}

static void
exit_text(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d%s", WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? " (sandbox)" : "");
	else
		snprintf(text, size, "exit %d", WEXITSTATUS(status));
}

static json_t *
missing_json(uint32_t missing)
{
	static const struct {
		uint32_t	 bit;
		const char	*name;
	} rights[] = {
		{ SANDBOX_MISSING_TRUNCATE, "truncate" },
		{ SANDBOX_MISSING_NET, "net" },
		{ SANDBOX_MISSING_IOCTL, "ioctl" },
		{ SANDBOX_MISSING_SCOPE, "scope" },
		{ SANDBOX_NONE, "sandbox" },
	};
	json_t	*array = json_array();
	size_t	 i;

	for (i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
		if (missing & rights[i].bit)
			json_array_append_new(array,
			    json_string(rights[i].name));
	return array;
}

static void
process_item(struct request *r, enum proc proc)
{
	static const char *const	 states[] = { NULL, "starting",
	    "running", "waiting", "draining" };
	const struct m_proc_status	*ps;
	json_t				*item;
	char				 text[48];

	if ((ps = store_proc_status(proc)) == NULL)
		return;
	item = reply_item(r, "process");
	reply_text(item, "name", proc_name(proc));
	if (ps->pid == 0)
		reply_text(item, "pid", NULL);
	else
		reply_int(item, "pid", ps->pid);
	reply_text(item, "state", ps->state <= PROC_DRAINING ?
	    states[ps->state] : NULL);
	reply_time(item, "since", ps->since);
	reply_int(item, "restarts", ps->restarts);
	if (ps->last_exit != -1)
		exit_text(ps->last_exit, text, sizeof(text));
	reply_text(item, "last_exit", ps->last_exit == -1 ? NULL : text);
	reply_int(item, "landlock_abi", ps->landlock_abi);
	reply_json(item, "missing", missing_json(ps->missing));
	reply_send(r, item);
}

static void
session_item(const struct session_info *session, void *arg)
{
	static const char *const	 stages[] = { NULL, "starting",
	    "resolved", "connected", "logged-in", "fetching", "ending" };
	struct request			*r = arg;
	struct account_row		 row;
	json_t				*item;

	if (account_row(&session->account, &row) != 1 ||
	    !allowed(r->client, ALLOW_READ, row.label, row.tenant))
		return;
	item = reply_item(r, "session");
	reply_id(item, "account", session->account.b);
	reply_text(item, "label", row.label);
	reply_text(item, "purpose", session->purpose == PURPOSE_TEST ?
	    "test" : "fetch");
	reply_time(item, "since", session->since);
	reply_text(item, "stage", stages[session->stage]);
	reply_int(item, "found", session->found);
	reply_int(item, "done", session->done);
	reply_int(item, "octets", (int64_t)session->octets);
	reply_send(r, item);
}

static enum pump
status_accounts_pump(struct request *r)
{
	struct account_row	 row;
	int			 found, i;

	for (i = 0; i < 32 && client_room(r->client) > 0; i++) {
		if ((found = account_row_after(r->label, &row)) == -1)
			return request_internal(r);
		if (found == 0)
			return request_end(r);
		strlcpy(r->label, row.label, sizeof(r->label));
		if (allowed(r->client, ALLOW_READ, row.label, row.tenant))
			account_item(r, "account", &row);
	}
	return PUMP_MORE;
}
