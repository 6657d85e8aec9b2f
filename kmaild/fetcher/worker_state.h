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

#ifndef WORKER_STATE_H
#define WORKER_STATE_H

/*
 * What the parts of the worker share.  Everything that is sized by the
 * mailbox or the server has a bound here; memory does not grow with either.
 */

#include <stdint.h>

#include "common/imsg.h"
#include "common/msg.h"
#include "common/reason.h"

#include "imap_cmd.h"
#include "imap_parse.h"
#include "worker_header.h"

#define RING_SIZE	4096	/* UIDs known and not dealt with; power of 2 */
#define CMDS_MAX	16	/* commands without their tagged response */
#define FOLDERS_MAX	16384	/* LIST lines */
#define CHOSEN_MAX	4096	/* folders fetched in one session */
#define PATTERNS_MAX	KM_FOLDERS_SIZE	/* each takes an octet at least */

/* Data octets of one W_BODY: what head, runs and fields leave. */
#define PIECE_MAX	(MAX_IMSGSIZE - IMSG_HEADER_SIZE - \
			    sizeof(struct w_body) - \
			    BODY_RUNS_MAX * sizeof(uint32_t) - \
			    BODY_NFIELDS * BODY_FIELD_MAX)

enum entry_state {
	E_FOUND = 0,		/* its window or size is still being asked */
	E_DONE,			/* stored, gone, or not to be asked for */
	E_WAIT,			/* to be asked for in a batch */
	E_ASKED,
	E_ALONE,		/* to be asked for alone */
	E_ASKED_ALONE,
	E_CHECK,		/* alone and nothing: does it exist at all? */
	E_CHECKING,
	E_FAILED		/* reason is set, store not yet told */
};

#define ENTRY_SIZE	0x01	/* size hint is known */
#define ENTRY_TRIED	0x02	/* was asked for */
#define ENTRY_EXISTS	0x04	/* while E_CHECKING: it does */

/* One UID of the open folder. */
struct entry {
	uint32_t	 uid;
	uint32_t	 tag;		/* of the command that asked for it */
	uint32_t	 size;		/* RFC822.SIZE, at most UINT32_MAX */
	uint8_t		 state;
	uint8_t		 flags;
	uint8_t		 reason;	/* enum reason */
};

/* Ascending by UID. */
struct ring {
	struct entry	*e;		/* NULL while no folder is open */
	uint32_t	 head;
	uint32_t	 n;
	uint32_t	 nwait;		/* in E_WAIT */
	uint32_t	 nalone;	/* in E_ALONE */
	uint32_t	 ncheck;	/* in E_CHECK */
};

enum cmd_kind {
	CMD_NONE = 0,
	CMD_CAPABILITY,
	CMD_ENABLE,
	CMD_ID,
	CMD_LIST,
	CMD_EXAMINE,
	CMD_LAST,		/* highest UID, where UIDNEXT is not told */
	CMD_NEWEST,		/* UID of the oldest of the newest N */
	CMD_SEARCH,		/* since: UIDs of a window */
	CMD_SIZES,		/* since: their sizes */
	CMD_WINDOW,		/* UIDs and sizes of a window */
	CMD_BATCH,		/* bodies */
	CMD_ALONE,		/* one body */
	CMD_CHECK,		/* which of these exist */
	CMD_LOGOUT
};

struct cmd {
	uint32_t	 tag;
	enum cmd_kind	 kind;
	uint32_t	 uid;		/* CMD_ALONE */
	int		 done;		/* answered before an older one */
};

enum stage {
	STAGE_LISTING = 1,	/* CAPABILITY, LIST */
	STAGE_EXAMINE,
	STAGE_POSITION,		/* awaits W_POSITION */
	STAGE_SYNC,
	STAGE_RETRY,		/* the not-fetched ones, one by one */
	STAGE_ENDING		/* W_DONE is sent */
};

struct folder {
	uint32_t	 flags;		/* FOLDER_UTF8 */
	uint32_t	 name_len;
	unsigned char	 name[];
};

/* Finding new UIDs. */
struct discovery {
	uint64_t	 next;		/* everything below is in the ring */
	uint64_t	 last;		/* UIDNEXT - 1 */
	uint64_t	 lo, hi;	/* the window that is asked for */
	uint64_t	 width;
	uint64_t	 width_max;
	enum cmd_kind	 busy;		/* its command in flight, 0 none */
	uint32_t	 got;		/* UIDs in it; CMD_LAST: the UID */
	uint32_t	 sizes;		/* entries whose size is to be asked */
	int		 cut;		/* more came than the ring holds */
	int		 newest;	/* its UID was asked for */
};

enum body_mode {
	BODY_IGNORE = 0,	/* not asked for */
	BODY_STREAM,		/* UID known, or implied */
	BODY_HOLD,		/* UID or date come later: kept until then */
	BODY_DROPPED		/* asked for, reason says why not taken */
};

#define BODY_HOLD_MAX	(1024 * 1024)

/* The body that is being received. */
struct body {
	enum body_mode	 mode;
	enum reason	 reason;	/* BODY_DROPPED; R_NONE: ask alone */
	uint32_t	 uid;		/* 0: not known yet */
	int		 begun;		/* pieces went to the store */
	uint64_t	 size;
	uint64_t	 got;
	int64_t		 date;
	const unsigned char *direct;	/* into the input, until it moves */
	size_t		 direct_len;
	unsigned char	*side;		/* PIECE_MAX + 1 octets */
	size_t		 side_len;
	unsigned char	*hold;		/* BODY_HOLD: size octets */
	struct header_scan *header;
};

