# kmaild.  For GNU make and bmake alike: suffix rules, `!=`, no conditionals.
#
# make [all]	programs into .build/
# make deps	install the Debian packages that building and testing take
# make check	build, unit, fuzz briefly, system tests, lint; minutes
# make soak	the same at full counts, and every other way to build
# make install	DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc ...; uninstall
#
# Variables: CC, CFLAGS, LDFLAGS; WERROR=1 (also with CI set);
# SANITIZE=1: address and undefined behaviour, without sandbox, tests only;
# LANDLOCK_ABI=n: know no more of Landlock than ABI n, tests only;
# TEST=name: for unit, fuzz and system, those whose name contains it.

VERSION =	0.2
PREFIX ?=	/usr/local
SYSCONFDIR ?=	/etc
STATEDIR ?=	/var/lib/kmaild
RUNDIR ?=	/run/kmaild
MANDIR ?=	$(PREFIX)/share/man
LIBEXECDIR ?=	$(PREFIX)/libexec/kmaild
YACC =		byacc

# ---- sources: one file a line; owners keep their own list ----

# sandbox-linux.c, but for SANITIZE=1 sandbox-none.c
SANDBOX !=	test -z "$(SANITIZE)" && echo common/sandbox-linux.c || \
		echo common/sandbox-none.c
SRCS_COMMON =	\
	common/clock.c \
	common/harden-linux.c \
	common/id.c \
	common/imsg.c \
	common/log.c \
	common/msg.c \
	common/reason.c \
	common/proc.c \
	common/landlock-linux.c \
	common/peer-linux.c \
	common/seccomp-linux.c \
	$(SANDBOX)

# Programs on a libevent loop also take these.
SRCS_CHANNEL =	\
	common/channel.c

SRCS_PARENT =	\
	kmaild/parent/child.c \
	kmaild/parent/conf.c \
	kmaild/parent/conf_allow.c \
	kmaild/parent/conf_check.c \
	kmaild/parent/conf_lex.c \
	kmaild/parent/conf_print.c \
	kmaild/parent/conf_source.c \
	kmaild/parent/conf_value.c \
	kmaild/parent/folder.c \
	kmaild/parent/key.c \
	kmaild/parent/listen.c \
	kmaild/parent/logger.c \
	kmaild/parent/main.c \
	kmaild/parent/parse.c \
	kmaild/parent/peer.c \
	kmaild/parent/reload.c \
	kmaild/parent/resolver.c \
	kmaild/parent/send.c \
	kmaild/parent/service.c \
	kmaild/parent/status.c

SRCS_VAULT =	\
	kmaild/vault/account.c \
	kmaild/vault/admin.c \
	kmaild/vault/arena.c \
	kmaild/vault/change.c \
	kmaild/vault/change_check.c \
	kmaild/vault/child.c \
	kmaild/vault/conf.c \
	kmaild/vault/db.c \
	kmaild/vault/form.c \
	kmaild/vault/key.c \
	kmaild/vault/launch.c \
	kmaild/vault/memory-linux.c \
	kmaild/vault/outbox.c \
	kmaild/vault/peer.c \
	kmaild/vault/rate.c \
	kmaild/vault/request.c \
	kmaild/vault/seal.c \
	kmaild/vault/secret.c \
	kmaild/vault/session.c \
	kmaild/vault/socket.c \
	kmaild/vault/ticket.c \
	kmaild/vault/vault.c

SRCS_SESSION =	\
	kmaild/session/zygote.c \
	kmaild/session/link.c \
	kmaild/session/prime.c \
	kmaild/session/child.c \
	kmaild/session/conn.c \
	kmaild/session/imap_auth.c \
	kmaild/session/imap_line.c \
	kmaild/session/filter.c \
	kmaild/session/filter_token.c \
	kmaild/session/relay.c \
	kmaild/session/spki.c \
	common/imapcode.c

