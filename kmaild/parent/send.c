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


/* The configuration as messages, to each process what concerns it. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

static void
send_generation(struct child *c, enum msg_type type, uint64_t generation)
{
	struct m_generation	 m;

	memset(&m, 0, sizeof(m));
	m.generation = generation;
	channel_send(&c->chan, type, -1, &m, sizeof(m));
}

static void
send_key(struct child *c, const struct conf *conf)
{
	struct m_conf_key	 m;
	enum logcode		 problem;
	int			 fd;

	memset(&m, 0, sizeof(m));
	m.source = key_open(conf, &fd, &problem);
	if (problem != 0)
		log_warn_code(problem, 0, 0);
	if (m.source == KEY_ENV) {
		/* after a reload the vault goes on with what it has */
		if (c->phase != CHILD_STARTING)
			return;
		if ((fd = key_env_take()) == -1)
			m.source = KEY_REFUSED;
	}
	channel_send(&c->chan, M_CONF_KEY, fd, &m, sizeof(m));
}

static void
send_access(struct child *c, const struct conf *conf)
{
	const struct conf_account	*a;
	struct m_conf_account		 m;
	uint32_t			 i;

	for (i = 0; i < conf->nrules; i++)
		channel_send(&c->chan, M_CONF_ALLOW, -1, &conf->rules[i],
		    sizeof(conf->rules[i]));
	TAILQ_FOREACH(a, &conf->accounts, entry) {
		memset(&m, 0, sizeof(m));
		strlcpy(m.label, a->label, sizeof(m.label));
		m.ca_set = a->ca_set;
		m.timeout_idle = a->timeouts.idle;
		m.timeout_step = a->timeouts.step;
		m.timeout_session = a->timeouts.session;
		channel_send(&c->chan, M_CONF_ACCOUNT, -1, &m, sizeof(m));
	}
}

static void
send_vault(struct child *c, const struct conf *conf)
{
	struct m_conf_vault	 m;

	memset(&m, 0, sizeof(m));
	snprintf(m.dir, sizeof(m.dir), "%.1000s/vault", conf->state);
	m.nports = conf->nports;
	memcpy(m.ports, conf->ports, sizeof(m.ports));
	m.timeout_idle = conf->timeouts.idle;
	m.timeout_step = conf->timeouts.step;
	m.timeout_session = conf->timeouts.session;
	channel_send(&c->chan, M_CONF_VAULT, -1, &m, sizeof(m));
	send_key(c, conf);
	send_access(c, conf);
}

static void
send_store(struct child *c, const struct conf *conf)
{
	struct m_conf_store	 m;

	memset(&m, 0, sizeof(m));
	snprintf(m.dir, sizeof(m.dir), "%.1000s/mail", conf->state);
	m.reserve = conf->reserve;
	m.max_size = conf->max_size;
	m.sync_every = conf->sync_every;
	m.sessions = conf->sessions;
	m.sessions_host = conf->sessions_host;
	m.timeout_idle = conf->timeouts.idle;
	m.timeout_step = conf->timeouts.step;
	m.timeout_session = conf->timeouts.session;
	m.alert_after = conf->alert_after;
	channel_send(&c->chan, M_CONF_STORE, -1, &m, sizeof(m));
	send_access(c, conf);
}

static int
send_ca(struct child *c, const struct conf *conf)
{
	const struct conf_ca	*ca;
	struct m_conf_ca	 m;
	uint32_t		 i, j;
	int			 fd;

	for (i = 0; i < conf->nsets; i++) {
		ca = conf->sets[i];
		for (j = 0; j < ca->nfiles; j++) {
			fd = open(ca->files[j], O_RDONLY | O_CLOEXEC |
			    O_NONBLOCK);
			if (fd == -1) {
				log_warn_code(LC_CA_OPEN, errno, 0);
				return -1;
			}
			memset(&m, 0, sizeof(m));
			m.set = i;
			channel_send(&c->chan, M_CONF_CA, fd, &m, sizeof(m));
		}
	}
	return 0;
}

static void
send_fetcher(struct child *c, const struct conf *conf)
{
	struct m_conf_fetcher		 m;
	struct m_conf_nameserver	 ns;
	uint32_t			 i;

	memset(&m, 0, sizeof(m));
	m.nports = conf->nports;
	memcpy(m.ports, conf->ports, sizeof(m.ports));
	m.timeout_connect = conf->timeouts.idle;
	channel_send(&c->chan, M_CONF_FETCHER, -1, &m, sizeof(m));
	for (i = 0; i < conf->nnameservers; i++) {
		memset(&ns, 0, sizeof(ns));
		ns.addr = conf->nameservers[i];
		channel_send(&c->chan, M_CONF_NAMESERVER, -1, &ns,
		    sizeof(ns));
	}
	resolver_send(c, conf);
}

int
send_conf(struct child *c, const struct conf *conf, uint64_t generation)
{
	send_generation(c, M_CONF_BEGIN, generation);
	switch (c->proc) {
	case P_VAULT:
		send_vault(c, conf);
		return 0;
	case P_STORE:
		send_store(c, conf);
		return 0;
	case P_SESSION:
		return send_ca(c, conf);
	default:
		send_fetcher(c, conf);
		return 0;
	}
}

void
send_end(struct child *c, uint64_t generation)
{
	send_generation(c, M_CONF_END, generation);
}
