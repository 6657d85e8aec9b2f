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

#include "common/reason.h"

#include "imap_parse.h"
#include "imap_state.h"

static int	parse_line(struct imap_parser *);
static int	parse_word(struct imap_parser *, enum imap_token,
		    struct imap_word *);
static int	parse_end(struct imap_parser *);
static int	parse_start(struct imap_parser *);
static int	parse_untagged(struct imap_parser *);
static int	parse_numbered(struct imap_parser *, uint32_t);
static int	parse_words(struct imap_parser *, enum imap_token,
		    struct imap_word *);
static int	search_numbers(struct imap_parser *);
static unsigned char *search_cut(struct imap_parser *, unsigned char *,
		    size_t);
static size_t	take_literal(struct imap_parser *, unsigned char *, size_t);

void
imap_parser_init(struct imap_parser *ip, const struct imap_ops *ops,
    void *arg)
{
	memset(ip, 0, sizeof(*ip));
	ip->ops = ops;
	ip->arg = arg;
}

int
imap_broken(struct imap_parser *ip)
{
	ip->reason = R_IMAP_PROTOCOL;
	return -1;
}

int
imap_too_long(struct imap_parser *ip)
{
	ip->reason = R_IMAP_TOO_LONG;
	return -1;
}

ptrdiff_t
imap_parse(struct imap_parser *ip, unsigned char *buf, size_t len)
{
	unsigned char	*lf;
	size_t		 pos = 0;

	if (ip->reason != R_NONE)
		return -1;
	while (pos < len) {
		if (ip->literal > 0) {
			pos += take_literal(ip, buf + pos, len - pos);
			continue;
		}
		lf = memchr(buf + pos + ip->scanned, '\n',
		    len - pos - ip->scanned);
		if (lf == NULL) {
			lf = search_cut(ip, buf + pos, len - pos);
			if (lf == NULL && len - pos >= IMAP_LINE_MAX)
				return imap_too_long(ip);
		}
		if (lf == NULL) {
			ip->scanned = len - pos;
			break;
		}
		ip->scanned = 0;
		ip->p = buf + pos;
		ip->end = lf;
		ip->octets += (size_t)(lf - ip->p) + 1;
		pos = (size_t)(lf - buf) + 1;
		if (ip->octets > IMAP_RESPONSE_MAX)
			return imap_too_long(ip);
		if (*lf == ' ') {
			if (search_numbers(ip) == -1)
				return -1;
			continue;
		}
		if (ip->end > ip->p && ip->end[-1] == '\r')
			ip->end--;
		if (parse_line(ip) == -1)
			return -1;
	}
	return (ptrdiff_t)pos;
}

/*
 * A SEARCH response may be longer than any line we hold: where it fills
 * half the buffer it is taken up to its last space.
 */
static unsigned char *
search_cut(struct imap_parser *ip, unsigned char *p, size_t len)
{
	static const char	 start[] = "* SEARCH ";
	unsigned char		*sp;

	if (len < IMAP_LINE_MAX / 2)
		return NULL;
	if (ip->state == S_START) {
		if (imap_find(p, sizeof(start) - 1, start) != p)
			return NULL;
		sp = memrchr(p + sizeof(start) - 1, ' ',
		    len - (sizeof(start) - 1));
		if (sp == NULL)
			return NULL;
		/* search_numbers() sees numbers only */
		memset(p, ' ', sizeof(start) - 1);
		ip->state = S_SEARCH;
		return sp;
	}
	return ip->state == S_SEARCH ? memrchr(p, ' ', len) : NULL;
}

static int
search_numbers(struct imap_parser *ip)
{
	struct imap_word	 w;
	enum imap_token		 t;

	while ((t = imap_lex(ip, &w, 0)) != IMAP_T_END)
		if (parse_words(ip, t, &w) == -1)
			return -1;
	return 0;
}

static size_t
take_literal(struct imap_parser *ip, unsigned char *p, size_t len)
{
	if (len > ip->literal)
		len = (size_t)ip->literal;
	ip->literal -= len;
	switch (ip->literal_use) {
	case LITERAL_BODY:
		ip->ops->data(ip->arg, p, len);
		break;
	case LITERAL_NAME:
		memcpy(ip->name + ip->name_len, p, len);
		ip->name_len += len;
		break;
	}
	return len;
}

int
imap_literal(struct imap_parser *ip, uint64_t len, int use)
{
	ip->literal = len;
	ip->literal_use = use;
	return 0;
}

/* One line, or what is between two literals of a response. */
static int
parse_line(struct imap_parser *ip)
{
	struct imap_word	 w;
	enum imap_token		 t;

	if (ip->state == S_START) {
		if (ip->p == ip->end) {
			ip->octets = 0;	/* an empty line harms nobody */
			return 0;
		}
		if (parse_start(ip) == -1)
			return -1;
		if (ip->state == S_START) {
			ip->octets = 0;
			return 0;
		}
	}
	for (;;) {
		t = imap_lex(ip, &w, ip->state == S_FETCH_NAME);
		if (t == IMAP_T_ERROR)
			return imap_broken(ip);
		if (t == IMAP_T_END)
			return parse_end(ip);
		if (ip->state != S_SEARCH && ++ip->items > IMAP_ITEMS_MAX)
			return imap_too_long(ip);
		if (parse_word(ip, t, &w) == -1)
			return -1;
		if (t == IMAP_T_LITERAL)
			return 0;
	}
}

