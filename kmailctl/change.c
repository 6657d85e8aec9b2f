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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

/* account add, set, rename, remove: requests to the vault. */

static unsigned char	 ca[KM_CA_MAX];
static size_t		 ca_len;

static int	 ca_read(const char *);
static int	 begin(void);
static void	 changed(const char *, const struct v_reply *);
static int	 ask(enum msg_type, const struct account_words *,
		    struct v_reply *);
static void	 set_endpoint(struct account_words *, const struct v_reply *);
static int	 confirmed(const char *, int);

/* Before the sandbox: the file's octets. */
static int
ca_read(const char *path)
{
	struct stat	 st;
	ssize_t		 n;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) == -1) {
		complain(NULL, "ca: %s: %s", path, strerror(errno));
		return CTL_FAILED;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		complain("Give a file of certificates in PEM form.",
		    "ca: %s: not a regular file", path);
		return CTL_FAILED;
	}
	while (ca_len < sizeof(ca)) {
		n = read(fd, ca + ca_len, sizeof(ca) - ca_len);
		if (n <= 0)
			break;
		ca_len += (size_t)n;
	}
	close(fd);
	if (st.st_size > (off_t)sizeof(ca) || ca_len == 0 ||
	    memmem(ca, ca_len, "-----BEGIN CERTIFICATE-----", 27) == NULL) {
		complain("Give a file of certificates in PEM form, at most "
		    "64 kB.", "ca: %s: no certificates in it", path);
		return CTL_FAILED;
	}
	return CTL_DONE;
}

static int
begin(void)
{
	int	 code;

	if ((code = vault_open()) == CTL_DONE)
		ctl_sandbox(NULL);
	return code;
}

/* What was done, in one line or object. */
static void
changed(const char *done, const struct v_reply *reply)
{
	char		 whom[VAULT_WHOM_SIZE], hex[ID_HEX_SIZE];
	const char	*tls = reply->imap_tls == TLS_STARTTLS ? "starttls" :
			    "tls";
	json_t		*object;

	if (!options()->json) {
		printf("account %s: %s: %s %s\n", reply->label, done,
		    vault_whom(reply, whom), tls);
		return;
	}
	object = json_pack("{s:i, s:s, s:s, s:s, s:s, s:{s:s, s:i, s:s}, "
	    "s:b, s:b}", "v", 1, "type", done, "account",
	    id_hex(&reply->account, hex), "label", reply->label, "user",
	    reply->user, "imap", "host", reply->imap_host, "port",
	    (int)reply->imap_port, "tls", tls, "password",
	    reply->has_secret != 0, "password_dropped",
	    reply->secret_dropped != 0);
	if (object != NULL)
		json_line(object);
	json_decref(object);
}

static int
ask(enum msg_type type, const struct account_words *w, struct v_reply *reply)
{
	int	 code;

	if ((code = vault_send_ca(ca, ca_len)) != CTL_DONE)
		return code;
	return vault_ask(type, &w->v, sizeof(w->v), reply);
}

int
account_add(const struct call *call)
{
	struct account_words	 w;
	struct v_reply		 reply;
	char			 error[PARSE_ERROR_SIZE];
	int			 code;

	if (name_check("account", call->argv[0]) == -1)
		return CTL_USAGE;
	if (parse_account(call->argc - 1, call->argv + 1, 0, &w,
	    error) == -1) {
		complain("`kmailctl help account add' shows all words.",
		    "%s", error);
		return CTL_USAGE;
	}
	strlcpy(w.v.label, call->argv[0], sizeof(w.v.label));
	if (w.ca_file != NULL && strcmp(w.ca_file, "none") != 0 &&
	    (code = ca_read(w.ca_file)) != CTL_DONE)
		return code;
	if ((code = begin()) != CTL_DONE ||
	    (code = ask(V_ACCOUNT_ADD, &w, &reply)) != CTL_DONE)
		return code;
	changed("added", &reply);
	if (!options()->json)
		printf("next: kmailctl account password %s\n", reply.label);
	return CTL_DONE;
}

/*
 * Only what was given changes: a host alone keeps port and mode, a mode
 * alone takes its own port if the old one was the old mode's.
 */
