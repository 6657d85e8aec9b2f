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

#ifndef IMAP_PARSE_H
#define IMAP_PARSE_H

/*
 * Responses of an IMAP server (RFC 3501, RFC 9051), as a client that only
 * reads needs them.  The peer is hostile in principle: every bound below is
 * an error when passed, nothing is allocated, and the octets of a message
 * go through to the caller as they come.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "common/reason.h"

#define IMAP_LINE_MAX		65536	/* octets between two literals */
#define IMAP_RESPONSE_MAX	16777216 /* one response without its literals */
#define IMAP_DEPTH_MAX		16	/* parentheses */
#define IMAP_ITEMS_MAX		4096	/* words of one response; not SEARCH */

enum imap_cond {
	IMAP_OK = 1,
	IMAP_NO,
	IMAP_BAD,
	IMAP_BYE,
	IMAP_PREAUTH
};

/* Response codes that change what we do next. */
enum imap_code {
	IMAP_CODE_NONE = 0,
	IMAP_CODE_UIDVALIDITY,
	IMAP_CODE_UIDNEXT,
	IMAP_CODE_NONEXISTENT,
	IMAP_CODE_SERVERBUG
};

struct imap_status {
	uint32_t	tag;		/* 0: untagged */
	enum imap_cond	cond;
	enum imap_code	code;
	uint32_t	number;		/* of UIDVALIDITY, UIDNEXT; 0 invalid */
	enum reason	reason;		/* why not now, R_NONE: not said */
	uint32_t	backoff;	/* seconds the text asks for, 0 none */
};

#define IMAP_CAP_UTF8		0x01	/* UTF8=ACCEPT */
#define IMAP_CAP_ENABLE		0x02
#define IMAP_CAP_ID		0x04
#define IMAP_CAP_SPECIAL_USE	0x08
#define IMAP_CAP_LIST_EXTENDED	0x10
#define IMAP_CAP_LITERAL	0x20	/* LITERAL+ or LITERAL- */

struct imap_list {
	uint32_t		 flags;		/* FOLDER_* of msg.h */
	uint32_t		 delimiter;	/* octet, 0 for NIL */
	const unsigned char	*name;		/* opaque octets */
	size_t			 name_len;	/* 1 to KM_FOLDER_MAX */
};

#define IMAP_HAS_UID		0x01
#define IMAP_HAS_SIZE		0x02
#define IMAP_HAS_DATE		0x04
#define IMAP_HAS_BODY		0x08	/* BODY[] came, perhaps as NIL */
#define IMAP_BODY_NIL		0x10

struct imap_fetch {
	unsigned	has;		/* IMAP_HAS_* */
	uint32_t	seq;
	uint32_t	uid;
	uint64_t	size;		/* RFC822.SIZE, a hint */
	int64_t		date;		/* INTERNALDATE, seconds UTC */
	uint64_t	body_len;
};

/*
 * All pointers are valid during the call alone.  body() is called before
 * the octets with what is known by then; 1: wants them in data(), 0: they
 * are dropped.  fetch() follows when the response ended well.
 */
struct imap_ops {
	void	(*status)(void *, const struct imap_status *);
	void	(*go_on)(void *);			/* "+" */
	void	(*capability)(void *, uint32_t);
	void	(*enabled)(void *, uint32_t);
	void	(*list)(void *, const struct imap_list *);
	void	(*exists)(void *, uint32_t);
	void	(*search)(void *, uint32_t);
	int	(*body)(void *, const struct imap_fetch *, uint64_t);
	void	(*data)(void *, const unsigned char *, size_t);
	void	(*fetch)(void *, const struct imap_fetch *);
};

struct imap_parser {
	const struct imap_ops	*ops;
	void			*arg;
	int			 reason;	/* enum reason after -1 */
	/* within one response */
	int			 state;
	int			 item;		/* FETCH: whose value is next */
	int			 depth;
	int			 skip_depth;
	uint32_t		 items;
	size_t			 octets;
	/* within one literal */
	uint64_t		 literal;	/* octets still to come */
	int			 literal_use;
	/* the current line */
	size_t			 scanned;	/* no line end up to here */
	unsigned char		*p, *end;
	struct imap_fetch	 fetch;
	struct imap_list	 mbox;
	size_t			 name_len;
	unsigned char		 name[KM_FOLDER_MAX];
};

void	 imap_parser_init(struct imap_parser *, const struct imap_ops *,
	    void *);
/*
 * Parse what is there; quoted strings are unescaped in place.  Returns how
 * many octets are done with: the caller presents the rest again with more
 * behind it, from a buffer of IMAP_LINE_MAX or larger.  -1: the peer broke
 * the syntax or a bound, ->reason says which.
 */
ptrdiff_t imap_parse(struct imap_parser *, unsigned char *, size_t);

/* "17-Jul-1996 02:44:25 -0700" as seconds UTC; 0, or -1 (RFC 3501 9). */
int	 imap_date_parse(const unsigned char *, size_t, int64_t *);
/* "7-Nov-2026" for seconds UTC; returns the buffer. */
#define IMAP_DATE_SIZE	24
const char *imap_date_text(int64_t, char[IMAP_DATE_SIZE]);

/* Lexical part, imap_lex.c. */
enum imap_token {
	IMAP_T_END,		/* of the line */
	IMAP_T_OPEN,
	IMAP_T_CLOSE,
	IMAP_T_ATOM,
	IMAP_T_STRING,
	IMAP_T_LITERAL,		/* always the last of its line */
	IMAP_T_ERROR
};

struct imap_word {
	unsigned char	*p;
	size_t		 len;
	uint64_t	 literal;
};

/* Brackets: a "[" runs to its "]" whatever is between (FETCH item names). */
enum imap_token	 imap_lex(struct imap_parser *, struct imap_word *, int);
/* 1 when the word is this ASCII text in any case. */
int		 imap_word_is(const struct imap_word *, const char *);
/* 0, or -1 when it is no number of at most this value. */
int		 imap_word_number(const struct imap_word *, uint64_t,
		    uint64_t *);
/* Case-insensitive search; NULL when absent. */
const unsigned char *imap_find(const unsigned char *, size_t, const char *);
/* Condition, code and back-off of a status response's rest of line. */
int		 imap_status_parse(struct imap_parser *, struct imap_status *,
		    uint32_t *);
/* The capability that a word names, or 0. */
uint32_t	 imap_capability(const struct imap_word *);

#endif
