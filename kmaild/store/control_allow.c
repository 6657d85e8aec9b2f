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

#include <string.h>

#include "control.h"

/*
 * Rules name accounts by label and are held against the label of the
 * moment, at each request: a rename or a reload counts at once.
 */
struct rules {
	struct m_conf_allow	 rule[KM_ALLOW_MAX];
	size_t			 n;
};

static struct rules	 rules;
static struct rules	 coming;	/* between begin and end */

static int	 rule_matches(const struct m_conf_allow *,
		    const struct client *);

void
control_allow_begin(void)
{
	coming.n = 0;
}

void
control_allow_add(const struct m_conf_allow *rule)
{
	if (coming.n < KM_ALLOW_MAX)
		coming.rule[coming.n++] = *rule;
}

void
control_allow_end(void)
{
	rules = coming;
}

static int
rule_matches(const struct m_conf_allow *rule, const struct client *client)
{
	if (rule->who == ALLOW_UID)
		return rule->id == client->uid;
	return rule->who == ALLOW_GID && rule->id == client->gid;
}

unsigned int
rights_on(const struct client *client, const char *label, const char *tenant)
{
	const struct m_conf_allow	*rule;
	unsigned int			 have = 0;
	size_t				 i;

	for (i = 0; i < rules.n; i++) {
		rule = &rules.rule[i];
		if (!rule_matches(rule, client))
			continue;
		if (rule->scope == SCOPE_ALL ||
		    (rule->scope == SCOPE_ACCOUNT &&
		    strcmp(rule->name, label) == 0) ||
		    (rule->scope == SCOPE_TENANT && tenant[0] != '\0' &&
		    strcmp(rule->name, tenant) == 0))
			have |= rule->rights;
	}
	return have;
}

int
allowed(const struct client *client, unsigned int want, const char *label,
    const char *tenant)
{
	return (rights_on(client, label, tenant) & want) == want;
}

int
allowed_any(const struct client *client, unsigned int some)
{
	size_t	 i;

	for (i = 0; i < rules.n; i++)
		if (rule_matches(&rules.rule[i], client) &&
		    (rules.rule[i].rights & some) != 0)
			return 1;
	return 0;
}

int
allowed_all(const struct client *client, unsigned int want)
{
	unsigned int	 have = 0;
	size_t		 i;

	for (i = 0; i < rules.n; i++)
		if (rule_matches(&rules.rule[i], client) &&
		    rules.rule[i].scope == SCOPE_ALL)
			have |= rules.rule[i].rights;
	return (have & want) == want;
}
