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

/*
 * The whole worker in a child process, between a server that follows a
 * script of misdeeds and a store that holds it to the rules.  Without the
 * sandbox, which t_sandbox.c tests.
 *
 * link: kmaild/fetcher/imap_parse.o kmaild/fetcher/imap_lex.o
 * link: kmaild/fetcher/imap_status.o kmaild/fetcher/imap_date.o
 * link: kmaild/fetcher/imap_fetch.o kmaild/fetcher/imap_list.o
 * link: kmaild/fetcher/imap_cmd.o kmaild/fetcher/imap_folder.o
 * link: kmaild/fetcher/worker.o kmaild/fetcher/worker_body.o
 * link: kmaild/fetcher/worker_fetch.o kmaild/fetcher/worker_find.o
 * link: kmaild/fetcher/worker_header.o kmaild/fetcher/worker_relay.o
 * link: kmaild/fetcher/worker_ring.o kmaild/fetcher/worker_session.o
 * link: kmaild/fetcher/worker_store.o kmaild/fetcher/worker_sync.o
 * link: common/imapcode.o common/text.o
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/imsg.h"
#include "common/msg.h"
#include "common/proc.h"
#include "common/reason.h"
#include "common/sandbox.h"
#include "kmaild/fetcher/worker.h"

void
sandbox_worker(void)
{
}

/* How the server treats a message. */
enum how {
	GOOD = 0,
	NIL,			/* BODY[] NIL */
	EMPTY,			/* BODY[] "" */
	QUOTED,			/* BODY[] "..." */
	MISSING,		/* OK, and no FETCH for it */
	REFUSED,		/* NO to a command that names it */
	REFUSED_BUG,		/* NO [SERVERBUG] */
	GONE,			/* listed by discovery, then expunged */
	LATE_UID,		/* UID after BODY[] */
	LATE_DATE,		/* INTERNALDATE after BODY[] */
	TWICE,			/* FETCH for it comes twice, once different */
	OTHER,			/* a body nobody asked for comes before it */
	WRONG_UID,		/* alone: another UID comes instead */
	NEIGHBOUR,		/* alone: that of the next message */
	LIES,			/* RFC822.SIZE is wrong */
	CLOSE_BEFORE,		/* connection ends when it is asked for */
	CLOSE_WITHIN,		/* ... in the middle of its octets */
	BYE_BEFORE,
	BAD_BYE,		/* BAD, then BYE at once */
	GARBAGE,		/* malformed after its octets */
	STALL,			/* half of its octets, then silence */
	TRICKLE			/* ... an octet now and then */
};

struct message {
	uint32_t	 uid;
	enum how	 how;
	size_t		 len;
	uint64_t	 hint;		/* RFC822.SIZE */
	int64_t		 old;		/* not SINCE */
};

#define MAX_MESSAGES	8192
#define MAX_FOLDERS	8

struct box {
	const char	*name;
	const char	*flags;
	const char	*examine;	/* EXAMINE's answer; %s: tag */
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;	/* 0: not told */
	size_t		 n;
	struct message	*m;
};

static struct {
	struct box	 box[MAX_FOLDERS];
	size_t		 nbox;
	size_t		 open;
	const char	*caps;
	const char	*list;		/* instead of LIST lines */
	const char	*word;		/* instead of the answer to `on` */
	const char	*on;
	size_t		 step;		/* octets of one write; 0: all */
	size_t		 bye_after;	/* bodies; 0 never */
	int		 generous;	/* tells of more UIDs than asked for */
	/* state */
	char		 line[16384];
	size_t		 line_len;
	char		*out;
	size_t		 out_len, out_pos, out_size;
	int		 close;		/* after what is in out */
	int		 silent;
	size_t		 bodies;
	size_t		 commands;
	size_t		 alone;		/* bodies asked for by themselves */
	size_t		 burst;		/* most of them in one go */
	char		 log[1 << 20];	/* commands, without tags */
	size_t		 log_len;
	int		 logged_out;
} srv;

static struct {
	struct w_order	 order;
	struct w_position position;
	struct imsgbuf	 ib;
	/* what came; folder names are kept by number */
	size_t		 nfolders, nchosen;
	char		 examined[MAX_FOLDERS][64];
	size_t		 nexamined;
	size_t		 bodies;
	size_t		 octets;
	uint32_t	 uids[MAX_MESSAGES];
	size_t		 folder_of[MAX_MESSAGES];
	int64_t		 date;
	uint32_t	 failed[MAX_MESSAGES];
	uint32_t	 why[MAX_MESSAGES];
	uint64_t	 failed_size[MAX_MESSAGES];
	size_t		 nfailed;
	uint32_t	 covered;
	uint32_t	 folder_reason[64];
	uint64_t	 folder_done[64];
	size_t		 nfolder_done;
	size_t		 aborts;
	struct w_progress progress;
	int		 done;
	struct w_done	 w_done;
	int		 closed;
	/* the open message */
	int		 open;
	struct w_body	 msg;
	uint64_t	 got;
	unsigned char	*body;
	/* misbehaviour */
	int		 no_ack;	/* W_ACK only when this many wait */
	uint64_t	 acked, acked_octets;
	int		 examining;
	int		 in_folder;
} st;

static struct message	 pool[MAX_FOLDERS][MAX_MESSAGES];
static int		 exit_status;
static int64_t		 took;		/* ms */

/* ---- the world ---- */

static void
reset(void)
{
	size_t	 i;

	free(srv.out);
	free(st.body);
	memset(&srv, 0, sizeof(srv));
	memset(&st, 0, sizeof(st));
	for (i = 0; i < MAX_FOLDERS; i++)
		srv.box[i].m = pool[i];
	srv.caps = "IMAP4rev1 ID SPECIAL-USE LIST-EXTENDED LITERAL+";
	st.order.session = 1;
	st.order.purpose = PURPOSE_FETCH;
	st.order.max_size = 64 * 1024 * 1024;
	st.order.timeout_idle = 20;
	st.order.timeout_step = 20;
	st.order.timeout_session = 60;
}

/* n messages of this size with UIDs first, first + gap, ... */
static struct box *
box(const char *name, size_t n, size_t len, uint32_t first, uint32_t gap)
{
	struct box	*b = &srv.box[srv.nbox++];
	size_t		 i;

	b->name = name;
	b->flags = "";
	b->uidvalidity = 77;
	b->n = n;
	for (i = 0; i < n; i++) {
		memset(&b->m[i], 0, sizeof(b->m[i]));
		b->m[i].uid = first + (uint32_t)i * gap;
		b->m[i].len = len;
		b->m[i].hint = len;
	}
	b->uidnext = n > 0 ? b->m[n - 1].uid + 1 : 1;
	return b;
}

static void
folders(const char *list)
{
	st.order.folders_len = (uint32_t)strlen(list) + 1;
	memcpy(st.order.folders, list, st.order.folders_len);
	for (char *p = st.order.folders; *p != '\0'; p++)
		if (*p == '|')
			*p = '\0';
}

/* Octet number i of a message: header first, then anything. */
#define ALL_HEADER	900000	/* UIDs from here on are header only */

