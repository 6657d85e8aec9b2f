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

#include <string.h>

#include "vault.h"

#define USEC	((int64_t)1000000)

struct login {
	int64_t	 refusals;	/* in a row */
	int64_t	 since;		/* releases are counted from then on */
	int64_t	 releases;
};

static int	 rate_load(const struct id *, struct login *);
static int	 rate_save(const struct id *, const struct login *);
static int64_t	 rate_recent(const struct id *, int64_t);

static int
rate_load(const struct id *id, struct login *login)
{
	sqlite3_stmt	*st;
	int		 n;

	memset(login, 0, sizeof(*login));
	st = db_select("SELECT refusals, since, releases FROM login "
	    "WHERE account = ?", "d", id);
	if (st == NULL)
		return -1;
	if ((n = db_step(st)) == 1) {
		login->refusals = sqlite3_column_int64(st, 0);
		login->since = sqlite3_column_int64(st, 1);
		login->releases = sqlite3_column_int64(st, 2);
	}
	db_done(st);
	return n == -1 ? -1 : 0;
}

static int
rate_save(const struct id *id, const struct login *login)
{
	return db_run("INSERT OR REPLACE INTO login (account, refusals, "
	    "since, releases) VALUES (?, ?, ?, ?)", "diii", id,
	    login->refusals, login->since, login->releases);
}

/*
 * Refusals within the span before now.  Times far ahead were written while
 * the clock was wrong, and must not lock the account until then.
 */
static int64_t
rate_recent(const struct id *id, int64_t now)
{
	int64_t		 span = RATE_OPERATOR_SPAN * USEC, n = -1;
	sqlite3_stmt	*st;

	st = db_select("SELECT count(*) FROM refusal WHERE account = ? "
	    "AND time > ? AND time < ?", "dii", id, now - span, now + span);
	if (st == NULL)
		return -1;
	if (db_step(st) == 1)
		n = sqlite3_column_int64(st, 0);
	db_done(st);
	return n;
}

enum reason
rate_check(const struct id *id, int operator, unsigned int under_way,
    int64_t now)
{
	struct login	 login;
	int64_t		 recent;

	if (rate_load(id, &login) == -1 ||
	    (recent = rate_recent(id, now)) == -1)
		return db_reason();
	if (!operator && login.refusals >= RATE_REFUSALS)
		return R_PASSWORD_REFUSED_HOLD;
	if (!operator && login.refusals + under_way >= RATE_REFUSALS)
		return R_RATE_LIMITED;
	if (recent + under_way >= RATE_OPERATOR)
		return R_RATE_LIMITED;
	if (login.releases >= RATE_LOGINS && now >= login.since &&
	    now - login.since < RATE_LOGINS_SPAN * USEC)
		return R_RATE_LIMITED;
	return R_NONE;
}

int
rate_released(const struct id *id, int64_t now)
{
	struct login	 login;

	if (rate_load(id, &login) == -1)
		return -1;
	if (now < login.since ||
	    now - login.since >= RATE_LOGINS_SPAN * USEC) {
		login.since = now;
		login.releases = 0;
	}
	login.releases++;
	return rate_save(id, &login);
}

int
rate_refused(const struct id *id, int64_t now)
{
	struct login	 login;

	if (rate_load(id, &login) == -1)
		return -1;
	login.refusals++;
	if (rate_save(id, &login) == -1 ||
	    db_run("DELETE FROM refusal WHERE account = ? AND time < ?", "di",
	    id, now - RATE_OPERATOR_SPAN * USEC) == -1)
		return -1;
	return db_run("INSERT INTO refusal (account, time) VALUES (?, ?)",
	    "di", id, now);
}

int
rate_accepted(const struct id *id)
{
	return db_run("UPDATE login SET refusals = 0 WHERE account = ?", "d",
	    id);
}

int
rate_reset(const struct id *id)
{
	if (db_run("DELETE FROM refusal WHERE account = ?", "d", id) == -1)
		return -1;
	return rate_accepted(id);
}

uint32_t
rate_refusals(const struct id *id)
{
	struct login	 login;

	if (rate_load(id, &login) == -1)
		return 0;
	return (uint32_t)login.refusals;
}
