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

#include "common/msg.h"

#include "imap_parse.h"
#include "imap_state.h"

static uint32_t	list_flag(const struct imap_word *);
static int	list_name(struct imap_parser *, enum imap_token,
		    struct imap_word *);

/* RFC 3501 7.2.2, RFC 5258 6; what may follow the name is skipped. */
int
imap_list_word(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	switch (ip->state) {
	case S_LIST_OPEN:
		if (t != IMAP_T_OPEN)
			return imap_broken(ip);
		ip->state = S_LIST_FLAGS;
		return 0;
	case S_LIST_FLAGS:
		if (t == IMAP_T_CLOSE)
			ip->state = S_LIST_DELIMITER;
		else if (t == IMAP_T_ATOM)
			ip->mbox.flags |= list_flag(w);
		else
			return imap_broken(ip);
		return 0;
	case S_LIST_DELIMITER:
		if (t == IMAP_T_STRING && w->len == 1)
			ip->mbox.delimiter = w->p[0];
		else if (t != IMAP_T_ATOM || !imap_word_is(w, "NIL"))
			return imap_broken(ip);
		ip->state = S_LIST_NAME;
		return 0;
	default:
		return list_name(ip, t, w);
	}
}

static uint32_t
list_flag(const struct imap_word *w)
{
	static const struct {
		const char	*name;
		uint32_t	 flag;
	} flags[] = {
		{ "\\Noselect",		FOLDER_NOSELECT },
		{ "\\NonExistent",	FOLDER_NOSELECT },
		{ "\\All",		FOLDER_ALL },
		{ "\\AllMail",		FOLDER_ALL },
		{ "\\Archive",		FOLDER_ARCHIVE },
		{ "\\Drafts",		FOLDER_DRAFTS },
		{ "\\Flagged",		FOLDER_FLAGGED },
		{ "\\Junk",		FOLDER_JUNK },
		{ "\\Spam",		FOLDER_JUNK },
		{ "\\Sent",		FOLDER_SENT },
		{ "\\Trash",		FOLDER_TRASH }
	};
	size_t	 i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (imap_word_is(w, flags[i].name))
			return flags[i].flag;
	return 0;
}

/* A folder whose name is longer than we keep is not there for us. */
static int
list_name(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	if (t == IMAP_T_OPEN || t == IMAP_T_CLOSE)
		return imap_broken(ip);
	ip->state = S_SKIP;
	if (t == IMAP_T_LITERAL)
		return imap_literal(ip, w->literal,
		    w->literal <= KM_FOLDER_MAX ? LITERAL_NAME : LITERAL_DROP);
	if (w->len <= KM_FOLDER_MAX) {
		memcpy(ip->name, w->p, w->len);
		ip->name_len = w->len;
	}
	return 0;
}