static unsigned char
octet(uint32_t uid, size_t i)
{
	static const char	 head[] = "Received: by test\r\n\tfor it\r\n"
	    "Subject: number\r\nX-A: b\r\n\r\n";

	static const char	 lines[] = "Received: x\r\nX-Other: y\r\n";

	if (uid >= ALL_HEADER)
		return (unsigned char)lines[i % (sizeof(lines) - 1)];
	if (i < sizeof(head) - 1)
		return (unsigned char)head[i];
	if (i % 977 == 500)
		return '\n';
	return (unsigned char)((uid * 31 + i * 7 + i / 251) & 0xff);
}

/* ---- server ---- */

static void
out_raw(const void *p, size_t len)
{
	char	*q;

	if (srv.out_size - srv.out_len < len) {
		srv.out_size = (srv.out_size + len) * 2;
		if ((q = realloc(srv.out, srv.out_size)) == NULL)
			abort();
		srv.out = q;
	}
	memcpy(srv.out + srv.out_len, p, len);
	srv.out_len += len;
}

static void	out(const char *, ...) __attribute__((__format__(printf,
		    1, 2)));

static void
out(const char *fmt, ...)
{
	char	*s;
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		abort();
	out_raw(s, (size_t)n);
	free(s);
}

static void
out_octets(const struct message *m, size_t len)
{
	unsigned char	*p;
	size_t		 i;

	if ((p = malloc(len + 1)) == NULL)
		abort();
	for (i = 0; i < len; i++)
		p[i] = octet(m->uid, i);
	out_raw(p, len);
	free(p);
}

static int
in_set(const char *set, uint32_t uid, uint32_t max)
{
	char		*end;
	unsigned long	 lo, hi, t;

	while (*set != '\0' && *set != ' ') {
		lo = *set == '*' ? max : strtoul(set, &end, 10);
		if (*set == '*')
			end = (char *)(uintptr_t)set + 1;
		hi = lo;
		if (*end == ':') {
			set = end + 1;
			hi = *set == '*' ? max : strtoul(set, &end, 10);
			if (*set == '*')
				end = (char *)(uintptr_t)set + 1;
		}
		if (lo > hi) {
			t = lo;
			lo = hi;
			hi = t;
		}
		if (uid >= lo && uid <= hi)
			return 1;
		set = *end == ',' ? end + 1 : end;
	}
	return 0;
}

static void
fetch_body(size_t seq, const struct message *m, int alone)
{
	static const char	 date[] = "17-Jul-1996 02:44:25 -0700";
	struct message		 other = *m;

	switch (m->how) {
	case NIL:
		out("* %zu FETCH (UID %u BODY[] NIL)\r\n", seq, m->uid);
		return;
	case EMPTY:
		out("* %zu FETCH (UID %u INTERNALDATE \"%s\" BODY[] \"\")\r\n",
		    seq, m->uid, date);
		return;
	case QUOTED:
		out("* %zu FETCH (UID %u INTERNALDATE \"%s\" BODY[] "
		    "\"Subject: \\\"quoted\\\"\")\r\n", seq, m->uid, date);
		return;
	case LATE_UID:
		out("* %zu FETCH (BODY[] {%zu}\r\n", seq, m->len);
		out_octets(m, m->len);
		out(" INTERNALDATE \"%s\" UID %u)\r\n", date, m->uid);
		return;
	case LATE_DATE:
		out("* %zu FETCH (UID %u BODY[] {%zu}\r\n", seq, m->uid,
		    m->len);
		out_octets(m, m->len);
		out(" INTERNALDATE \"%s\")\r\n", date);
		return;
	case WRONG_UID:
	case NEIGHBOUR:
		if (!alone)
			return;
		out("* %zu FETCH (BODY[] {%zu}\r\n", seq, m->len);
		out_octets(m, m->len);
		out(" UID %u)\r\n", m->how == WRONG_UID ? m->uid + 100000 :
		    m->uid + 1);
		return;
	case OTHER:
		other.uid += 100000;
		out("* 9 FETCH (UID %u BODY[] {%zu}\r\n", other.uid, m->len);
		out_octets(&other, m->len);
		out(")\r\n* 3 FETCH (FLAGS (\\Seen))\r\n* 99 EXISTS\r\n"
		    "* 4 FETCH (BODY[] {3}\r\nabc)\r\n"
		    "* OK Still here\r\n");
		break;
	default:
		break;
	}
	out("* %zu FETCH (UID %u INTERNALDATE \"%s\" BODY[] {%zu}\r\n", seq,
	    m->uid, date, m->len);
	switch (m->how) {
	case CLOSE_WITHIN:
	case STALL:
	case TRICKLE:
		out_octets(m, m->len / 2);
		srv.close = m->how == CLOSE_WITHIN;
		srv.silent = m->how == STALL ? 1 : m->how == TRICKLE ? 2 : 0;
		return;
	case GARBAGE:
		out_octets(m, m->len);
		out(" UID x)\r\n");
		return;
	default:
		out_octets(m, m->len);
		out(")\r\n");
	}
	if (m->how != TWICE)
		return;
	other.uid++;
	out("* %zu FETCH (UID %u BODY[] {%zu}\r\n", seq, m->uid, m->len);
	out_octets(&other, m->len);
	out(")\r\n");
}

/* 1: the command's end was said, or will not be. */
static int
uid_fetch(const char *tag, const char *set, const char *items)
{
	struct box	*b = &srv.box[srv.open];
	struct message	*m;
	uint32_t	 max = b->n > 0 ? b->m[b->n - 1].uid : 0;
	size_t		 i, named = 0;
	int		 body = strstr(items, "BODY.PEEK[]") != NULL;

	for (i = 0; i < b->n; i++)
		named += (size_t)in_set(set, b->m[i].uid, max);
	srv.alone += body && named == 1;
	for (i = 0; i < b->n; i++) {
		m = &b->m[i];
		if (!in_set(set, m->uid, max) && (body || !srv.generous))
			continue;
		if (!body) {
			if (m->how == GONE && strstr(items, "SIZE") == NULL &&
			    strcmp(set, "*") != 0)
				continue;
			if (strstr(items, "RFC822.SIZE") != NULL)
				out("* %zu FETCH (UID %u RFC822.SIZE %llu)"
				    "\r\n", i + 1, m->uid,
				    (unsigned long long)m->hint);
			else
				out("* %zu FETCH (UID %u)\r\n", i + 1, m->uid);
			continue;
		}
		switch (m->how) {
		case MISSING:
		case GONE:
			continue;
		case REFUSED:
			out("%s NO Message cannot be read\r\n", tag);
			return 1;
		case REFUSED_BUG:
			out("%s NO [SERVERBUG] Internal error\r\n", tag);
			return 1;
		case CLOSE_BEFORE:
			srv.close = 1;
			return 1;
		case BYE_BEFORE:
			out("* BYE Oops\r\n");
			srv.close = 1;
			return 1;
		case BAD_BYE:
			out("%s BAD Error in it\r\n* BYE Oops\r\n", tag);
			srv.close = 1;
			return 1;
		default:
			break;
		}
		fetch_body(i + 1, m, named == 1);
		if (srv.close || srv.silent)
			return 1;
		if (srv.bye_after != 0 && ++srv.bodies == srv.bye_after) {
			out("* BYE Session expired, please login again.\r\n");
			srv.close = 1;
			return 1;
		}
	}
	return 0;
}