SRCS_FETCHER =	\
	kmaild/fetcher/fetcher.c \
	kmaild/fetcher/session.c \
	kmaild/fetcher/resolve.c \
	kmaild/fetcher/resolvfile.c \
	kmaild/fetcher/connect.c \
	kmaild/fetcher/cleartext.c \
	kmaild/fetcher/starttls.c \
	kmaild/fetcher/tcp-linux.c \
	kmaild/fetcher/imap_cmd.c \
	kmaild/fetcher/imap_date.c \
	kmaild/fetcher/imap_fetch.c \
	kmaild/fetcher/imap_folder.c \
	kmaild/fetcher/imap_lex.c \
	kmaild/fetcher/imap_list.c \
	kmaild/fetcher/imap_parse.c \
	kmaild/fetcher/imap_status.c \
	kmaild/fetcher/worker.c \
	kmaild/fetcher/worker_body.c \
	kmaild/fetcher/worker_fetch.c \
	kmaild/fetcher/worker_find.c \
	kmaild/fetcher/worker_header.c \
	kmaild/fetcher/worker_relay.c \
	kmaild/fetcher/worker_ring.c \
	kmaild/fetcher/worker_session.c \
	kmaild/fetcher/worker_store.c \
	kmaild/fetcher/worker_sync.c \
	common/imapcode.c \
	common/text.c

SRCS_STORE =	\
	common/text.c \
	kmaild/store/account.c \
	kmaild/store/ask.c \
	kmaild/store/body.c \
	kmaild/store/commit.c \
	kmaild/store/conf.c \
	kmaild/store/control.c \
	kmaild/store/control_account.c \
	kmaild/store/control_allow.c \
	kmaild/store/control_body.c \
	kmaild/store/control_message.c \
	kmaild/store/control_monitor.c \
	kmaild/store/control_op.c \
	kmaild/store/control_parent.c \
	kmaild/store/control_reply.c \
	kmaild/store/control_report.c \
	kmaild/store/control_request.c \
	kmaild/store/control_status.c \
	kmaild/store/control_sync.c \
	kmaild/store/control_test.c \
	kmaild/store/control_waiting.c \
	kmaild/store/db.c \
	kmaild/store/eventlog.c \
	kmaild/store/fetcher_link.c \
	kmaild/store/folder.c \
	kmaild/store/ingest.c \
	kmaild/store/ingest_rows.c \
	kmaild/store/parent_link.c \
	kmaild/store/plan.c \
	kmaild/store/plan_operator.c \
	kmaild/store/recover.c \
	kmaild/store/removal.c \
	kmaild/store/report.c \
	kmaild/store/schema.c \
	kmaild/store/segment.c \
	kmaild/store/session.c \
	kmaild/store/session_commit.c \
	kmaild/store/session_order.c \
	kmaild/store/session_peer.c \
	kmaild/store/session_test.c \
	kmaild/store/session_worker.c \
	kmaild/store/store.c \
	kmaild/store/vault_link.c \
	kmaild/store/waiting.c

SRCS_CTL =	\
	kmailctl/account.c \
	kmailctl/change.c \
	kmailctl/columns.c \
	kmailctl/daemon.c \
	kmailctl/decode.c \
	kmailctl/display.c \
	kmailctl/export.c \
	kmailctl/kmailctl.c \
	kmailctl/maildir.c \
	kmailctl/mbox.c \
	kmailctl/message.c \
	kmailctl/monitor.c \
	kmailctl/parse.c \
	kmailctl/password.c \
	kmailctl/process.c \
	kmailctl/progress.c \
	kmailctl/report.c \
	kmailctl/socket.c \
	kmailctl/status.c \
	kmailctl/sync.c \
	kmailctl/table.c \
	kmailctl/test.c \
	kmailctl/vault.c \
	kmailctl/waiting.c \
	kmailctl/words.c \
	common/text.c

PKGS_COMMON =	libbsd-overlay libseccomp
PKGS_PARENT =	$(PKGS_COMMON) libevent_core
PKGS_VAULT =	$(PKGS_COMMON) libevent_core sqlite3 libsodium
PKGS_SESSION =	$(PKGS_COMMON) libtls libmd
PKGS_FETCHER =	$(PKGS_COMMON) libevent_core libevent_extra
PKGS_STORE =	$(PKGS_COMMON) libevent_core sqlite3 libsodium jansson
PKGS_CTL =	$(PKGS_COMMON) jansson

# ---- flags ----

