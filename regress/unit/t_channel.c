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

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/channel.h"

/* A vault end under test and a fetcher's raw end. */
struct side {
	struct event_base	*base;
	struct channel		 ch;
	struct imsgbuf		 raw;
	int			 s[2];
	int			 got;
	int			 closed;
	int			 clear_at;	/* clear in this dispatch */
	int			 pause_at;
};

static void
on_message(struct channel *ch, struct imsg *imsg, void *arg)
{
	struct side	*p = arg;

	(void)imsg;
	p->got++;
	if (p->got == p->clear_at)
		channel_clear(ch);
	if (p->got == p->pause_at)
		channel_pause(ch);
}

static void
on_closed(struct channel *ch, void *arg)
{
	struct side	*p = arg;

	p->closed++;
	channel_clear(ch);
}

static void
say_hello(struct side *p, enum proc proc, const char *build)
{
	struct m_hello	 hello;

	memset(&hello, 0, sizeof(hello));
	strlcpy(hello.build, build, sizeof(hello.build));
	hello.proc = proc;
	imsg_compose(&p->raw, M_HELLO, 0, 0, -1, &hello, sizeof(hello));
	imsgbuf_write(&p->raw);
}

static void
say(struct side *p, enum msg_type type, size_t len)
{
	static const unsigned char	 zero[4096];

	imsg_compose(&p->raw, type, 0, 0, -1, zero, len);
	imsgbuf_write(&p->raw);
}

static void
turn(struct side *p)
{
	int	 i;

	for (i = 0; i < 5; i++)
		event_base_loop(p->base, EVLOOP_NONBLOCK);
}

static int
begin(struct side *p, int flags)
{
	memset(p, 0, sizeof(*p));
	p->base = event_base_new();
	assert_non_null(p->base);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    p->s), 0);
	imsgbuf_init(&p->raw, p->s[1]);
	channel_init(&p->ch, p->base, p->s[0], P_VAULT, P_STORE, flags,
	    on_message, on_closed, p);
	return 0;
}

static void
end(struct side *p)
{
	channel_clear(&p->ch);
	imsgbuf_clear(&p->raw);
	close(p->s[1]);
	event_base_free(p->base);
}

static void
hello_first(void **state)
{
	struct side	 p;
	struct imsg	 imsg;

	(void)state;
	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	turn(&p);
	assert_int_equal(p.got, 1);
	assert_int_equal(p.closed, 0);
	assert_int_equal(imsgbuf_read(&p.raw), 1);
	assert_int_equal(imsgbuf_get(&p.raw, &imsg), 1);
	assert_int_equal(imsg_get_type(&imsg), M_HELLO);
	imsg_free(&imsg);
	close(p.s[1]);
	p.s[1] = -1;
	turn(&p);
	assert_int_equal(p.closed, 1);
	end(&p);
}

/* Run f in a child; what did it end with? */
static int
exit_code(void (*f)(void))
{
	pid_t	 pid;
	int	 status;

	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		f();
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
other_build(void)
{
	struct side	 p;

	begin(&p, 0);
	say_hello(&p, P_STORE, "another");
	turn(&p);
}

static void
wrong_peer(void)
{
	struct side	 p;

	begin(&p, 0);
	say_hello(&p, P_FETCHER, KM_BUILD);
	turn(&p);
}

static void
not_its_message(void)
{
	struct side	 p;

	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	say(&p, M_CONF_VAULT, sizeof(struct m_conf_vault));
	turn(&p);
}

static void
no_hello(void)
{
	struct side	 p;

	begin(&p, 0);
	say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	turn(&p);
}

static void
second_hello(void)
{
	struct side	 p;

	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	say_hello(&p, P_STORE, KM_BUILD);
	turn(&p);
}

static void
fine(void)
{
	struct side	 p;

	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	turn(&p);
}

static void
peers_are_fatal(void **state)
{
	(void)state;
	assert_int_equal(exit_code(fine), 99);
	assert_int_equal(exit_code(other_build), 75);
	assert_int_equal(exit_code(wrong_peer), 1);
	assert_int_equal(exit_code(not_its_message), 1);
	assert_int_equal(exit_code(no_hello), 1);
	assert_int_equal(exit_code(second_hello), 1);
}

/* The same mistakes by a stranger close the stranger and nothing else. */
static void
strangers_are_closed(void **state)
{
	struct side	 p;
	size_t		 i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin(&p, CHANNEL_STRANGER);
		if (i > 0)
			say_hello(&p, i == 1 ? P_FETCHER : P_STORE, KM_BUILD);
		if (i == 2)
			say(&p, M_TICKET_CANCEL,
			    sizeof(struct m_session) + 1);
		else if (i == 3)
			say(&p, V_PASSWORD, sizeof(struct v_password));
		else
			say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
		turn(&p);
		assert_int_equal(p.got, 0);
		assert_int_equal(p.closed, 1);
		end(&p);
	}
}

static void
cleared_within(void **state)
{
	struct side	 p;
	int		 i;

	(void)state;
	begin(&p, 0);
	p.clear_at = 2;
	say_hello(&p, P_STORE, KM_BUILD);
	for (i = 0; i < 4; i++)
		say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	turn(&p);
	assert_int_equal(p.got, 2);
	assert_int_equal(p.closed, 0);
	assert_int_equal(channel_send(&p.ch, M_KEY_STATE, -1, NULL, 0), -1);
	end(&p);
}

/* Paused: nothing is dispatched, not even what was read; then all of it. */
static void
paused(void **state)
{
	struct side	 p;
	int		 i;

	(void)state;
	begin(&p, 0);
	p.pause_at = 2;
	say_hello(&p, P_STORE, KM_BUILD);
	for (i = 0; i < 5; i++)
		say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	turn(&p);
	assert_int_equal(p.got, 2);
	channel_resume(&p.ch);
	turn(&p);
	assert_int_equal(p.got, 5);
	end(&p);
}

/* What the peer sent before it went away still counts. */
static void
last_words(void **state)
{
	struct side	 p;
	int		 i;

	(void)state;
	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	for (i = 0; i < 5; i++)
		say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	close(p.s[1]);
	p.s[1] = -1;
	channel_send(&p.ch, M_KEY_STATE, -1, "1234", 4);
	turn(&p);
	assert_int_equal(p.got, 5);
	assert_int_equal(p.closed, 1);
	end(&p);
}

/* Pumped: all that has arrived is dealt with, without the loop. */
static void
pumped(void **state)
{
	struct side	 p;
	int		 i;

	(void)state;
	begin(&p, 0);
	say_hello(&p, P_STORE, KM_BUILD);
	for (i = 0; i < 5; i++)
		say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	channel_pump(&p.ch);
	assert_int_equal(p.got, 5);
	say(&p, M_TICKET_CANCEL, sizeof(struct m_session));
	p.clear_at = 6;
	channel_pump(&p.ch);
	assert_int_equal(p.got, 6);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_first),
		cmocka_unit_test(peers_are_fatal),
		cmocka_unit_test(strangers_are_closed),
		cmocka_unit_test(cleared_within),
		cmocka_unit_test(paused),
		cmocka_unit_test(last_words),
		cmocka_unit_test(pumped),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
