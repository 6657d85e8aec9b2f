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

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "control.h"

#define REPLACEMENT	0xfffd

static int	 reply_write(const char *, size_t, void *);

json_t *
reply_item(struct request *r, const char *type)
{
	json_t	*item;

	if ((item = json_object()) == NULL)
		fatal(LC_MEMORY);
	reply_int(item, "v", 1);
	if (r->args.id == -1)
		reply_json(item, "id", json_null());
	else
		reply_int(item, "id", r->args.id);
	reply_text(item, "type", type);
	return item;
}

static int
reply_write(const char *data, size_t len, void *arg)
{
	return evbuffer_add(arg, data, len);
}

void
reply_send(struct request *r, json_t *item)
{
	struct evbuffer	*out = client_output(r->client);

	if (json_dump_callback(item, reply_write, out, JSON_COMPACT) == -1 ||
	    evbuffer_add(out, "\n", 1) == -1)
		fatal(LC_MEMORY);
	json_decref(item);
}

/* Takes over the value. */
void
reply_json(json_t *item, const char *key, json_t *value)
{
	if (json_object_set_new(item, key, value) == -1)
		fatal(LC_MEMORY);
}

void
reply_text(json_t *item, const char *key, const char *text)
{
	if (text == NULL)
		reply_json(item, key, json_null());
	else
		reply_octets(item, key, text, strlen(text));
}

void
reply_int(json_t *item, const char *key, int64_t value)
{
	reply_json(item, key, json_integer(value));
}

void
reply_bool(json_t *item, const char *key, int value)
{
	reply_json(item, key, json_boolean(value));
}

void
reply_time(json_t *item, const char *key, int64_t us)
{
	char	 text[CLOCK_TEXT_SIZE];

	reply_text(item, key, us == 0 ? NULL : clock_text(us, text));
}

void
reply_id(json_t *item, const char *key, const void *id)
{
	struct id	 copy;
	char		 hex[ID_HEX_SIZE];

	memcpy(copy.b, id, sizeof(copy.b));
	reply_text(item, key, id_hex(&copy, hex));
}

void
reply_octets(json_t *item, const char *key, const void *data, size_t len)
{
	const unsigned char	*p = data;
	unsigned char		*out;
	uint32_t		 cp;
	size_t			 i, n, o = 0;

	if ((out = reallocarray(NULL, len + 1, 3)) == NULL)
		fatal(LC_MEMORY);
	for (i = 0; i < len; i += n == 0 ? 1 : n) {
		n = text_utf8(p + i, len - i, &cp);
		if (n == 0 || text_unsafe(cp))
			cp = REPLACEMENT;
		o += text_utf8_put(cp, out + o);
	}
	reply_json(item, key, json_stringn((char *)out, o));
	free(out);
}

json_t *
percent_json(const void *data, size_t len)
{
	json_t	*value;
	char	*text;

	if ((text = malloc(TEXT_PERCENT_SIZE(len))) == NULL)
		fatal(LC_MEMORY);
	value = json_string(text_percent(data, len, text));
	free(text);
	return value;
}

void
reply_percent(json_t *item, const char *key, const void *data, size_t len)
{
	reply_json(item, key, percent_json(data, len));
}

void
reply_reason(json_t *item, const char *key, enum reason reason)
{
	char		 text[128];
	const char	*detail;

	if (reason == R_NONE || reason_check((uint32_t)reason) == -1) {
		reply_text(item, key, NULL);
		return;
	}
	strlcpy(text, reason_word(reason), sizeof(text));
	if ((detail = reason_detail(reason)) != NULL) {
		strlcat(text, " ", sizeof(text));
		strlcat(text, detail, sizeof(text));
	}
	reply_text(item, key, text);
}

void
reply_remedy(json_t *item, const char *key, enum reason reason)
{
	reply_text(item, key, reason == R_NONE ||
	    reason_check((uint32_t)reason) == -1 ? NULL :
	    reason_remedy(reason));
}
