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
 * A new configuration: read and checked whole, replacements started and
 * ready, and only then put in force everywhere.  Whatever fails before
 * that leaves the old one as it was.
 */

#include <stdio.h>
#include <string.h>

#include "parent.h"

#define DRAINING_MAX	4	/* replaced ones that have sessions left */
#define REPORT_SIZE	sizeof(((struct m_ctl_result *)0)->text)

static struct {
	struct conf	*conf;		/* being prepared; NULL: none */
	struct m_ctl	 request;	/* whom to answer */
	int		 asked;		/* by an operator */
	int		 again;		/* another SIGHUP came meanwhile */
	struct child	*new[2];	/* replacements, NULL none */
} reload;

static const enum proc	 replaced[2] = { P_SESSION, P_FETCHER };

void
reload_answer(struct parent *p, const struct m_ctl *request, int ok,
    const char *text)
{
	struct child		*store = service_current(P_STORE);
	struct m_ctl_result	 m;

	(void)p;
	if (store == NULL)
		return;
	memset(&m, 0, sizeof(m));
	m.request = request->request;
	m.ok = (uint32_t)ok;
	strlcpy(m.text, text, sizeof(m.text));
	channel_send(&store->chan, M_CTL_RESULT, -1, &m, sizeof(m));
}

/* The end of it, one way or the other. */
static void
reload_end(struct parent *p, const char *error)
{
	if (error != NULL)
		log_warn_code(LC_RELOAD_REFUSED, 0, 0);
	else
		log_info_code(LC_RELOADED, 0, 0);
	if (reload.asked)
		reload_answer(p, &reload.request, error == NULL,
		    error == NULL ? "" : error);
	conf_free(reload.conf);
	reload.conf = NULL;
	reload.asked = 0;
	if (reload.again) {
		reload.again = 0;
		reload_begin(p, NULL);
	}
}

/* The first error is the one that is shown. */
static void
reload_report(const char *message, void *arg)
{
	char	*text = arg;

	if (text[0] == '\0')
		strlcpy(text, message, REPORT_SIZE);
}

/* What was settled at start: processes and folders depend on it. */
static const char *
reload_fixed(const struct parent *p, const struct conf *conf)
{
	const struct conf	*old = p->conf;
	int			 i;

	if (strcmp(old->state, conf->state) != 0)
		return "state: the folder changes with a restart only";
	if (strcmp(old->socket, conf->socket) != 0)
		return "socket: the folder changes with a restart only";
	for (i = 0; p->opt->root && i < CONF_USERS; i++)
		if (old->users[i].uid != conf->users[i].uid ||
		    old->users[i].gid != conf->users[i].gid)
			return "user: users change with a restart only";
	return NULL;
}

static const char *
reload_refused(const struct parent *p, const struct conf *conf, char *text,
    size_t size)
{
	const struct child	*c;
	struct m_log		 m;
	int			 draining = 0;

	memset(&m, 0, sizeof(m));
	if ((m.code = key_problem(conf)) != 0)
		return log_text(&m, text, size);
	TAILQ_FOREACH(c, &p->children, entry)
		draining += c->phase == CHILD_DRAINING;
	if (draining >= DRAINING_MAX)
		return "processes that earlier reloads replaced still have "
		    "sessions; try again later";
	return reload_fixed(p, conf);
}

/* Which need a new process: the zygote's CAs, the fetcher's sandbox. */
static int
reload_needs(const struct parent *p, enum proc proc)
{
	const struct conf	*old = p->conf, *new = reload.conf;

	if (proc == P_SESSION)
		return old->ca_signature != new->ca_signature;
	return old->nports != new->nports || memcmp(old->ports, new->ports,
	    old->nports * sizeof(old->ports[0])) != 0;
}

static void
reload_live(struct parent *p, enum proc proc, int end)
{
	struct child	*c = service_current(proc);

	if (c == NULL || c->phase != CHILD_RUNNING)
		return;
	if (end)
		send_end(c, p->generation);
	else
		(void)send_conf(c, p->conf, p->generation);
}

/* All is ready: from here on nothing can fail. */
static void
reload_commit(struct parent *p)
{
	struct conf	*old = p->conf;
	int		 i, fetcher, level;

	fetcher = reload.new[1] != NULL;
	p->conf = reload.conf;
	reload.conf = old;
	p->generation++;
	reload_live(p, P_VAULT, 0);
	reload_live(p, P_STORE, 0);
	/* their new channels come with what they belong to */
	for (i = 0; i < 2; i++) {
		if (reload.new[i] != NULL)
			service_replace(reload.new[i]);
		reload.new[i] = NULL;
	}
	reload_live(p, P_VAULT, 1);
	reload_live(p, P_STORE, 1);
	if (!fetcher) {
		reload_live(p, P_FETCHER, 0);
		reload_live(p, P_FETCHER, 1);
	}
	if (listen_access(p->conf) == -1)
		log_warn_code(LC_SOCKET_MODE, errno, 0);
	level = p->opt->verbose ? LOG_DEBUG : p->conf->loglevel;
	if (level != log_level())
		service_log_level(p, level);
	reload_end(p, NULL);
}

static void
reload_abort(struct parent *p, const char *error)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		if (reload.new[i] == NULL)
			continue;
		reload.new[i]->replacement = 0;
		child_kill(reload.new[i]);
		reload.new[i] = NULL;
	}
	reload_end(p, error);
}

static void
reload_prepare(struct parent *p)
{
	int	 i, waiting = 0;

	for (i = 0; i < 2; i++) {
		if (!reload_needs(p, replaced[i]))
			continue;
		reload.new[i] = service_spawn(p, replaced[i], reload.conf);
		if (reload.new[i] == NULL) {
			reload_abort(p, "a process could not be started");
			return;
		}
		reload.new[i]->replacement = 1;
		waiting++;
	}
	if (waiting == 0)
		reload_commit(p);
}

void
reload_begin(struct parent *p, const struct m_ctl *request)
{
	char		 text[REPORT_SIZE] = "";
	const char	*error;

	if (p->phase != PARENT_RUNNING || reload.conf != NULL) {
		if (request != NULL)
			reload_answer(p, request, 0, "a reload is under way");
		else
			reload.again = p->phase == PARENT_RUNNING;
		return;
	}
	if ((reload.asked = request != NULL))
		reload.request = *request;
	reload.conf = conf_load(p->opt->conf_path, p->opt->root,
	    reload_report, text);
	if (reload.conf == NULL) {
		reload_end(p, text);
		return;
	}
	error = reload_refused(p, reload.conf, text, sizeof(text));
	if (error != NULL)
		reload_end(p, error);
	else
		reload_prepare(p);
}

void
reload_ready(struct parent *p, struct child *c)
{
	int	 i;

	(void)c;
	for (i = 0; i < 2; i++)
		if (reload.new[i] != NULL &&
		    reload.new[i]->phase != CHILD_RUNNING)
			return;
	reload_commit(p);
}

void
reload_gone(struct parent *p, struct child *c)
{
	int	 i;

	for (i = 0; i < 2; i++)
		if (reload.new[i] == c)
			reload.new[i] = NULL;
	c->replacement = 0;
	if (reload.conf != NULL)
		reload_abort(p, c->proc == P_SESSION ?
		    "the CA files could not be loaded; see the log" :
		    "the new fetcher did not start; see the log");
}
