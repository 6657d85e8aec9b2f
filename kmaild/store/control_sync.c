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

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "control.h"

/* sync: ask the plan for each account, show progress, then its report. */

struct sync_account {
	struct id	 id;
	int		 ended;		/* its report can be written */
	int		 reported;
	int		 dirty;		/* progress not written yet */
	uint32_t	 found;
	uint32_t	 done;
	uint64_t	 octets;
};

struct sync {
	struct sync_account	*accounts;
	size_t			 n;
	size_t			 open;	/* not reported */
};

static void	 sync_clear(struct request *);
static void	 sync_add(struct request *, const struct id *);
static int	 sync_named(struct request *);
static int	 sync_all(struct request *);
static void	 progress_item(struct request *, struct sync_account *);
static void	 sync_report(struct request *, struct sync_account *);
static enum pump sync_pump(struct request *);

static void
sync_clear(struct request *r)
{
	struct sync	*sync = r->state;

	plan_forget(r->serial);
	free(sync->accounts);
	free(sync);
}

static void
sync_add(struct request *r, const struct id *id)
{
	struct sync	*sync = r->state;
	size_t		 i;

	for (i = 0; i < sync->n; i++)
		if (id_equal(&sync->accounts[i].id, id))
			return;
	sync->accounts = recallocarray(sync->accounts, sync->n, sync->n + 1,
	    sizeof(*sync->accounts));
	if (sync->accounts == NULL)
		fatal(LC_MEMORY);
	sync->accounts[sync->n++].id = *id;
}

static int
sync_named(struct request *r)
{
	struct account_row	 row;
	size_t			 i;

	for (i = 0; i < r->args.naccounts; i++) {
		if (account_want(r, r->args.accounts[i], ALLOW_OPERATE,
		    &row) == -1)
			return -1;
		sync_add(r, &row.id);
	}
	return 0;
}

/* Every account that may be; one that is paused was meant to be. */
static int
sync_all(struct request *r)
{
	struct account_row	 row;
	char			 label[KM_LABEL_SIZE] = "";
	int			 found;

	while ((found = account_row_after(label, &row)) == 1) {
		strlcpy(label, row.label, sizeof(label));
		if (!row.paused && allowed(r->client, ALLOW_OPERATE,
		    row.label, row.tenant))
			sync_add(r, &row.id);
	}
	if (found == -1) {
		request_fail(r, ERR_INTERNAL,
		    "the database could not be read",
		    "See the log of kmaild.");
		return -1;
	}
	return 0;
}

void
op_sync(struct request *r)
{
	struct sync	*sync;
	size_t		 i;

	if (!allowed_any(r->client, ALLOW_OPERATE)) {
		request_fail(r, ERR_DENIED, "you may operate no account",
		    "Ask for an `allow` line in kmaild.conf(5).");
		return;
	}
	if ((sync = calloc(1, sizeof(*sync))) == NULL)
		fatal(LC_MEMORY);
	r->state = sync;
	r->clear = sync_clear;
	if ((r->args.given & KEY_ACCOUNTS ? sync_named(r) :
	    sync_all(r)) == -1)
		return;
	sync->open = sync->n;
	for (i = 0; i < sync->n; i++)
		if (plan_sync_now(&sync->accounts[i].id, r->serial) == -1)
			sync->accounts[i].ended = 1;
	r->pump = sync_pump;
}

static void
progress_item(struct request *r, struct sync_account *account)
{
	json_t	*item = reply_item(r, "progress");

	reply_id(item, "account", account->id.b);
	reply_int(item, "found", account->found);
	reply_int(item, "done", account->done);
	reply_int(item, "octets", (int64_t)account->octets);
	reply_send(r, item);
	account->dirty = 0;
}

/* One that was removed meanwhile has nothing to report. */
static void
sync_report(struct request *r, struct sync_account *account)
{
	struct sync		*sync = r->state;
	struct account_row	 row;

	if (account->dirty)
		progress_item(r, account);
	if (account_row(&account->id, &row) == 1)
		report_item(r, &row);
	account->reported = 1;
	sync->open--;
}

static enum pump
sync_pump(struct request *r)
{
	struct sync	*sync = r->state;
	size_t		 i;

	for (i = 0; i < sync->n; i++) {
		if (client_room(r->client) == 0)
			return PUMP_MORE;
		if (sync->accounts[i].ended && !sync->accounts[i].reported)
			sync_report(r, &sync->accounts[i]);
		else if (sync->accounts[i].dirty)
			progress_item(r, &sync->accounts[i]);
	}
	return sync->open == 0 ? request_end(r) : PUMP_WAIT;
}

void
control_sync_done(uint64_t serial, const struct id *id)
{
	struct request	*r;
	struct sync	*sync;
	size_t		 i;

	if ((r = request_find(serial)) == NULL || r->args.op != OP_SYNC)
		return;
	sync = r->state;
	for (i = 0; i < sync->n; i++)
		if (id_equal(&sync->accounts[i].id, id))
			sync->accounts[i].ended = 1;
	client_wake(r->client);
}

/* Only the latest figures are kept for who reads slowly. */
void
control_progress(const struct id *id, uint32_t found, uint32_t done,
    uint64_t octets)
{
	struct request		*r = NULL;
	struct sync		*sync;
	struct sync_account	*account;
	size_t			 i;

	while ((r = request_next(r, OP_SYNC)) != NULL) {
		if ((sync = r->state) == NULL)
			continue;
		for (i = 0; i < sync->n; i++) {
			account = &sync->accounts[i];
			if (account->reported || !id_equal(&account->id, id))
				continue;
			account->found = found;
			account->done = done;
			account->octets = octets;
			account->dirty = 1;
			client_wake(r->client);
		}
	}
}