static void
uid_search(const char *args)
{
	struct box	*b = &srv.box[srv.open];
	size_t		 i, n;

	out("* SEARCH");
	if (strncmp(args, "UID ", 4) != 0) {
		n = strtoul(args, NULL, 10);
		if (n >= 1 && n <= b->n)
			out(" %u", b->m[n - 1].uid);
	} else {
		assert_non_null(strstr(args, " SINCE 1-Nov-2026"));
		for (i = 0; i < b->n; i++)
			if (!b->m[i].old && (srv.generous || in_set(args + 4,
			    b->m[i].uid, UINT32_MAX)))
				out(" %u", b->m[i].uid);
	}
	out("\r\n");
}

static void
examine(const char *tag, char *name)
{
	struct box	*b;
	size_t		 i;

	name[strlen(name) - 1] = '\0';
	for (i = 0; i < srv.nbox; i++)
		if (strcmp(srv.box[i].name, name + 1) == 0)
			break;
	assert_true(i < srv.nbox);
	srv.open = i;
	b = &srv.box[i];
	if (b->examine != NULL) {
		out(b->examine, tag);
		return;
	}
	out("* FLAGS (\\Seen)\r\n* %zu EXISTS\r\n* 0 RECENT\r\n", b->n);
	out("* OK [UIDVALIDITY %u] ok\r\n", b->uidvalidity);
	if (b->uidnext != 0)
		out("* OK [UIDNEXT %u] ok\r\n", b->uidnext);
	out("%s OK [READ-ONLY] done\r\n", tag);
}

static void
server_line(char *line)
{
	char	*tag = line, *cmd, *p;
	size_t	 i;

	assert_true(strlen(line) < 8000);
	assert_false(srv.logged_out);
	cmd = strchr(line, ' ');
	assert_non_null(cmd);
	*cmd++ = '\0';
	assert_int_equal(tag[0], 'k');
	srv.commands++;
	srv.log_len += (size_t)snprintf(srv.log + srv.log_len,
	    sizeof(srv.log) - srv.log_len, "%.200s\n", cmd);
	assert_true(srv.log_len < sizeof(srv.log));
	if (srv.close || srv.silent)
		return;
	if (srv.on != NULL && strncmp(cmd, srv.on, strlen(srv.on)) == 0) {
		out(srv.word, tag);
		return;
	}
	if (strcmp(cmd, "CAPABILITY") == 0)
		out("* CAPABILITY %s\r\n", srv.caps);
	else if (strncmp(cmd, "ENABLE ", 7) == 0)
		out("* ENABLED UTF8=ACCEPT\r\n");
	else if (strncmp(cmd, "ID ", 3) == 0)
		out("* ID NIL\r\n");
	else if (strncmp(cmd, "LIST ", 5) == 0) {
		if (srv.list != NULL)
			out("%s", srv.list);
		else
			for (i = 0; i < srv.nbox; i++)
				out("* LIST (%s) \"/\" \"%s\"\r\n",
				    srv.box[i].flags, srv.box[i].name);
	} else if (strncmp(cmd, "EXAMINE ", 8) == 0) {
		examine(tag, cmd + 8);
		return;
	} else if (strncmp(cmd, "UID FETCH ", 10) == 0) {
		p = strchr(cmd + 10, ' ');
		if (uid_fetch(tag, cmd + 10, p))
			return;
	} else if (strncmp(cmd, "UID SEARCH ", 11) == 0)
		uid_search(cmd + 11);
	else if (strcmp(cmd, "LOGOUT") == 0) {
		out("* BYE bye\r\n");
		srv.logged_out = 1;
		srv.close = 1;
	} else
		fail_msg("unexpected: %s", cmd);
	out("%s OK done\r\n", tag);
}

static void
server_read(int fd)
{
	ssize_t	 n;
	size_t	 alone = srv.alone;
	char	*nl;

	n = read(fd, srv.line + srv.line_len,
	    sizeof(srv.line) - 1 - srv.line_len);
	if (n <= 0)
		return;
	srv.line_len += (size_t)n;
	srv.line[srv.line_len] = '\0';
	while ((nl = strstr(srv.line, "\r\n")) != NULL) {
		*nl = '\0';
		server_line(srv.line);
		srv.line_len -= (size_t)(nl + 2 - srv.line);
		memmove(srv.line, nl + 2, srv.line_len + 1);
	}
	if (srv.alone - alone > srv.burst)
		srv.burst = srv.alone - alone;
}

static int
server_write(int fd)
{
	size_t	 len = srv.out_len - srv.out_pos;
	ssize_t	 n;

	if (srv.step != 0 && len > srv.step)
		len = srv.step;
	if (len > 0) {
		n = send(fd, srv.out + srv.out_pos, len, MSG_DONTWAIT |
		    MSG_NOSIGNAL);
		if (n > 0)
			srv.out_pos += (size_t)n;
		else if (errno != EAGAIN)
			return -1;
	}
	if (srv.out_pos == srv.out_len) {
		srv.out_pos = srv.out_len = 0;
		if (srv.close)
			return -1;
	}
	return 0;
}

/* ---- store ---- */

static void
tell(enum msg_type type, const void *p, size_t len)
{
	assert_int_equal(imsg_compose(&st.ib, type, 0, 0, -1, p, len), 1);
}

static void
on_body(const unsigned char *p, size_t len)
{
	struct w_body	 b;
	uint32_t	 runs[BODY_RUNS_MAX];
	size_t		 want, i, sum = 0;

	assert_true(len >= sizeof(b));
	memcpy(&b, p, sizeof(b));
	assert_true(b.nruns <= BODY_RUNS_MAX);
	want = sizeof(b) + b.nruns * sizeof(uint32_t) + b.data_len;
	for (i = 0; i < BODY_NFIELDS; i++) {
		assert_true(b.field_len[i] <= BODY_FIELD_MAX);
		if ((b.flags & BODY_LAST) == 0)
			assert_int_equal(b.field_len[i], 0);
		want += b.field_len[i];
	}
	assert_int_equal(len, want);
	assert_true(st.in_folder);
	assert_int_equal(b.folder, st.position.folder);
	memcpy(runs, p + sizeof(b), b.nruns * sizeof(uint32_t));
	for (i = 0; i < b.nruns; i++) {
		assert_true((runs[i] & ~BODY_RUN_TRACE) > 0);
		sum += runs[i] & ~BODY_RUN_TRACE;
	}
	assert_int_equal(sum, b.data_len);
	if (b.flags & BODY_FIRST) {
		assert_false(st.open);
		st.open = 1;
		st.msg = b;
		st.got = 0;
		free(st.body);
		if ((st.body = malloc(b.size + 1)) == NULL)
			abort();
	} else {
		assert_true(st.open);
		assert_true(b.data_len > 0);
		assert_int_equal(b.uid, st.msg.uid);
		assert_int_equal(b.size, st.msg.size);
		assert_int_equal(b.internaldate, st.msg.internaldate);
	}
	assert_true(b.data_len <= b.size - st.got);
	memcpy(st.body + st.got, p + len - b.data_len, b.data_len);
	st.got += b.data_len;
	st.octets += b.data_len;
	if ((b.flags & BODY_LAST) == 0)
		return;
	assert_int_equal(st.got, b.size);
	st.open = 0;
	st.date = b.internaldate;
	for (i = 0; i < st.bodies; i++)
		assert_false(st.uids[i] == b.uid &&
		    st.folder_of[i] == st.nexamined);
	assert_true(st.bodies < MAX_MESSAGES);
	st.folder_of[st.bodies] = st.nexamined;
	st.uids[st.bodies++] = b.uid;
}

