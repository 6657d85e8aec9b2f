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

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session.h"

/*
 * The pair that a session child and the vault hold, and nobody else.  The
 * credential goes there by one write(2), after the child has verified its
 * peer and after the event of that use is on disk.
 */
#define LOGIN_STEPS	5	/* the credential, CAPABILITY, AUTHENTICATE, its
				   second form, LOGIN */

static struct event	 ev_release;

static void		 child_gone(struct session *);
static int		 record_ok(const struct ctl_record *);
static void		 child_record(struct session *);
static void		 child_malformed(struct session *);
static void		 child_first_verdict(struct session *);
static void		 child_second_verdict(struct session *);
static void		 child_logged_in(struct session *);
static void		 child_refused(struct session *);
static void		 child_release(evutil_socket_t, short, void *);
static enum reason	 release_check(struct session *);
static int		 release_commit(void);
static enum reason	 release_one(struct session *);

void
child_init(void)
{
	if (event_assign(&ev_release, vault_base(), -1, 0, child_release,
	    NULL) == -1)
		fatalx(LC_SETUP, EINVAL);
}

void
child_readable(evutil_socket_t fd, short events, void *arg)
{
	struct session	*s = arg;
	ssize_t		 n;

	(void)events;
	n = read(fd, (unsigned char *)&s->record + s->have,
	    sizeof(s->record) - s->have);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		child_gone(s);
		return;
	}
	s->have += (size_t)n;
	if (s->have < sizeof(s->record))
		return;
	s->have = 0;
	child_record(s);
}

/* Before its verdict it ends only when something killed it. */
static void
child_gone(struct session *s)
{
	if (s->state == S_OPEN)
		s->state = S_CLOSING;
	session_end(s, R_PROCESS_RESTARTED);
}

static int
record_ok(const struct ctl_record *c)
{
	return (c->type == C_VERIFIED || c->type == C_VERDICT) &&
	    reason_check(c->reason) == 0 &&
	    msg_text_ok(c->subject, sizeof(c->subject)) == 0 &&
	    msg_text_ok(c->issuer, sizeof(c->issuer)) == 0 &&
	    msg_text_ok(c->spki, sizeof(c->spki)) == 0;
}

static void
child_record(struct session *s)
{
	struct ctl_record	*c = &s->record;

	if (!record_ok(c)) {
		child_malformed(s);
	} else if (c->type == C_VERIFIED) {
		if (s->state != S_HANDSHAKE) {
			child_malformed(s);
			return;
		}
		s->state = S_VERIFIED;
		/* all that verified in this round share one commit */
		event_active(&ev_release, EV_TIMEOUT, 0);
	} else if (s->state == S_OPEN)
		child_second_verdict(s);
	else if (s->state < S_OPEN)
		child_first_verdict(s);
	else
		child_malformed(s);
}

static void
child_malformed(struct session *s)
{
	log_code(LOG_WARNING, LC_CHILD_MALFORMED, &s->account.id,
	    (int64_t)s->ticket.session, 0, 0);
	session_end(s, R_IMAP_AUTH_PROTOCOL);
}

static void
child_first_verdict(struct session *s)
{
	if (s->record.reason == R_NONE) {
		/* nobody logs in without a credential */
		if (s->state == S_LOGIN)
			child_logged_in(s);
		else
			child_malformed(s);
		return;
	}
	if (s->state == S_LOGIN && s->record.reason == R_IMAP_AUTH_FAILED)
		child_refused(s);
	session_verdict(&s->ticket, (enum reason)s->record.reason, &s->record);
	if (s->fetcher != NULL)
		session_refuse(s->fetcher, s->ticket.session);
	session_free(s);
}

/* Why the relay ends; the end itself follows. */
static void
child_second_verdict(struct session *s)
{
	session_verdict(&s->ticket, (enum reason)s->record.reason, &s->record);
	s->state = S_CLOSING;
	session_deadline(s, SESSION_GRACE);
}

