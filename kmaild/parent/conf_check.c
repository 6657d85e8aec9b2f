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


/* Defaults, and what only the system knows: users, groups, files. */

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "conf.h"

#define CHECK_TEXT_SIZE	2048
#define CERTIFICATE	"-----BEGIN "	/* TRUSTED, X509 may follow */
#define SOCKET_NAME_MAX	sizeof("/kmaild.sock")	/* the longer of the two */

struct check {
	const char	*path;
	int		 errors;
	conf_report	 report;
	void		*arg;
};

static const struct {
	const char	*role;
	const char	*name;
} default_users[CONF_USERS] = {
	[CONF_USER_VAULT] = { "vault", "_kmaild_vault" },
	[CONF_USER_TLS] = { "tls", "_kmaild_tls" },
	[CONF_USER_NET] = { "net", "_kmaild_net" },
	[CONF_USER_OAUTH] = { "oauth", "_kmaild_oauth" },
	[CONF_USER_STORE] = { "store", "_kmaild_store" }
};

static void
complain(void *arg, const char *fmt, ...)
{
	struct check	*c = arg;
	char		 message[CHECK_TEXT_SIZE], report[CHECK_TEXT_SIZE];
	va_list		 ap;

	c->errors++;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(report, sizeof(report), "%.1023s: %.1000s", c->path,
	    message);
	c->report(report, c->arg);
}

static void
check_folders(struct check *c, struct conf *conf, int root)
{
	struct sockaddr_un	 sun;

	if (root && conf->state[0] == '\0')
		strlcpy(conf->state, KM_STATEDIR, sizeof(conf->state));
	if (root && conf->socket[0] == '\0')
		strlcpy(conf->socket, KM_RUNDIR, sizeof(conf->socket));
	if (conf->state[0] == '\0')
		complain(c, "no state folder; started by an ordinary user, "
		    "kmaild needs a line such as: "
		    "state \"/home/YOU/kmaild/state\"");
	if (conf->socket[0] == '\0')
		complain(c, "no socket folder; started by an ordinary user, "
		    "kmaild needs a line such as: "
		    "socket \"/home/YOU/kmaild/run\"");
	if (strlen(conf->socket) + SOCKET_NAME_MAX > sizeof(sun.sun_path))
		complain(c, "socket: the folder's name is longer than %zu "
		    "octets", sizeof(sun.sun_path) - SOCKET_NAME_MAX);
}

static void
check_socket(struct check *c, struct conf *conf)
{
	struct group	*gr;

	if (conf->socket_group[0] != '\0') {
		if ((gr = getgrnam(conf->socket_group)) == NULL)
			complain(c, "socket: there is no group \"%s\"",
			    conf->socket_group);
		else
			conf->socket_gid = gr->gr_gid;
	}
	if ((conf->said & CONF_SOCKET_MODE_SAID) == 0)
		conf->socket_mode = conf->socket_group[0] != '\0' ?
		    0660 : 0600;
}

static void
check_user(struct check *c, struct conf *conf, enum conf_user role)
{
	struct conf_id	*id = &conf->users[role];
	struct passwd	*pw;
	int		 i;

	if (id->name[0] == '\0')
		strlcpy(id->name, default_users[role].name, sizeof(id->name));
	if ((pw = getpwnam(id->name)) == NULL) {
		complain(c, "user %s: there is no user \"%s\"; create it: "
		    "useradd -r -U -M -d /nonexistent -s /usr/sbin/nologin %s",
		    default_users[role].role, id->name, id->name);
		return;
	}
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	if (id->uid == 0 || id->gid == 0)
		complain(c, "user %s: \"%s\" is root, or of root's group",
		    default_users[role].role, id->name);
	for (i = 0; i < (int)role; i++)
		if (conf->users[i].uid == id->uid)
			complain(c, "user %s and user %s: each needs a user "
			    "of its own", default_users[i].role,
			    default_users[role].role);
}

/* Tells a changed set of files from the same, nothing more. */
static void
signature_add(struct conf *conf, uint64_t value)
{
	conf->ca_signature = (conf->ca_signature ^ value) *
	    0x9e3779b97f4a7c15ULL;
	conf->ca_signature ^= conf->ca_signature >> 32;
}

