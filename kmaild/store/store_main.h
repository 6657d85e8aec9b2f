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

#ifndef KMAILD_STORE_STORE_MAIN_H
#define KMAILD_STORE_STORE_MAIN_H

#include "common/msg.h"

/* A channel to another process; a second one of a kind takes its place. */
void	 store_peer(enum proc, int);
/* End in order: M_STOP. */
void	 store_stop(void);
/*
 * Serve clients and fetch, once both have been heard: the parent's M_START
 * and the vault's first M_KEY_STATE, without which answers would be wrong.
 */
#define STORE_PARENT	0x01
#define STORE_VAULT	0x02
void	 store_begin(unsigned int);

#endif