static void
child_logged_in(struct session *s)
{
	struct m_session	 m;
	int64_t			 left;

	if (s->fetcher == NULL) {
		session_end(s, R_PROCESS_RESTARTED);
		return;
	}
	if (rate_refusals(&s->account.id) > 0 &&
	    (db_begin() == -1 || rate_accepted(&s->account.id) == -1 ||
	    db_commit() == -1))
		db_rollback();
	s->state = S_OPEN;
	session_verdict(&s->ticket, R_NONE, &s->record);
	memset(&m, 0, sizeof(m));
	m.session = s->ticket.session;
	channel_send(s->fetcher, M_CHANNEL, s->relay, &m, sizeof(m));
	s->relay = -1;
	left = (int64_t)s->total - (clock_boot() - s->born) / 1000;
	session_deadline(s, (left > 0 ? (uint32_t)left : 0) + SESSION_GRACE);
}

/* The server said no to the password: count it before anybody may retry. */
static void
child_refused(struct session *s)
{
	const struct id	*id = &s->account.id;
	uint32_t	 n = rate_refusals(id) + 1;

	if (db_begin() == -1 || rate_refused(id, clock_utc()) == -1 ||
	    outbox_add(LC_LOGIN_REFUSED, id, (int64_t)s->ticket.session,
	    n) == -1 || (n == RATE_REFUSALS &&
	    outbox_add(LC_LOGIN_HOLD, id, n, 0) == -1) ||
	    db_commit() == -1) {
		db_rollback();
		return;
	}
	outbox_send();
}

/* Every session whose peer was verified since the last round. */
static void
child_release(evutil_socket_t fd, short events, void *arg)
{
	struct session	*s, *next;
	enum reason	 r;
	int		 ok;

	(void)fd;
	(void)events;
	(void)arg;
	for (s = session_next(NULL); s != NULL; s = next) {
		next = session_next(s);
		if (s->state == S_VERIFIED &&
		    (r = release_check(s)) != R_NONE)
			session_end(s, r);
	}
	ok = release_commit() == 0;
	for (s = session_next(NULL); s != NULL; s = next) {
		next = session_next(s);
		if (s->state != S_VERIFIED)
			continue;
		r = ok ? release_one(s) : db_reason();
		if (r != R_NONE)
			session_end(s, r);
	}
	if (ok)
		outbox_send();
}

/* Is the record still what the child verified its peer against? */
static enum reason
release_check(struct session *s)
{
	struct account	 now;
	int		 n;

	if ((n = account_load(&s->account.id, &now)) == -1)
		return db_reason();
	if (n == 0)
		return R_CANCELLED;
	if (!account_same_remote(&now, &s->account) ||
	    !account_same_ca(&now, &s->account)) {
		log_code(LOG_WARNING, LC_ENDPOINT_CHANGED, &now.id,
		    (int64_t)s->ticket.session, 0, 0);
		return R_CANCELLED;
	}
	s->account = now;
	/* no event of a use that does not come to pass */
	return secret_check(&now);
}

/* On disk before anything is released: 0 or -1. */
static int
release_commit(void)
{
	struct session	*s;
	int64_t		 now = clock_utc();

	if (db_begin() == -1)
		return -1;
	for (s = NULL; (s = session_next(s)) != NULL;) {
		if (s->state != S_VERIFIED)
			continue;
		if (rate_released(&s->account.id, now) == -1 ||
		    outbox_add(LC_CREDENTIAL_USED, &s->account.id,
		    (int64_t)s->ticket.session, s->ticket.purpose) == -1)
			goto fail;
	}
	if (outbox_purge() == -1 || db_commit() == -1)
		goto fail;
	outbox_purged();
	return 0;

fail:
	db_rollback();
	return -1;
}

/* The only place where a password leaves the vault. */
static enum reason
release_one(struct session *s)
{
	struct arena	*a;
	enum reason	 r;

	a = arena_open();
	if ((r = secret_get(&s->account, a)) == R_NONE &&
	    write(s->ctl, &a->credential, sizeof(a->credential)) !=
	    (ssize_t)sizeof(a->credential))
		r = R_PROCESS_RESTARTED;
	arena_close();
	if (r != R_NONE)
		return r;
	s->state = S_LOGIN;
	session_deadline(s, s->step * LOGIN_STEPS + SESSION_GRACE);
	return R_NONE;
}
