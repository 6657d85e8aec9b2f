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

#ifndef WORKER_HEADER_H
#define WORKER_HEADER_H

/*
 * One pass over a message's header: what the duplicate hash leaves out, and
 * the four fields that message list shows.
 *
 * Trace header fields.  Each delivery writes its own, so two copies of one
 * message may differ in them and in nothing else.  With any letter case and
 * with all their folded lines:
 *
 *	Return-Path, Received, Delivered-To, X-Original-To, Envelope-To,
 *	X-Envelope-To, X-Envelope-From, X-Delivered-To, X-Received,
 *	Received-SPF, Authentication-Results, X-Authentication-Results,
 *	ARC-Seal, ARC-Message-Signature, ARC-Authentication-Results,
 *	X-Google-Smtp-Source, X-Gm-Message-State, X-GM-THRID, X-GM-MSGID,
 *	X-GM-LABELS, X-UID, X-UIDL, X-IMAP, X-Mozilla-Status,
 *	X-Mozilla-Status2, Status, X-Status, X-Keywords
 *
 * The header ends at the first empty line.  Lines end with LF, a CR before
 * it is part of the end; any other octet, NUL and lone CR too, is content.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/msg.h"

#define HEADER_NAME_MAX	40	/* octets; longer than any name above */

enum header_field {
	HEADER_FROM = 0,
	HEADER_SUBJECT,
	HEADER_DATE,
	HEADER_MESSAGE_ID,
	HEADER_OTHER
};

struct header_scan {
	int		 in_body;
	int		 at_line;	/* the next octet begins a line */
	int		 trace;		/* of the field that goes on */
	int		 field;		/* enum header_field of it */
	int		 cr;		/* an unfolded CR is held back */
	uint32_t	 seen;		/* fields that came: the first counts */
	uint16_t	 len[BODY_NFIELDS];
	unsigned char	 text[BODY_NFIELDS][BODY_FIELD_MAX];
};

void	 header_init(struct header_scan *);
/*
 * Look at the next octets; final: there are no more.  Fills runs (at most
 * BODY_RUNS_MAX, *nruns of them) for the octets that it is done with and
 * returns their number.  The rest, at most HEADER_NAME_MAX + 1 octets
 * unless the runs were used up, is to be presented again.
 */
size_t	 header_scan(struct header_scan *, const unsigned char *, size_t, int,
	    uint32_t *, size_t *);

#endif
