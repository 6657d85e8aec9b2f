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
 * The master key's way to the vault: an open descriptor, unread.  Only a
 * key in the environment passes through this process, at its very start.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

#define KEY_VARIABLE	"EMAIL_ENCRYPTION_KEY"
#define CREDENTIAL_NAME	"email_encryption_key"
#define KEY_ENV_MAX	4096	/* fits into a pipe without a reader */

static int	 env_given;
static int	 env_fd = -1;		/* read end, until the vault gets it */
static char	 credential[KM_PATH_SIZE];	/* "" none */

static int
env_to_pipe(const char *value, size_t len)
{
	int	 fds[2];

	if (len > KEY_ENV_MAX || pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	if (write(fds[1], value, len) != (ssize_t)len) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	close(fds[1]);
	return fds[0];
}

void
key_init(void)
{
	const char	*dir;
	char		*value;
	size_t		 len;

	if ((value = getenv(KEY_VARIABLE)) != NULL) {
		len = strlen(value);
		env_given = len > 0;
		env_fd = env_to_pipe(value, len);
		explicit_bzero(value, len);
		unsetenv(KEY_VARIABLE);
	}
	if ((dir = getenv("CREDENTIALS_DIRECTORY")) == NULL)
		return;
	if (snprintf(credential, sizeof(credential), "%s/%s", dir,
	    CREDENTIAL_NAME) >= (int)sizeof(credential) ||
	    access(credential, F_OK) == -1)
		credential[0] = '\0';
}

/* A file for its owner alone; -1 and *problem says why not. */
static int
key_file_open(const char *path, enum logcode *problem)
{
	struct stat	 st;
	int		 fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		*problem = errno == ENOENT ? LC_KEY_MISSING : LC_KEY_OPEN;
		return -1;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		*problem = LC_KEY_OPEN;
	else if (path == credential)
		/* its folder is closed; the mode shows an ACL's mask */
		return fd;
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		*problem = LC_KEY_OWNER;
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		*problem = LC_KEY_MODE;
	else
		return fd;
	close(fd);
	return -1;
}

enum key_source
key_open(const struct conf *conf, int *fd, enum logcode *problem)
{
	int	 sources;

	*fd = -1;
	*problem = 0;
	sources = env_given + (credential[0] != '\0') +
	    (conf->key_file[0] != '\0');
	if (sources > 1) {
		*problem = LC_KEY_SEVERAL;
		return KEY_REFUSED;
	}
	if (sources == 0)
		return KEY_NONE;
	if (env_given) {
		*problem = LC_KEY_ENV;
		return KEY_ENV;
	}
	*fd = key_file_open(credential[0] != '\0' ? credential :
	    conf->key_file, problem);
	if (*fd == -1)
		return *problem == LC_KEY_MISSING ? KEY_NONE : KEY_REFUSED;
	return credential[0] != '\0' ? KEY_CREDENTIAL : KEY_FILE;
}

int
key_env_take(void)
{
	int	 fd = env_fd;

	env_fd = -1;
	return fd;
}

enum logcode
key_problem(const struct conf *conf)
{
	enum logcode	 problem;
	int		 fd;

	key_open(conf, &fd, &problem);
	if (fd != -1)
		close(fd);
	return problem == LC_KEY_ENV ? 0 : problem;
}
