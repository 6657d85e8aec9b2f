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
 * kmaild.conf: whatever the file says, it is refused with a report or its
 * printed form parses to the same.
 *
 * link: kmaild/parent/conf.o kmaild/parent/conf_allow.o
 * link: kmaild/parent/conf_check.o kmaild/parent/conf_lex.o
 * link: kmaild/parent/conf_print.o kmaild/parent/conf_value.o
 * link: kmaild/parent/conf_source.o kmaild/parent/parse.o
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmaild/parent/conf.h"

#define PRINTED_SIZE	(4 * 1024 * 1024)

static unsigned int	 reports;

/* Every user and group exists: the system's are not what is tested. */
struct passwd *
getpwnam(const char *name)
{
	static struct passwd	 pw = { .pw_uid = 1000, .pw_gid = 1000 };

	return name[0] == 'x' ? NULL : &pw;
}

struct group *
getgrnam(const char *name)
{
	static char		*members[] = { NULL };
	static struct group	 gr = { .gr_gid = 1000, .gr_mem = members };

	return name[0] == 'x' ? NULL : &gr;
}

static void
report(const char *message, void *arg)
{
	(void)arg;
	if (strchr(message, '\n') != NULL)
		abort();
	reports++;
}

static struct conf *
load(const void *data, size_t size)
{
	struct conf	*conf;
	char		 path[64];
	int		 fd;

	if ((fd = memfd_create("conf", 0)) == -1 || fchmod(fd, 0600) == -1 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reports = 0;
	conf = conf_load(path, 0, report, NULL);
	if ((conf == NULL) != (reports > 0))
		abort();
	close(fd);
	return conf;
}

static size_t
print(const struct conf *conf, char *text)
{
	FILE	*fp;
	long	 len;

	if ((fp = fmemopen(text, PRINTED_SIZE, "w")) == NULL)
		abort();
	conf_print(conf, fp);
	len = ftell(fp);
	fclose(fp);
	return (size_t)len;
}

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char	 first[PRINTED_SIZE], second[PRINTED_SIZE];
	struct conf	*conf;
	size_t		 len;

	if ((conf = load(data, size)) == NULL)
		return 0;
	len = print(conf, first);
	conf_free(conf);
	if ((conf = load(first, len)) == NULL)
		abort();
	if (print(conf, second) != len || memcmp(first, second, len) != 0)
		abort();
	conf_free(conf);
	return 0;
}