/* The octets of the message that came last are those of its UID. */
static void
check_octets(void)
{
	struct box	*b = srv.box;
	size_t		 i;

	while (strcmp(b->name, st.examined[st.nexamined - 1]) != 0)
		b++;
	for (i = 0; i < b->n; i++)
		if (b->m[i].uid == st.msg.uid)
			break;
	assert_true(i < b->n);
	if (b->m[i].how == QUOTED) {
		assert_int_equal(st.got, 17);
		assert_memory_equal(st.body, "Subject: \"quoted\"", 17);
		return;
	}
	assert_int_equal(st.got, b->m[i].how == EMPTY ? 0 : b->m[i].len);
	/* what comes after a long body comes too late */
	assert_int_equal(st.msg.internaldate,
	    (b->m[i].how == LATE_DATE || b->m[i].how == LATE_UID) &&
	    st.got > 1048576 ? 0 : 837596665);
	for (i = 0; i < st.got; i++)
		if (st.body[i] != octet(st.msg.uid, i))
			fail_msg("uid %u differs at %zu", st.msg.uid, i);
}

static void
ack(int all)
{
	struct w_ack	 a = { 0 };

	if (!all && (st.no_ack || st.bodies % 7 != 0))
		return;
	a.messages = st.bodies;
	a.octets = st.octets;
	tell(W_ACK, &a, sizeof(a));
}

static void
on_store(struct imsg *imsg)
{
	struct w_folder		 f;
	struct w_examined	 e;
	struct w_msg_failed	 mf;
	struct w_covered	 c;
	struct w_folder_done	 fd;

	assert_int_equal(msg_check(imsg_get_type(imsg), P_WORKER, P_STORE,
	    imsg_get_len(imsg), imsg->hasfd), 0);
	assert_false(st.done);
	switch (imsg_get_type(imsg)) {
	case W_FOLDER:
		assert_int_equal(imsg_get_data(imsg, &f, sizeof(f)), 0);
		st.nfolders++;
		st.nchosen += (f.flags & FOLDER_CHOSEN) != 0;
		break;
	case W_FOLDERS_END:
		break;
	case W_EXAMINED:
		assert_int_equal(imsg_get_data(imsg, &e, sizeof(e)), 0);
		assert_int_not_equal(e.uidvalidity, 0);
		assert_false(st.in_folder);
		memcpy(st.examined[st.nexamined], e.name, e.name_len);
		st.nexamined++;
		st.position.folder = st.nexamined;
		st.covered = st.position.covered;
		st.in_folder = 1;
		tell(W_POSITION, &st.position, sizeof(st.position));
		break;
	case W_PROGRESS:
		assert_int_equal(imsg_get_data(imsg, &st.progress,
		    sizeof(st.progress)), 0);
		break;
	case W_BODY:
		on_body(imsg->data, imsg->datalen);
		if (!st.open) {
			check_octets();
			ack(0);
		}
		break;
	case W_BODY_ABORT:
		assert_true(st.open);
		st.open = 0;
		st.aborts++;
		break;
	case W_MSG_FAILED:
		assert_int_equal(imsg_get_data(imsg, &mf, sizeof(mf)), 0);
		assert_true(st.in_folder && !st.open);
		assert_int_equal(mf.folder, st.position.folder);
		assert_true(mf.reason >= R_MSG_TOO_LARGE);
		assert_true(st.nfailed < MAX_MESSAGES);
		st.failed[st.nfailed] = mf.uid;
		st.failed_size[st.nfailed] = mf.size;
		st.why[st.nfailed++] = mf.reason;
		break;
	case W_COVERED:
		assert_int_equal(imsg_get_data(imsg, &c, sizeof(c)), 0);
		assert_true(st.in_folder);
		assert_int_equal(c.folder, st.position.folder);
		assert_true(c.uid > st.covered);
		assert_false(st.open && c.uid >= st.msg.uid);
		st.covered = c.uid;
		break;
	case W_FOLDER_DONE:
		assert_int_equal(imsg_get_data(imsg, &fd, sizeof(fd)), 0);
		assert_false(st.open);
		assert_int_equal(fd.folder, st.in_folder ?
		    st.position.folder : 0);
		st.in_folder = 0;
		st.folder_done[st.nfolder_done] = fd.folder;
		st.folder_reason[st.nfolder_done++] = fd.reason;
		break;
	case W_DONE:
		assert_int_equal(imsg_get_data(imsg, &st.w_done,
		    sizeof(st.w_done)), 0);
		assert_false(st.open);
		st.done = 1;
		tell(W_DONE_ACK, NULL, 0);
		break;
	default:
		fail_msg("unexpected %s", msg_name(imsg_get_type(imsg)));
	}
}

/* ---- the run ---- */

static void
turn(int *relay, int store)
{
	struct pollfd	 pfd[2];
	struct imsg	 imsg;
	int		 n, ms = 1000;

	pfd[0].fd = *relay;
	pfd[0].events = POLLIN;
	if (srv.out_pos < srv.out_len || srv.close)
		pfd[0].events |= POLLOUT;
	else if (srv.silent == 2)
		ms = 150;
	pfd[1].fd = store;
	pfd[1].events = POLLIN;
	n = poll(pfd, 2, ms);
	assert_true(n >= 0);
	if (n == 0 && st.no_ack)
		ack(1);
	if (n == 0 && srv.silent == 2)
		out_raw("x", 1);
	if (pfd[0].revents & POLLOUT && server_write(*relay) == -1) {
		close(*relay);
		*relay = -1;
	} else if (pfd[0].revents & (POLLIN | POLLHUP)) {
		if (pfd[0].revents & POLLIN)
			server_read(*relay);
		if (pfd[0].revents & POLLHUP) {
			close(*relay);
			*relay = -1;
		}
	}
	if (pfd[1].revents & (POLLIN | POLLHUP)) {
		if (imsgbuf_read(&st.ib) != 1)
			st.closed = 1;
		while ((n = imsgbuf_get(&st.ib, &imsg)) == 1) {
			on_store(&imsg);
			imsg_free(&imsg);
		}
		assert_int_not_equal(n, -1);
	}
	if (!st.closed)
		assert_int_equal(imsgbuf_flush(&st.ib), 0);
}

static void
run(void)
{
	int	 relay[2], store[2];
	int64_t	 began = clock_boot();
	pid_t	 pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, relay), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, store), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		close(relay[0]);
		close(store[0]);
		worker_main(relay[1], store[1]);
	}
	close(relay[1]);
	close(store[1]);
	imsgbuf_init(&st.ib, store[0]);
	assert_int_equal(proc_hello(&st.ib, P_STORE, P_WORKER), 0);
	tell(W_ORDER, &st.order, sizeof(st.order));
	assert_int_equal(imsgbuf_flush(&st.ib), 0);
	while (!st.closed && clock_boot() - began < 100000)
		turn(&relay[0], store[0]);
	imsgbuf_clear(&st.ib);
	close(store[0]);
	if (relay[0] != -1)
		close(relay[0]);
	assert_int_equal(waitpid(pid, &exit_status, 0), pid);
	took = clock_boot() - began;
}

/* The worker ended in order, for this reason. */
static void
ended(enum reason reason)
{
	assert_int_equal(exit_status, 0);
	assert_true(st.done);
	if (st.w_done.reason != (uint32_t)reason)
		fail_msg("%s, not %s", reason_detail(st.w_done.reason),
		    reason_detail(reason));
}

