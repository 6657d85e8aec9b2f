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
 * resolv.conf and hosts, which others replace at any time (DHCP, VPN): the
 * fetcher cannot open files, so it gets new descriptors when they change.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

#define RESOLV_CONF	"/etc/resolv.conf"
#define WATCH_SECONDS	5

struct mark {
	dev_t		 dev;
	ino_t		 ino;
	off_t		 size;
	struct timespec	 mtime;
};

static struct event	 timer;
static struct mark	 marks[2];	/* resolv.conf, hosts; zero: absent */

static void
mark_take(const char *path, struct mark *m)
{
	struct stat	 st;

	memset(m, 0, sizeof(*m));
	if (stat(path, &st) == -1)
		return;
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	m->size = st.st_size;
	m->mtime = st.st_mtim;
}

static int
mark_equal(const struct mark *a, const struct mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static int
marks_changed(const struct conf *conf)
{
	struct mark	 now[2];
	int		 changed;

	mark_take(RESOLV_CONF, &now[0]);
	mark_take(conf->hosts, &now[1]);
	changed = !mark_equal(&now[0], &marks[0]) ||
	    !mark_equal(&now[1], &marks[1]);
	memcpy(marks, now, sizeof(marks));
	return changed;
}

static void
resolver_look(evutil_socket_t fd, short events, void *arg)
{
	struct parent	*p = arg;
	struct child	*c = service_current(P_FETCHER);

	(void)fd;
	(void)events;
	if (!marks_changed(p->conf) || p->phase != PARENT_RUNNING ||
	    c == NULL || c->phase != CHILD_RUNNING)
		return;
	log_info_code(LC_RESOLVER_CHANGED, 0, 0);
	(void)send_conf(c, p->conf, p->generation);
	send_end(c, p->generation);
}

void
resolver_watch(struct parent *p)
{
	struct timeval	 tv = { WATCH_SECONDS, 0 };

	(void)marks_changed(p->conf);
	if (event_assign(&timer, p->base, -1, EV_PERSIST, resolver_look,
	    p) == -1 || event_add(&timer, &tv) == -1)
		fatal(LC_SETUP);
}

static void
resolver_file(struct child *c, enum resolvfile kind, const char *path)
{
	struct m_conf_resolvfile	 m;
	int				 fd;

	/* without it the fetcher does with what it has */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return;
	memset(&m, 0, sizeof(m));
	m.kind = kind;
	channel_send(&c->chan, M_CONF_RESOLVFILE, fd, &m, sizeof(m));
}

/* Name servers of kmaild.conf stand instead of resolv.conf. */
void
resolver_send(struct child *c, const struct conf *conf)
{
	if (conf->nnameservers == 0)
		resolver_file(c, RESOLVFILE_CONF, RESOLV_CONF);
	resolver_file(c, RESOLVFILE_HOSTS, conf->hosts);
}
