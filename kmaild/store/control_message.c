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

#include "common/text.h"
#include "control.h"
#include "db.h"

#define HASH_LEN	32	/* message.hash; mid is its first half */
#define PLACES_MAX	32768	/* octets of folder names: a line has 65536 */

#define MESSAGE_COLUMNS							\
	"SELECT id, size, mid, internaldate, stored, hdr_from,"		\
	" hdr_subject, hdr_date, hdr_message_id FROM message"		\
	" WHERE account = ?1 "

static struct db_stmt	 after = DB_STMT(MESSAGE_COLUMNS
    "AND id > ?2 ORDER BY id LIMIT 64");
static struct db_stmt	 by_hash = DB_STMT(MESSAGE_COLUMNS
    "AND hash BETWEEN ?2 AND ?3 LIMIT 2");
static struct db_stmt	 places = DB_STMT(
    "SELECT folder.name, seen.uid, folder.uidvalidity FROM seen"
    " JOIN folder ON folder.id = seen.folder WHERE seen.message = ?1"
    " ORDER BY folder.id, seen.uid LIMIT 256");

static json_t	*message_places(struct request *, int64_t, int *);
static void	 column_octets(json_t *, const char *, sqlite3_stmt *, int);
static void	 hash_bounds(const char *, unsigned char *, unsigned char *);
static enum pump message_list_pump(struct request *);

/* Where it was seen; *here: 1 when the request's folder is among them. */
static json_t *
message_places(struct request *r, int64_t message, int *here)
{
	sqlite3_stmt	*st;
	json_t		*array = json_array(), *place;
	const void	*name;
	size_t		 len, sum = 0;

	*here = (r->args.given & KEY_FOLDER) == 0;
	if ((st = db_query(&places, "i", message)) == NULL)
		return array;
	while (db_step(st) == 1) {
		name = sqlite3_column_blob(st, 0);
		len = (size_t)sqlite3_column_bytes(st, 0);
		if (!*here && len == r->args.folder_len &&
		    memcmp(name, r->args.folder, len) == 0)
			*here = 1;
		if ((sum += TEXT_PERCENT_SIZE(len)) > PLACES_MAX)
			continue;
		place = json_object();
		reply_percent(place, "folder", name, len);
		reply_int(place, "uid", sqlite3_column_int64(st, 1));
		reply_int(place, "uidvalidity", sqlite3_column_int64(st, 2));
		json_array_append_new(array, place);
	}
	db_done(st);
	return array;
}

static void
column_octets(json_t *item, const char *key, sqlite3_stmt *st, int column)
{
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		reply_text(item, key, NULL);
	else
		reply_octets(item, key, sqlite3_column_blob(st, column),
		    (size_t)sqlite3_column_bytes(st, column));
}

int
message_item(struct request *r, sqlite3_stmt *st, int64_t bytes)
{
	json_t	*item, *folders;
	int	 here;

	folders = message_places(r, sqlite3_column_int64(st, MESSAGE_ROW),
	    &here);
	if (!here) {
		json_decref(folders);
		return -1;
	}
	item = reply_item(r, "message");
	if (sqlite3_column_bytes(st, 2) == ID_LEN)
		reply_id(item, "message", sqlite3_column_blob(st, 2));
	reply_time(item, "internaldate", sqlite3_column_int64(st, 3) *
	    1000000);
	reply_time(item, "stored", sqlite3_column_int64(st, 4));
	reply_int(item, "size", sqlite3_column_int64(st, MESSAGE_SIZE));
	column_octets(item, "from", st, 5);
	column_octets(item, "subject", st, 6);
	column_octets(item, "date", st, 7);
	column_octets(item, "message_id", st, 8);
	reply_json(item, "folders", folders);
	if (bytes != -1)
		reply_int(item, "bytes", bytes);
	reply_send(r, item);
	return 0;
}

sqlite3_stmt *
message_after(const struct id *account, int64_t row, int *failed)
{
	sqlite3_stmt	*st;
	int		 step = -1;

	if ((st = db_query(&after, "bi", account->b, sizeof(account->b),
	    row)) != NULL && (step = db_step(st)) == 1)
		return st;
	if (st != NULL)
		db_done(st);
	*failed = step == -1;
	return NULL;
}

/* All hashes that begin with these hexadecimal digits. */
static void
hash_bounds(const char *mid, unsigned char *low, unsigned char *high)
{
	unsigned char	 v;
	size_t		 i;

	memset(low, 0, HASH_LEN);
	memset(high, 0xff, HASH_LEN);
	for (i = 0; mid[i] != '\0'; i++) {
		v = (unsigned char)(mid[i] <= '9' ? mid[i] - '0' :
		    mid[i] - 'a' + 10);
		if (i % 2 == 0) {
			low[i / 2] = (unsigned char)(v << 4);
			high[i / 2] = (unsigned char)(v << 4 | 0x0f);
		} else {
			low[i / 2] |= v;
			high[i / 2] = low[i / 2];
		}
	}
}

/* The one message with this id or its first digits; else an error. */
sqlite3_stmt *
message_find(struct request *r, const char *mid)
{
	unsigned char	 low[HASH_LEN], high[HASH_LEN];
	sqlite3_stmt	*st;
	int		 n = 0;

	hash_bounds(mid, low, high);
	if ((st = db_query(&by_hash, "bbb", r->account.b,
	    sizeof(r->account.b), low, sizeof(low), high,
	    sizeof(high))) != NULL) {
		while (n < 2 && db_step(st) == 1)
			n++;
		sqlite3_reset(st);
		if (n == 1 && db_step(st) == 1)
			return st;
		db_done(st);
	}
	if (n == 2)
		request_fail(r, ERR_INVALID,
		    "several messages begin with these digits",
		    "Give more digits of the message's id.");
	else
		request_fail(r, ERR_MISSING, "no such message",
		    "`kmailctl message list NAME` shows those that there "
		    "are.");
	return NULL;
}

static enum pump
message_list_pump(struct request *r)
{
	sqlite3_stmt	*st;
	int		 failed, step = 1;

	if (r->args.limit == 0)
		return request_end(r);
	if ((st = message_after(&r->account, r->cursor, &failed)) == NULL)
		return failed ? request_internal(r) : request_end(r);
	while (step == 1 && client_room(r->client) > 0 &&
	    r->args.limit > 0) {
		r->cursor = sqlite3_column_int64(st, MESSAGE_ROW);
		if (message_item(r, st, -1) == 0)
			r->args.limit--;
		step = db_step(st);
	}
	db_done(st);
	return step == -1 ? request_internal(r) : PUMP_MORE;
}

void
op_message_list(struct request *r)
{
	struct account_row	 row;
	sqlite3_stmt		*st;

	if (account_want(r, r->args.account, ALLOW_READ, &row) == -1)
		return;
	r->account = row.id;
	if ((r->args.given & KEY_LIMIT) == 0)
		r->args.limit = INT64_MAX;
	if (r->args.given & KEY_AFTER) {
		if ((st = message_find(r, r->args.after)) == NULL)
			return;
		r->cursor = sqlite3_column_int64(st, MESSAGE_ROW);
		db_done(st);
	}
	r->pump = message_list_pump;
}
