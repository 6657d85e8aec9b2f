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

/*
 * Responses of an IMAP server, in pieces whose length the first octet says.
 *
 * link: kmaild/fetcher/imap_parse.o kmaild/fetcher/imap_lex.o
 * link: kmaild/fetcher/imap_status.o kmaild/fetcher/imap_date.o
 * link: kmaild/fetcher/imap_fetch.o kmaild/fetcher/imap_list.o
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/reason.h"
#include "kmaild/fetcher/imap_parse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint64_t	 wanted;	/* octets of the body that is awaited */
static unsigned	 sum;

static void
touch(const unsigned char *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		sum += p[i];
}

static void
see_status(void *arg, const struct imap_status *st)
{
	(void)arg;
	if (st->cond < IMAP_OK || st->cond > IMAP_PREAUTH ||
	    reason_check((uint32_t)st->reason) == -1)
		abort();
}

static void
see_go_on(void *arg)
{
	(void)arg;
}

static void
see_number(void *arg, uint32_t n)
{
	(void)arg;
	sum += n;
}

static void
see_list(void *arg, const struct imap_list *l)
{
	(void)arg;
	if (l->name_len == 0 || l->name_len > KM_FOLDER_MAX)
		abort();
	touch(l->name, l->name_len);
}

static int
see_body(void *arg, const struct imap_fetch *f, uint64_t len)
{
	(void)arg;
	if (wanted != 0 || f->body_len != len)
		abort();
	if (f->seq % 2 == 0)
		return 0;
	wanted = len;
	return 1;
}

static void
see_data(void *arg, const unsigned char *p, size_t len)
{
	(void)arg;
	if (len == 0 || len > wanted)
		abort();
	wanted -= len;
	touch(p, len);
}

static void
see_fetch(void *arg, const struct imap_fetch *f)
{
	(void)arg;
	if (wanted != 0 || ((f->has & IMAP_HAS_UID) && f->uid == 0))
		abort();
}

static const struct imap_ops ops = {
	see_status, see_go_on, see_number, see_number, see_list,
	see_number, see_number, see_body, see_data, see_fetch
};

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct imap_parser	 ip;
	unsigned char		*buf;
	size_t			 step, have = 0, n;
	ptrdiff_t		 used;

	if (len < 2)
		return 0;
	step = *p++ + 1u;
	if (step > 128)
		step = len;
	len--;
	wanted = 0;
	imap_parser_init(&ip, &ops, NULL);
	while (len > 0) {
		n = step < len ? step : len;
		/* exactly as large as what is presented */
		if ((buf = malloc(have + n)) == NULL)
			abort();
		memcpy(buf, p - have, have + n);
		used = imap_parse(&ip, buf, have + n);
		free(buf);
		if (used == -1) {
			if (ip.reason != R_IMAP_PROTOCOL &&
			    ip.reason != R_IMAP_TOO_LONG)
				abort();
			break;
		}
		if ((size_t)used > have + n)
			abort();
		have = have + n - (size_t)used;
		p += n;
		len -= n;
		if (have >= IMAP_LINE_MAX)
			abort();
	}
	return 0;
}
