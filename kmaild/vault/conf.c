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
#include <unistd.h>

#include "common/log.h"
#include "vault.h"

struct conf {
	struct m_conf_vault	 vault;
	struct m_conf_allow	 allow[KM_ALLOW_MAX];
	size_t			 nallow;
	struct m_conf_account	*accounts;
	size_t			 naccounts;
	int			 has_key;	/* M_CONF_KEY came */
	uint32_t		 key_source;
	int			 key_fd;
};

static struct conf	*current;	/* in force */
static struct conf	*next;		/* being collected */

static void	 conf_begin(void);
static void	 conf_free(struct conf *);
static void	 conf_get(struct imsg *, void *, size_t);
static void	 conf_key(struct imsg *);
static void	 conf_add_allow(struct imsg *);
static void	 conf_add_account(struct imsg *);
static int	 conf_rule(const struct m_conf_allow *, uid_t, gid_t);

static void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	if (c->key_fd != -1)
		close(c->key_fd);
	free(c->accounts);
	free(c);
}

static void
conf_begin(void)
{
	conf_free(next);
	if ((next = calloc(1, sizeof(*next))) == NULL)
		fatal(LC_MEMORY);
	next->key_fd = -1;
}

static void
conf_get(struct imsg *imsg, void *p, size_t len)
{
	if (next == NULL || imsg_get_data(imsg, p, len) == -1)
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
}

static void
conf_key(struct imsg *imsg)
{
	struct m_conf_key	 m;

	conf_get(imsg, &m, sizeof(m));
	if (next->key_fd != -1)
		close(next->key_fd);
	next->has_key = 1;
	next->key_source = m.source;
	next->key_fd = imsg_get_fd(imsg);
}

static void
conf_add_allow(struct imsg *imsg)
{
	struct m_conf_allow	 m;

	conf_get(imsg, &m, sizeof(m));
	if (next->nallow == KM_ALLOW_MAX ||
	    msg_text_ok(m.name, sizeof(m.name)) == -1)
		fatalx(LC_INVARIANT, M_CONF_ALLOW);
	next->allow[next->nallow++] = m;
}

static void
conf_add_account(struct imsg *imsg)
{
	struct m_conf_account	 m, *p;

	conf_get(imsg, &m, sizeof(m));
	if (msg_text_ok(m.label, sizeof(m.label)) == -1)
		fatalx(LC_INVARIANT, M_CONF_ACCOUNT);
	p = recallocarray(next->accounts, next->naccounts,
	    next->naccounts + 1, sizeof(*p));
	if (p == NULL)
		fatal(LC_MEMORY);
	p[next->naccounts++] = m;
	next->accounts = p;
}

void
conf_message(struct imsg *imsg)
{
	switch (imsg_get_type(imsg)) {
	case M_CONF_BEGIN:
		conf_begin();
		break;
	case M_CONF_VAULT:
		conf_get(imsg, &next->vault, sizeof(next->vault));
		if (next->vault.nports > KM_PORTS_MAX ||
		    msg_text_ok(next->vault.dir,
		    sizeof(next->vault.dir)) == -1)
			fatalx(LC_INVARIANT, M_CONF_VAULT);
		break;
	case M_CONF_KEY:
		conf_key(imsg);
		break;
	case M_CONF_ALLOW:
		conf_add_allow(imsg);
		break;
	case M_CONF_ACCOUNT:
		conf_add_account(imsg);
		break;
	default:
		fatalx(LC_INVARIANT, imsg_get_type(imsg));
	}
}

int
conf_collecting(void)
{
	return next != NULL;
}

void
conf_apply(void)
{
	if (next == NULL)
		fatalx(LC_INVARIANT, M_CONF_END);
	conf_free(current);
	current = next;
	next = NULL;
}

/* A key that came from the environment is not sent again on reload. */
void
conf_load_key(void)
{
	int	 fd = current->key_fd;

	if (!current->has_key)
		return;
	current->key_fd = -1;
	key_load(current->key_source, fd);
}

const struct m_conf_vault *
conf_vault(void)
{
	return &current->vault;
}

int
conf_port_allowed(uint16_t port)
{
	uint32_t	 i;

	for (i = 0; i < current->vault.nports; i++)
		if (current->vault.ports[i] == port)
			return 1;
	return 0;
}

const struct m_conf_account *
conf_account(const char *label)
{
	size_t	 i;

	for (i = 0; i < current->naccounts; i++)
		if (strcmp(current->accounts[i].label, label) == 0)
			return &current->accounts[i];
	return NULL;
}

/* Does the rule make this peer an administrator of anything? */
static int
conf_rule(const struct m_conf_allow *rule, uid_t uid, gid_t gid)
{
	if ((rule->rights & ALLOW_ADMIN) == 0)
		return 0;
	switch (rule->who) {
	case ALLOW_UID:
		return rule->id == uid;
	case ALLOW_GID:
		return rule->id == gid;
	default:
		return 0;
	}
}

int
conf_admin(uid_t uid, gid_t gid, const struct account *acct)
{
	const struct m_conf_allow	*rule;
	size_t				 i;

	for (i = 0; i < current->nallow; i++) {
		rule = &current->allow[i];
		if (!conf_rule(rule, uid, gid))
			continue;
		if (rule->scope == SCOPE_ALL)
			return 1;
		if (acct == NULL || rule->name[0] == '\0')
			continue;
		if (rule->scope == SCOPE_ACCOUNT &&
		    strcmp(rule->name, acct->label) == 0)
			return 1;
		if (rule->scope == SCOPE_TENANT &&
		    strcmp(rule->name, acct->tenant) == 0)
			return 1;
	}
	return 0;
}

int
conf_admin_any(uid_t uid, gid_t gid)
{
	size_t	 i;

	for (i = 0; i < current->nallow; i++)
		if (conf_rule(&current->allow[i], uid, gid))
			return 1;
	return 0;
}