struct worker {
	int		 relay;
	int		 relay_open;	/* may still be read */
	struct imsgbuf	 store;
	struct w_order	 order;
	enum stage	 stage;
	int		 acked;		/* W_DONE_ACK */

	unsigned char	*in;		/* IMAP_LINE_MAX octets */
	size_t		 in_len;
	struct imap_parser parser;
	struct imap_out	 out;
	struct cmd	 cmds[CMDS_MAX];
	uint32_t	 cmd_head;
	uint32_t	 ncmds;
	uint32_t	 tag;

	uint32_t	 caps;
	int		 utf8;		/* ENABLE UTF8=ACCEPT worked */
	int		 plain_list;	/* LIST RETURN was refused */
	int		 early;		/* EXAMINE went before its turn */
	uint8_t		 hit[PATTERNS_MAX];
	uint32_t	 nlisted;
	struct folder	**chosen;
	uint32_t	 nchosen;
	uint32_t	 next_folder;
	uint32_t	 folders_done;
	struct w_examined examined;

	uint64_t	 folder;	/* the store's number, 0 none open */
	uint32_t	 covered;	/* as told to the store */
	struct w_position *position;
	struct ring	 ring;
	struct discovery disc;
	uint32_t	 nbatches;	/* body commands in flight */
	uint32_t	 delivered;	/* bodies, of this folder */
	uint32_t	 refused;	/* one after the other */
	struct body	 body;

	uint32_t	 found;
	uint64_t	 sent_messages, sent_octets;
	uint64_t	 acked_messages, acked_octets;

	int64_t		 now;		/* clock_boot() of this turn */
	int64_t		 began;
	int64_t		 waited;	/* ms in which the server was awaited */
	int64_t		 idle_since;	/* of waited */
	int64_t		 step_since;
	int64_t		 body_since;
	int64_t		 ended;
	int64_t		 told;		/* W_PROGRESS was sent: this one */
	struct w_progress progress;
};

/* worker.c */

/* The session is over: tell the store why, once, and log out. */
void	 worker_end(struct worker *, enum reason, uint32_t);
/* One command or message is complete: its time begins anew. */
void	 worker_stepped(struct worker *);
/* Out of memory: the fetcher reports how this process ended. */
_Noreturn void worker_nomem(void);

/* worker_store.c */

void	 store_read(struct worker *);
/* Queue for the store. */
void	 worker_tell(struct worker *, enum msg_type, const void *, size_t);
/* W_PROGRESS, if there is any; not too often unless now. */
void	 worker_progress(struct worker *, int);

/* worker_relay.c */

void	 relay_init(struct worker *);
void	 relay_read(struct worker *);
void	 relay_write(struct worker *);
/* There is room for one more command. */
int	 worker_may_send(const struct worker *);
/* Queue a command and return its tag, 0 when the session ended instead. */
uint32_t worker_cmd(struct worker *, enum cmd_kind, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
/* EXAMINE: 0, or -1 when the folder's name cannot be sent. */
int	 worker_examine(struct worker *, const unsigned char *, size_t);

/* worker_session.c: from CAPABILITY to EXAMINE */

void	 session_start(struct worker *);
void	 session_status(struct worker *, const struct cmd *,
	    const struct imap_status *);
void	 session_untagged(struct worker *, const struct imap_status *);
void	 session_list(struct worker *, const struct imap_list *);
/* Next folder, or the end. */
void	 session_next(struct worker *);
void	 session_free(struct worker *);

/* worker_sync.c: one folder */

void	 sync_start(struct worker *);
/* Settle what is done, ask for what may be asked for. */
void	 sync_turn(struct worker *);
void	 sync_status(struct worker *, const struct cmd *,
	    const struct imap_status *);
/* The server refused what the folder cannot do without: go on to the next. */
void	 sync_refused(struct worker *);
/* Take note that the session ends for this reason; closes the folder. */
void	 sync_end(struct worker *, enum reason);

/* worker_find.c: discovery of UIDs */

void	 find_start(struct worker *);
void	 find_turn(struct worker *);
int	 find_done(const struct worker *);
void	 find_uid(struct worker *, uint32_t);
void	 find_size(struct worker *, const struct imap_fetch *);
void	 find_status(struct worker *, const struct cmd *,
	    const struct imap_status *);

/* worker_fetch.c: FETCH responses */

int	 fetch_body(void *, const struct imap_fetch *, uint64_t);
void	 fetch_data(void *, const unsigned char *, size_t);
void	 fetch_done(void *, const struct imap_fetch *);

/* worker_body.c: pieces for the store */

/* Uses uid, size and date of the body. */
void	 body_begin(struct worker *);
void	 body_add(struct worker *, const unsigned char *, size_t);
/* The input buffer is about to move: keep what points into it. */
void	 body_settle(struct worker *);
void	 body_finish(struct worker *);
/* Forget it; the store too. */
void	 body_abort(struct worker *);
void	 body_free(struct worker *);

/* worker_ring.c */

struct entry *ring_at(const struct ring *, uint32_t);
/* NULL when this UID is not in it. */
struct entry *ring_find(const struct ring *, uint32_t);
void	 ring_set(struct ring *, struct entry *, enum entry_state);
/*
 * Insert in order, in E_FOUND; the entry as it is if it was there already.
 * When full the highest goes: NULL when that is this one; *cut is set.
 */
struct entry *ring_insert(struct ring *, uint32_t, int *);
void	 ring_pop(struct ring *);

#endif
