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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "control.h"
#include "db.h"

#define SECOND		((int64_t)1000000)
#define CHECK_LIST	100	/* accounts named: a line has 65536 octets */

/* Nagios' words for the exit code of `kmailctl check`. */
enum check { CHECK_OK = 0, CHECK_WARNING, CHECK_CRITICAL };

struct check_sum {
	enum check	 worst;
	int		 accounts;
	int		 warnings;
	int		 criticals;
	json_t		*list;
};

static struct db_stmt	 messages = DB_STMT(
    "SELECT count(*) FROM message WHERE account = ?1");
static struct db_stmt	 waiting = DB_STMT(
    "SELECT count(*) FROM folder JOIN waiting ON waiting.folder = folder.id"
    " WHERE folder.account = ?1 AND waiting.state IN (0, 1)");

static int64_t	 count(struct db_stmt *, const struct id *);
static enum pump report_named_pump(struct request *);
static enum pump report_all_pump(struct request *);
static enum check check_account(const struct account_row *, const char **,
		    enum reason *);
static void	 check_add(struct check_sum *, const struct account_row *);
static enum pump check_pump(struct request *);

static int64_t
count(struct db_stmt *stmt, const struct id *account)
{
	sqlite3_stmt	*st;
	int64_t		 n = 0;

	if ((st = db_query(stmt, "b", account->b,
	    sizeof(account->b))) == NULL)
		return 0;
	if (db_step(st) == 1)
		n = sqlite3_column_int64(st, 0);
	db_done(st);
	return n;
}

void
report_item(struct request *r, const struct account_row *row)
{
	enum reason			 reason = account_reason(row);
	json_t				*item = reply_item(r, "report");

	reply_id(item, "account", row->id.b);
	reply_text(item, "label", row->label);
	reply_time(item, "last_sync_at", row->last_sync_at);
	/* The end of a sync is not about the next one that runs already. */
	reply_text(item, "last_sync_status",
	    status_word(r->args.op == OP_SYNC ? row->last_sync_status :
	    account_status(row)));
	reply_reason(item, "last_sync_error", reason);
	reply_int(item, "last_sync_imported", row->last_sync_imported);
	reply_int(item, "last_sync_duplicates", row->last_sync_duplicates);
	reply_int(item, "messages", count(&messages, &row->id));
	reply_int(item, "waiting", count(&waiting, &row->id));
	reply_remedy(item, "remedy", reason);
	reply_bool(item, "paused", row->paused);
	reply_time(item, "last_success", row->last_success);
	reply_time(item, "next_due", plan_next_due(&row->id));
	reply_send(r, item);
}

static enum pump
report_named_pump(struct request *r)
{
	struct account_row	 row;
	int			 i;

	for (i = 0; i < 32 && client_room(r->client) > 0; i++) {
		if ((size_t)r->cursor == r->args.naccounts)
			return request_end(r);
		if (account_want(r, r->args.accounts[r->cursor++], ALLOW_READ,
		    &row) == -1)
			return request_error(r);
		report_item(r, &row);
	}
	return PUMP_MORE;
}

static enum pump
report_all_pump(struct request *r)
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
			report_item(r, &row);
	}
	return PUMP_MORE;
}

/* Names first: one that is wrong means nothing is shown. */
void
op_report(struct request *r)
{
	struct account_row	 row;
	size_t			 i;

	r->pump = report_all_pump;
	if ((r->args.given & KEY_ACCOUNTS) == 0)
		return;
	r->pump = report_named_pump;
	for (i = 0; i < r->args.naccounts; i++)
		if (account_want(r, r->args.accounts[i], ALLOW_READ,
		    &row) == -1)
			return;
}

/*
 * Critical: waiting will not heal it, or it has lasted for `alert after`.
 * Warning: the last fetch left something to be desired.
 */
static enum check
check_account(const struct account_row *row, const char **why,
    enum reason *reason)
{
	int64_t	 since;

	*reason = account_reason(row);
	if (row->orphan) {
		*why = "unknown to the vault";
		return CHECK_CRITICAL;
	}
	if (reason_check((uint32_t)*reason) == 0 &&
	    reason_needs_person(*reason)) {
		*why = "needs a person";
		return CHECK_CRITICAL;
	}
	since = row->last_success != 0 ? row->last_success : row->created;
	if (row->every != 0 && clock_utc() - since >
	    (int64_t)store_conf()->alert_after * SECOND) {
		*why = "no success for too long";
		return CHECK_CRITICAL;
	}
	if (row->last_sync_status == STATUS_FAILED ||
	    row->last_sync_status == STATUS_PARTIAL ||
	    row->last_sync_status == STATUS_DEFERRED) {
		*why = "last fetch not ok";
		return CHECK_WARNING;
	}
	return CHECK_OK;
}

static void
check_add(struct check_sum *sum, const struct account_row *row)
{
	enum check	 check;
	enum reason	 reason;
	const char	*why = NULL;
	json_t		*item;

	sum->accounts++;
	if ((check = check_account(row, &why, &reason)) == CHECK_OK)
		return;
	if (check > sum->worst)
		sum->worst = check;
	if (check == CHECK_CRITICAL)
		sum->criticals++;
	else
		sum->warnings++;
	if (json_array_size(sum->list) == CHECK_LIST)
		return;
	item = json_object();
	reply_id(item, "account", row->id.b);
	reply_text(item, "label", row->label);
	reply_int(item, "status", check);
	reply_text(item, "why", why);
	reply_reason(item, "error", reason);
	reply_remedy(item, "remedy", reason);
	reply_time(item, "last_success", row->last_success);
	json_array_append_new(sum->list, item);
}

static enum pump
check_pump(struct request *r)
{
	struct check_sum	 sum = { CHECK_OK, 0, 0, 0, json_array() };
	struct account_row	 row;
	char			 text[128], label[KM_LABEL_SIZE] = "";
	json_t			*item;
	int			 found;

	while ((found = account_row_after(label, &row)) == 1) {
		strlcpy(label, row.label, sizeof(label));
		if (!row.paused && allowed(r->client, ALLOW_READ, row.label,
		    row.tenant))
			check_add(&sum, &row);
	}
	if (found == -1)
		sum.worst = CHECK_CRITICAL;
	if (store_key_state() != R_NONE)
		sum.worst = CHECK_CRITICAL;
	snprintf(text, sizeof(text), "%d account%s, %d critical, %d warning",
	    sum.accounts, sum.accounts == 1 ? "" : "s", sum.criticals,
	    sum.warnings);
	item = reply_item(r, "check");
	reply_int(item, "status", sum.worst);
	reply_text(item, "text", text);
	reply_reason(item, "key", store_key_state());
	reply_remedy(item, "remedy", store_key_state());
	reply_json(item, "accounts", sum.list);
	reply_send(r, item);
	return request_end(r);
}

void
op_check(struct request *r)
{
	if (!allowed_any(r->client, ALLOW_READ)) {
		request_fail(r, ERR_DENIED, "you may read no account",
		    "Ask for an `allow` line in kmaild.conf(5).");
		return;
	}
	r->pump = check_pump;
}
