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
#include <stdio.h>
#include <string.h>

#include "common/imsg.h"
#include "common/proc.h"
#include "common/reason.h"
#include "ctl.h"

#define PATIENCE	60	/* seconds for an answer */

static struct imsgbuf	 vault;

static uint16_t		 asked_port;	/* of the last ADD or SET */

/* By enum v_status; a reason's own remedy goes before the one here. */
static const struct {
	const char	*word;
	const char	*remedy;
	const char	*text;
} refusals[] = {
	[V_DENIED] = { "denied",
	    "Ask for `allow ... { admin }' in kmaild.conf(5), or use root's "
	    "rights.", "only an administrator of the account may do this" },
	[V_EXISTS] = { "invalid",
	    "`kmailctl account list' shows the names in use.",
	    "there is an account of that name already" },
	[V_MISSING] = { "not-found",
	    "`kmailctl account list' shows those that there are.",
	    "no such account" },
	[V_INVALID] = { "invalid", "See kmailctl(8) for its form.",
	    "the vault refuses the value" },
	[V_PORT] = { "invalid", NULL, NULL },	/* vault_port() */
	[V_CHANGED] = { "invalid",
	    "Look at `kmailctl account show', then repeat this.",
	    "the account was changed meanwhile, so nothing was stored" },
	[V_KEY] = { "unavailable", "See kmaild.conf(5), `key file'.",
	    "nothing secret can be stored" },
	[V_STORE] = { "unavailable", "Look at its log.",
	    "kmaild could not keep it" },
	[V_BUSY] = { "busy", "Try again.",
	    "another change of this account is under way" },
	[V_ERROR] = { "internal", "Look at its log.",
	    "kmaild could not keep it" },
};

static void	 vault_port(void);
static int	 vault_refused(const struct v_reply *);

int
vault_open(void)
{
	int	 fd;

	if ((fd = socket_open("vault.sock")) == -1)
		return CTL_NODAEMON;
	if (imsgbuf_init(&vault, fd) == -1) {
		complain(NULL, "out of memory");
		return CTL_FAILED;
	}
	imsgbuf_set_wipe(&vault);
	if (proc_hello(&vault, P_CTL, P_VAULT) == 0)
		return CTL_DONE;
	if (errno == EPROTO)
		complain("Restart kmaild to finish the upgrade, or use the "
		    "kmailctl that belongs to it.",
		    "kmaild is of another build than this kmailctl");
	else
		complain("There may be too many connections; try again later.",
		    "kmaild's vault did not answer as it should");
	return CTL_FAILED;
}

int
vault_send_ca(const unsigned char *data, size_t len)
{
	const size_t	 most = MAX_IMSGSIZE - IMSG_HEADER_SIZE;
	size_t		 n;

	for (; len > 0; data += n, len -= n) {
		n = len < most ? len : most;
		if (imsg_compose(&vault, V_CA, 0, 0, -1, data, n) == -1) {
			complain(NULL, "out of memory");
			return CTL_FAILED;
		}
	}
	return CTL_DONE;
}

int
vault_ask(enum msg_type type, const void *data, size_t len,
    struct v_reply *reply)
{
	struct imsg	 imsg;

	memset(reply, 0, sizeof(*reply));
	if (type == V_ACCOUNT_ADD || type == V_ACCOUNT_SET)
		asked_port = ((const struct v_account *)data)->imap_port;
	if (imsg_compose(&vault, type, 0, 0, -1, data, len) == -1) {
		complain(NULL, "out of memory");
		return CTL_FAILED;
	}
	if (imsgbuf_flush(&vault) == -1 ||
	    socket_wait(vault.fd, PATIENCE) == -1 ||
	    proc_recv_from(&vault, P_CTL, P_VAULT, &imsg) != 1) {
		complain("Look at its log.",
		    "the connection to kmaild's vault was lost");
		return CTL_NODAEMON;
	}
	if (imsg_get_type(&imsg) != V_REPLY ||
	    imsg_get_data(&imsg, reply, sizeof(*reply)) == -1 ||
	    msg_text_ok(reply->label, sizeof(reply->label)) == -1 ||
	    msg_text_ok(reply->user, sizeof(reply->user)) == -1 ||
	    msg_text_ok(reply->imap_host, sizeof(reply->imap_host)) == -1 ||
	    msg_text_ok(reply->field, sizeof(reply->field)) == -1) {
		imsg_free(&imsg);
		complain(NULL, "kmaild's vault sent a malformed answer");
		return CTL_FAILED;
	}
	imsg_free(&imsg);
	return reply->status == V_OK ? CTL_DONE : vault_refused(reply);
}

static void
vault_port(void)
{
	char	 remedy[128];

	snprintf(remedy, sizeof(remedy), "Add `connect port %u' to "
	    "kmaild.conf(5), run `kmailctl reload', and repeat this.",
	    (unsigned int)asked_port);
	refuse("invalid", remedy, "kmaild may not connect to port %u",
	    (unsigned int)asked_port);
}

/* A refusal in words: the exit code. */
static int
vault_refused(const struct v_reply *reply)
{
	const char	*remedy = NULL, *reason = NULL;
	uint32_t	 status = reply->status;

	if (status >= sizeof(refusals) / sizeof(refusals[0]) ||
	    refusals[status].word == NULL)
		status = V_ERROR;
	if (reply->reason != R_NONE && reason_check(reply->reason) == 0) {
		reason = reason_word((enum reason)reply->reason);
		remedy = reason_remedy((enum reason)reply->reason);
	}
	if (remedy == NULL)
		remedy = refusals[status].remedy;
	if (status == V_PORT)
		vault_port();
	else if (status == V_INVALID)
		refuse(refusals[status].word, remedy, "%s: %s", reply->field,
		    refusals[status].text);
	else
		refuse(refusals[status].word, remedy, "%s%s%s",
		    refusals[status].text, reason == NULL ? "" : ": ",
		    reason == NULL ? "" : reason);
	return status == V_BUSY ? CTL_LATER : CTL_FAILED;
}

/* The vault keeps an IPv6 address in brackets. */
const char *
vault_whom(const struct v_reply *reply, char text[VAULT_WHOM_SIZE])
{
	char	 user[KM_USER_SIZE * 3], host[KM_HOST_SIZE * 3];

	display_text(reply->user, strlen(reply->user), user, sizeof(user), 0);
	display_text(reply->imap_host, strlen(reply->imap_host), host,
	    sizeof(host), 0);
	snprintf(text, VAULT_WHOM_SIZE, "%s at %s:%u", user, host,
	    (unsigned int)reply->imap_port);
	return text;
}
