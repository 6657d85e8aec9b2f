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
 * One line of a client of kmaild.sock.
 *
 * link: kmaild/store/control_request.o
 * libs: jansson
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmaild/store/control.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct args	 args;
	const char	*text;
	enum parsed	 parsed;

	if (size > CONTROL_LINE_MAX)
		return 0;
	parsed = args_parse((const char *)data, size, &args, &text);
	if (parsed == PARSED_OK) {
		if (args.op <= OP_NONE || args.op >= OP_MAX || args.id < 0 ||
		    args.naccounts > CONTROL_ACCOUNTS ||
		    args.folder_len > sizeof(args.folder))
			abort();
	} else if (text == NULL)
		abort();
	args_clear(&args);
	return 0;
}
