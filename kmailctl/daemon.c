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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define LINE_MAX_	65536	/* octets of a line, by the protocol */
#define PATIENCE	60	/* seconds for an answer */

/* The connection to kmaild.sock: one, for the whole run. */
static struct {
	int	 fd;
	int	 requests;
	int	 patience;
	size_t	 pos, len;		/* unread part of buf */
	char	 buf[LINE_MAX_];
} conn = { -1, 0, PATIENCE, 0, 0, "" };

static int	 conn_fill(void);
static int	 conn_lost(void);
static int	 run_item(json_t *, int (*)(json_t *, void *), void *);

int
daemon_open(void)
{
	if ((conn.fd = socket_open("kmaild.sock")) == -1)
		return CTL_NODAEMON;
	return CTL_DONE;
}

void
daemon_patience(int seconds)
{
	conn.patience = seconds;
}

json_t *
request_new(const char *op)
{
	json_t	*request;

	request = json_pack("{s:i, s:i, s:s}", "v", 1, "id", ++conn.requests,
	    "op", op);
	if (request == NULL) {
		complain(NULL, "out of memory");
		exit(CTL_FAILED);
	}
	return request;
}

/* Text that is not UTF-8 cannot name anything that the daemon knows. */
void
request_text(json_t *request, const char *key, const char *value)
{
	if (json_object_set_new(request, key, json_string(value)) == -1) {
		complain(NULL, "%s: not UTF-8", key);
		exit(CTL_USAGE);
	}
}

void
request_names(json_t *request, const struct call *call)
{
	json_t	*names;
	int	 i;

	if (call->argc == 0)
		return;
	names = json_array();
	for (i = 0; i < call->argc; i++)
		if (json_array_append_new(names,
		    json_string(call->argv[i])) == -1) {
			complain(NULL, "a name that is not UTF-8");
			exit(CTL_USAGE);
		}
	json_object_set_new(request, "accounts", names);
}

int
daemon_send(json_t *request)
{
	char	*line, *p;
	size_t	 len;
	ssize_t	 n;
	int	 id = conn.requests;

	if ((line = json_dumps(request, JSON_COMPACT)) == NULL) {
		complain(NULL, "out of memory");
		exit(CTL_FAILED);
	}
	json_decref(request);
	len = strlen(line);
	line[len++] = '\n';	/* in the place of the NUL */
	for (p = line; len > 0; p += n, len -= (size_t)n)
		if ((n = write(conn.fd, p, len)) == -1) {
			if (errno != EINTR)
				break;	/* the answer may still say why */
			n = 0;
		}
	free(line);
	return id;
}

static int
conn_lost(void)
{
	complain("Look at its log, or start it again.",
	    "the connection to kmaild was lost");
	return -1;
}

/* More octets: 0, or -1 and the complaint is made. */
static int
conn_fill(void)
{
	ssize_t	 n;

	if (conn.pos > 0) {
		memmove(conn.buf, conn.buf + conn.pos, conn.len - conn.pos);
		conn.len -= conn.pos;
		conn.pos = 0;
	}
	if (conn.len == sizeof(conn.buf)) {
		complain(NULL, "kmaild sent a line that is too long");
		return -1;
	}
	for (;;) {
		if (socket_wait(conn.fd, conn.patience) == -1)
			return -1;
		n = read(conn.fd, conn.buf + conn.len,
		    sizeof(conn.buf) - conn.len);
		if (n > 0)
			break;
		if (n == 0 || errno != EINTR)
			return conn_lost();
	}
	conn.len += (size_t)n;
	return 0;
}

json_t *
daemon_next(void)
{
	json_error_t	 error;
	json_t		*object;
	char		*start, *lf;

	for (;;) {
		start = conn.buf + conn.pos;
		if ((lf = memchr(start, '\n', conn.len - conn.pos)) != NULL)
			break;
		if (conn_fill() == -1)
			return NULL;
	}
	conn.pos += (size_t)(lf - start) + 1;
	object = json_loadb(start, (size_t)(lf - start), 0, &error);
	if (!json_is_object(object)) {
		json_decref(object);
		complain(NULL, "kmaild sent something that is not JSON");
		return NULL;
	}
	return object;
}

int
daemon_read(void *data, size_t len)
{
	unsigned char	*p = data;
	size_t		 n;

	while (len > 0) {
		if (conn.pos == conn.len && conn_fill() == -1)
			return -1;
		n = conn.len - conn.pos;
		if (n > len)
			n = len;
		memcpy(p, conn.buf + conn.pos, n);
		conn.pos += n;
		p += n;
		len -= n;
	}
	return 0;
}

void
daemon_wait_closed(int seconds)
{
	ssize_t	 n;

	while (socket_wait(conn.fd, seconds) == 0) {
		n = read(conn.fd, conn.buf, sizeof(conn.buf));
		if (n == 0 || (n == -1 && errno != EINTR))
			break;
	}
}

const char *
json_text(const json_t *object, const char *key)
{
	const char	*text = json_string_value(json_object_get(object,
			    key));

	return text == NULL ? "" : text;
}

int64_t
json_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

int
json_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

int
json_type_is(const json_t *object, const char *type)
{
	return strcmp(json_text(object, "type"), type) == 0;
}

void
json_line(json_t *object)
{
	json_object_del(object, "id");
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

int
daemon_error(const json_t *object)
{
	const char	*word = json_text(object, "error");
	json_t		*copy;

	if (options()->json && (copy = json_copy((json_t *)object)) != NULL) {
		json_line(copy);
		json_decref(copy);
	}
	complain(json_text(object, "remedy"), "%s",
	    json_text(object, "message"));
	if (strcmp(word, "busy") == 0 || strcmp(word, "unavailable") == 0)
		return CTL_LATER;
	return CTL_FAILED;
}

static int
run_item(json_t *object, int (*item)(json_t *, void *), void *arg)
{
	if (item != NULL)
		return item(object, arg);
	if (options()->json)
		json_line(object);
	return CTL_DONE;
}

int
daemon_run(json_t *request, int (*item)(json_t *, void *), void *arg)
{
	json_t	*object;
	int	 code = CTL_DONE, ended = 0;

	daemon_send(request);
	while (!ended) {
		if ((object = daemon_next()) == NULL)
			return CTL_NODAEMON;
		ended = 1;
		if (json_type_is(object, "error"))
			code = daemon_error(object);
		else if (!json_type_is(object, "end")) {
			code = run_item(object, item, arg);
			ended = code != CTL_DONE;
		}
		json_decref(object);
	}
	return code;
}

int
daemon_ask(json_t *request, int (*item)(json_t *, void *), void *arg)
{
	int	 code;

	if ((code = daemon_open()) != CTL_DONE) {
		json_decref(request);
		return code;
	}
	ctl_sandbox(NULL);
	return daemon_run(request, item, arg);
}
