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

#ifndef IMAP_CMD_H
#define IMAP_CMD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Commands on their way to the server.  Each is one line of less than
 * IMAP_COMMAND_MAX octets: Exchange drops longer ones, and the session
 * child's filter refuses them.
 */
#define IMAP_COMMAND_MAX	8000
#define IMAP_SET_MAX		7500	/* octets of one set of UIDs */

struct imap_out {
	unsigned char	*buf;		/* NULL while nothing waits */
	size_t		 size;
	size_t		 pos;		/* written up to here */
	size_t		 len;
};

/* UIDs, ascending, as "1:5,7". */
struct imap_set {
	size_t		 len;
	uint32_t	 lo, hi;	/* the last range, not yet in text */
	char		 text[IMAP_SET_MAX];
};

/* Queue "k<tag> <text>" CRLF: 0, or -1 when too long or out of memory. */
int	 imap_cmd(struct imap_out *, uint32_t, const char *, ...)
	    __attribute__((__format__(printf, 3, 4)));
int	 imap_vcmd(struct imap_out *, uint32_t, const char *, va_list)
	    __attribute__((__format__(printf, 3, 0)));
/*
 * The same with a folder's name as a quoted string (RFC 3501 9) at its end;
 * octets above 127 go as they came.  -1 also for a name that has no such
 * form because of control characters.
 */
int	 imap_cmd_folder(struct imap_out *, uint32_t, const char *,
	    const unsigned char *, size_t);
/* Octets that wait. */
size_t	 imap_out_len(const struct imap_out *);
/* So many were written; the buffer is freed with the last. */
void	 imap_out_done(struct imap_out *, size_t);

void	 imap_set_init(struct imap_set *);
/* 0, or -1 when it would not fit: the set is as before. */
int	 imap_set_add(struct imap_set *, uint32_t);
/* The text; nothing may be added after. */
const char *imap_set_text(struct imap_set *);

#endif
