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

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg.h"
#include "ctl.h"

static struct options	 opts;

static void	 usage(void);
static int	 reader_gone(void);
static void	 log_stderr(const struct m_log *);

const struct options *
options(void)
{
	return &opts;
}

void
complain(const char *remedy, const char *fmt, ...)
{
	va_list	 ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", getprogname());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	if (remedy != NULL && remedy[0] != '\0')
		fprintf(stderr, "\t%s\n", remedy);
}

void
refuse(const char *word, const char *remedy, const char *fmt, ...)
{
	char	 text[512];
	va_list	 ap;
	json_t	*error;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (opts.json && (error = json_pack("{s:i, s:s, s:s, s:s, s:s?}", "v",
	    1, "type", "error", "error", word, "message", text, "remedy",
	    remedy)) != NULL) {
		json_line(error);
		json_decref(error);
	}
	complain(remedy, "%s", text);
}

static void
usage(void)
{
	fprintf(stderr, "usage: kmailctl [-j] [-s folder] command ...\n"
	    "       kmailctl help [word ...]\n");
	words_brief(commands);
}

/* Set-up that fails in common/ logs and exits: here that is stderr. */
static void
log_stderr(const struct m_log *m)
{
	char	 text[256];

	fprintf(stderr, "%s: %s\n", getprogname(),
	    log_text(m, text, sizeof(text)));
}

/* As with head(1): whoever read has read enough. */
static int
reader_gone(void)
{
	struct pollfd	 pfd = { STDOUT_FILENO, POLLOUT, 0 };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLERR) != 0;
}

int
main(int argc, char **argv)
{
	int	 ch, code;

	opts.folder = KM_RUNDIR;
	log_init(log_stderr, LOG_WARNING);
	signal(SIGPIPE, SIG_IGN);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	tzset();
	while ((ch = getopt(argc, argv, "+js:")) != -1)
		switch (ch) {
		case 'j':
			opts.json = 1;
			break;
		case 's':
			opts.folder = optarg;
			break;
		default:
			usage();
			return CTL_USAGE;
		}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		usage();
		return CTL_USAGE;
	}
	code = words_run(commands, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		if (!reader_gone())
			complain(NULL, "standard output cannot be written");
		return code == CTL_DONE ? CTL_FAILED : code;
	}
	return code;
}