static void
signature_file(struct conf *conf, const struct stat *st)
{
	signature_add(conf, (uint64_t)st->st_dev);
	signature_add(conf, (uint64_t)st->st_ino);
	signature_add(conf, (uint64_t)st->st_size);
	signature_add(conf, (uint64_t)st->st_mtim.tv_sec);
	signature_add(conf, (uint64_t)st->st_mtim.tv_nsec);
	signature_add(conf, (uint64_t)st->st_ctim.tv_sec);
	signature_add(conf, (uint64_t)st->st_ctim.tv_nsec);
}

static int
has_certificate(FILE *fp)
{
	char	 line[CHECK_TEXT_SIZE];

	while (fgets(line, sizeof(line), fp) != NULL)
		if (strncmp(line, CERTIFICATE, sizeof(CERTIFICATE) - 1) == 0)
			return 1;
	return 0;
}

/* Whoever can write a CA file decides whom we trust. */
static void
check_ca_file(struct check *c, struct conf *conf, const char *path)
{
	struct stat	 st;
	FILE		*fp = NULL;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 ||
	    (fp = fdopen(fd, "r")) == NULL) {
		if (fd != -1)
			close(fd);
		complain(c, "ca: %s: %s%s", path, strerror(errno),
		    strcmp(path, KM_CAFILE) == 0 ? "; install "
		    "ca-certificates, or say: ca file \"FILE\"" : "");
		return;
	}
	if (fstat(fd, &st) == -1)
		complain(c, "ca: %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || !has_certificate(fp))
		complain(c, "ca: %s: there is no PEM certificate in it", path);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		complain(c, "ca: %s: must be owned by root or by the user "
		    "who starts kmaild", path);
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		complain(c, "ca: %s: group or others can write it; say: "
		    "chmod go-w %s", path, path);
	else
		signature_file(conf, &st);
	fclose(fp);
}

/* The number of the set, which is added if it is new. */
static uint32_t
ca_set(struct check *c, struct conf *conf, const struct conf_ca *ca)
{
	uint32_t	i;

	for (i = 0; i < conf->nsets; i++)
		if (conf_ca_equal(conf->sets[i], ca))
			return i;
	if (conf->nsets == CONF_CA_SETS_MAX) {
		complain(c, "ca: more than %d different sets of files",
		    CONF_CA_SETS_MAX);
		return 0;
	}
	for (i = 0; i < ca->nfiles; i++)
		check_ca_file(c, conf, ca->files[i]);
	signature_add(conf, conf->nsets);
	conf->sets[conf->nsets] = ca;
	return conf->nsets++;
}

static void
check_ca(struct check *c, struct conf *conf)
{
	struct conf_account	*a;

	if (conf->ca.nfiles == 0 && conf_ca_add(&conf->ca, KM_CAFILE) == -1)
		complain(c, "out of memory");
	ca_set(c, conf, &conf->ca);
	TAILQ_FOREACH(a, &conf->accounts, entry)
		if (a->ca.nfiles != 0)
			a->ca_set = ca_set(c, conf, &a->ca);
}

static void
check_limits(struct check *c, struct conf *conf)
{
	if ((conf->said & CONF_SYNC_SAID) == 0)
		conf->sync_every = 300;
	if (conf->sessions == 0)
		conf->sessions = 32;
	if (conf->sessions_host == 0)
		conf->sessions_host = conf->sessions < 8 ? conf->sessions : 8;
	if (conf->sessions_host > conf->sessions)
		complain(c, "sessions: more per host than in all");
	if (conf->timeouts.idle == 0)
		conf->timeouts.idle = 120;
	if (conf->timeouts.step == 0)
		conf->timeouts.step = 300;
	if (conf->timeouts.session == 0)
		conf->timeouts.session = 6 * 3600;
	if (conf->max_size == 0)
		conf->max_size = 256ULL << 20;
	if (conf->reserve == 0)
		conf->reserve = 256ULL << 20;
	if (conf->alert_after == 0)
		conf->alert_after = 86400;
	if (conf->loglevel == 0)
		conf->loglevel = LOG_INFO;
	if (conf->hosts[0] == '\0')
		strlcpy(conf->hosts, "/etc/hosts", sizeof(conf->hosts));
}

int
conf_check(struct conf *conf, const char *path, int root, conf_report report,
    void *arg)
{
	struct check	 c = { path, 0, report, arg };
	int		 role;

	check_folders(&c, conf, root);
	check_socket(&c, conf);
	for (role = 0; root && role < CONF_USERS; role++)
		check_user(&c, conf, (enum conf_user)role);
	check_ca(&c, conf);
	check_limits(&c, conf);
	conf_allow_resolve(conf, complain, &c);
	return c.errors == 0 ? 0 : -1;
}
