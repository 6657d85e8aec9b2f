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

#include <stddef.h>

#include "common/reason.h"

#define PERSON	1	/* waiting will not heal it */
#define LATER	0

#define KEY_MISSING	"email_encryption_key_missing"
#define KEY_WRONG	"email_encryption_key_wrong"
#define SYNC	"imap_sync_failed"

struct reason_row {
	const char	*word;
	const char	*detail;
	const char	*remedy;
	int		 person;
};

static const struct reason_row reasons[R_MAX] = {
	[R_NONE] = { "ok", NULL, NULL, LATER },

	[R_KEY_MISSING] = { KEY_MISSING, NULL,
	    "Give kmaild a key: `key file` in kmaild.conf(5), a systemd "
	    "credential, or EMAIL_ENCRYPTION_KEY; then restart it.", PERSON },
	[R_KEY_WRONG] = { KEY_WRONG, NULL,
	    "The key is not the one that vault.db was made with: restore the "
	    "right key and restart kmaild; nothing was overwritten.", PERSON },
	[R_KEY_INVALID] = { KEY_WRONG, "key_invalid",
	    "The key is malformed, too short, readable by others, or given "
	    "twice: see kmaild.conf(5), `key file`; the log says which.",
	    PERSON },

	[R_PASSWORD_MISSING] = { SYNC, "password_missing",
	    "Set it with `kmailctl account password NAME`.", PERSON },
	[R_PASSWORD_REFUSED_HOLD] = { SYNC, "password_refused",
	    "The server refused the password three times: set the right one "
	    "with `kmailctl account password NAME`, or try again by hand with "
	    "`kmailctl sync NAME`.", PERSON },
	[R_ACCOUNT_PAUSED] = { SYNC, "account_paused",
	    "Resume it with `kmailctl account resume NAME`.", LATER },
	[R_PORT_NOT_ALLOWED] = { SYNC, "port_not_allowed",
	    "Add `connect port N` to kmaild.conf and run `kmailctl reload`.",
	    PERSON },
	[R_STORE_FULL] = { "store_full", NULL,
	    "Free space where the mail is stored, or lower `reserve` in "
	    "kmaild.conf; fetching goes on by itself.", PERSON },
	[R_RATE_LIMITED] = { SYNC, "login_rate_limited",
	    "Too many logins in a short time; kmaild waits and goes on by "
	    "itself.", LATER },
	[R_TICKET] = { SYNC, "ticket_refused",
	    "The vault refused the session: the account changed meanwhile or "
	    "the connection is not to its port; it is tried again.", LATER },
	[R_SECRET_UNREADABLE] = { SYNC, "secret_unreadable",
	    "The stored secret does not belong to this record: set it again "
	    "with `kmailctl account password NAME`.", PERSON },
	[R_CA_UNREADABLE] = { SYNC, "ca_unreadable",
	    "The CA file holds no certificate: give another with `kmailctl "
	    "account set NAME ca FILE` or `ca file` in kmaild.conf.", PERSON },

	[R_DNS_FAILED] = { SYNC, "dns_failed",
	    "The host's name has no address: check `imap HOST` with `kmailctl "
	    "account show NAME`, and the resolver.", LATER },
	[R_DNS_TIMEOUT] = { SYNC, "dns_timeout",
	    "No name server answered: check the network and `resolver` in "
	    "kmaild.conf.", LATER },
	[R_CONNECT_REFUSED] = { SYNC, "connect_refused",
	    "Nothing listens on that port: check host and port, or the "
	    "server.", LATER },
	[R_CONNECT_TIMEOUT] = { SYNC, "connect_timeout",
	    "No answer to the connection: check the network and firewalls.",
	    LATER },
	[R_CONNECT_UNREACHABLE] = { SYNC, "connect_unreachable",
	    "There is no route to the server: check the network.", LATER },
	[R_STARTTLS_MISSING] = { SYNC, "starttls_missing",
	    "The server does not offer STARTTLS on this port, or somebody "
	    "removes it on the way: use `tls` on port 993.", PERSON },
	[R_STARTTLS_REFUSED] = { SYNC, "starttls_refused",
	    "The server refused STARTTLS: use `tls` on port 993, or try "
	    "later.", LATER },
	[R_STARTTLS_INJECTED] = { SYNC, "starttls_injected",
	    "Bytes came before TLS began: somebody may be tampering with the "
	    "connection; use `tls` on port 993.", PERSON },
	[R_GREETING_BYE] = { SYNC, "greeting_bye",
	    "The server turned the connection away; it is tried again later.",
	    LATER },
	[R_GREETING_PREAUTH] = { SYNC, "greeting_preauth",
	    "The server claims that nobody needs to log in, which kmaild does "
	    "not accept: check host and port.", PERSON },
	[R_GREETING_INVALID] = { SYNC, "greeting_invalid",
	    "That is no IMAP server, or it speaks another mode of TLS: check "
	    "port, `tls` and `starttls`.", PERSON },

	[R_TLS_HANDSHAKE] = { SYNC, "tls_handshake_failed",
	    "No TLS connection came about: check port, `tls` and `starttls`; "
	    "the server must speak TLS 1.2 or later.", LATER },
	[R_TLS_CERT_NAME] = { SYNC, "tls_name_mismatch",
	    "The certificate is for another name: use the name in it with "
	    "`kmailctl account set NAME imap HOST`.", PERSON },
	[R_TLS_CERT_EXPIRED] = { SYNC, "tls_certificate_expired",
	    "The server's certificate has expired: its operator must renew "
	    "it; check this host's clock.", PERSON },
	[R_TLS_CERT_NOT_YET] = { SYNC, "tls_certificate_not_yet_valid",
	    "The certificate is not valid yet: check this host's clock.",
	    PERSON },
	[R_TLS_CERT_UNTRUSTED] = { SYNC, "tls_certificate_untrusted",
	    "No trusted authority signed the certificate: for a private one "
	    "give its file with `kmailctl account set NAME ca FILE`.",
	    PERSON },
	[R_TLS_CLOSED] = { SYNC, "tls_closed",
	    "The connection ended before login; it is tried again.", LATER },

	[R_IMAP_AUTH_FAILED] = { SYNC, "imap_auth_failed",
	    "The server refused user or password: set the right one with "
	    "`kmailctl account password NAME` (some providers want an "
	    "application password).", PERSON },
	[R_IMAP_LOGIN_DISABLED] = { SYNC, "imap_login_disabled",
	    "The server offers no login with a password here: check port and "
	    "mode, or the provider's settings.", PERSON },
	[R_IMAP_AUTH_PROTOCOL] = { SYNC, "imap_auth_protocol",
	    "The server's side of the login makes no sense; the connection "
	    "was closed: check host and port.", LATER },
	[R_IMAP_UNAVAILABLE] = { SYNC, "imap_unavailable",
	    "The server is busy with itself; it is tried again later.",
	    LATER },
	[R_IMAP_LIMIT] = { SYNC, "imap_connection_limit",
	    "Too many connections to this mailbox at once: close other mail "
	    "programs, or wait.", LATER },
	[R_IMAP_THROTTLED] = { SYNC, "imap_throttled",
	    "The provider asks to slow down; kmaild waits as long as it was "
	    "told.", LATER },
	[R_IMAP_EXPIRED] = { SYNC, "imap_password_expired",
	    "The password is too old: change it at the provider, then "
	    "`kmailctl account password NAME`.", PERSON },
	[R_IMAP_AUTHZ] = { SYNC, "imap_not_authorized",
	    "The login is right but IMAP is not allowed for it: the mailbox's "
	    "administrator must permit it.", PERSON },

	[R_IMAP_PROTOCOL] = { SYNC, "imap_protocol",
	    "The server sent something that is not IMAP; it is tried again.",
	    LATER },
	[R_IMAP_TOO_LONG] = { SYNC, "imap_response_too_long",
	    "A response was longer than kmaild takes; it is tried again.",
	    LATER },
	[R_IMAP_BYE] = { SYNC, "imap_bye",
	    "The server ended the session; the next one goes on where this "
	    "one stopped.", LATER },
	[R_IMAP_CLOSED] = { SYNC, "imap_connection_lost",
	    "The connection was lost; the next one goes on where this one "
	    "stopped.", LATER },
	[R_IMAP_FOLDER_MISSING] = { SYNC, "imap_folder_missing",
	    "No folder of that name: see `kmailctl account test NAME`, then "
	    "`kmailctl account set NAME folder F`.", PERSON },
	[R_IMAP_FOLDER_REFUSED] = { SYNC, "imap_folder_refused",
	    "The server does not open this folder; it is tried again.",
	    LATER },
	[R_IMAP_COMMAND_REFUSED] = { SYNC, "imap_command_refused",
	    "The server refused a command that should work; it is tried "
	    "again.", LATER },
	[R_TIMEOUT_IDLE] = { SYNC, "timeout_idle",
	    "Nothing came for too long: check the network; `timeout idle` in "
	    "kmaild.conf.", LATER },
	[R_TIMEOUT_STEP] = { SYNC, "timeout_step",
	    "One command took too long: check the server; `timeout step` in "
	    "kmaild.conf.", LATER },
	[R_TIMEOUT_SESSION] = { SYNC, "timeout_session",
	    "The session took too long and goes on in the next one; `timeout "
	    "session` in kmaild.conf.", LATER },
	[R_RELAY_FORBIDDEN] = { SYNC, "command_forbidden",
	    "A worker sent a command that reading does not take and lost its "
	    "session: a mail may have attacked it; please report it.",
	    PERSON },
	[R_WORKER_DIED] = { SYNC, "worker_died",
	    "The process that reads this mailbox died; it is tried again; "
	    "please report it if it happens again.", LATER },
	[R_PROCESS_RESTARTED] = { SYNC, "process_restarted",
	    "A process of kmaild was started again meanwhile; the fetch is "
	    "tried again.", LATER },
	[R_CANCELLED] = { SYNC, "cancelled",
	    "The fetch was ended on request.", LATER },
	[R_STORE_ERROR] = { SYNC, "store_error",
	    "The store could not write: see the log for the system's error, "
	    "check disk and permissions.", PERSON },

	[R_MSG_TOO_LARGE] = { SYNC, "message_too_large",
	    "Raise `message max-size` in kmaild.conf, then `kmailctl message "
	    "waiting retry NAME`.", PERSON },
	[R_MSG_EMPTY] = { SYNC, "message_empty",
	    "The server gave no bytes for this message; look at it with "
	    "another program.", LATER },
	[R_MSG_NOT_DELIVERED] = { SYNC, "message_not_delivered",
	    "The server did not deliver this message; it is tried again.",
	    LATER },
	[R_MSG_REFUSED] = { SYNC, "message_refused",
	    "The server refused this message; it is tried again.", LATER },
	[R_MSG_CRASHED] = { SYNC, "message_crashed_worker",
	    "Reading this message killed its worker: please report it.",
	    PERSON },
	[R_MSG_INTERRUPTED] = { SYNC, "message_interrupted",
	    "The connection is lost within this message; it is tried again.",
	    LATER },
	[R_MSG_SLOW] = { SYNC, "message_too_slow",
	    "This message came below the least rate; it is tried again.",
	    LATER },
	[R_MSG_INVALID] = { SYNC, "message_response_invalid",
	    "The response around this message was malformed; it is tried "
	    "again.", LATER },
	[R_MSG_GONE] = { SYNC, "message_gone",
	    "The message was deleted on the server before it was fetched.",
	    LATER },
};

int
reason_check(uint32_t n)
{
	return n < R_MAX && reasons[n].word != NULL ? 0 : -1;
}

const char *
reason_word(enum reason r)
{
	return reason_check(r) == -1 ? "unknown" : reasons[r].word;
}

const char *
reason_detail(enum reason r)
{
	return reason_check(r) == -1 ? NULL : reasons[r].detail;
}

const char *
reason_remedy(enum reason r)
{
	return reason_check(r) == -1 ? NULL : reasons[r].remedy;
}

int
reason_needs_person(enum reason r)
{
	return reason_check(r) == -1 ? 0 : reasons[r].person;
}