static void
set_endpoint(struct account_words *w, const struct v_reply *now)
{
	uint32_t	 tls = w->tls_given ? w->v.imap_tls : now->imap_tls;

	if (!w->host_given && !w->tls_given)
		return;
	w->v.given |= VSET_IMAP;
	if (!w->host_given)
		strlcpy(w->v.imap_host, now->imap_host,
		    sizeof(w->v.imap_host));
	if (!w->port_given)
		w->v.imap_port = now->imap_port ==
		    parse_default_port(now->imap_tls) ?
		    parse_default_port(tls) : now->imap_port;
	w->v.imap_tls = tls;
}

int
account_set(const struct call *call)
{
	struct account_words	 w;
	struct v_label		 get;
	struct v_reply		 now, reply;
	char			 error[PARSE_ERROR_SIZE];
	int			 code;

	if (name_check("account", call->argv[0]) == -1)
		return CTL_USAGE;
	if (parse_account(call->argc - 1, call->argv + 1, 1, &w,
	    error) == -1) {
		complain("`kmailctl help account set' shows all words.",
		    "%s", error);
		return CTL_USAGE;
	}
	memset(&get, 0, sizeof(get));
	strlcpy(get.label, call->argv[0], sizeof(get.label));
	strlcpy(w.v.label, call->argv[0], sizeof(w.v.label));
	if (w.ca_file != NULL && strcmp(w.ca_file, "none") != 0 &&
	    (code = ca_read(w.ca_file)) != CTL_DONE)
		return code;
	if ((code = begin()) != CTL_DONE || (code = vault_ask(V_ACCOUNT_GET,
	    &get, sizeof(get), &now)) != CTL_DONE)
		return code;
	set_endpoint(&w, &now);
	if ((code = ask(V_ACCOUNT_SET, &w, &reply)) != CTL_DONE)
		return code;
	changed("changed", &reply);
	if (reply.secret_dropped)
		complain("Store the one for the new place with `kmailctl "
		    "account password'.", "the stored password was for "
		    "another user or server and is dropped");
	return CTL_DONE;
}

int
account_rename(const struct call *call)
{
	struct v_rename	 m;
	struct v_reply	 reply;
	int		 code;

	if (name_check("account", call->argv[0]) == -1 ||
	    name_check("new name", call->argv[1]) == -1)
		return CTL_USAGE;
	memset(&m, 0, sizeof(m));
	strlcpy(m.label, call->argv[0], sizeof(m.label));
	strlcpy(m.new_label, call->argv[1], sizeof(m.new_label));
	if ((code = begin()) != CTL_DONE || (code = vault_ask(
	    V_ACCOUNT_RENAME, &m, sizeof(m), &reply)) != CTL_DONE)
		return code;
	changed("renamed", &reply);
	if (!options()->json)
		printf("`allow' and `account' lines of kmaild.conf that say "
		    "%s mean another account now.\n", call->argv[0]);
	return CTL_DONE;
}

/* Asked on a terminal only: elsewhere -y must say it. */
static int
confirmed(const char *name, int yes)
{
	char	 answer[16];

	if (yes)
		return 1;
	if (!isatty(STDIN_FILENO)) {
		complain("Say so with -y.",
		    "removing %s deletes its mail", name);
		return 0;
	}
	fprintf(stderr, "Remove %s with all its mail, its password and "
	    "positions? [y/N] ", name);
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    (answer[0] != 'y' && answer[0] != 'Y')) {
		complain(NULL, "nothing was removed");
		return 0;
	}
	return 1;
}

int
account_remove(const struct call *call)
{
	struct v_label	 m;
	struct v_reply	 reply;
	int		 code;

	if (name_check("account", call->argv[0]) == -1)
		return CTL_USAGE;
	memset(&m, 0, sizeof(m));
	strlcpy(m.label, call->argv[0], sizeof(m.label));
	if ((code = begin()) != CTL_DONE || (code = vault_ask(V_ACCOUNT_GET,
	    &m, sizeof(m), &reply)) != CTL_DONE)
		return code;
	if (!confirmed(call->argv[0], call->flag))
		return CTL_FAILED;
	if ((code = vault_ask(V_ACCOUNT_REMOVE, &m, sizeof(m),
	    &reply)) != CTL_DONE)
		return code;
	if (options()->json)
		printf("{\"v\":1,\"type\":\"removed\",\"label\":\"%s\"}\n",
		    call->argv[0]);
	else
		printf("account %s: removed\n", call->argv[0]);
	return CTL_DONE;
}
