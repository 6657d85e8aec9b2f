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

#include "ctl.h"

/* One account's figures; the line shows their sum. */
struct part {
	char		 account[ID_HEX_SIZE];
	uint64_t	 found;
	uint64_t	 done;
	uint64_t	 octets;
};

struct sync {
	struct progress	 progress;
	struct part	*parts;
	size_t		 nparts;
	struct columns	 t;
	json_t		*reports;
	int		 failed;
	int		 deferred;
};

static struct part *sync_part(struct sync *, const char *);
static void	 sync_progress(struct sync *, const json_t *);
static void	 sync_report(struct sync *, json_t *);
static int	 sync_item(json_t *, void *);

static struct part *
sync_part(struct sync *sync, const char *account)
{
	size_t	 i;

	for (i = 0; i < sync->nparts; i++)
		if (strcmp(sync->parts[i].account, account) == 0)
			return &sync->parts[i];
	sync->parts = recallocarray(sync->parts, sync->nparts,
	    sync->nparts + 1, sizeof(*sync->parts));
	if (sync->parts == NULL) {
		complain(NULL, "out of memory");
		exit(CTL_FAILED);
	}
	strlcpy(sync->parts[i].account, account,
	    sizeof(sync->parts[i].account));
	sync->nparts++;
	return &sync->parts[i];
}

static void
sync_progress(struct sync *sync, const json_t *item)
{
	struct part	*part;
	struct part	 sum;
	size_t		 i;

	part = sync_part(sync, json_text(item, "account"));
	part->found = (uint64_t)json_int(item, "found");
	part->done = (uint64_t)json_int(item, "done");
	part->octets = (uint64_t)json_int(item, "octets");
	memset(&sum, 0, sizeof(sum));
	for (i = 0; i < sync->nparts; i++) {
		sum.found += sync->parts[i].found;
		sum.done += sync->parts[i].done;
		sum.octets += sync->parts[i].octets;
	}
	progress_draw(&sync->progress, sum.done, sum.found, sum.octets);
}

static void
sync_report(struct sync *sync, json_t *item)
{
	const char	*status = json_text(item, "last_sync_status");

	if (strcmp(status, "deferred") == 0)
		sync->deferred = 1;
	else if (strcmp(status, "ok") != 0)
		sync->failed = 1;
	json_array_append(sync->reports, item);
	if (!options()->json)
		report_row(item, &sync->t);
}

static int
sync_item(json_t *item, void *arg)
{
	struct sync	*sync = arg;

	if (json_type_is(item, "progress"))
		sync_progress(sync, item);
	if (json_type_is(item, "report"))
		sync_report(sync, item);
	if (options()->json)
		json_line(item);
	return CTL_DONE;
}

int
sync_accounts(const struct call *call)
{
	struct sync	 sync;
	json_t		*request;
	int		 code;

	memset(&sync, 0, sizeof(sync));
	if ((code = daemon_open()) != CTL_DONE)
		return code;
	ctl_sandbox(NULL);
	request = request_new("sync");
	request_names(request, call);
	report_columns(&sync.t);
	sync.reports = json_array();
	daemon_patience(0);
	progress_begin(&sync.progress, "sync");
	code = daemon_run(request, sync_item, &sync);
	progress_end(&sync.progress);
	if (code == CTL_DONE && json_array_size(sync.reports) == 0)
		complain(NULL, "there is no account to fetch that is not "
		    "paused");
	columns_end(&sync.t);
	if (!options()->json)
		report_remedies(sync.reports);
	json_decref(sync.reports);
	free(sync.parts);
	if (code != CTL_DONE)
		return code;
	return sync.failed ? CTL_FAILED : sync.deferred ? CTL_LATER :
	    CTL_DONE;
}
