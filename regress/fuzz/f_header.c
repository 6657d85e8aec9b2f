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
 * A message's header: any split gives the same runs and fields.
 *
 * link: kmaild/fetcher/worker_header.o
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmaild/fetcher/worker_header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A mark for each octet: 1 for trace headers. */
static void
scan(struct header_scan *hs, const uint8_t *p, size_t len, size_t step,
    unsigned char *marks)
{
	uint32_t	 runs[BODY_RUNS_MAX];
	unsigned char	*piece;
	size_t		 nruns, n = 0, used, i, run, at;

	header_init(hs);
	while (len > 0) {
		n = n + step < len ? n + step : len;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, p, n);
		used = header_scan(hs, piece, n, n == len, runs, &nruns);
		free(piece);
		if (used > n || nruns > BODY_RUNS_MAX ||
		    (n == len && used == 0))
			abort();
		for (i = at = 0; i < nruns; i++) {
			run = runs[i] & ~BODY_RUN_TRACE;
			if (run == 0 || run > used - at)
				abort();
			memset(marks + at, runs[i] != run, run);
			at += run;
		}
		if (at != used)
			abort();
		marks += used;
		p += used;
		len -= used;
		n -= used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct header_scan	 a, b;
	unsigned char			*ma, *mb;
	size_t				 step;
	int				 i;

	if (len < 2)
		return 0;
	step = *p++ + 1u;
	len--;
	ma = malloc(len);
	mb = malloc(len);
	if (ma == NULL || mb == NULL)
		abort();
	scan(&a, p, len, len, ma);
	scan(&b, p, len, step, mb);
	if (memcmp(ma, mb, len) != 0)
		abort();
	for (i = 0; i < BODY_NFIELDS; i++)
		if (a.len[i] > BODY_FIELD_MAX || a.len[i] != b.len[i] ||
		    memcmp(a.text[i], b.text[i], a.len[i]) != 0)
			abort();
	free(ma);
	free(mb);
	return 0;
}