static void
failed(size_t i, uint32_t uid, enum reason why)
{
	assert_true(i < st.nfailed);
	assert_int_equal(st.failed[i], uid);
	if (st.why[i] != (uint32_t)why)
		fail_msg("uid %u %s, not %s", uid, reason_detail(st.why[i]),
		    reason_detail(why));
}

static size_t
asked(const char *text)
{
	size_t	 n = 0;
	char	*p;

	for (p = srv.log; (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

/* ---- tests ---- */

static void
t_plain(void **state)
{
	size_t	 step;

	(void)state;
	for (step = 0; step <= 3; step++) {
		reset();
		srv.step = step;
		box("INBOX", 30, 300, 5, 3);
		box("Other", 2, 10, 1, 1);
		run();
		ended(R_NONE);
		assert_int_equal(st.nfolders, 2);
		assert_int_equal(st.nchosen, 1);
		assert_string_equal(st.examined[0], "INBOX");
		assert_int_equal(st.bodies, 30);
		assert_int_equal(st.nfailed, 0);
		assert_int_equal(st.covered, 92);
		assert_int_equal(st.date, 837596665);
		assert_int_equal(st.folder_reason[0], R_NONE);
		assert_int_equal(st.nfolder_done, 1);
		assert_int_equal(st.progress.found, 30);
		assert_int_equal(st.progress.folders_done, 1);
		assert_true(srv.logged_out);
	}
}

/* Every form and order of a response, whatever the pieces it comes in. */
static void
t_forms(void **state)
{
	static const enum how	 how[] = { GOOD, QUOTED, LATE_UID, LATE_DATE,
	    TWICE, OTHER, LIES };
	static const size_t	 step[] = { 0, 1, 2, 3, 5, 7, 11, 100, 4095 };
	struct box		*b;
	size_t			 i, k;

	(void)state;
	for (k = 0; k < sizeof(step) / sizeof(step[0]); k++) {
		reset();
		srv.step = step[k];
		b = box("INBOX", 14, 400, 1, 1);
		for (i = 0; i < 14; i++) {
			b->m[i].how = how[i % 7];
			b->m[i].hint = i % 7 == 6 ? UINT64_C(4294967296) / 999 :
			    400;
		}
		run();
		ended(R_NONE);
		assert_int_equal(st.bodies, 14);
		assert_int_equal(st.aborts, 0);
		assert_int_equal(st.nfailed, 0);
		assert_int_equal(st.date, 837596665);
		assert_int_equal(st.covered, 14);
	}
}

/* Bodies around the sizes at which pieces and buffers end. */
static void
t_sizes(void **state)
{
	static const size_t	 len[] = { 1, 2, 40, 13743, 13744, 13745, 13746,
	    13800, 27488, 27489, 27490, 65535, 65536, 65537, 300000,
	    1048576, 1048577, 3000000 };
	struct box		*b;
	size_t			 i, k, n = sizeof(len) / sizeof(len[0]);

	(void)state;
	for (k = 0; k < 4; k++) {
		reset();
		srv.step = k < 2 ? 0 : 5001;
		b = box("INBOX", n, 0, 1, 1);
		for (i = 0; i < n; i++) {
			b->m[i].hint = b->m[i].len = len[i];
			if (k % 2 == 1)
				b->m[i].how = i % 2 ? LATE_UID : LATE_DATE;
		}
		run();
		ended(R_NONE);
		assert_int_equal(st.bodies, n);
		assert_int_equal(st.nfailed, 0);
		assert_int_equal(st.covered, n);
		/* too long to be kept until its UID comes: alone */
		assert_int_equal(srv.alone > 0, k % 2 == 1);
	}
	/* header lines across the ends of pieces, in the smallest steps */
	for (k = 0; k < 4; k++) {
		reset();
		srv.step = k == 3 ? 0 : k + 1;
		box("INBOX", 2, 30000, ALL_HEADER, 1);
		run();
		ended(R_NONE);
		assert_int_equal(st.bodies, 2);
	}
}

static void
t_folders(void **state)
{
	(void)state;
	reset();
	box("INBOX", 3, 10, 1, 1);
	box("a", 2, 10, 1, 1);
	box("a/b", 2, 10, 1, 1)->flags = "\\Sent";
	box("nothing", 0, 0, 1, 1);
	box("hidden", 1, 10, 1, 1)->flags = "\\Noselect";
	folders("inbox|\\Sent|noth*|missing|hidden");
	run();
	ended(R_NONE);
	assert_int_equal(st.nchosen, 3);
	assert_int_equal(st.nexamined, 3);
	assert_string_equal(st.examined[1], "a/b");
	assert_int_equal(st.bodies, 5);
	assert_int_equal(st.nfolder_done, 5);
	assert_int_equal(st.folder_done[0], 0);
	assert_int_equal(st.folder_reason[0], R_IMAP_FOLDER_MISSING);
	assert_int_equal(st.folder_reason[1], R_IMAP_FOLDER_MISSING);
	assert_int_equal(st.folder_reason[2], R_NONE);
	assert_int_equal(st.progress.folders, 3);
	assert_int_equal(st.progress.folders_done, 3);
}

static void
t_names(void **state)
{
	(void)state;
	/* listed twice, a name that no command can hold, a quote in one */
	reset();
	srv.list = "* LIST () \"/\" INBOX\r\n* LIST () \"/\" INBOX\r\n"
	    "* LIST () \"/\" {4}\r\na\r\nb\r\n"
	    "* LIST () NIL \"\"\r\n";
	box("INBOX", 1, 10, 1, 1);
	folders("*");
	run();
	ended(R_NONE);
	assert_int_equal(st.nexamined, 1);
	assert_int_equal(st.nfolder_done, 2);
	assert_int_equal(st.folder_reason[1], R_IMAP_FOLDER_REFUSED);
	assert_int_equal(st.folder_done[1], 0);
	assert_int_equal(asked("EXAMINE"), 1);
	/* UTF8=ACCEPT is asked for where it is offered, and only there */
	reset();
	srv.caps = "IMAP4rev1 ENABLE UTF8=ACCEPT";
	box("INBOX", 1, 10, 1, 1);
	run();
	ended(R_NONE);
	assert_int_equal(asked("ENABLE UTF8=ACCEPT"), 1);
	assert_int_equal(asked("ID ("), 0);
	assert_int_equal(asked("LIST \"\" \"*\"\n"), 1);
	/* RETURN was announced and refused */
	reset();
	srv.on = "LIST \"\" \"*\" RETURN";
	srv.word = "%s BAD what?\r\n";
	box("INBOX", 1, 10, 1, 1);
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 1);
	assert_int_equal(asked("LIST"), 2);
}

static void
t_test(void **state)
{
	(void)state;
	reset();
	st.order.purpose = PURPOSE_TEST;
	box("INBOX", 3, 10, 1, 1);
	box("x", 3, 10, 1, 1);
	run();
	ended(R_NONE);
	assert_int_equal(st.nfolders, 2);
	assert_int_equal(st.nchosen, 1);
	assert_int_equal(asked("EXAMINE"), 0);
	assert_int_equal(st.nfolder_done, 0);
	assert_true(srv.logged_out);
}

static void
t_poison(void **state)
{
	struct box	*b;
	size_t		 step;

	(void)state;
	for (step = 0; step <= 1; step++) {
		reset();
		srv.step = step;
		b = box("INBOX", 20, 100, 1, 1);
		b->m[1].how = NIL;
		b->m[1].hint = 0;
		b->m[3].how = EMPTY;
		/* its octets begin before the store knows of the failure */
		b->m[4].len = b->m[4].hint = step == 0 ? 200000 : 20000;
		b->m[5].how = MISSING;
		b->m[7].how = GONE;
		b->m[9].how = REFUSED;
		b->m[11].how = REFUSED_BUG;
		b->m[13].hint = 999999999;	/* by its own word too large */
		b->m[15].hint = 1;		/* not by its word, but is */
		b->m[15].len = step == 0 ? 300000 : 30000;
		b->m[17].how = EMPTY;
		b->m[17].hint = 0;		/* that is how it should be */
		b->m[19].how = WRONG_UID;
		st.order.max_size = b->m[15].len - 1;
		run();
		ended(R_NONE);
		assert_int_equal(st.bodies, 11);
		assert_int_equal(st.nfailed, 8);
		failed(0, 2, R_MSG_EMPTY);
		failed(1, 4, R_MSG_EMPTY);
		failed(2, 6, R_MSG_NOT_DELIVERED);
		failed(3, 10, R_MSG_REFUSED);
		failed(4, 12, R_MSG_REFUSED);
		failed(5, 14, R_MSG_TOO_LARGE);
		failed(6, 16, R_MSG_TOO_LARGE);
		failed(7, 20, R_MSG_NOT_DELIVERED);
		assert_int_equal(st.failed_size[5], 999999999);
		assert_int_equal(st.failed_size[6], step == 0 ? 300000 :
		    30000);
		assert_int_equal(st.covered, 20);
		assert_int_equal(st.folder_reason[0], R_NONE);
	}
}

/* A long body under another UID than the one that was asked for alone. */
static void
t_wrong_uid(void **state)
{
	struct box	*b;

	(void)state;
	reset();
	b = box("INBOX", 3, 2000000, 1, 1);
	b->m[1].how = WRONG_UID;
	run();
	ended(R_NONE);
	assert_int_equal(st.aborts, 1);
	assert_int_equal(st.bodies, 2);
	failed(0, 2, R_MSG_NOT_DELIVERED);
	assert_int_equal(st.nfailed, 1);
	/* also when the other one is asked for at the same time */
	reset();
	b = box("INBOX", 3, 2000000, 1, 1);
	b->m[1].how = NEIGHBOUR;
	b->m[2].how = LATE_UID;
	run();
	ended(R_NONE);
	assert_int_equal(st.aborts, 1);
	assert_int_equal(st.bodies, 2);
	failed(0, 2, R_MSG_NOT_DELIVERED);
}

/* The connection ends: which message is to blame, if any. */
static void
t_cut(void **state)
{
	struct box	*b;
	size_t		 step;

	(void)state;
	for (step = 0; step <= 1; step++) {
		/* within its octets */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = CLOSE_WITHIN;
		run();
		ended(R_IMAP_CLOSED);
		assert_int_equal(st.bodies, 6);
		assert_int_equal(st.nfailed, 1);
		failed(0, 7, R_MSG_INTERRUPTED);
		assert_int_equal(st.covered, 7);
		assert_int_equal(st.folder_reason[0], R_IMAP_CLOSED);
		/* others came before it: nobody can tell */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = CLOSE_BEFORE;
		run();
		ended(R_IMAP_CLOSED);
		assert_int_equal(st.bodies, 6);
		assert_int_equal(st.nfailed, 0);
		assert_int_equal(st.covered, 6);
		/* it is the first of what is left: it must be that one */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = BYE_BEFORE;
		st.position.covered = 6;
		run();
		ended(R_IMAP_BYE);
		assert_int_equal(st.bodies, 0);
		assert_int_equal(st.nfailed, 1);
		failed(0, 7, R_MSG_INTERRUPTED);
		assert_int_equal(st.covered, 7);
		/* BAD and BYE in one breath */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = BAD_BYE;
		st.position.covered = 6;
		run();
		ended(R_IMAP_BYE);
		failed(0, 7, R_MSG_INTERRUPTED);
		assert_int_equal(st.nfailed, 1);
		/* malformed behind its octets: it is not taken */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = GARBAGE;
		run();
		ended(R_IMAP_PROTOCOL);
		assert_int_equal(st.bodies, 6);
		assert_int_equal(st.nfailed, 1);
		failed(0, 7, R_MSG_INVALID);
		/* while what nobody wants is drained: still too large */
		reset();
		srv.step = step;
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = CLOSE_WITHIN;
		b->m[6].len = 9000;
		st.order.max_size = 5000;
		run();
		ended(R_IMAP_CLOSED);
		assert_int_equal(st.nfailed, 1);
		failed(0, 7, R_MSG_TOO_LARGE);
	}
}

/* A session that ends after three messages, every time. */
static void
t_bye(void **state)
{
	uint32_t	 covered = 0;
	size_t		 runs, bodies = 0;

	(void)state;
	for (runs = 0; covered < 20 && runs < 10; runs++) {
		reset();
		box("INBOX", 20, 1000, 1, 1);
		srv.bye_after = 3;
		st.position.covered = covered;
		run();
		if (st.w_done.reason != R_NONE)
			ended(R_IMAP_BYE);
		assert_int_equal(st.nfailed, 0);
		bodies += st.bodies;
		covered = st.covered;
	}
	assert_int_equal(covered, 20);
	assert_int_equal(bodies, 20);
	assert_int_equal(runs, 7);
}

/* BAD and BYE on UID 7 of 20: after a few sessions 19 are there. */
static void
t_seven(void **state)
{
	struct box	*b;
	uint32_t	 covered = 0;
	size_t		 runs, bodies = 0, nfailed = 0;

	(void)state;
	for (runs = 0; covered < 20 && runs < 10; runs++) {
		reset();
		b = box("INBOX", 20, 1000, 1, 1);
		b->m[6].how = BAD_BYE;
		st.position.covered = covered;
		run();
		bodies += st.bodies;
		nfailed += st.nfailed;
		if (st.nfailed > 0)
			failed(0, 7, R_MSG_INTERRUPTED);
		assert_int_equal(exit_status, 0);
		covered = st.covered;
	}
	assert_int_equal(bodies, 19);
	assert_int_equal(nfailed, 1);
	assert_true(runs <= 3);
	/* and the next one asks for 7 only, last */
	reset();
	b = box("INBOX", 21, 1000, 1, 1);
	b->m[6].how = BAD_BYE;
	st.position.covered = 20;
	st.position.nretry = 1;
	st.position.retry[0] = 7;
	run();
	ended(R_IMAP_BYE);
	assert_int_equal(st.bodies, 1);
	assert_int_equal(st.uids[0], 21);
	assert_int_equal(st.nfailed, 1);
	failed(0, 7, R_MSG_REFUSED);
	assert_int_equal(st.covered, 21);
}

static void
t_retry(void **state)
{
	struct box	*b;
	size_t		 i;

	(void)state;
	reset();
	b = box("INBOX", 40, 100, 1, 1);
	st.position.covered = 30;
	for (i = 0; i < 5; i++)
		st.position.retry[st.position.nretry++] =
		    (uint32_t)(i * 2 + 2);
	st.position.retry[st.position.nretry++] = 29;
	st.position.skip[st.position.nskip++] = 33;
	b->m[3].how = NIL;	/* 4 */
	b->m[5].how = GONE;	/* 6 */
	b->m[7].how = REFUSED;	/* 8 */
	b->m[32].how = CLOSE_BEFORE;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 9 + 3);
	assert_int_equal(st.nfailed, 3);
	failed(0, 4, R_MSG_EMPTY);
	failed(1, 6, R_MSG_GONE);
	failed(2, 8, R_MSG_REFUSED);
	assert_int_equal(st.covered, 40);
	assert_int_equal(srv.alone, 6);
	assert_int_equal(srv.burst, 1);
	/* nothing new at all: still tried again */
	reset();
	box("INBOX", 40, 100, 1, 1);
	st.position.covered = 40;
	st.position.nretry = 1;
	st.position.retry[0] = 3;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 1);
	assert_int_equal(st.nfailed, 0);
}

