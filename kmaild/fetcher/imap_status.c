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

#include "common/imapcode.h"

#include "imap_parse.h"

#define TEXT_MAX	1024	/* octets of a text that are looked at */

static int	status_cond(const struct imap_word *, enum imap_cond *);
static void	status_code(struct imap_parser *, struct imap_status *,
		    uint32_t *);
static void	status_number(struct imap_parser *, struct imap_status *);
static void	status_caps(struct imap_parser *, uint32_t *);
static void	status_text(struct imap_status *, const unsigned char *,
		    size_t);

static int
status_cond(const struct imap_word *w, enum imap_cond *cond)
{
	if (imap_word_is(w, "OK"))
		*cond = IMAP_OK;
	else if (imap_word_is(w, "NO"))
		*cond = IMAP_NO;
	else if (imap_word_is(w, "BAD"))
		*cond = IMAP_BAD;
	else if (imap_word_is(w, "BYE"))
		*cond = IMAP_BYE;
	else if (imap_word_is(w, "PREAUTH"))
		*cond = IMAP_PREAUTH;
	else
		return -1;
	return 0;
}

/*
 * The word after tag or "*" is next on the line.  0, or -1 when it is no
 * condition, with the line where it was; *caps is what a CAPABILITY code
 * held.  Free text follows, in which nothing can be malformed.
 */
int
imap_status_parse(struct imap_parser *ip, struct imap_status *st,
    uint32_t *caps)
{
	struct imap_word	 w;
	unsigned char		*start = ip->p;

	*caps = 0;
	if (imap_lex(ip, &w, 0) != IMAP_T_ATOM ||
	    status_cond(&w, &st->cond) == -1) {
		ip->p = start;
		return -1;
	}
	while (ip->p < ip->end && *ip->p == ' ')
		ip->p++;
	status_text(st, ip->p, (size_t)(ip->end - ip->p));
	if (ip->p < ip->end && *ip->p == '[')
		status_code(ip, st, caps);
	ip->p = ip->end;
	return 0;
}

static void
status_code(struct imap_parser *ip, struct imap_status *st, uint32_t *caps)
{
	static const struct {
		const char	*name;
		enum imap_code	 code;
	} codes[] = {
		{ "UIDVALIDITY",	IMAP_CODE_UIDVALIDITY },
		{ "UIDNEXT",		IMAP_CODE_UIDNEXT },
		{ "NONEXISTENT",	IMAP_CODE_NONEXISTENT },
		{ "SERVERBUG",		IMAP_CODE_SERVERBUG }
	};
	struct imap_word	 w;
	size_t			 i;

	w.p = ++ip->p;
	while (ip->p < ip->end && *ip->p != ' ' && *ip->p != ']')
		ip->p++;
	w.len = (size_t)(ip->p - w.p);
	if (imap_word_is(&w, "CAPABILITY")) {
		status_caps(ip, caps);
		return;
	}
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (imap_word_is(&w, codes[i].name))
			st->code = codes[i].code;
	if (st->code == IMAP_CODE_UIDVALIDITY ||
	    st->code == IMAP_CODE_UIDNEXT)
		status_number(ip, st);
}

static void
status_number(struct imap_parser *ip, struct imap_status *st)
{
	struct imap_word	 w;
	uint64_t		 n;

	while (ip->p < ip->end && *ip->p == ' ')
		ip->p++;
	w.p = ip->p;
	while (ip->p < ip->end && *ip->p != ' ' && *ip->p != ']')
		ip->p++;
	w.len = (size_t)(ip->p - w.p);
	if (imap_word_number(&w, UINT32_MAX, &n) == 0)
		st->number = (uint32_t)n;
}

static void
status_caps(struct imap_parser *ip, uint32_t *caps)
{
	struct imap_word	 w;

	while (ip->p < ip->end && *ip->p != ']') {
		if (*ip->p == ' ') {
			ip->p++;
			continue;
		}
		w.p = ip->p;
		while (ip->p < ip->end && *ip->p != ' ' && *ip->p != ']')
			ip->p++;
		w.len = (size_t)(ip->p - w.p);
		*caps |= imap_capability(&w);
	}
}

/*
 * What the server says about why and how long.  An OK is a success, but one
 * with [THROTTLED] somewhere in its text left out what was asked (Gmail).
 */
static void
status_text(struct imap_status *st, const unsigned char *p, size_t len)
{
	if (len > TEXT_MAX)
		len = TEXT_MAX;
	if (st->cond != IMAP_OK && st->cond != IMAP_PREAUTH)
		st->reason = imapcode_classify((const char *)p, len,
		    &st->backoff);
	else if (st->tag != 0 && imap_find(p, len, "[THROTTLED]") != NULL)
		st->reason = R_IMAP_THROTTLED;
}
