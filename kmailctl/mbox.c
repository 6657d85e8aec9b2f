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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "ctl.h"

/*
 * mboxrd: ">" in front of each line that is ">"s and "From "; else the
 * octets as received.  The separator says "From ID@kmaild", by which a
 * later export knows the file as its own.
 */

#define MARK	"@kmaild "

struct mbox {
	FILE		*fp;
	int		 begin;		/* at the beginning of a line */
	size_t		 quotes;	/* ">" seen there, not written yet */
	size_t		 matched;	/* of "From " after them, likewise */
	int		 last;		/* octet written last */
	uint64_t	 messages;
	uint64_t	 octets;
	struct progress	 progress;
};

static const char	 from[] = "From ";
static char		 temporary[KM_PATH_SIZE];

static void	 mbox_signal(int);
static int	 mbox_ours(const char *);
static FILE	*mbox_open(const char *);
static void	 mbox_release(struct mbox *, int);
static void	 mbox_octet(struct mbox *, unsigned char);
static int	 mbox_put(void *, const unsigned char *, size_t);
static void	 mbox_separator(struct mbox *, const json_t *);
static int	 mbox_item(json_t *, void *);
static int	 mbox_finish(struct mbox *, const char *);

/* Half a file is of no use to anybody. */
static void
mbox_signal(int sig)
{
	unlink(temporary);
	signal(sig, SIG_DFL);
	_exit(128 + sig);
}

/* 1 when there is nothing there, or what we wrote; else 0. */
static int
mbox_ours(const char *path)
{
	struct stat	 st;
	char		 line[64];
	ssize_t		 n;
	int		 fd;

	if (lstat(path, &st) == -1)
		return errno == ENOENT;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (st.st_size == 0)
		return 1;
	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, line, sizeof(line));
	close(fd);
	return n == sizeof(line) && memcmp(line, from, 5) == 0 &&
	    strspn(line + 5, "0123456789abcdef") == 32 &&
	    memcmp(line + 37, MARK, strlen(MARK)) == 0;
}

static FILE *
mbox_open(const char *path)
{
	FILE	*fp;
	int	 fd;

	if (!mbox_ours(path)) {
		complain("Choose another name, or move it away.",
		    "%s is there and was not written by kmailctl", path);
		return NULL;
	}
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXXXX",
	    path) >= sizeof(temporary)) {
		complain(NULL, "%s: name too long", path);
		return NULL;
	}
	if ((fd = mkostemp(temporary, O_CLOEXEC)) == -1) {
		complain(NULL, "%s: %s", temporary, strerror(errno));
		return NULL;
	}
	signal(SIGINT, mbox_signal);
	signal(SIGTERM, mbox_signal);
	signal(SIGHUP, mbox_signal);
	if ((fp = fdopen(fd, "w")) == NULL) {
		close(fd);
		unlink(temporary);
		complain(NULL, "out of memory");
	}
	return fp;
}

/* What was held back, quoted when it was "From " after all. */
static void
mbox_release(struct mbox *m, int quote)
{
	if (quote)
		putc('>', m->fp);
	for (; m->quotes > 0; m->quotes--)
		putc('>', m->fp);
	fwrite(from, 1, m->matched, m->fp);
	m->matched = 0;
	m->begin = 0;
}

static void
mbox_octet(struct mbox *m, unsigned char c)
{
	m->last = c;
	if (m->begin) {
		if (c == '>' && m->matched == 0) {
			m->quotes++;
			return;
		}
		if (c == (unsigned char)from[m->matched]) {
			if (++m->matched == sizeof(from) - 1)
				mbox_release(m, 1);
			return;
		}
		mbox_release(m, 0);
	}
	putc(c, m->fp);
	m->begin = c == '\n';
}

static int
mbox_put(void *arg, const unsigned char *data, size_t len)
{
	struct mbox	*m = arg;
	size_t		 i;

	for (i = 0; i < len; i++)
		mbox_octet(m, data[i]);
	return ferror(m->fp) ? -1 : 0;
}

/* "From ID@kmaild Sun Nov 22 20:14:00 2026", UTC */
static void
mbox_separator(struct mbox *m, const json_t *item)
{
	struct tm	 tm;
	char		 text[64];

	memset(&tm, 0, sizeof(tm));
	tm.tm_year = 70;
	tm.tm_mday = 1;
	if (strptime(json_text(item, "internaldate"), "%Y-%m-%dT%H:%M:%S",
	    &tm) != NULL)
		mktime(&tm);
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	fprintf(m->fp, "From %.32s" MARK "%s\n", json_text(item, "message"),
	    text);
	m->begin = 1;
	m->last = '\n';
}

static int
mbox_item(json_t *item, void *arg)
{
	struct mbox	*m = arg;
	int		 code;

	mbox_separator(m, item);
	if ((code = export_octets((size_t)json_int(item, "bytes"), mbox_put,
	    m)) != CTL_DONE)
		return code;
	if (m->begin)
		mbox_release(m, 0);
	fputs(m->last == '\n' ? "\n" : "\n\n", m->fp);
	m->messages++;
	m->octets += (uint64_t)json_int(item, "bytes");
	progress_draw(&m->progress, m->messages, 0, m->octets);
	return CTL_DONE;
}

static int
mbox_finish(struct mbox *m, const char *path)
{
	int	 bad, saved;

	bad = fflush(m->fp) == EOF || fsync(fileno(m->fp)) == -1;
	saved = errno;
	if (fclose(m->fp) == EOF && !bad) {
		saved = errno;
		bad = 1;
	}
	if (!bad && rename(temporary, path) == -1) {
		saved = errno;
		bad = 1;
	}
	if (!bad)
		return CTL_DONE;
	complain(NULL, "%s: %s", path, strerror(saved));
	return CTL_FAILED;
}

int
export_mbox(const char *account, const char *path)
{
	struct mbox	 m;
	json_t		*request;
	char		 copy[KM_PATH_SIZE];
	int		 code;

	memset(&m, 0, sizeof(m));
	if ((code = daemon_open()) != CTL_DONE)
		return code;
	if ((m.fp = mbox_open(path)) == NULL)
		return CTL_FAILED;
	strlcpy(copy, path, sizeof(copy));
	ctl_sandbox(dirname(copy));
	request = request_new("message-export");
	request_text(request, "account", account);
	progress_begin(&m.progress, "export");
	code = daemon_run(request, mbox_item, &m);
	progress_end(&m.progress);
	if (code == CTL_DONE)
		code = mbox_finish(&m, path);
	else
		fclose(m.fp);
	if (code != CTL_DONE) {
		unlink(temporary);
		return code;
	}
	export_done(account, m.messages, m.messages);
	return CTL_DONE;
}
