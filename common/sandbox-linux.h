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

#ifndef KMAILD_SANDBOX_LINUX_H
#define KMAILD_SANDBOX_LINUX_H

/* Between sandbox-linux.c, landlock-linux.c and seccomp-linux.c only. */

#include <linux/filter.h>

#include <stddef.h>
#include <stdint.h>

/* ---- landlock-linux.c ---- */

/* What may be done below a folder, or with one file. */
#define BELOW_READ	0x01	/* read files, list folders */
#define BELOW_WRITE	0x02	/* write, make and remove regular files, folders */
#define BELOW_EXEC	0x04
#define BELOW_SOCKET	0x08	/* make sockets */
#define BELOW_IOCTL	0x10	/* ioctl(2) on devices */
#define BELOW_RENAME	0x20	/* from one folder to another; Landlock ABI 2 */

struct landlock_below {
	const char	*path;
	unsigned int	 rights;
};

struct landlock {
	const struct landlock_below *below;	/* nbelow of them */
	size_t			 nbelow;
	const uint16_t		*ports;		/* TCP connect, host order */
	size_t			 nports;
	int			 connect_any;	/* leave connect(2) alone */
};

/*
 * Deny everything that the running kernel's Landlock knows but what the
 * struct names; sets no_new_privs.  Returns the ABI applied, at least 1.
 * Fatal on failure; a path that does not exist is a failure.
 */
unsigned int	 landlock_apply(const struct landlock *);

/* ---- seccomp-linux.c ---- */

/* Processes as bits, so that a row of the table can name several. */
#define S_PARENT	0x01u
#define S_VAULT		0x02u
#define S_SESSION	0x04u
#define S_CHILD		0x08u	/* of the session zygote, final */
#define S_FETCHER	0x10u
#define S_WORKER	0x20u
#define S_STORE		0x40u
#define S_CTL		0x80u

/*
 * Make the filter of the processes named; its memory is the caller's and
 * is never freed: a process has at most two.  Fatal on failure.
 */
void		 seccomp_build(struct sock_fprog *, unsigned int);
/* Install it; no_new_privs was set before.  Fatal on failure. */
void		 seccomp_install(const struct sock_fprog *);

#endif
