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

#ifndef KMAILD_STORE_INGEST_H
#define KMAILD_STORE_INGEST_H

#include <sys/queue.h>

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "common/msg.h"
#include "segment.h"

/*
 * What the worker of one fetch says, on its way into the store.  A worker
 * parses what strangers wrote and may have been taken over: nothing that it
 * says is believed beyond its own account and its open folder.
 */

#define INGEST_ROWS	2000	/* messages in memory; then a commit is due */
#define INGEST_OCTETS	((size_t)32 * 1024 * 1024)	/* likewise, bodies */
#define INGEST_FIELDS	((size_t)1024 * 1024)	/* likewise, header fields */
#define INGEST_FOLDERS	10000	/* examined in one session */

enum ingest_result {
	INGEST_OK = 0,
	INGEST_MALFORMED,	/* no worker of ours says this */
	INGEST_FAILED		/* file or database: ingest.reason */
};

/* One folder under one UIDVALIDITY, as its row is or will be. */
struct position {
	TAILQ_ENTRY(position) entry;
	int64_t		 id;
	int		 is_new;	/* no row yet */
	int		 dirty;
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;
	uint32_t	 covered;
	uint32_t	 highest;	/* UID seen in it so far */
	uint32_t	 flags;
	int		 waits;		/* has rows in the not-fetched list */
	uint32_t	 name_len;
	unsigned char	 name[];
};

/* A folder that the last LIST showed; what is not listed now is absent. */
struct known {
	RB_ENTRY(known)	 entry;
	int64_t		 id;
	int		 listed;
	uint32_t	 uidvalidity;
	uint32_t	 name_len;
	unsigned char	*name;		/* behind the struct */
};
RB_HEAD(known_tree, known);

enum row_kind {
	ROW_NEW = 1,		/* content not seen before */
	ROW_DUPLICATE,		/* content is message.id `message` */
	ROW_REPEAT,		/* content is that of row `same` */
	ROW_FAILED,		/* for the not-fetched list */
	ROW_ABSENT		/* folder is not listed any more */
};

/* What waits for the commit, in the order in which it came. */
struct row {
	enum row_kind	 kind;
	enum reason	 reason;
	int64_t		 folder;
	int64_t		 message;
	uint32_t	 uid;
	uint32_t	 same;
	int		 waits;		/* may be in the not-fetched list */
	int64_t		 segment;
	int64_t		 offset;
	uint64_t	 size;
	int64_t		 internaldate;
	unsigned char	 hash[32];
	uint32_t	 field;		/* its header fields begin here */
	uint16_t	 field_len[BODY_NFIELDS];
};

struct ingest {
	const struct account *account;
	struct segment	 segment;
	uint64_t	 max_size;
	int		 retry_all;	/* operator: every waiting one is due */
	enum reason	 reason;

	struct known_tree known;
	TAILQ_HEAD(, position) positions;
	struct position	*folder;	/* open; last of positions */
	uint32_t	 nexamined;
	int		 listed;	/* W_FOLDERS_END was seen */
	uint32_t	 nlisted;
	uint32_t	 nchosen;

	/* the open message */
	int		 open;
	int		 repeated;	/* this UID is stored already */
	struct w_body	 msg;
	uint64_t	 got;
	crypto_generichash_state *hash;
	/* the one that a lost connection or a crash ended, uid 0 none */
	int64_t		 broken_folder;
	uint32_t	 broken_uid;
	/* the one that was noted for that */
	int64_t		 last_broken_folder;
	uint32_t	 last_broken_uid;

	struct row	*rows;
	uint32_t	 nrows;
	uint32_t	 rows_size;
	uint32_t	*slots;		/* hash table over ROW_NEW */
	unsigned char	*fields;
	size_t		 nfields;
	size_t		 fields_size;
	size_t		 octets;	/* bodies since the last commit */

	/* of the session */
	uint64_t	 messages;	/* whole bodies received */
	uint64_t	 message_octets;
	uint32_t	 failed;
	enum reason	 folder_reason;	/* first folder that did not work */
	/* committed */
	uint64_t	 acked;
	uint64_t	 acked_octets;
	uint64_t	 imported;
	uint64_t	 duplicates;
	/* in the transaction under way */
	uint64_t	 tx_imported;
	uint64_t	 tx_duplicates;
};

/* NULL when the database does not answer. */
struct ingest	*ingest_new(const struct account *, uint64_t, int);
/* Drops what is not committed. */
void		 ingest_free(struct ingest *);

enum ingest_result ingest_list(struct ingest *, const struct w_folder *);
enum ingest_result ingest_list_end(struct ingest *);
/* Fills the answer. */
enum ingest_result ingest_examined(struct ingest *,
		    const struct w_examined *, struct w_position *);
enum ingest_result ingest_body(struct ingest *, const unsigned char *,
		    size_t);
enum ingest_result ingest_abort(struct ingest *);
enum ingest_result ingest_failed(struct ingest *,
		    const struct w_msg_failed *);
enum ingest_result ingest_covered(struct ingest *, const struct w_covered *);
enum ingest_result ingest_folder_done(struct ingest *,
		    const struct w_folder_done *);
/* The session ended badly within a message: note it, if there was one. */
void		 ingest_broken(struct ingest *, enum reason);

/* ingest_rows.c: queue, and the group commit's part */

/* One more row, zeroed, with room for its header fields. */
struct row	*ingest_row(struct ingest *, enum row_kind, int64_t, uint32_t);
void		 ingest_rows_free(struct ingest *);
/* The new content's row: the same one queued before, or -1. */
int64_t		 ingest_row_find(const struct ingest *,
		    const unsigned char[32]);
void		 ingest_row_index(struct ingest *, uint32_t);
/* 1 when a commit is due at once. */
int		 ingest_is_full(const struct ingest *);
/* 1 when something waits for a commit. */
int		 ingest_pending(const struct ingest *);
/* Bodies onto the disk, before the transaction: 0 or -1, reason is set. */
int		 ingest_sync(struct ingest *);
/* Into the transaction: 0 or -1. */
int		 ingest_write(struct ingest *);
/* It was committed.  Or it cannot be: forget all that was not. */
void		 ingest_committed(struct ingest *);
void		 ingest_drop(struct ingest *);

#endif
