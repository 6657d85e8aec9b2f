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
#include <strings.h>

#include "session.h"

/*
 * What the worker may say: the commands that reading takes (RFC 3501 and the
 * extensions named below), one at a time, each held until it is complete and
 * understood to its last octet.  The worker may have been taken over by a
 * hostile mail; so the rule is what a server could make of the octets, not
 * what an honest worker means.
 *
 * A literal goes to a server that may refuse it and read its octets as a
 * command line.  So it must not look like one: no space, CR or LF in it, and
 * what may follow it begins with no letter but in RETURN.
 */

enum check {
	C_BAD = -1,
	C_DONE,			/* complete and permitted */
	C_PREFIX		/* fine as far as the literal that is to come */
};

/* A cursor over a command; end is behind what has come so far. */
struct cur {
	const unsigned char *p;
	const unsigned char *end;
	int		 prefix;	/* ran into the end at a literal */
};

struct command {
	const char	*word;
	int		(*args)(struct cur *);
};

static int	 literal_head(const unsigned char *, const unsigned char *,
		    size_t *, int *);
static int	 is_atom(int);
static int	 one(struct cur *, int);
static int	 word(struct cur *, const char *);
static int	 words(struct cur *, int (*)(int));
static int	 quoted(struct cur *);
static int	 literal(struct cur *);
static int	 mailbox(struct cur *, int);
static int	 is_list(int);
static int	 is_item(int);
static int	 is_set(int);
static int	 is_search(int);
static int	 run(struct cur *, int (*)(int));
static int	 args_none(struct cur *);
static int	 args_id(struct cur *);
static int	 args_enable(struct cur *);
static int	 args_list(struct cur *);
static int	 args_status(struct cur *);
static int	 args_mailbox(struct cur *);
static int	 args_uid(struct cur *);
static int	 partial(struct cur *);
static int	 fetch_item(struct cur *);
static int	 fetch_items(struct cur *);
static enum check command_check(struct filter *);
static enum filter_result line_end(struct filter *);
static void	 pass(struct filter *);

void
filter_init(struct filter *f)
{
	memset(f, 0, sizeof(*f));
}

/* ---- tokens: 1 and the cursor moved, or 0 ---- */

