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

#include "common/clock.h"
#include "common/log.h"
#include "vault.h"

static void	 secret_bind(struct binding *, const struct account *);
static ssize_t	 secret_box(const struct id *, unsigned char *);

/* The password of this record and of no other, nor of an older one. */
static void
secret_bind(struct binding *bind, const struct account *acct)
{
	bind->key = *key_id();
	bind->account = acct->id;
	bind->kind = KIND_PASSWORD;
	bind->generation = acct->generation;
	bind->user = acct->user;
	bind->host = acct->host;
	bind->port = acct->port;
	bind->tls = acct->tls;
	bind->ca_hash = acct->ca_len > 0 ? acct->ca_hash : NULL;
}

int
secret_put(struct account *acct, struct arena *a, const unsigned char *plain,
    size_t len)
{
	struct binding	 bind;
	unsigned char	 box[SEAL_MAX];

	acct->generation++;
	acct->has_secret = 1;
	secret_bind(&bind, acct);
	seal_make(box, a->data, &bind, plain, len);
	if (account_update(acct) == -1)
		return -1;
	return db_run("INSERT OR REPLACE INTO secret (account, kind, box, "
	    "created) VALUES (?, ?, ?, ?)", "dibi", &acct->id,
	    (int64_t)KIND_PASSWORD, box, len + SEAL_OVERHEAD, clock_utc());
}

int
secret_drop(struct account *acct)
{
	acct->generation++;
	acct->has_secret = 0;
	if (account_update(acct) == -1)
		return -1;
	return db_run("DELETE FROM secret WHERE account = ?", "d", &acct->id);
}

/* Octets of the box, 0 when there is none, -1 on error. */
static ssize_t
secret_box(const struct id *id, unsigned char *box)
{
	sqlite3_stmt	*st;
	ssize_t		 len;

	st = db_select("SELECT box FROM secret WHERE account = ? AND kind = ?",
	    "di", id, (int64_t)KIND_PASSWORD);
	if (st == NULL)
		return -1;
	if ((len = db_step(st)) == 1) {
		len = sqlite3_column_bytes(st, 0);
		/* any box that we made fits; another one does not open */
		if (len > SEAL_MAX)
			len = SEAL_MAX;
		if (len > 0)
			memcpy(box, sqlite3_column_blob(st, 0), (size_t)len);
	}
	db_done(st);
	return len;
}

enum reason
secret_get(const struct account *acct, struct arena *a)
{
	struct binding	 bind;
	unsigned char	 box[SEAL_MAX];
	ssize_t		 len;

	if (key_state() != R_NONE)
		return key_state();
	if ((len = secret_box(&acct->id, box)) == -1)
		return db_reason();
	if (!acct->has_secret)
		return R_PASSWORD_MISSING;
	secret_bind(&bind, acct);
	len = seal_open(a->credential.secret, sizeof(a->credential.secret),
	    a->data, &bind, box, (size_t)len);
	if (len == -1) {
		log_code(LOG_ERR, LC_SECRET_UNREADABLE, &acct->id, 0, 0, 0);
		return R_SECRET_UNREADABLE;
	}
	a->credential.auth = acct->auth;
	a->credential.secret_len = (uint32_t)len;
	a->credential.user_len = (uint32_t)strlcpy(a->credential.user,
	    acct->user, sizeof(a->credential.user));
	return R_NONE;
}

enum reason
secret_check(const struct account *acct)
{
	enum reason	 r;

	r = secret_get(acct, arena_open());
	arena_close();
	return r;
}

enum reason
secret_rebind(const struct account *old, struct account *acct)
{
	struct arena	*a;
	enum reason	 r;

	a = arena_open();
	r = secret_get(old, a);
	if (r == R_NONE && secret_put(acct, a, a->credential.secret,
	    a->credential.secret_len) == -1)
		r = db_reason();
	arena_close();
	return r;
}
