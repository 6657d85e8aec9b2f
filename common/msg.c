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

#include "common/imsg.h"
#include "common/msg.h"

#define PARENT	PROC_BIT(P_PARENT)
#define VAULT	PROC_BIT(P_VAULT)
#define SESSION	PROC_BIT(P_SESSION)
#define FETCHER	PROC_BIT(P_FETCHER)
#define STORE	PROC_BIT(P_STORE)
#define WORKER	PROC_BIT(P_WORKER)
#define CTL	PROC_BIT(P_CTL)
#define CHILD	(VAULT | SESSION | FETCHER | STORE)
#define ANY	(PARENT | CHILD | WORKER | CTL)

#define PAYLOAD_MAX	(MAX_IMSGSIZE - IMSG_HEADER_SIZE)

/* One row a message: exactly a struct, nothing, or up to the largest. */
#define FIXED(type, from, to, s, fd) \
	[type] = { #type, from, to, sizeof(struct s), sizeof(struct s), fd, 0 }
#define EMPTY(type, from, to, fd) \
	[type] = { #type, from, to, 0, 0, fd, 0 }
#define SECRET(type, from, to, s) \
	[type] = { #type, from, to, sizeof(struct s), sizeof(struct s), FD_NO, 1 }
#define UPTO(type, from, to, min) \
	[type] = { #type, from, to, min, PAYLOAD_MAX, FD_NO, 0 }

static const struct msg_desc msg_table[M_TYPE_MAX] = {
	FIXED(M_HELLO, ANY, ANY, m_hello, FD_NO),

	FIXED(M_PROC, PARENT, CHILD, m_proc, FD_NO),
	FIXED(M_PEER, PARENT, CHILD, m_peer, FD_YES),
	EMPTY(M_LISTEN, PARENT, VAULT | STORE, FD_YES),
	FIXED(M_CONF_BEGIN, PARENT, CHILD, m_generation, FD_NO),
	FIXED(M_CONF_VAULT, PARENT, VAULT, m_conf_vault, FD_NO),
	FIXED(M_CONF_KEY, PARENT, VAULT, m_conf_key, FD_MAYBE),
	FIXED(M_CONF_CA, PARENT, SESSION, m_conf_ca, FD_YES),
	FIXED(M_CONF_FETCHER, PARENT, FETCHER, m_conf_fetcher, FD_NO),
	FIXED(M_CONF_NAMESERVER, PARENT, FETCHER, m_conf_nameserver, FD_NO),
	FIXED(M_CONF_RESOLVFILE, PARENT, FETCHER, m_conf_resolvfile, FD_YES),
	FIXED(M_CONF_STORE, PARENT, STORE, m_conf_store, FD_NO),
	FIXED(M_CONF_ALLOW, PARENT, VAULT | STORE, m_conf_allow, FD_NO),
	FIXED(M_CONF_ACCOUNT, PARENT, VAULT | STORE, m_conf_account, FD_NO),
	FIXED(M_CONF_END, PARENT, CHILD, m_generation, FD_NO),
	EMPTY(M_START, PARENT, CHILD, FD_NO),
	EMPTY(M_DRAIN, PARENT, SESSION | FETCHER, FD_NO),
	EMPTY(M_STOP, PARENT, CHILD, FD_NO),
	FIXED(M_LOGLEVEL, PARENT, CHILD, m_loglevel, FD_NO),

	FIXED(M_READY, CHILD, PARENT, m_ready, FD_NO),
	FIXED(M_LOG, CHILD, PARENT, m_log, FD_NO),
	FIXED(M_CTL_RELOAD, STORE, PARENT, m_ctl, FD_NO),
	FIXED(M_CTL_STOP, STORE, PARENT, m_ctl, FD_NO),
	FIXED(M_CTL_LOG, STORE, PARENT, m_ctl, FD_NO),
	FIXED(M_CTL_RESULT, PARENT, STORE, m_ctl_result, FD_NO),
	FIXED(M_PROC_STATUS, PARENT, STORE, m_proc_status, FD_NO),

	FIXED(M_KEY_STATE, VAULT, STORE, m_key_state, FD_NO),
	FIXED(M_ACCOUNT_SETTINGS, VAULT, STORE, m_account_settings, FD_NO),
	FIXED(M_ACCOUNT_PUT, VAULT, STORE, m_account_put, FD_NO),
	EMPTY(M_ACCOUNT_SYNCED, VAULT, STORE, FD_NO),
	FIXED(M_ACCOUNT_REMOVE, VAULT, STORE, m_account_remove, FD_NO),
	FIXED(M_SESSION_VERDICT, VAULT, STORE, m_session_verdict, FD_NO),
	FIXED(M_SESSION_CLOSED, VAULT, STORE, m_session, FD_NO),
	FIXED(M_VAULT_EVENT, VAULT, STORE, m_vault_event, FD_NO),
	FIXED(M_ACCOUNT_ACK, STORE, VAULT, m_account_ack, FD_NO),
	FIXED(M_ACCOUNT_PAUSE, STORE, VAULT, m_account_pause, FD_NO),
	FIXED(M_TICKET, STORE, VAULT, m_ticket, FD_NO),
	FIXED(M_TICKET_CANCEL, STORE, VAULT, m_session, FD_NO),
	FIXED(M_VAULT_EVENT_ACK, STORE, VAULT, m_vault_event_ack, FD_NO),

	FIXED(M_SESSION_ORDER, STORE, FETCHER, m_session_order, FD_YES),
	FIXED(M_SESSION_CANCEL, STORE, FETCHER, m_session, FD_NO),
	FIXED(M_SESSION_STEP, FETCHER, STORE, m_session_step, FD_NO),
	FIXED(M_SESSION_FAILED, FETCHER, STORE, m_session_failed, FD_NO),
	FIXED(M_WORKER_GONE, FETCHER, STORE, m_worker_gone, FD_NO),

	FIXED(M_SOCKET, FETCHER, VAULT, m_socket, FD_YES),
	FIXED(M_CHANNEL, VAULT, FETCHER, m_session, FD_YES),
	FIXED(M_SOCKET_REFUSED, VAULT, FETCHER, m_session, FD_NO),

	FIXED(M_Z_SESSION, VAULT, SESSION, m_z_session, FD_YES),
	UPTO(M_Z_CA, VAULT, SESSION, 1),
	FIXED(M_Z_CTL, VAULT, SESSION, m_session, FD_YES),
	FIXED(M_Z_RELAY, VAULT, SESSION, m_session, FD_YES),
	FIXED(M_Z_FAILED, SESSION, VAULT, m_session_failed, FD_NO),

	FIXED(W_ORDER, STORE, WORKER, w_order, FD_NO),
	FIXED(W_POSITION, STORE, WORKER, w_position, FD_NO),
	FIXED(W_ACK, STORE, WORKER, w_ack, FD_NO),
	EMPTY(W_DONE_ACK, STORE, WORKER, FD_NO),
	FIXED(W_FOLDER, WORKER, STORE, w_folder, FD_NO),
	EMPTY(W_FOLDERS_END, WORKER, STORE, FD_NO),
	FIXED(W_EXAMINED, WORKER, STORE, w_examined, FD_NO),
	FIXED(W_PROGRESS, WORKER, STORE, w_progress, FD_NO),
	UPTO(W_BODY, WORKER, STORE, sizeof(struct w_body)),
	EMPTY(W_BODY_ABORT, WORKER, STORE, FD_NO),
	FIXED(W_MSG_FAILED, WORKER, STORE, w_msg_failed, FD_NO),
	FIXED(W_COVERED, WORKER, STORE, w_covered, FD_NO),
	FIXED(W_FOLDER_DONE, WORKER, STORE, w_folder_done, FD_NO),
	FIXED(W_DONE, WORKER, STORE, w_done, FD_NO),

	FIXED(V_ACCOUNT_ADD, CTL, VAULT, v_account, FD_NO),
	FIXED(V_ACCOUNT_SET, CTL, VAULT, v_account, FD_NO),
	FIXED(V_ACCOUNT_RENAME, CTL, VAULT, v_rename, FD_NO),
	FIXED(V_ACCOUNT_REMOVE, CTL, VAULT, v_label, FD_NO),
	FIXED(V_ACCOUNT_GET, CTL, VAULT, v_label, FD_NO),
	SECRET(V_PASSWORD, CTL, VAULT, v_password),
	UPTO(V_CA, CTL, VAULT, 1),
	FIXED(V_REPLY, VAULT, CTL, v_reply, FD_NO),
};

const struct msg_desc *
msg_desc(uint32_t type)
{
	if (type >= M_TYPE_MAX || msg_table[type].name == NULL)
		return NULL;
	return &msg_table[type];
}

int
msg_check(uint32_t type, enum proc from, enum proc to, size_t len, int hasfd)
{
	const struct msg_desc	*d;

	if ((d = msg_desc(type)) == NULL)
		return -1;
	if ((d->from & PROC_BIT(from)) == 0 || (d->to & PROC_BIT(to)) == 0)
		return -1;
	if (len < d->min || len > d->max)
		return -1;
	if (hasfd ? d->fd == FD_NO : d->fd == FD_YES)
		return -1;
	return 0;
}

const char *
msg_name(uint32_t type)
{
	const struct msg_desc	*d = msg_desc(type);

	return d == NULL ? "unknown" : d->name;
}

const char *
proc_name(enum proc proc)
{
	switch (proc) {
	case P_PARENT:
		return "parent";
	case P_VAULT:
		return "vault";
	case P_SESSION:
		return "vault-session";
	case P_FETCHER:
		return "fetcher";
	case P_STORE:
		return "store";
	case P_WORKER:
		return "worker";
	case P_CTL:
		return "kmailctl";
	case P_MAX:
		break;
	}
	return "unknown";
}

int
msg_text_ok(const char *text, size_t size)
{
	return memchr(text, '\0', size) == NULL ? -1 : 0;
}
