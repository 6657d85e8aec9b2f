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
 * Landlock by its raw system calls.  The headers of Debian 12 know less
 * than newer kernels do, so everything is defined here, and masked by what
 * the running kernel says it knows.
 */

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sandbox-linux.h"

#define FS_EXECUTE	(1ULL << 0)
#define FS_WRITE_FILE	(1ULL << 1)
#define FS_READ_FILE	(1ULL << 2)
#define FS_READ_DIR	(1ULL << 3)
#define FS_REMOVE_DIR	(1ULL << 4)
#define FS_REMOVE_FILE	(1ULL << 5)
#define FS_MAKE_DIR	(1ULL << 7)
#define FS_MAKE_REG	(1ULL << 8)
#define FS_MAKE_SOCK	(1ULL << 9)
#define FS_ABI1		((1ULL << 13) - 1)
#define FS_REFER	(1ULL << 13)	/* ABI 2 */
#define FS_TRUNCATE	(1ULL << 14)	/* ABI 3 */
#define FS_IOCTL_DEV	(1ULL << 15)	/* ABI 5 */
#define FS_OF_FILES	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | \
			FS_TRUNCATE | FS_IOCTL_DEV)

#define NET_BIND_TCP	(1ULL << 0)	/* ABI 4 */
#define NET_CONNECT_TCP	(1ULL << 1)

#define SCOPE_ABSTRACT	(1ULL << 0)	/* ABI 6 */
#define SCOPE_SIGNAL	(1ULL << 1)

#define RULE_PATH	1
#define RULE_PORT	2
#define VERSION_FLAG	1u

/* The newest ABI whose rights are known here; tests build with less. */
#ifndef LANDLOCK_ABI_MAX
#define LANDLOCK_ABI_MAX	6
#endif

struct ruleset {
	uint64_t	fs;
	uint64_t	net;
	uint64_t	scoped;
};

struct rule_path {
	uint64_t	rights;
	int32_t		fd;
} __attribute__((packed));

struct rule_port {
	uint64_t	rights;
	uint64_t	port;
};

static unsigned int	 landlock_abi(void);
static size_t		 landlock_fill(struct ruleset *, unsigned int, int);
static uint64_t		 landlock_rights(unsigned int);
static void		 landlock_path(int, const struct landlock_below *,
			    uint64_t);
static void		 landlock_port(int, uint16_t);

static unsigned int
landlock_abi(void)
{
	long	 abi;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
	if (abi < 1)
		fatal(LC_SANDBOX);
	return abi < LANDLOCK_ABI_MAX ? (unsigned int)abi : LANDLOCK_ABI_MAX;
}

/* All rights of this ABI are handled, that is denied; returns the size. */
static size_t
landlock_fill(struct ruleset *r, unsigned int abi, int connect_any)
{
	memset(r, 0, sizeof(*r));
	r->fs = FS_ABI1;
	if (abi >= 2)
		r->fs |= FS_REFER;
	if (abi >= 3)
		r->fs |= FS_TRUNCATE;
	if (abi >= 5)
		r->fs |= FS_IOCTL_DEV;
	if (abi < 4)
		return offsetof(struct ruleset, net);
	r->net = NET_BIND_TCP | (connect_any ? 0 : NET_CONNECT_TCP);
	if (abi < 6)
		return offsetof(struct ruleset, scoped);
	r->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return sizeof(*r);
}

static uint64_t
landlock_rights(unsigned int below)
{
	uint64_t	 rights = 0;

	if (below & BELOW_READ)
		rights |= FS_READ_FILE | FS_READ_DIR;
	if (below & BELOW_WRITE)
		rights |= FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG |
		    FS_MAKE_DIR | FS_REMOVE_FILE | FS_REMOVE_DIR;
	if (below & BELOW_EXEC)
		rights |= FS_EXECUTE;
	if (below & BELOW_SOCKET)
		rights |= FS_MAKE_SOCK | FS_REMOVE_FILE;
	if (below & BELOW_IOCTL)
		rights |= FS_IOCTL_DEV;
	if (below & BELOW_RENAME)
		rights |= FS_REFER;
	return rights;
}

static void
landlock_path(int ruleset, const struct landlock_below *below,
    uint64_t handled)
{
	struct rule_path	 rule;
	struct stat		 st;

	memset(&rule, 0, sizeof(rule));
	if ((rule.fd = open(below->path, O_PATH | O_CLOEXEC)) == -1 ||
	    fstat(rule.fd, &st) == -1)
		fatal(LC_SANDBOX);
	rule.rights = landlock_rights(below->rights) & handled;
	if (!S_ISDIR(st.st_mode))
		rule.rights &= FS_OF_FILES;
	if (rule.rights != 0 && syscall(SYS_landlock_add_rule, ruleset,
	    RULE_PATH, &rule, 0) == -1)
		fatal(LC_SANDBOX);
	close(rule.fd);
}

static void
landlock_port(int ruleset, uint16_t port)
{
	struct rule_port	 rule;

	memset(&rule, 0, sizeof(rule));
	rule.rights = NET_CONNECT_TCP;
	rule.port = port;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0) == -1)
		fatal(LC_SANDBOX);
}

unsigned int
landlock_apply(const struct landlock *l)
{
	struct ruleset	 r;
	unsigned int	 abi;
	size_t		 i, size;
	int		 fd;

	abi = landlock_abi();
	size = landlock_fill(&r, abi, l->connect_any);
	if ((fd = (int)syscall(SYS_landlock_create_ruleset, &r, size,
	    0)) == -1)
		fatal(LC_SANDBOX);
	for (i = 0; i < l->nbelow; i++)
		landlock_path(fd, &l->below[i], r.fs);
	if (r.net & NET_CONNECT_TCP)
		for (i = 0; i < l->nports; i++)
			landlock_port(fd, l->ports[i]);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) == -1)
		fatal(LC_SANDBOX);
	close(fd);
	return abi;
}
