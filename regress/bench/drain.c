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
 * The least that fetching can cost: log in, pipeline one UID FETCH of
 * everything from a UID on, throw it away.  The benchmark's unit.
 *
 *	drain CAFILE PORT FIRST-UID CONNECTIONS < lines of "user password"
 *
 * The accounts are dealt to so many processes; each takes its own one
 * after the other.  Prints messages, octets of bodies, seconds.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tls.h>
#include <unistd.h>

#define NAME	"imap.test"	/* in the server's certificate */
#define READ	65536		/* one read: two TLS records or more */
#define LINE	1024		/* response lines outside literals */
#define ACCOUNTS 4096

struct account {
	char		 user[128];
	char		 password[128];
};

struct counts {
	uint64_t	 messages;
	uint64_t	 octets;
};

/* Reading one connection: only literals and line ends matter. */
struct reader {
	struct counts	*counts;
	uint64_t	 literal;	/* octets of it still to come */
	size_t		 len;
	char		 line[LINE];
	int		 done;		/* tagged answer to LOGOUT seen */
};

static struct account accounts[ACCOUNTS];

static void
send_all(struct tls *tls, const char *text)
{
	size_t	left = strlen(text);
	ssize_t	n;

	while (left > 0) {
		n = tls_write(tls, text, left);
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
			continue;
		if (n == -1)
			errx(1, "write: %s", tls_error(tls));
		text += n;
		left -= (size_t)n;
	}
}

static void
end_of_line(struct reader *r)
{
	char	*brace;

	r->line[r->len] = '\0';
	if (strncmp(r->line, "z OK", 4) == 0)
		r->done = 1;
	else if (r->line[0] != '*' && r->len > 4 && r->line[0] >= 'a' &&
	    r->line[0] <= 'z' && strncmp(r->line + 2, "OK", 2) != 0)
		errx(1, "server: %s", r->line);
	if (r->len > 0 && r->line[r->len - 1] == '}' &&
	    (brace = strrchr(r->line, '{')) != NULL) {
		r->literal = strtoull(brace + 1, NULL, 10);
		r->counts->messages++;
		r->counts->octets += r->literal;
	}
	r->len = 0;
}

static void
take(struct reader *r, const char *buf, size_t n)
{
	size_t	i, skip;

	for (i = 0; i < n; i++) {
		if (r->literal > 0) {
			skip = n - i < r->literal ? n - i : r->literal;
			r->literal -= skip;
			i += skip - 1;
		} else if (buf[i] == '\n')
			end_of_line(r);
		else if (buf[i] != '\r' && r->len < sizeof(r->line) - 1)
			r->line[r->len++] = buf[i];
	}
}

static ssize_t
read_some(struct tls *tls, char *buf)
{
	ssize_t	n;

	do
		n = tls_read(tls, buf, READ);
	while (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT);
	if (n == -1)
		errx(1, "read: %s", tls_error(tls));
	return n;
}

static void
drain(struct tls_config *config, const char *port, const char *first,
    const struct account *a, struct counts *counts)
{
	static char	 buf[READ];
	char		 command[512];
	struct reader	 r = { .counts = counts };
	struct tls	*tls;
	ssize_t		 n;

	if ((tls = tls_client()) == NULL || tls_configure(tls, config) == -1)
		errx(1, "tls_client");
	if (tls_connect_servername(tls, "127.0.0.1", port, NAME) == -1)
		errx(1, "connect: %s", tls_error(tls));
	if (read_some(tls, buf) == 0)
		errx(1, "no greeting");
	snprintf(command, sizeof(command),
	    "a LOGIN \"%s\" \"%s\"\r\nb EXAMINE INBOX\r\n"
	    "c UID FETCH %s:4294967295 (UID INTERNALDATE BODY.PEEK[])\r\n"
	    "z LOGOUT\r\n", a->user, a->password, first);
	send_all(tls, command);
	while (!r.done && (n = read_some(tls, buf)) > 0)
		take(&r, buf, (size_t)n);
	if (!r.done)
		errx(1, "connection lost");
	tls_close(tls);
	tls_free(tls);
}

static size_t
read_accounts(void)
{
	size_t	n;

	for (n = 0; n < ACCOUNTS; n++)
		if (scanf("%127s %127s", accounts[n].user,
		    accounts[n].password) != 2)
			break;
	return n;
}

static struct tls_config *
configure(const char *cafile)
{
	struct tls_config	*config;

	if ((config = tls_config_new()) == NULL)
		errx(1, "tls_config_new");
	if (tls_config_set_ca_file(config, cafile) == -1)
		errx(1, "%s: %s", cafile, tls_config_error(config));
	return config;
}

int
main(int argc, char *argv[])
{
	struct tls_config	*config;
	struct timespec		 t0, t1;
	struct counts		 all = { 0, 0 }, one;
	size_t			 i, n, naccounts, nprocs;
	int			 fds[2], status;

	if (argc != 5)
		errx(2, "usage: drain CAFILE PORT FIRST-UID CONNECTIONS");
	nprocs = strtoul(argv[4], NULL, 10);
	naccounts = read_accounts();
	config = configure(argv[1]);
	if (pipe(fds) == -1)
		err(1, "pipe");
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (n = 0; n < nprocs; n++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			memset(&one, 0, sizeof(one));
			for (i = n; i < naccounts; i += nprocs)
				drain(config, argv[2], argv[3], &accounts[i],
				    &one);
			if (write(fds[1], &one, sizeof(one)) == -1)
				err(1, "write");
			_exit(0);
		}
	}
	for (n = 0; n < nprocs; n++) {
		if (wait(&status) == -1 || status != 0)
			errx(1, "a process failed");
		if (read(fds[0], &one, sizeof(one)) != sizeof(one))
			errx(1, "short count");
		all.messages += one.messages;
		all.octets += one.octets;
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("%llu %llu %.4f\n", (unsigned long long)all.messages,
	    (unsigned long long)all.octets,
	    (double)(t1.tv_sec - t0.tv_sec) +
	    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9);
	return 0;
}