static int
is_atom(int c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

/* list-char: an atom with wildcards. */
static int
is_list(int c)
{
	return is_atom(c) || c == '%' || c == '*' || c == ']';
}

static int
is_item(int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static int
is_set(int c)
{
	return (c >= '0' && c <= '9') || c == ':' || c == ',' || c == '*';
}

/* No quote and no brace: nothing that continues on another line. */
static int
is_search(int c)
{
	return is_item(c) || is_set(c) || c == ' ' || c == '(' || c == ')';
}

static int
run(struct cur *c, int (*is)(int))
{
	const unsigned char	*start = c->p;

	while (c->p < c->end && is(*c->p))
		c->p++;
	return c->p > start;
}

static int
one(struct cur *c, int octet)
{
	if (c->p == c->end || *c->p != octet)
		return 0;
	c->p++;
	return 1;
}

/* Exactly this word, in any case, and no more letters of it. */
static int
word(struct cur *c, const char *w)
{
	size_t	 n = strlen(w);

	if ((size_t)(c->end - c->p) < n ||
	    strncasecmp((const char *)c->p, w, n) != 0)
		return 0;
	if ((size_t)(c->end - c->p) > n && is_item(c->p[n]))
		return 0;
	c->p += n;
	return 1;
}

/* "(" word *(SP word) ")" */
static int
words(struct cur *c, int (*is)(int))
{
	if (!one(c, '('))
		return 0;
	do {
		if (!run(c, is))
			return 0;
	} while (one(c, ' '));
	return one(c, ')');
}

/* 8-bit octets too: after ENABLE UTF8=ACCEPT (RFC 6855) names hold them. */
static int
quoted(struct cur *c)
{
	if (!one(c, '"'))
		return 0;
	while (c->p < c->end) {
		if (one(c, '"'))
			return 1;
		if (one(c, '\\') && (c->p == c->end ||
		    (*c->p != '"' && *c->p != '\\')))
			return 0;
		if (c->p == c->end || *c->p < 0x20 || *c->p == 0x7f)
			return 0;
		c->p++;
	}
	return 0;
}

/* "{n}" or "{n+}" up to the end of its line: 1, its length and kind. */
static int
literal_head(const unsigned char *p, const unsigned char *end, size_t *len,
    int *sync)
{
	size_t	 n = 0, digits = 0;

	*sync = 1;
	if (p == end || *p++ != '{')
		return 0;
	for (; p < end && *p >= '0' && *p <= '9' && digits < 5; p++, digits++)
		n = n * 10 + (size_t)(*p - '0');
	if (p < end && *p == '+') {
		*sync = 0;
		p++;
	}
	if (digits == 0 || p == end || *p++ != '}' || p != end ||
	    n > FILTER_LITERAL_MAX)
		return 0;
	*len = n;
	return 1;
}

static int
literal(struct cur *c)
{
	const unsigned char	*nl;
	size_t			 len, i;
	int			 sync;

	nl = memchr(c->p, '\r', (size_t)(c->end - c->p));
	if (nl == NULL || !literal_head(c->p, nl, &len, &sync))
		return 0;
	c->p = nl + 2;		/* line_end() saw both */
	if (c->p == c->end) {
		c->prefix = 1;
		return 1;
	}
	if ((size_t)(c->end - c->p) < len)
		return 0;
	for (i = 0; i < len; i++)
		if (c->p[i] <= ' ')
			return 0;
	c->p += len;
	return 1;
}

static int
mailbox(struct cur *c, int list)
{
	if (c->p == c->end)
		return 0;
	if (*c->p == '"')
		return quoted(c);
	if (*c->p == '{')
		return literal(c);
	return run(c, list ? is_list : is_atom);
}

/* ---- arguments, up to but not including the final CRLF ---- */

static int
args_none(struct cur *c)
{
	(void)c;
	return 1;
}

/* RFC 2971; no NIL for a value: our worker sends none. */
static int
args_id(struct cur *c)
{
	if (!one(c, ' '))
		return 0;
	if (word(c, "NIL"))
		return 1;
	if (!one(c, '('))
		return 0;
	do {
		if (!quoted(c) || !one(c, ' ') || !quoted(c))
			return 0;
	} while (one(c, ' '));
	return one(c, ')');
}

static int
args_enable(struct cur *c)
{
	return one(c, ' ') && word(c, "UTF8=ACCEPT");
}

/* RFC 3501 6.3.8; RFC 5258: (selection options), RETURN (...). */
static int
args_list(struct cur *c)
{
	if (!one(c, ' '))
		return 0;
	if (c->p < c->end && *c->p == '(' &&
	    (!words(c, is_item) || !one(c, ' ')))
		return 0;
	if (!quoted(c) || !one(c, ' ') || !mailbox(c, 1))
		return 0;
	if (c->prefix || !one(c, ' '))
		return 1;
	return word(c, "RETURN") && one(c, ' ') && words(c, is_item);
}

static int
args_status(struct cur *c)
{
	if (!one(c, ' ') || !mailbox(c, 0))
		return 0;
	return c->prefix || (one(c, ' ') && words(c, is_item));
}

static int
args_mailbox(struct cur *c)
{
	return one(c, ' ') && mailbox(c, 0);
}

/* "<first.count>" */
static int
partial(struct cur *c)
{
	if (!one(c, '<'))
		return 1;
	while (c->p < c->end && (is_set(*c->p) || *c->p == '.'))
		c->p++;
	return one(c, '>');
}

static int
fetch_item(struct cur *c)
{
	static const char *const items[] = {
		"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "X-GM-MSGID"
	};
	size_t	 i;

	if (word(c, "BODY.PEEK"))
		return one(c, '[') && one(c, ']') && partial(c);
	for (i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (word(c, items[i]))
			return 1;
	return 0;
}

static int
fetch_items(struct cur *c)
{
	if (!one(c, '('))
		return fetch_item(c);
	do {
		if (!fetch_item(c))
			return 0;
	} while (one(c, ' '));
	return one(c, ')');
}

static int
args_uid(struct cur *c)
{
	if (!one(c, ' '))
		return 0;
	if (word(c, "SEARCH"))
		return one(c, ' ') && run(c, is_search);
	return word(c, "FETCH") && one(c, ' ') && run(c, is_set) &&
	    one(c, ' ') && fetch_items(c);
}

static const struct command commands[] = {
	{ "CAPABILITY",	args_none },
	{ "NOOP",	args_none },
	{ "ID",		args_id },
	{ "ENABLE",	args_enable },
	{ "NAMESPACE",	args_none },
	{ "LIST",	args_list },
	{ "STATUS",	args_status },
	{ "EXAMINE",	args_mailbox },
	{ "UNSELECT",	args_none },
	{ "UID",	args_uid },
	{ "IDLE",	args_none },
	{ "LOGOUT",	args_none },
};

/* ---- commands ---- */

/* buf ends with a CRLF that is the command's own or a literal head's. */
static enum check
command_check(struct filter *f)
{
	const struct command	*cmd = NULL;
	struct cur		 c;
	size_t			 i;

	c.p = f->buf;
	c.end = f->buf + f->len;
	c.prefix = 0;
	if (f->idle) {
		f->idle = 0;
		return word(&c, "DONE") && c.end - c.p == 2 ? C_DONE : C_BAD;
	}
	/* a tag without "-": is_item() has it, tags of ours do not */
	if (!run(&c, is_item) || !one(&c, ' '))
		return C_BAD;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (word(&c, commands[i].word)) {
			cmd = &commands[i];
			break;
		}
	if (cmd == NULL || !cmd->args(&c))
		return C_BAD;
	if (c.prefix)
		return C_PREFIX;
	/* nothing but the CRLF is left */
	if (c.end - c.p != 2)
		return C_BAD;
	f->idle = strcmp(cmd->word, "IDLE") == 0;
	f->logout = strcmp(cmd->word, "LOGOUT") == 0;
	return C_DONE;
}

static void
pass(struct filter *f)
{
	f->out = f->buf + f->sent;
	f->out_len = f->len - f->sent;
	f->sent = f->len;
}

/* A CRLF came that is not part of a literal. */
static enum filter_result
line_end(struct filter *f)
{
	const unsigned char	*nl = f->buf + f->len - 2, *p;
	int			 sync = 0;

	if (f->len < 2 || *nl != '\r')
		return FILTER_FORBIDDEN;
	switch (command_check(f)) {
	case C_BAD:
		return FILTER_FORBIDDEN;
	case C_DONE:
		pass(f);
		return FILTER_PASS;
	case C_PREFIX:
		break;
	}
	for (p = nl; *p != '{'; p--)
		;
	if (!literal_head(p, nl, &f->literal, &sync))
		return FILTER_FORBIDDEN;
	/* a name of no octets would make the check see a prefix again */
	if (f->literal == 0)
		return FILTER_FORBIDDEN;
	if (!sync)
		return FILTER_MORE;
	pass(f);
	return FILTER_PASS;
}

enum filter_result
filter_input(struct filter *f, const unsigned char *in, size_t len,
    size_t *used)
{
	enum filter_result	 r;
	unsigned char		 o;

	/* what was passed on is complete, or waits for its literal */
	if (f->sent == f->len && f->literal == 0)
		f->sent = f->len = 0;
	for (*used = 0; *used < len; ) {
		if (f->logout || f->len == sizeof(f->buf))
			return FILTER_FORBIDDEN;
		o = in[(*used)++];
		f->buf[f->len++] = o;
		if (f->literal > 0) {
			/* the check comes with the line's end, this one now */
			if (o <= ' ')
				return FILTER_FORBIDDEN;
			f->literal--;
			continue;
		}
		if (o == '\0')
			return FILTER_FORBIDDEN;
		if (f->len >= 2 && f->buf[f->len - 2] == '\r' && o != '\n')
			return FILTER_FORBIDDEN;
		if (o != '\n')
			continue;
		if ((r = line_end(f)) != FILTER_MORE)
			return r;
	}
	return FILTER_MORE;
}
