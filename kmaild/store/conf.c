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

#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "common/log.h"
#include "conf.h"
#include "peer.h"
#include "store.h"

/* Account blocks of kmaild.conf: a time limit each that is not the global. */
struct accounts {
	struct m_conf_account	*v;
	size_t			 n;
};

static struct m_conf_store	 conf;
static struct accounts		 accounts;
/* between BEGIN and END */
static struct m_conf_store	 next_conf;
static struct accounts		 next_accounts;

static void	 conf_begin(void);
static void	 conf_account(struct imsg *);
static void	 conf_end(void);
static void	 conf_get(struct imsg *, void *, size_t);

const struct m_conf_store *
store_conf(void)
{
	return &conf;
}

static void
conf_get(struct imsg *imsg, void *p, size_t size)
{
	if (imsg_get_data(imsg, p, size) == -1)
		fatalx(LC_MALFORMED, imsg_get_type(imsg));
}

static void
conf_begin(void)
{
	memset(&next_conf, 0, sizeof(next_conf));
	free(next_accounts.v);
	next_accounts.v = NULL;
	next_accounts.n = 0;
	control_allow_begin();
}

static void
conf_account(struct imsg *imsg)
{
	struct m_conf_account	 m, *v;

	conf_get(imsg, &m, sizeof(m));
	if (msg_text_ok(m.label, sizeof(m.label)) == -1)
		fatalx(LC_MALFORMED, M_CONF_ACCOUNT);
	v = reallocarray(next_accounts.v, next_accounts.n + 1, sizeof(*v));
	if (v == NULL)
		fatal(LC_MEMORY);
	v[next_accounts.n] = m;
	next_accounts.v = v;
	next_accounts.n++;
}

static void
conf_end(void)
{
	conf = next_conf;
	free(accounts.v);
	accounts = next_accounts;
	memset(&next_accounts, 0, sizeof(next_accounts));
	control_allow_end();
}

int
conf_message(struct imsg *imsg)
{
	struct m_conf_allow	 allow;

	switch (imsg_get_type(imsg)) {
	case M_CONF_BEGIN:
		conf_begin();
		return 1;
	case M_CONF_STORE:
		conf_get(imsg, &next_conf, sizeof(next_conf));
		if (msg_text_ok(next_conf.dir, sizeof(next_conf.dir)) == -1)
			fatalx(LC_MALFORMED, M_CONF_STORE);
		return 1;
	case M_CONF_ALLOW:
		conf_get(imsg, &allow, sizeof(allow));
		if (msg_text_ok(allow.name, sizeof(allow.name)) == -1)
			fatalx(LC_MALFORMED, M_CONF_ALLOW);
		control_allow_add(&allow);
		return 1;
	case M_CONF_ACCOUNT:
		conf_account(imsg);
		return 1;
	case M_CONF_END:
		conf_end();
		return 2;
	default:
		return 0;
	}
}

void
conf_timeouts(const struct account *a, uint32_t *idle, uint32_t *step,
    uint32_t *session)
{
	const struct m_conf_account	*m;
	size_t				 i;

	*idle = conf.timeout_idle;
	*step = conf.timeout_step;
	*session = conf.timeout_session;
	for (i = 0; i < accounts.n; i++) {
		m = &accounts.v[i];
		if (strcmp(m->label, a->label) != 0)
			continue;
		if (m->timeout_idle != 0)
			*idle = m->timeout_idle;
		if (m->timeout_step != 0)
			*step = m->timeout_step;
		if (m->timeout_session != 0)
			*session = m->timeout_session;
	}
}
