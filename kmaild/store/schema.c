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

#include "db.h"

/*
 * The schema of mail.db, documented in kmaild.db(5).  A released step is
 * never changed: append another.
 */
const char *const db_steps[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB);"

	"CREATE TABLE account ("
	" id BLOB PRIMARY KEY, label TEXT UNIQUE, tenant TEXT, auth INTEGER,"
	" user TEXT, imap_host TEXT, imap_port INTEGER, imap_tls INTEGER,"
	" has_secret INTEGER NOT NULL DEFAULT 0,"
	" committed INTEGER NOT NULL DEFAULT 0,"
	" paused INTEGER NOT NULL DEFAULT 0,"
	" every INTEGER, since INTEGER NOT NULL DEFAULT 0,"
	" newest INTEGER NOT NULL DEFAULT 0, folders BLOB,"
	" created INTEGER NOT NULL,"
	" last_sync_at INTEGER NOT NULL DEFAULT 0,"
	" last_sync_status INTEGER NOT NULL DEFAULT 0,"
	" last_sync_reason INTEGER NOT NULL DEFAULT 0,"
	" last_sync_imported INTEGER NOT NULL DEFAULT 0,"
	" last_sync_duplicates INTEGER NOT NULL DEFAULT 0,"
	" last_success INTEGER NOT NULL DEFAULT 0,"
	" failures INTEGER NOT NULL DEFAULT 0,"
	" refusals INTEGER NOT NULL DEFAULT 0,"
	" next_due INTEGER NOT NULL DEFAULT 0,"
	" hold_until INTEGER NOT NULL DEFAULT 0,"
	" hash_key BLOB NOT NULL, epoch INTEGER NOT NULL DEFAULT 0"
	") WITHOUT ROWID;"

	"CREATE TABLE folder ("
	" id INTEGER PRIMARY KEY, account BLOB NOT NULL,"
	" epoch INTEGER NOT NULL, name BLOB NOT NULL,"
	" utf8 INTEGER NOT NULL, flags INTEGER NOT NULL,"
	" uidvalidity INTEGER NOT NULL, covered INTEGER NOT NULL,"
	" uidnext INTEGER NOT NULL, present INTEGER NOT NULL,"
	" first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
	" UNIQUE (account, epoch, name, uidvalidity));"

	"CREATE TABLE message ("
	" id INTEGER PRIMARY KEY, account BLOB NOT NULL, mid BLOB NOT NULL,"
	" hash BLOB NOT NULL, segment INTEGER NOT NULL,"
	" offset INTEGER NOT NULL, size INTEGER NOT NULL,"
	" internaldate INTEGER NOT NULL, stored INTEGER NOT NULL,"
	" hdr_from BLOB, hdr_subject BLOB, hdr_date BLOB,"
	" hdr_message_id BLOB, UNIQUE (account, hash));"
	/* kmaild.sock lists an account in the order of arrival */
	"CREATE INDEX message_account ON message (account);"

	"CREATE TABLE seen ("
	" folder INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" message INTEGER NOT NULL, PRIMARY KEY (folder, uid)"
	") WITHOUT ROWID;"
	"CREATE INDEX seen_message ON seen (message);"

	"CREATE TABLE waiting ("
	" folder INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" reason INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" size INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, state INTEGER NOT NULL,"
	" PRIMARY KEY (folder, uid)) WITHOUT ROWID;"

	"CREATE TABLE segment ("
	" id INTEGER PRIMARY KEY, account BLOB NOT NULL,"
	" length INTEGER NOT NULL);"
	"CREATE INDEX segment_account ON segment (account);"

	"CREATE TABLE event ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
	" code INTEGER NOT NULL, account BLOB, a INTEGER, b INTEGER,"
	" c INTEGER, vault_seq INTEGER);"
	"CREATE UNIQUE INDEX event_vault ON event (vault_seq, time)"
	" WHERE vault_seq IS NOT NULL;"
};

const int	 db_nsteps = sizeof(db_steps) / sizeof(db_steps[0]);
