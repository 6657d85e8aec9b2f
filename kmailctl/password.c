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

#include <errno.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

/*
 * The one place of kmailctl that sees a secret: read into the message that
 * carries it, never copied, wiped on every way out.  The channel's own
 * buffers are wiped by imsgbuf_set_wipe().
 */
static struct v_password	 password;

static int	 read_terminal(const char *);
static int	 read_line(void);
static int	 password_store(const struct v_reply *);

static int
read_terminal(const char *whom)
{
	char	 prompt[VAULT_WHOM_SIZE + 32];

	snprintf(prompt, sizeof(prompt), "Password of %s: ", whom);
	if (readpassphrase(prompt, (char *)password.secret,
	    sizeof(password.secret), RPP_ECHO_OFF) == NULL) {
		complain(NULL, "no password was read");
		return -1;
	}
	password.secret_len = (uint32_t)strlen((char *)password.secret);
	if (password.secret_len + 1 == sizeof(password.secret)) {
		complain(NULL, "too many octets in the password");
		return -1;	/* readpassphrase(3) cuts silently */
	}
	return 0;
}

/* By read(2): stdio would keep a copy.  One octet more shows too long. */
static int
read_line(void)
{
	unsigned char	 c;
	ssize_t		 n;
	int		 bad = 0;

	for (;;) {
		if ((n = read(STDIN_FILENO, &c, 1)) == -1 && errno == EINTR)
			continue;
		if (n <= 0 || c == '\n')
			break;
		if (c == '\0' || c == '\r' ||
		    password.secret_len == sizeof(password.secret)) {
			bad = 1;
			break;
		}
		password.secret[password.secret_len++] = c;
	}
	if (bad)
		complain("One line of at most 1024 octets, ended by a line "
		    "feed alone.", "%s in the password",
		    c == '\r' ? "a carriage return" : c == '\0' ? "a NUL" :
		    "too many octets");
	explicit_bzero(&c, sizeof(c));
	return bad ? -1 : 0;
}

static int
password_store(const struct v_reply *account)
{
	struct v_reply	 reply;
	char		 whom[VAULT_WHOM_SIZE], hex[ID_HEX_SIZE];
	int		 code;

	/* What was shown: the vault refuses if it is not its record. */
	password.account = account->account;
	password.imap_port = account->imap_port;
	strlcpy(password.user, account->user, sizeof(password.user));
	strlcpy(password.imap_host, account->imap_host,
	    sizeof(password.imap_host));
	code = vault_ask(V_PASSWORD, &password, sizeof(password), &reply);
	explicit_bzero(&password, sizeof(password));
	if (code != CTL_DONE)
		return code;
	if (options()->json)
		printf("{\"v\":1,\"type\":\"password\",\"account\":\"%s\","
		    "\"label\":\"%s\"}\n", id_hex(&account->account, hex),
		    account->label);
	else
		printf("account %s: password stored for %s\n",
		    account->label, vault_whom(account, whom));
	return CTL_DONE;
}

int
account_password(const struct call *call)
{
	struct v_label	 get;
	struct v_reply	 account;
	char		 whom[VAULT_WHOM_SIZE];
	int		 code, got;

	if (name_check("account", call->argv[0]) == -1)
		return CTL_USAGE;
	memset(&get, 0, sizeof(get));
	strlcpy(get.label, call->argv[0], sizeof(get.label));
	if ((code = vault_open()) != CTL_DONE || (code = vault_ask(
	    V_ACCOUNT_GET, &get, sizeof(get), &account)) != CTL_DONE)
		return code;
	vault_whom(&account, whom);
	memset(&password, 0, sizeof(password));
	if (isatty(STDIN_FILENO))
		got = read_terminal(whom);
	else {
		fprintf(stderr, "password of %s\n", whom);
		got = read_line();
	}
	/* After the prompt: its signals are sent with kill(2). */
	ctl_sandbox(NULL);
	if (got == 0 && password.secret_len == 0) {
		complain(NULL, "an empty password: nothing was stored");
		got = -1;
	}
	if (got == -1) {
		explicit_bzero(&password, sizeof(password));
		return CTL_FAILED;
	}
	return password_store(&account);
}