OBJS !=		find common kmaild kmailctl regress -name '*.[cy]' | \
		sed 's/[cy]$$/o/'
HDRS !=		find common kmaild kmailctl regress -name '*.h'
# What two processes must agree on: the headers.
BUILD !=	cat common/*.h | cksum | cut -d ' ' -f 1
PKG_CFLAGS !=	pkg-config --cflags libbsd-overlay 2>/dev/null || true
WERROR_FLAG !=	test -z "$(CI)$(WERROR)" || echo -Werror
ABI_FLAG !=	test -z "$(LANDLOCK_ABI)" || \
		echo -DLANDLOCK_ABI_MAX=$(LANDLOCK_ABI)
SAN_CFLAGS !=	test -z "$(SANITIZE)" && echo -D_FORTIFY_SOURCE=2 || \
		echo -DKM_SANITIZE -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -fno-omit-frame-pointer
SAN_LDFLAGS !=	test -z "$(SANITIZE)" || echo -fsanitize=address,undefined

WARNINGS =	-Wall -Wextra -Wpedantic -Wshadow -Wconversion \
		-Wstrict-prototypes -Wmissing-prototypes -Wvla
# For what yacc wrote, and nothing else.
YACC_WARNINGS =	-Wall
BASE_CFLAGS =	-O2 -g -std=c17 -D_GNU_SOURCE -U_FORTIFY_SOURCE $(SAN_CFLAGS) \
		-fstack-protector-strong -fPIE -I. $(PKG_CFLAGS) $(ABI_FLAG) \
		-DKM_SYSCONFDIR=\"$(SYSCONFDIR)\" \
		-DKM_STATEDIR=\"$(STATEDIR)\" -DKM_RUNDIR=\"$(RUNDIR)\" \
		-DKM_LIBEXECDIR=\"$(LIBEXECDIR)\" \
		-DKM_BUILD=\"kmaild-$(VERSION)-$(BUILD)\"
KM_CFLAGS =	$(BASE_CFLAGS) $(WARNINGS) $(CFLAGS)
KM_LDFLAGS =	-pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SAN_LDFLAGS) \
		$(LDFLAGS)

# ---- build ----

PROGS =		.build/kmaild .build/kmaild-vault .build/kmaild-vault-session \
		.build/kmaild-fetcher .build/kmaild-store .build/kmailctl
OBJS_PARENT =	$(SRCS_PARENT:.c=.o) $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)
OBJS_VAULT =	$(SRCS_VAULT:.c=.o) $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)
OBJS_SESSION =	$(SRCS_SESSION:.c=.o) $(SRCS_COMMON:.c=.o)
OBJS_FETCHER =	$(SRCS_FETCHER:.c=.o) $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)
OBJS_STORE =	$(SRCS_STORE:.c=.o) $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)
OBJS_CTL =	$(SRCS_CTL:.c=.o) $(SRCS_COMMON:.c=.o)

.SUFFIXES:
.SUFFIXES: .c .o

all: $(PROGS)

.c.o:
	$(CC) $(KM_CFLAGS) $(WERROR_FLAG) -c -o $@ $<

.build/kmaild: $(OBJS_PARENT)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_PARENT) \
	    $$(pkg-config --libs $(PKGS_PARENT))
.build/kmaild-vault: $(OBJS_VAULT)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_VAULT) \
	    $$(pkg-config --libs $(PKGS_VAULT))
.build/kmaild-vault-session: $(OBJS_SESSION)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_SESSION) \
	    $$(pkg-config --libs $(PKGS_SESSION))
.build/kmaild-fetcher: $(OBJS_FETCHER)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_FETCHER) \
	    $$(pkg-config --libs $(PKGS_FETCHER))
.build/kmaild-store: $(OBJS_STORE)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_STORE) \
	    $$(pkg-config --libs $(PKGS_STORE))
.build/kmailctl: $(OBJS_CTL)
	$(CC) $(KM_CFLAGS) $(KM_LDFLAGS) -o $@ $(OBJS_CTL) \
	    $$(pkg-config --libs $(PKGS_CTL))

# For the unit tests: what every program may link.
.build/libtest.a: $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)
	rm -f $@
	ar rcs $@ $(SRCS_COMMON:.c=.o) $(SRCS_CHANNEL:.c=.o)

kmaild/parent/parse.c: kmaild/parent/parse.y
	$(YACC) -o $@ kmaild/parent/parse.y
kmaild/parent/parse.o: kmaild/parent/parse.c
	$(CC) $(BASE_CFLAGS) $(YACC_WARNINGS) $(CFLAGS) $(WERROR_FLAG) \
	    -c -o $@ kmaild/parent/parse.c

# Every object depends on all headers and on the flags: a change of compiler
# or flags removes all objects, so that two kinds are never linked together.
$(OBJS): $(HDRS) .build/flags
.build/flags: FORCE
	@mkdir -p .build
	@printf '%s\n' "$$($(CC) --version | head -n 1)" \
	    '$(CC) $(KM_CFLAGS) $(KM_LDFLAGS)' >.build/flags.$$$$; \
	if cmp -s .build/flags.$$$$ $@; then rm .build/flags.$$$$; else \
	    find common kmaild kmailctl regress -name '*.o' -exec rm {} +; \
	    rm -rf $(PROGS) .build/unit .build/libtest.a; mv .build/flags.$$$$ $@; fi
FORCE:

# ---- tests ----

PHASES =	build unit fuzz system lint
RUN =		MAKE='$(MAKE)' CC='$(CC)' SANITIZE='$(SANITIZE)' \
		LANDLOCK_ABI='$(LANDLOCK_ABI)' PREFIX='$(PREFIX)' \
		KM_CFLAGS='$(KM_CFLAGS)' KM_LDFLAGS='$(KM_LDFLAGS)' \
		perl regress/run

deps:
	@sh regress/deps
run:
	@$(RUN) $(PHASES)
check:
	@$(RUN) build unit fuzz system lint
soak:
	@KMAILD_SOAK=1 $(RUN) build unit fuzz system lint variants
unit:
	@$(RUN) unit=$(TEST)
fuzz:
	@$(RUN) fuzz=$(TEST)
system: all
	@$(RUN) system=$(TEST)
lint:
	@$(RUN) lint
demo: all
	@perl -Iregress/lib regress/demo
bench: all
	@perl -Iregress/lib regress/bench/run

# ---- install ----

LIBEXECS =	kmaild-vault kmaild-vault-session kmaild-fetcher kmaild-store
MAN5 =		kmaild.conf.5 kmaild.db.5 kmaild-protocol.5
MAN8 =		kmaild.8 kmailctl.8

install: all
	@if grep -E -q 'KM_SANITIZE|SANDBOX_DEBUG|LANDLOCK_ABI_MAX' \
	    .build/flags; then \
	    echo 'make install: a build for tests cannot be installed' >&2; \
	    exit 1; fi
	mkdir -p $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
	    $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man8
	install -m 755 .build/kmaild $(DESTDIR)$(PREFIX)/sbin/kmaild
	install -m 755 .build/kmailctl $(DESTDIR)$(PREFIX)/bin/kmailctl
	for f in $(LIBEXECS); do \
	    install -m 755 .build/$$f $(DESTDIR)$(LIBEXECDIR)/$$f || exit 1; \
	done
	for f in $(MAN5); do \
	    install -m 644 man/$$f $(DESTDIR)$(MANDIR)/man5/$$f || exit 1; done
	for f in $(MAN8); do \
	    install -m 644 man/$$f $(DESTDIR)$(MANDIR)/man8/$$f || exit 1; done
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/kmaild $(DESTDIR)$(PREFIX)/bin/kmailctl
	for f in $(LIBEXECS); do rm -f $(DESTDIR)$(LIBEXECDIR)/$$f; done
	-rmdir $(DESTDIR)$(LIBEXECDIR)
	for f in $(MAN5); do rm -f $(DESTDIR)$(MANDIR)/man5/$$f; done
	for f in $(MAN8); do rm -f $(DESTDIR)$(MANDIR)/man8/$$f; done

clean:
	find common kmaild kmailctl regress -name '*.o' -exec rm {} +
	rm -rf .build kmaild/parent/parse.c

.PHONY: all deps run check soak unit fuzz system lint demo bench install \
	uninstall clean
