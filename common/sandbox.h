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

#ifndef KMAILD_SANDBOX_H
#define KMAILD_SANDBOX_H

/*
 * One function for each process, the same on every system: pledge(2) and
 * unveil(2) on OpenBSD (sandbox-openbsd.c), seccomp and Landlock on Linux
 * (sandbox-linux.c).  What cannot be applied is fatal.  In all of them core
 * files are off, and the process is not dumpable: /dev/fd/N and /proc/self
 * cannot be opened any more unless one is root.
 */

#include <stddef.h>
#include <stdint.h>

/* Finer rights that this kernel lacks; shown by kmailctl status. */
#define SANDBOX_MISSING_TRUNCATE	0x01	/* Landlock ABI 3 */
#define SANDBOX_MISSING_NET		0x02	/* ABI 4 */
#define SANDBOX_MISSING_IOCTL		0x04	/* ABI 5 */
#define SANDBOX_MISSING_SCOPE		0x08	/* ABI 6 */
#define SANDBOX_NONE			0x80	/* sanitizer build */

struct sandbox_result {
	uint32_t	landlock_abi;	/* 0 on OpenBSD */
	uint32_t	missing;	/* SANDBOX_MISSING_* */
};

/*
 * The children inherit it: a superset of all that follow.  Reads anything;
 * writes only below these folders (state, sockets; at most 16, which must
 * exist; ended by NULL).
 */
void	 sandbox_parent(struct sandbox_result *, const char *const *);
/* No file right at all: vault.db is open.  Accepts, passes descriptors. */
void	 sandbox_vault(struct sandbox_result *);
/* Zygote: fork, pass descriptors, no file, no socket. */
void	 sandbox_session(struct sandbox_result *);
/* After fork, the final filter: read, write, poll, memory. */
void	 sandbox_session_child(void);
/* Resolve, connect to these ports (host order), fork workers. */
void	 sandbox_fetcher(struct sandbox_result *, const uint16_t *, size_t);
/* After fork: two descriptors, memory, clock. */
void	 sandbox_worker(void);
/* The mail folder alone, by path. */
void	 sandbox_store(struct sandbox_result *, const char *);
/*
 * kmailctl, after it opened sockets and files.  The folder is the only
 * place where files may be made (message export maildir); NULL: nowhere.
 * Files there are renamed within one folder only: Landlock ABI 1 allows no
 * more.  Failure is fatal(), so kmailctl gives log_init() a sink.
 */
void	 sandbox_ctl(struct sandbox_result *, const char *);
/*
 * Build the final filters before the first fork, so that the two *_child
 * calls cost one system call each.  Called by zygote and fetcher before
 * their own sandbox.
 */
void	 sandbox_prepare_session_child(void);
void	 sandbox_prepare_worker(void);

#endif
