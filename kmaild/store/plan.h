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

#ifndef KMAILD_STORE_PLAN_H
#define KMAILD_STORE_PLAN_H

#include <stdint.h>

#include "account.h"

/*
 * What is due.  Times are clock_boot() milliseconds, so that a wall clock
 * that is set does not disturb them; mail.db has them as UTC.
 */
#define PLAN_NEVER	INT64_MAX

/* Pauses after failures, seconds; doubled each time up to the second one. */
#define PLAN_PAUSE		60
#define PLAN_PAUSE_MAX		3600
#define PLAN_PAUSE_REFUSED	300	/* providers lock accounts */
#define PLAN_PAUSE_THROTTLED	3600
#define PLAN_PAUSE_THROTTLED_MAX 21600
/* What a server may ask for at most, seconds. */
#define PLAN_BACKOFF_MAX	21600
/* Refused logins in a row, then a person is awaited. */
#define PLAN_REFUSALS		3
/* Sessions above the limit that an operator may have: all others may hang. */
#define PLAN_OPERATOR_EXTRA	2

void	 plan_init(struct event_base *);
void	 plan_exit(void);
/* M_START was received: fetching may begin. */
void	 plan_begin(void);
/* No more new sessions. */
void	 plan_end(void);
/* Something changed: look what is due when this turn of the loop is done. */
void	 plan_wake(void);
/* Times from mail.db, microseconds UTC. */
void	 plan_load(struct account *, int64_t, int64_t);
/* Its record or settings changed; reset: pauses and refusals are void. */
void	 plan_changed(struct account *, int);
void	 plan_forget_account(struct account *);
/* The vault's key or `sync every` changed. */
void	 plan_key_changed(void);
void	 plan_every_changed(void);
/* A fetch or the attempt at one ended: count it, say when the next is due. */
void	 plan_finished(struct account *, enum reason, uint32_t);
/* microseconds UTC for mail.db; 0 never. */
int64_t	 plan_utc(int64_t);
/* 0 when there is room for mail, else -1: below `reserve`. */
int	 plan_space(void);

/* ask.c */
/* Does an operator wait for a fetch that has not begun? */
int	 ask_waiting(const struct account *);
/* The fetch that begins now answers all of them. */
void	 ask_begin(struct account *);
/* Drop this client everywhere. */
void	 ask_forget(uint64_t);
void	 ask_add(struct account *, uint64_t);
/* Tell those that the ended fetch answers. */
void	 ask_answer(struct account *);
void	 ask_clear(struct account *);

#endif
