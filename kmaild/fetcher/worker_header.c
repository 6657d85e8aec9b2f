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

#include "worker_header.h"

enum line {
	LINE_UNDECIDED,
	LINE_EMPTY,		/* ends the header */
	LINE_FOLDED,
	LINE_FIELD
};

static const char *const trace_names[] = {
	"Return-Path", "Received", "Delivered-To", "X-Original-To",
	"Envelope-To", "X-Envelope-To", "X-Envelope-From", "X-Delivered-To",
	"X-Received", "Received-SPF", "Authentication-Results",
	"X-Authentication-Results", "ARC-Seal", "ARC-Message-Signature",
	"ARC-Authentication-Results", "X-Google-Smtp-Source",
	"X-Gm-Message-State", "X-GM-THRID", "X-GM-MSGID", "X-GM-LABELS",
	"X-UID", "X-UIDL", "X-IMAP", "X-Mozilla-Status",
	"X-Mozilla-Status2", "Status", "X-Status", "X-Keywords"
};

static const char *const field_names[BODY_NFIELDS] = {
	"From", "Subject", "Date", "Message-ID"
};

static enum line line_kind(const unsigned char *, size_t, int, size_t *,
		    size_t *);
static void	 line_begin(struct header_scan *, enum line,
		    const unsigned char *, size_t);
static void	 line_keep(struct header_scan *, const unsigned char *,
		    size_t);
static void	 keep(struct header_scan *, const unsigned char *, size_t);
static int	 name_is(const char *, const unsigned char *, size_t);
static void	 run_add(uint32_t *, size_t *, size_t, int);

void
header_init(struct header_scan *hs)
{
	memset(hs, 0, offsetof(struct header_scan, text));
	hs->at_line = 1;
	hs->field = HEADER_OTHER;
}

static int
name_is(const char *name, const unsigned char *p, size_t len)
{
	/* letters differ from themselves in the other case by bit 5 alone */
	return ((name[0] ^ p[0]) & ~0x20) == 0 && strlen(name) == len &&
	    strncasecmp(name, (const char *)p, len) == 0;
}

/*
 * What the line at p is, as far as the octets that are there tell.  For a
 * field *name is the length of its name without blanks before the colon,
 * *value where its value begins; 0 when there is no name.
 */
static enum line
line_kind(const unsigned char *p, size_t len, int final, size_t *name,
    size_t *value)
{
	size_t	 i, n;

	*name = *value = 0;
	if (p[0] == '\n')
		return LINE_EMPTY;
	if (p[0] == ' ' || p[0] == '\t')
		return LINE_FOLDED;
	if (p[0] == '\r' && len > 1 && p[1] == '\n')
		return LINE_EMPTY;
	n = len < HEADER_NAME_MAX ? len : HEADER_NAME_MAX;
	for (i = 0; i < n && p[i] != ':' && p[i] != '\n'; i++)
		;
	if (i == n)
		return final || n == HEADER_NAME_MAX ? LINE_FIELD :
		    LINE_UNDECIDED;
	if (p[i] == '\n')
		return LINE_FIELD;
	*value = i + 1;
	while (i > 0 && (p[i - 1] == ' ' || p[i - 1] == '\t'))
		i--;
	*name = i;
	return LINE_FIELD;
}

static void
line_begin(struct header_scan *hs, enum line kind, const unsigned char *p,
    size_t name)
{
	size_t	 i;
	int	 f;

	hs->at_line = 0;
	if (kind == LINE_FOLDED)
		return;		/* belongs to the field before it */
	hs->trace = 0;
	hs->field = HEADER_OTHER;
	hs->cr = 0;
	if (name == 0)
		return;
	for (i = 0; i < sizeof(trace_names) / sizeof(trace_names[0]); i++)
		if (name_is(trace_names[i], p, name))
			hs->trace = 1;
	for (f = 0; f < BODY_NFIELDS; f++)
		if (name_is(field_names[f], p, name) &&
		    (hs->seen & 1u << f) == 0) {
			hs->seen |= 1u << f;
			hs->field = f;
			hs->len[f] = 0;
		}
}

static void
keep(struct header_scan *hs, const unsigned char *p, size_t len)
{
	uint16_t	*n = &hs->len[hs->field];

	if (len > (size_t)(BODY_FIELD_MAX - *n))
		len = (size_t)(BODY_FIELD_MAX - *n);
	memcpy(hs->text[hs->field] + *n, p, len);
	*n = (uint16_t)(*n + len);
}

/* Unfold: line ends go, and blanks at the very start of the text. */
static void
line_keep(struct header_scan *hs, const unsigned char *p, size_t len)
{
	static const unsigned char	 cr = '\r';
	int				 ended;

	if (hs->cr && len > 0 && p[0] != '\n')
		keep(hs, &cr, 1);
	hs->cr = 0;
	ended = len > 0 && p[len - 1] == '\n';
	if (ended)
		len--;
	if (len > 0 && p[len - 1] == '\r') {
		len--;
		hs->cr = !ended;
	}
	if (hs->len[hs->field] == 0)
		while (len > 0 && (*p == ' ' || *p == '\t')) {
			p++;
			len--;
		}
	keep(hs, p, len);
}

/* Lengthen the last run or begin one: there is room for it. */
static void
run_add(uint32_t *runs, size_t *nruns, size_t len, int trace)
{
	uint32_t	 mark = trace ? BODY_RUN_TRACE : 0;

	if (*nruns > 0 && (runs[*nruns - 1] & BODY_RUN_TRACE) == mark)
		runs[*nruns - 1] += (uint32_t)len;
	else
		runs[(*nruns)++] = mark | (uint32_t)len;
}

size_t
header_scan(struct header_scan *hs, const unsigned char *p, size_t len,
    int final, uint32_t *runs, size_t *nruns)
{
	const unsigned char	*lf;
	size_t			 pos = 0, n, name, skip;
	enum line		 kind;

	*nruns = 0;
	while (pos < len && !hs->in_body) {
		if (*nruns == BODY_RUNS_MAX)
			return pos;
		skip = 0;
		if (hs->at_line) {
			kind = line_kind(p + pos, len - pos, final, &name,
			    &skip);
			if (kind == LINE_UNDECIDED)
				return pos;
			if (kind == LINE_EMPTY) {
				hs->in_body = 1;
				break;
			}
			line_begin(hs, kind, p + pos, name);
		}
		lf = memchr(p + pos, '\n', len - pos);
		n = lf == NULL ? len - pos : (size_t)(lf - (p + pos)) + 1;
		run_add(runs, nruns, n, hs->trace);
		if (hs->field != HEADER_OTHER)
			line_keep(hs, p + pos + skip, n - skip);
		hs->at_line = lf != NULL;
		pos += n;
	}
	if (pos < len && *nruns < BODY_RUNS_MAX) {
		run_add(runs, nruns, len - pos, 0);
		pos = len;
	}
	return pos;
}