/* All refused: after a while it is not the messages. */
static void
t_all_refused(void **state)
{
	struct box	*b;
	size_t		 i;

	(void)state;
	reset();
	b = box("INBOX", 300, 100, 1, 1);
	for (i = 0; i < 300; i++)
		b->m[i].how = REFUSED;
	run();
	ended(R_IMAP_COMMAND_REFUSED);
	assert_int_equal(st.bodies, 0);
	assert_true(st.nfailed >= 32 && st.nfailed < 250);
	/* many that were expunged are nobody's failure */
	reset();
	b = box("INBOX", 300, 100, 1, 1);
	for (i = 0; i < 290; i++)
		b->m[i].how = GONE;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 10);
	assert_int_equal(st.nfailed, 0);
	assert_int_equal(st.covered, 300);
}

static void
t_throttled(void **state)
{
	static const struct {
		const char	*on, *word;
		enum reason	 reason;
		uint32_t	 backoff;
	} t[] = {
		{ "UID FETCH", "%s BAD Request is throttled. Suggested "
		    "Backoff Time: 90000 milliseconds\r\n",
		    R_IMAP_THROTTLED, 90 },
		{ "UID FETCH", "%s NO [OVERQUOTA] Account exceeded command or "
		    "bandwidth limits.\r\n", R_IMAP_THROTTLED, 14400 },
		{ "UID FETCH", "%s OK done [THROTTLED]\r\n",
		    R_IMAP_THROTTLED, 0 },
		{ "UID FETCH", "* BYE Request is throttled. Suggested Backoff "
		    "Time: 5000000000 milliseconds%.0s\r\n",
		    R_IMAP_THROTTLED, 900 },
		{ "UID FETCH", "%s NO [UNAVAILABLE] later\r\n",
		    R_IMAP_UNAVAILABLE, 0 },
		{ "EXAMINE", "%s NO [LIMIT] too many\r\n",
		    R_IMAP_LIMIT, 0 },
		{ "EXAMINE", "%s BAD User is authenticated but not "
		    "connected.\r\n", R_IMAP_AUTHZ, 0 },
		{ "CAPABILITY", "* BYE [UNAVAILABLE] x%.0s\r\n",
		    R_IMAP_UNAVAILABLE, 0 },
		{ "CAPABILITY", "%s NO no\r\n", R_IMAP_COMMAND_REFUSED, 0 },
		{ "LIST", "%s NO no\r\n", R_IMAP_COMMAND_REFUSED, 0 },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		reset();
		box("INBOX", 10, 100, 1, 1);
		srv.on = t[i].on;
		srv.word = t[i].word;
		run();
		ended(t[i].reason);
		assert_int_equal(st.w_done.backoff, t[i].backoff);
		assert_int_equal(st.bodies, 0);
		assert_int_equal(st.nfailed, 0);
	}
}

