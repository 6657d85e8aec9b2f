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

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "ctl.h"

#define EVERY_MS	100	/* between two drawings */
#define BAR		24	/* columns of the bar */

static void	 progress_bar(uint64_t, uint64_t, char *);

void
progress_begin(struct progress *p, const char *what)
{
	memset(p, 0, sizeof(*p));
	p->what = what;
	p->on = isatty(STDERR_FILENO);
	p->start = clock_boot();
	if (p->on)
		fprintf(stderr, "\r%s ...\033[K", what);
}

static void
progress_bar(uint64_t done, uint64_t found, char *bar)
{
	size_t	 full = found == 0 ? 0 : (size_t)(done * BAR / found);

	memset(bar, '.', BAR);
	memset(bar, '#', full > BAR ? BAR : full);
	bar[BAR] = '\0';
}

void
progress_draw(struct progress *p, uint64_t done, uint64_t found,
    uint64_t octets)
{
	char		 bar[BAR + 1], size[DISPLAY_SIZE], rate[DISPLAY_SIZE];
	char		 line[256], left[32] = "";
	int64_t		 now = clock_boot(), ms = now - p->start, s;
	uint64_t	 done_now;
	size_t		 columns;

	if (!p->on || (p->drawn != 0 && now - p->drawn < EVERY_MS &&
	    done != found))
		return;
	if (p->drawn == 0) {	/* a fetch that ran before we came */
		p->done = done;
		p->octets = octets;
	}
	p->drawn = now;
	if (ms < 1)
		ms = 1;
	done_now = done > p->done ? done - p->done : 0;
	if (done_now > 0 && found > done) {
		s = (int64_t)(found - done) * ms / (int64_t)done_now / 1000;
		snprintf(left, sizeof(left), ", %lld:%02lld left",
		    (long long)(s / 60), (long long)(s % 60));
	}
	progress_bar(done, found, bar);
	display_octets((int64_t)octets, size);
	display_octets((int64_t)(octets > p->octets ? octets - p->octets :
	    0) * 1000 / ms, rate);
	if (found == 0)		/* how many there are is not known */
		snprintf(line, sizeof(line), "%s %llu, %s, %s/s", p->what,
		    (unsigned long long)done, size, rate);
	else
		snprintf(line, sizeof(line), "%s [%s] %llu/%llu, %s, %s/s%s",
		    p->what, bar, (unsigned long long)done,
		    (unsigned long long)found, size, rate, left);
	if ((columns = display_columns(STDERR_FILENO)) > 0 &&
	    columns < sizeof(line))
		line[columns - 1] = '\0';
	fprintf(stderr, "\r%s\033[K", line);
}

void
progress_end(struct progress *p)
{
	if (p->on)
		fprintf(stderr, "\r\033[K");
	p->on = 0;
}
