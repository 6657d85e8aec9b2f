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

#ifndef KMAILD_VAULT_CHANGE_H
#define KMAILD_VAULT_CHANGE_H

/* Between change.c and change_check.c. */

#include "vault.h"

enum change_kind { CHANGE_ADD = 1, CHANGE_SET, CHANGE_REMOVE, CHANGE_UNDO };

struct change {
	TAILQ_ENTRY(change) entry;
	enum change_kind kind;
	uint64_t	 seq;
	struct client	*client;	/* NULL: went away */
	struct account	 account;	/* as it shall be */
	uint32_t	 given;		/* VSET_* */
	unsigned char	*ca;
	size_t		 ca_len;
};

/* change_check.c */
/* Every text has its NUL. */
int		 change_text_ok(const struct v_account *);
/*
 * May this client add, or set, that?  V_OK and the record filled, or why
 * not, with reason or field in the reply.
 */
enum v_status	 change_check_add(struct change *, struct v_account *,
		    struct v_reply *);
enum v_status	 change_check_set(struct change *, struct v_account *,
		    struct v_reply *);

#endif