static void
t_examine(void **state)
{
	static const struct {
		const char	*word;
		enum reason	 reason;
	} t[] = {
		{ "* 3 EXISTS\r\n* OK [UIDNEXT 4] x\r\n%s OK x\r\n",
		    R_IMAP_PROTOCOL },
		{ "* 3 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n%s OK x\r\n",
		    R_IMAP_PROTOCOL },
		{ "* OK [UIDVALIDITY 4294967296] x\r\n%s OK x\r\n",
		    R_IMAP_PROTOCOL },
		{ "%s NO [NONEXISTENT] gone\r\n", R_IMAP_FOLDER_MISSING },
		{ "%s NO [INUSE] later\r\n", R_IMAP_UNAVAILABLE },
		{ "%s NO sorry\r\n", R_IMAP_FOLDER_REFUSED },
		{ "%s BAD sorry\r\n", R_IMAP_FOLDER_REFUSED },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* the folder is skipped, the next one fetched */
		reset();
		box("INBOX", 3, 10, 1, 1)->examine = t[i].word;
		box("b", 3, 10, 1, 1);
		folders("INBOX|b");
		run();
		ended(R_NONE);
		assert_int_equal(st.nexamined, 1);
		assert_int_equal(st.bodies, 3);
		assert_int_equal(st.folder_reason[0], t[i].reason);
		assert_int_equal(st.folder_reason[1], R_NONE);
	}
	/* discovery refused: this folder not, the next one yes */
	reset();
	box("INBOX", 3, 10, 1, 1);
	box("b", 0, 10, 1, 1);
	folders("INBOX|b");
	srv.on = "UID FETCH 1:3 (UID RFC822.SIZE)";
	srv.word = "%s NO no\r\n";
	run();
	ended(R_NONE);
	assert_int_equal(st.nexamined, 2);
	assert_int_equal(st.folder_reason[0], R_IMAP_COMMAND_REFUSED);
	assert_int_equal(st.folder_reason[1], R_NONE);
}

/* Many, UIDs with gaps, the highest ones; memory is the same for all. */
static void
t_many(void **state)
{
	struct box	*b;
	size_t		 i;

	(void)state;
	reset();
	box("INBOX", 8000, 100, 1, 1);
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 8000);
	assert_int_equal(st.nfailed, 0);
	assert_int_equal(st.covered, 8000);
	/* about 8 windows and 40 batches, and not a command each */
	assert_true(srv.commands < 100);

	reset();
	box("INBOX", 1000, 100, 1000, 5003);
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 1000);
	assert_true(srv.commands < 100);

	/* all in one place, where the first window is too wide for them */
	reset();
	b = box("INBOX", 8000, 10, 1, 1);
	for (i = 10; i < 8000; i++)
		b->m[i].uid = 4294950000u + (uint32_t)i;
	b->uidnext = b->m[7999].uid + 1;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 8000);
	assert_int_equal(st.covered, b->m[7999].uid);
	assert_true(srv.commands < 200);

	/* the highest UID of all */
	reset();
	box("INBOX", 2, 10, 4294967293u, 1);
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 2);
	assert_int_equal(st.covered, 4294967294u);
}

