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

#include "filter.h"

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

struct command {
	const char	*word;
	int		(*args)(struct cur *);
};

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
