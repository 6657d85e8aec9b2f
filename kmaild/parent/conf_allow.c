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
 * allow lines as the rules that vault and store check: ids instead of
 * names, groups with their members.
 */

#include <sys/types.h>

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

static int
rule_add(struct conf *conf, uint32_t who, uint32_t id,
    const struct conf_allow *line)
{
	struct m_conf_allow	*rule;

	if (conf->nrules == KM_ALLOW_MAX)
		return -1;
	rule = &conf->rules[conf->nrules++];
	rule->who = who;
	rule->id = id;
	rule->rights = line->rights;
	rule->scope = line->scope;
	strlcpy(rule->name, line->scope_name, sizeof(rule->name));
	return 0;
}

static int
user_rule(struct conf *conf, const struct conf_allow *line,
    conf_complain complain, void *arg)
{
	struct passwd	*pw;

	if ((pw = getpwnam(line->name)) == NULL) {
		complain(arg, "allow user: there is no user \"%s\"",
		    line->name);
		return 0;
	}
	return rule_add(conf, ALLOW_UID, pw->pw_uid, line);
}

/* The group as somebody's primary one, and each of its members. */
static int
group_rules(struct conf *conf, const struct conf_allow *line,
    conf_complain complain, void *arg)
{
	struct group	*gr;
	struct passwd	*pw;
	char		**member;

	if ((gr = getgrnam(line->name)) == NULL) {
		complain(arg, "allow group: there is no group \"%s\"",
		    line->name);
		return 0;
	}
	if (rule_add(conf, ALLOW_GID, gr->gr_gid, line) == -1)
		return -1;
	for (member = gr->gr_mem; *member != NULL; member++) {
		if ((pw = getpwnam(*member)) == NULL)
			continue;
		if (rule_add(conf, ALLOW_UID, pw->pw_uid, line) == -1)
			return -1;
	}
	return 0;
}

int
conf_allow_resolve(struct conf *conf, conf_complain complain, void *arg)
{
	struct conf_allow	 all;
	uint32_t		 i;
	int			 full = 0;

	memset(&all, 0, sizeof(all));
	all.rights = ALLOW_READ | ALLOW_SEND | ALLOW_OPERATE | ALLOW_ADMIN;
	all.scope = SCOPE_ALL;
	rule_add(conf, ALLOW_UID, 0, &all);
	if (getuid() != 0)
		rule_add(conf, ALLOW_UID, getuid(), &all);
	for (i = 0; i < conf->nallow && !full; i++) {
		if (conf->allow[i].who == ALLOW_UID)
			full = user_rule(conf, &conf->allow[i], complain, arg);
		else
			full = group_rules(conf, &conf->allow[i], complain,
			    arg);
	}
	if (!full)
		return 0;
	complain(arg, "allow: more than %d rules, counting each member of a "
	    "group", KM_ALLOW_MAX);
	return -1;
}
