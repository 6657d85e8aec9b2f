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

#ifndef KMAILD_LOGCODE_H
#define KMAILD_LOGCODE_H

/*
 * What can be logged or be an event: number, constant, name for programs,
 * text for people.  Numbers are stored in databases: append within your
 * section, never renumber.  Placeholders as log_text() has them.
 */
#define LOGCODES(X)							\
	/* every process: 1 to 99 */					\
	X(1, LC_SETUP, "setup-failed", "cannot start: {e}, line {c}")	\
	X(2, LC_MALFORMED, "malformed-message",				\
	    "malformed message of type {a} from {pb}")			\
	X(3, LC_MEMORY, "out-of-memory", "out of memory: {e}, line {c}") \
	X(4, LC_SANDBOX, "sandbox-failed",				\
	    "sandbox cannot be applied: {e}, line {c}")			\
	X(5, LC_BUILD, "build-mismatch",				\
	    "a process of another build answers; is an upgrade under way?") \
	X(6, LC_INVARIANT, "broken-invariant",				\
	    "broken invariant {a}, line {c}")				\
	X(7, LC_PARENT_GONE, "parent-gone", "the parent is gone")	\
	X(8, LC_PRIVDROP, "privdrop-failed",				\
	    "cannot become the configured user: {e}, line {c}")		\
	/* parent: 100 to 199 */					\
	X(100, LC_STARTED, "started", "kmaild is running")		\
	X(101, LC_STOPPING, "stopping", "kmaild is stopping")		\
	X(102, LC_STOPPED, "stopped", "kmaild has stopped")		\
	X(103, LC_CHILD_EXIT, "process-exited",				\
	    "{p} ended with exit status {b}")				\
	X(104, LC_CHILD_SIGNAL, "process-killed",			\
	    "{p} was killed by signal {b}")				\
	X(105, LC_CHILD_RESTART, "process-restart",			\
	    "{p} is started again in {b} ms")				\
	X(106, LC_CHILD_READY, "process-ready", "{p} is ready, pid {b}") \
	X(107, LC_CHILD_LATE, "process-late",				\
	    "{p} was not ready in time and is killed")			\
	X(108, LC_CHILD_STUCK, "process-stuck",				\
	    "{p} did not end in time and is killed")			\
	X(109, LC_CHILD_RULES, "process-broke-rules",			\
	    "{p} sent what it may not send and is killed")		\
	X(110, LC_CHILD_FORK, "process-not-started",			\
	    "{p} cannot be started: {eb}")				\
	X(111, LC_CHILD_LOST, "process-lost",				\
	    "kmaild cannot go on without {p} and stops")		\
	X(112, LC_CHILD_REPLACED, "process-replaced",			\
	    "{p} was replaced; the old one ends with its last session")	\
	X(113, LC_RELOADED, "reloaded", "new configuration in force")	\
	X(114, LC_RELOAD_REFUSED, "reload-refused",			\
	    "new configuration refused, the old one stays; "		\
	    "kmaild -n says why")					\
	X(115, LC_KEY_SEVERAL, "key-several",				\
	    "more than one source gives a key (key file, credential, "	\
	    "EMAIL_ENCRYPTION_KEY); leave one")				\
	X(116, LC_KEY_MISSING, "key-file-missing",			\
	    "the key file does not exist")				\
	X(117, LC_KEY_OPEN, "key-file-unreadable",			\
	    "the key file cannot be opened or is not a regular file")	\
	X(118, LC_KEY_OWNER, "key-file-owner",				\
	    "the key file must be owned by root or by the user who "	\
	    "starts kmaild")						\
	X(119, LC_KEY_MODE, "key-file-mode",				\
	    "group or others can read the key file; say: chmod 600")	\
	X(120, LC_KEY_ENV, "key-in-environment",			\
	    "the key came by EMAIL_ENCRYPTION_KEY; a key file is safer") \
	X(121, LC_RESOLVER_CHANGED, "resolver-changed",			\
	    "resolv.conf or hosts changed")				\
	X(122, LC_CA_OPEN, "ca-file-unreadable",			\
	    "a CA file cannot be opened: {e}")				\
	X(123, LC_SANDBOX_OLD, "sandbox-partial",			\
	    "this kernel has Landlock ABI {a}; "			\
	    "kmailctl status says what is missing")			\
	X(124, LC_SANDBOX_NONE, "sandbox-none",				\
	    "sanitizer build for tests: there is no sandbox")		\
	X(125, LC_SOCKET_MODE, "socket-mode",				\
	    "group or mode of the sockets cannot be changed: {e}")	\
	/* vault: 200 to 299 */						\
	X(200, LC_ACCOUNT_ADDED, "account-added", "account added")	\
	X(201, LC_ACCOUNT_SET, "account-set", "account changed")	\
	X(202, LC_ACCOUNT_RENAMED, "account-renamed", "account renamed") \
	X(203, LC_ACCOUNT_REMOVED, "account-removed", "account removed") \
	X(204, LC_PASSWORD_SET, "password-set", "password stored")	\
	X(205, LC_SECRET_DROPPED, "secret-dropped",			\
	    "password dropped: the account points elsewhere now")	\
	X(206, LC_CREDENTIAL_USED, "credential-used",			\
	    "password released to the verified server of session {a}")	\
	X(207, LC_LOGIN_REFUSED, "login-refused",			\
	    "server refused the password, session {a}, {b} in a row")	\
	X(208, LC_LOGIN_HOLD, "login-hold",				\
	    "no further automatic login after {a} refusals: "		\
	    "set the password again or start a sync by hand")		\
	X(209, LC_REQUEST_DENIED, "request-denied",			\
	    "uid {a} is not an administrator, request {b}")		\
	X(210, LC_KEY_STATE, "key-state", "encryption key: {r}")	\
	X(211, LC_TICKET_REFUSED, "ticket-refused",			\
	    "session {a}: no valid ticket")				\
	X(212, LC_SOCKET_REFUSED, "socket-refused",			\
	    "session {a}: not a connected socket of the account's port") \
	X(213, LC_SECRET_UNREADABLE, "secret-unreadable",		\
	    "stored password does not belong to this record")		\
	X(214, LC_CHILD_MALFORMED, "session-child-malformed",		\
	    "session {a}: its process broke the protocol")		\
	X(215, LC_CHILD_HUNG, "session-child-hung",			\
	    "session {a}: its process did not answer in time")		\
	X(216, LC_ENDPOINT_CHANGED, "endpoint-changed",			\
	    "session {a}: the account changed during the handshake")	\
	X(220, LC_VDB_OPEN, "vault-db-open",				\
	    "vault.db cannot be opened, sqlite error {a}; "		\
	    "check its owner, mode and file system")			\
	X(221, LC_VDB_BUSY, "vault-db-busy",				\
	    "vault.db is in use; is another kmaild running?")		\
	X(222, LC_VDB_NEWER, "vault-db-newer",				\
	    "vault.db is of version {a}, written by a newer kmaild; "	\
	    "install that one again")					\
	X(223, LC_VDB_FOREIGN, "vault-db-foreign",			\
	    "vault.db was not made by kmaild; move it away")		\
	X(224, LC_VDB_DAMAGED, "vault-db-damaged",			\
	    "vault.db is damaged, sqlite error {a}; "			\
	    "restore it from a backup or move it away")			\
	X(225, LC_VDB_ERROR, "vault-db-error",				\
	    "vault.db: sqlite error {a}")				\
	X(226, LC_VDB_FULL, "vault-db-full",				\
	    "vault.db cannot be written: the disk is full")		\
	X(227, LC_VDB_MIGRATED, "vault-db-migrated",			\
	    "vault.db brought from version {a} to {b}")			\
	X(230, LC_MLOCK, "memory-lock-failed",				\
	    "cannot lock memory for keys: {e}; raise RLIMIT_MEMLOCK")	\
	X(231, LC_KDF_MEMORY, "key-memory",				\
	    "not enough memory to derive the key from its pass phrase")	\
	X(232, LC_VAULT_CLIENTS, "vault-clients",			\
	    "uid {a} has too many connections to vault.sock")		\
	/* session: 300 to 399 */					\
	X(300, LC_SESSION_CA, "ca-unreadable",				\
	    "CA set {a} cannot be read, or holds no certificate")	\
	X(301, LC_SESSION_FORK, "session-fork-failed",			\
	    "cannot fork a session: {e}")				\
	X(302, LC_SESSION_SIGNAL, "session-killed",			\
	    "a session child was ended by signal {a}")			\
	/* fetcher: 400 to 499 */					\
	X(400, LC_FETCHER_NAMESERVER, "no-nameserver",			\
	    "no usable nameserver: names cannot be resolved")		\
	X(401, LC_FETCHER_FORK, "worker-fork-failed",			\
	    "cannot fork a worker for session {b}: {e}")		\
	X(402, LC_FETCHER_SIGNAL, "worker-killed",			\
	    "the worker of session {b} was ended by signal {a}")	\
	X(403, LC_FETCHER_SOCKET, "socket-failed",			\
	    "cannot make a socket: {e}")				\
	X(404, LC_FETCHER_RESOLVFILE, "resolver-file-unreadable",	\
	    "a resolver file cannot be read: {e}")			\
	/* worker: 500 to 599 */					\
	/* store: 600 to 699 */						\
	X(600, LC_DB_NEWER, "database-newer",				\
	    "mail.db is of version {a}, this kmaild knows {b}; "	\
	    "install the newer one again")				\
	X(601, LC_DB_FOREIGN, "database-foreign",			\
	    "mail.db was not made by kmaild; move it away")		\
	X(602, LC_DB_DAMAGED, "database-damaged",			\
	    "mail.db is damaged, sqlite error {a}; keep a copy, then "	\
	    "recover it as kmaild.db(5) says")				\
	X(603, LC_DB_ERROR, "database-error", "database error {a}: {eb}") \
	X(604, LC_DB_CREATED, "database-created", "mail.db created")	\
	X(605, LC_DB_MIGRATED, "database-migrated",			\
	    "mail.db brought from version {a} to {b}")			\
	X(606, LC_DB_LOCKED, "database-in-use",				\
	    "mail.db is in use; is another kmaild running?")		\
	X(607, LC_DB_OPEN, "database-unreadable",			\
	    "mail.db cannot be opened; check its owner, mode and file "	\
	    "system")							\
	X(610, LC_SEGMENT_RECOVERED, "segment-recovered",		\
	    "segment {a}: cut off {b} octets that were never committed") \
	X(611, LC_SEGMENT_SHORT, "segment-short",			\
	    "segment {a} has {b} of {c} committed octets; restore it "	\
	    "from a backup")						\
	X(612, LC_SEGMENT_ERROR, "segment-error", "segment {a}: {eb}")	\
	X(613, LC_STORE_FULL, "store-full",				\
	    "{a} octets are free, reserve is {b}: fetching pauses")	\
	X(614, LC_STORE_ROOM, "store-has-room", "there is room again")	\
	X(620, LC_SYNC_STARTED, "sync-started", "fetch started, session {a}") \
	X(621, LC_SYNC_FINISHED, "sync-finished",			\
	    "fetch ended: {a} imported, {b} duplicates, {rc}")		\
	X(623, LC_SESSION_TIMEOUT, "session-timeout",			\
	    "session {a} did not end in time and was cancelled")	\
	X(624, LC_WORKER_MALFORMED, "worker-malformed",			\
	    "worker of session {a} sent what no worker sends, type {b}") \
	X(625, LC_WORKER_DIED, "worker-died",				\
	    "worker of session {a} died by signal {b}")			\
	X(626, LC_UIDVALIDITY, "uidvalidity-changed",			\
	    "folder {a}: UIDVALIDITY changed from {b} to {c}")		\
	X(630, LC_MSG_WAITING, "message-waiting",			\
	    "folder {a}, UID {b} could not be fetched: {rc}")		\
	X(631, LC_MSG_QUARANTINED, "message-quarantined",		\
	    "folder {a}, UID {b} is not tried again: {rc}")		\
	X(632, LC_MSG_RECOVERED, "message-recovered",			\
	    "folder {a}, UID {b} was fetched after {c} failures")	\
	X(642, LC_MAIL_REMOVED, "mail-removed",				\
	    "mail of the removed account was deleted")			\
	X(643, LC_ACCOUNT_PAUSED, "account-paused", "account paused")	\
	X(644, LC_ACCOUNT_RESUMED, "account-resumed", "account resumed") \
	X(646, LC_ACCOUNT_ORPHAN, "account-orphaned",			\
	    "the vault does not know this account: its mail is kept")	\
	/* end */

enum logcode {
#define LOGCODE_ENUM(number, constant, name, text)	constant = (number),
	LOGCODES(LOGCODE_ENUM)
#undef LOGCODE_ENUM
	LC_MAX = 1000
};

#endif
