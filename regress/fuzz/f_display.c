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
 * Foreign octets that kmailctl puts on a terminal: nothing unsafe gets
 * through, no buffer is overrun.
 *
 * link: kmailctl/display.o kmailctl/decode.o
 * libs: jansson
 */

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "kmailctl/ctl.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
safe(const char *text, size_t len, int message)
{
	const unsigned char	*p = (const unsigned char *)text;
	uint32_t		 cp;
	size_t			 n;

	for (; len > 0; p += n, len -= n) {
		if ((n = text_utf8(p, len, &cp)) == 0)
			abort();
		if (text_unsafe(cp) && !(message && (cp == '\n' ||
		    cp == '\t')))
			abort();
	}
}

static void
message(const uint8_t *data, size_t size)
{
	struct display	 d;
	char		*got = NULL;
	size_t		 len = 0, n, step = 1 + size % 7;
	FILE		*saved = stdout;

	memset(&d, 0, sizeof(d));
	if ((stdout = open_memstream(&got, &len)) == NULL)
		abort();
	for (; size > 0; data += n, size -= n) {
		n = size < step ? size : step;
		display_message(&d, data, n);
	}
	display_message_end(&d);
	fclose(stdout);
	stdout = saved;
	safe(got, len, 1);
	free(got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int	 once;
	char		*text, decoded[64], out[100];

	if (!once) {
		setlocale(LC_CTYPE, "C.UTF-8");
		once = 1;
	}
	message(data, size);
	if ((text = malloc(size + 1)) == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	display_decode(text, decoded, sizeof(decoded));
	display_text(decoded, strlen(decoded), out, sizeof(out), 0);
	safe(out, strlen(out), 0);
	if (display_text(decoded, strlen(decoded), out, sizeof(out), 20) > 20)
		abort();
	display_folder(text, size % 2 == 0, decoded, sizeof(decoded));
	display_text(decoded, strlen(decoded), out, sizeof(out), 0);
	safe(out, strlen(out), 0);
	free(text);
	return 0;
}