static void
t_nothing(void **state)
{
	struct box	*b;

	(void)state;
	/* nothing new: EXAMINE tells, and that is all */
	reset();
	box("INBOX", 100, 10, 1, 1);
	st.position.covered = 100;
	run();
	ended(R_NONE);
	assert_int_equal(asked("UID "), 0);
	assert_int_equal(st.bodies, 0);
	/* UIDNEXT not told: one question */
	reset();
	b = box("INBOX", 100, 10, 1, 7);
	b->uidnext = 0;
	st.position.covered = 694;
	run();
	ended(R_NONE);
	assert_int_equal(asked("UID "), 1);
	assert_int_equal(st.bodies, 0);
	reset();
	b = box("INBOX", 100, 10, 1, 7);
	b->uidnext = 0;
	st.position.covered = 344;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 50);
	assert_int_equal(st.covered, 694);
	/* UIDs went on, messages are gone */
	reset();
	b = box("INBOX", 3, 10, 1, 1);
	b->uidnext = 5000;
	st.position.covered = 3;
	run();
	ended(R_NONE);
	assert_int_equal(st.covered, 4999);
}

/* UIDs outside of the window that was asked for are not new. */
static void
t_generous(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		reset();
		box("INBOX", 30, 10, 1, 1)->uidnext = 26;
		srv.generous = 1;
		st.position.covered = 20;
		st.order.since = i ? 1793491200 : 0;
		run();
		ended(R_NONE);
		assert_int_equal(st.bodies, 5);
		assert_int_equal(st.uids[0], 21);
		assert_int_equal(st.covered, 25);
	}
}

static void
t_limits(void **state)
{
	struct box	*b;
	size_t		 i;

	(void)state;
	/* newest N */
	reset();
	box("INBOX", 500, 10, 10, 10);
	st.order.newest = 20;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 20);
	assert_int_equal(st.uids[0], 4810);
	assert_int_equal(st.covered, 5000);
	/* fewer new ones than N: nothing to ask */
	reset();
	box("INBOX", 500, 10, 10, 10);
	st.order.newest = 20;
	st.position.covered = 4990;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 1);
	assert_int_equal(asked("UID SEARCH"), 0);
	/* since */
	reset();
	b = box("INBOX", 5000, 10, 10, 10);
	st.order.since = 1793491200;
	for (i = 0; i < 5000; i++)
		b->m[i].old = i % 3 != 0;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 1667);
	assert_int_equal(st.nfailed, 0);
	assert_int_equal(st.covered, 50000);
	assert_int_equal(asked("SINCE 1-Nov-2026") > 0, 1);
	/* both */
	reset();
	b = box("INBOX", 500, 10, 10, 10);
	st.order.since = 1793491200;
	st.order.newest = 10;
	for (i = 0; i < 500; i++)
		b->m[i].old = i < 495;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 5);
	assert_int_equal(st.covered, 5000);
}

static void
t_protocol(void **state)
{
	static const struct {
		const char	*word;
		enum reason	 reason;
		const char	*on;
	} t[] = {
		{ "hello%.0s\r\n", R_IMAP_PROTOCOL, NULL },
		{ "k999 OK no such tag%.0s\r\n", R_IMAP_PROTOCOL, NULL },
		{ "+ go on%.0s\r\n", R_IMAP_PROTOCOL, NULL },
		{ "%1$s OK once\r\n%1$s OK twice\r\n", R_IMAP_PROTOCOL, NULL },
		/* LIST, twice, before ID */
		{ "* LIST () NIL INBOX\r\nk3 OK a\r\nk3 OK b\r\n%.0s",
		    R_IMAP_PROTOCOL, "ID (" },
		{ "* 1 FETCH (UID 1 X ((((((((((((((((((%.0s\r\n",
		    R_IMAP_TOO_LONG, NULL },
	};
	char	*line;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		reset();
		box("INBOX", 3, 10, 1, 1);
		srv.on = t[i].on != NULL ? t[i].on :
		    "UID FETCH 1:3 (UID RFC822.SIZE)";
		srv.word = t[i].word;
		run();
		ended(t[i].reason);
		assert_int_equal(st.bodies, 0);
	}
	/* a line that does not end */
	reset();
	box("INBOX", 3, 10, 1, 1);
	if ((line = malloc(400001)) == NULL)
		abort();
	memset(line, 'x', 400000);
	line[400000] = '\0';
	srv.on = "CAPABILITY";
	srv.word = line;
	run();
	free(line);
	ended(R_IMAP_TOO_LONG);
}

static void
t_timeouts(void **state)
{
	struct box	*b;

	(void)state;
	/* silence */
	reset();
	b = box("INBOX", 3, 2000, 1, 1);
	b->m[1].how = STALL;
	st.order.timeout_idle = 1;
	run();
	ended(R_TIMEOUT_IDLE);
	failed(0, 2, R_MSG_INTERRUPTED);
	assert_int_equal(st.bodies, 1);
	assert_true(took >= 900 && took < 6000);
	/* an octet now and then: below the least rate */
	reset();
	b = box("INBOX", 3, 3000, 1, 1);
	b->m[1].how = TRICKLE;
	st.order.timeout_step = 1;
	run();
	ended(R_TIMEOUT_STEP);
	failed(0, 2, R_MSG_SLOW);
	assert_true(took >= 2800 && took < 9000);
	/* the whole session */
	reset();
	b = box("INBOX", 3, 3000, 1, 1);
	b->m[1].how = TRICKLE;
	st.order.timeout_session = 1;
	run();
	ended(R_TIMEOUT_SESSION);
	failed(0, 2, R_MSG_INTERRUPTED);
	assert_true(took >= 900 && took < 6000);
	/* chat does not lengthen a command */
	reset();
	box("INBOX", 3, 3000, 1, 1);
	srv.on = "EXAMINE";
	srv.word = "%.0s* OK Still here\r\n* OK ";
	srv.step = 1;
	st.order.timeout_idle = 1;
	run();
	ended(R_TIMEOUT_IDLE);
	assert_int_equal(st.nfailed, 0);
}

/* The store commits late: no more is taken than the bound. */
static void
t_flow(void **state)
{
	(void)state;
	reset();
	box("INBOX", 6000, 100, 1, 1);
	st.no_ack = 1;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 6000);
	assert_true(took >= 900);
	/* the wait was ours, not the server's */
	reset();
	box("INBOX", 6000, 100, 1, 1);
	st.no_ack = 1;
	st.order.timeout_idle = st.order.timeout_step = 1;
	run();
	ended(R_NONE);
	assert_int_equal(st.bodies, 6000);
}

/* The store lets go: the worker ends, quietly. */
static void
t_store_gone(void **state)
{
	int	 relay[2], store[2], status;
	pid_t	 pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, relay), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, store), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		close(relay[0]);
		close(store[0]);
		worker_main(relay[1], store[1]);
	}
	close(relay[1]);
	close(store[1]);
	close(store[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(relay[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_plain),
		cmocka_unit_test(t_forms),
		cmocka_unit_test(t_sizes),
		cmocka_unit_test(t_folders),
		cmocka_unit_test(t_names),
		cmocka_unit_test(t_test),
		cmocka_unit_test(t_poison),
		cmocka_unit_test(t_wrong_uid),
		cmocka_unit_test(t_cut),
		cmocka_unit_test(t_bye),
		cmocka_unit_test(t_seven),
		cmocka_unit_test(t_retry),
		cmocka_unit_test(t_all_refused),
		cmocka_unit_test(t_throttled),
		cmocka_unit_test(t_examine),
		cmocka_unit_test(t_many),
		cmocka_unit_test(t_nothing),
		cmocka_unit_test(t_generous),
		cmocka_unit_test(t_limits),
		cmocka_unit_test(t_protocol),
		cmocka_unit_test(t_timeouts),
		cmocka_unit_test(t_flow),
		cmocka_unit_test(t_store_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