static int
parse_word(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	switch (ip->state) {
	case S_FETCH_OPEN:
	case S_FETCH_NAME:
	case S_FETCH_VALUE:
	case S_FETCH_SKIP:
	case S_FETCH_END:
		return imap_fetch_word(ip, t, w);
	case S_LIST_OPEN:
	case S_LIST_FLAGS:
	case S_LIST_DELIMITER:
	case S_LIST_NAME:
		return imap_list_word(ip, t, w);
	default:
		return parse_words(ip, t, w);
	}
}

/* The line's end where no literal was announced: the response is over. */
static int
parse_end(struct imap_parser *ip)
{
	int	 state = ip->state;

	if (ip->depth != 0 || (state >= S_FETCH_OPEN && state < S_FETCH_END) ||
	    (state >= S_LIST_OPEN && state <= S_LIST_NAME))
		return imap_broken(ip);
	ip->state = S_START;
	ip->items = 0;
	ip->octets = 0;
	if (state == S_FETCH_END)
		ip->ops->fetch(ip->arg, &ip->fetch);
	else if (ip->name_len > 0) {
		ip->mbox.name = ip->name;
		ip->mbox.name_len = ip->name_len;
		ip->name_len = 0;
		ip->ops->list(ip->arg, &ip->mbox);
	}
	return 0;
}

static int
parse_start(struct imap_parser *ip)
{
	struct imap_status	 st;
	struct imap_word	 w;
	uint64_t		 n;
	uint32_t		 caps;

	ip->name_len = 0;
	if (*ip->p == '+') {
		ip->ops->go_on(ip->arg);
		return 0;
	}
	if (imap_lex(ip, &w, 0) != IMAP_T_ATOM)
		return imap_broken(ip);
	if (imap_word_is(&w, "*"))
		return parse_untagged(ip);
	/* Tags are ours: the letter "k" and a number. */
	memset(&st, 0, sizeof(st));
	if (w.len < 2 || w.p[0] != 'k')
		return imap_broken(ip);
	w.p++;
	w.len--;
	if (imap_word_number(&w, UINT32_MAX, &n) == -1 || n == 0)
		return imap_broken(ip);
	st.tag = (uint32_t)n;
	if (imap_status_parse(ip, &st, &caps) == -1)
		return imap_broken(ip);
	if (caps != 0)
		ip->ops->capability(ip->arg, caps);
	ip->ops->status(ip->arg, &st);
	return 0;
}

static int
parse_untagged(struct imap_parser *ip)
{
	struct imap_status	 st;
	struct imap_word	 w;
	uint64_t		 n;
	uint32_t		 caps;

	memset(&st, 0, sizeof(st));
	if (imap_status_parse(ip, &st, &caps) == 0) {
		if (caps != 0)
			ip->ops->capability(ip->arg, caps);
		ip->ops->status(ip->arg, &st);
		return 0;
	}
	if (imap_lex(ip, &w, 0) != IMAP_T_ATOM)
		return imap_broken(ip);
	if (imap_word_number(&w, UINT32_MAX, &n) == 0)
		return parse_numbered(ip, (uint32_t)n);
	if (imap_word_is(&w, "LIST")) {
		memset(&ip->mbox, 0, sizeof(ip->mbox));
		ip->state = S_LIST_OPEN;
	} else if (imap_word_is(&w, "SEARCH"))
		ip->state = S_SEARCH;
	else if (imap_word_is(&w, "CAPABILITY"))
		ip->state = S_CAPABILITY;
	else if (imap_word_is(&w, "ENABLED"))
		ip->state = S_ENABLED;
	else
		ip->state = S_SKIP;
	return 0;
}

static int
parse_numbered(struct imap_parser *ip, uint32_t n)
{
	struct imap_word	 w;

	if (imap_lex(ip, &w, 0) != IMAP_T_ATOM)
		return imap_broken(ip);
	if (imap_word_is(&w, "FETCH")) {
		memset(&ip->fetch, 0, sizeof(ip->fetch));
		ip->fetch.seq = n;
		ip->state = S_FETCH_OPEN;
		return 0;
	}
	if (imap_word_is(&w, "EXISTS"))
		ip->ops->exists(ip->arg, n);
	ip->state = S_SKIP;
	return 0;
}

/* SEARCH, CAPABILITY, ENABLED, and what we have no use for. */
static int
parse_words(struct imap_parser *ip, enum imap_token t, struct imap_word *w)
{
	uint64_t	 n;

	switch (t) {
	case IMAP_T_OPEN:
		if (++ip->depth > IMAP_DEPTH_MAX)
			return imap_too_long(ip);
		return 0;
	case IMAP_T_CLOSE:
		if (--ip->depth < 0)
			return imap_broken(ip);
		return 0;
	case IMAP_T_LITERAL:
		return imap_literal(ip, w->literal, LITERAL_DROP);
	case IMAP_T_ATOM:
		break;
	case IMAP_T_STRING:
		return 0;
	default:
		return imap_broken(ip);
	}
	if (ip->depth > 0)
		return 0;	/* SEARCH: (MODSEQ n), RFC 7162 */
	if (ip->state == S_SEARCH) {
		if (imap_word_number(w, UINT32_MAX, &n) == -1 || n == 0)
			return imap_broken(ip);
		ip->ops->search(ip->arg, (uint32_t)n);
	} else if (ip->state == S_CAPABILITY && imap_capability(w) != 0)
		ip->ops->capability(ip->arg, imap_capability(w));
	else if (ip->state == S_ENABLED && imap_capability(w) != 0)
		ip->ops->enabled(ip->arg, imap_capability(w));
	return 0;
}
