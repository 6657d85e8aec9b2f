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
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/imsg.h"
#include "common/msg.h"

struct pair {
	struct imsgbuf	 a, b;
	int		 s[2];
};

static int
setup(void **state)
{
	struct pair	*p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    p->s), 0);
	imsgbuf_init(&p->a, p->s[0]);
	imsgbuf_init(&p->b, p->s[1]);
	imsgbuf_allow_fdpass(&p->a);
	imsgbuf_allow_fdpass(&p->b);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair	*p = *state;

	imsgbuf_clear(&p->a);
	imsgbuf_clear(&p->b);
	close(p->s[0]);
	close(p->s[1]);
	free(p);
	return 0;
}

static void
send_raw(struct pair *p, uint32_t type, uint32_t len, const void *data,
    size_t n)
{
	struct imsg_hdr	 hdr = { type, len, 0, 1 };

	assert_int_equal(write(p->s[0], &hdr, sizeof(hdr)), sizeof(hdr));
	if (n > 0)
		assert_int_equal(write(p->s[0], data, n), n);
}

static void
roundtrip(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;
	char		 buf[6];

	assert_int_equal(imsg_compose(&p->a, 7, 42, 0, -1, "hello", 6), 1);
	assert_int_equal(imsg_compose(&p->a, 8, 0, 99, -1, NULL, 0), 1);
	assert_int_equal(imsgbuf_queuelen(&p->a), 2);
	assert_int_equal(imsgbuf_write(&p->a), 0);
	assert_int_equal(imsgbuf_queuelen(&p->a), 0);
	assert_int_equal(imsgbuf_queuebytes(&p->a), 0);

	assert_int_equal(imsgbuf_get(&p->b, &imsg), 0);
	assert_int_equal(imsgbuf_read(&p->b), 1);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), 1);
	assert_int_equal(imsg_get_type(&imsg), 7);
	assert_int_equal(imsg_get_id(&imsg), 42);
	assert_int_equal(imsg_get_data(&imsg, buf, 5), -1);
	assert_int_equal(imsg_get_data(&imsg, buf, 6), 0);
	assert_string_equal(buf, "hello");
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), 1);
	assert_int_equal(imsg_get_type(&imsg), 8);
	assert_int_equal(imsg_get_len(&imsg), 0);
	imsg_free(&imsg);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), 0);
	assert_int_equal(imsgbuf_read(&p->b), 1);	/* nothing: later */
}

/* However the bytes are split, the same messages come out. */
static void
split(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;
	unsigned char	 wire[128];
	char		 buf[4];
	ssize_t		 n, i;
	int		 got = 0;

	imsg_compose(&p->a, 1, 0, 1, -1, "abc", 4);
	imsg_compose(&p->a, 2, 0, 1, -1, "def", 4);
	imsgbuf_write(&p->a);
	n = read(p->s[1], wire, sizeof(wire));
	assert_int_equal(n, 2 * (IMSG_HEADER_SIZE + 4));
	for (i = 0; i < n; i++) {
		assert_int_equal(write(p->s[0], wire + i, 1), 1);
		assert_int_equal(imsgbuf_read(&p->b), 1);
		while (imsgbuf_get(&p->b, &imsg) == 1) {
			got++;
			assert_int_equal(imsg_get_type(&imsg), got);
			assert_int_equal(imsg_get_data(&imsg, buf, 4), 0);
			assert_string_equal(buf, got == 1 ? "abc" : "def");
			imsg_free(&imsg);
		}
	}
	assert_int_equal(got, 2);
}

static void
bad_lengths(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;

	send_raw(p, 1, IMSG_HEADER_SIZE - 1, NULL, 0);
	assert_int_equal(imsgbuf_read(&p->b), 1);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), -1);
	assert_int_equal(errno, EBADMSG);
	imsgbuf_clear(&p->b);

	send_raw(p, 1, MAX_IMSGSIZE + 1, NULL, 0);
	assert_int_equal(imsgbuf_read(&p->b), 1);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), -1);
	imsgbuf_clear(&p->b);

	/* says that it has a descriptor and has none */
	send_raw(p, 1, IMSG_HEADER_SIZE | 0x80000000u, NULL, 0);
	assert_int_equal(imsgbuf_read(&p->b), 1);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), -1);
}

static void
too_large(void **state)
{
	struct pair	*p = *state;
	static char	 big[MAX_IMSGSIZE];

	assert_int_equal(imsg_compose(&p->a, 1, 0, 0, -1, big,
	    MAX_IMSGSIZE - IMSG_HEADER_SIZE + 1), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(imsg_compose(&p->a, 1, 0, 0, -1, big,
	    MAX_IMSGSIZE - IMSG_HEADER_SIZE), 1);
}

/* Descriptors arrive with the message they were sent with. */
static void
descriptors(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;
	struct stat	 st, sf;
	int		 fd[3], i, n, got = 0;

	for (i = 0; i < 3; i++) {
		fd[i] = open("/dev/null", O_RDONLY);
		assert_int_not_equal(fd[i], -1);
		imsg_compose(&p->a, 10, 0, 0, -1, "x", 2);
		imsg_compose(&p->a, 11, (uint32_t)i, 0, fd[i], "y", 2);
	}
	assert_int_equal(imsgbuf_write(&p->a), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(fcntl(fd[i], F_GETFD), -1);	/* owned, closed */
	while (got < 6 && imsgbuf_read(&p->b) == 1) {
		while (imsgbuf_get(&p->b, &imsg) == 1) {
			got++;
			if (imsg_get_type(&imsg) == 10) {
				assert_false(imsg.hasfd);
				imsg_free(&imsg);
				continue;
			}
			assert_true(imsg.hasfd);
			n = imsg_get_fd(&imsg);
			assert_int_not_equal(n, -1);
			assert_int_equal(fcntl(n, F_GETFD), FD_CLOEXEC);
			assert_int_equal(fstat(n, &st), 0);
			assert_int_equal(stat("/dev/null", &sf), 0);
			assert_int_equal(st.st_rdev, sf.st_rdev);
			close(n);
			imsg_free(&imsg);
		}
	}
	assert_int_equal(got, 6);
}

/* A peer that passes two at once is refused, and both are closed. */
static void
two_at_once(void **state)
{
	struct pair	*p = *state;
	union {
		struct cmsghdr	hdr;
		unsigned char	buf[CMSG_SPACE(2 * sizeof(int))];
	} cmsg;
	struct imsg_hdr	 hdr = { 1, IMSG_HEADER_SIZE | 0x80000000u, 0, 1 };
	struct msghdr	 mh;
	struct iovec	 iov = { &hdr, sizeof(hdr) };
	int		 two[2] = { 0, 0 }, before, after;

	memset(&mh, 0, sizeof(mh));
	memset(&cmsg, 0, sizeof(cmsg));
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = &cmsg;
	mh.msg_controllen = CMSG_SPACE(2 * sizeof(int));
	cmsg.hdr.cmsg_len = CMSG_LEN(2 * sizeof(int));
	cmsg.hdr.cmsg_level = SOL_SOCKET;
	cmsg.hdr.cmsg_type = SCM_RIGHTS;
	before = dup(0);
	close(before);
	memcpy(CMSG_DATA(&cmsg.hdr), two, sizeof(two));
	assert_int_equal(sendmsg(p->s[0], &mh, 0), sizeof(hdr));
	assert_int_equal(imsgbuf_read(&p->b), -1);
	assert_int_equal(errno, EBADMSG);
	imsgbuf_clear(&p->b);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);	/* nothing leaked */
}

/* On a secret channel the consumed bytes are gone. */
static void
wipes(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;
	unsigned char	*where;

	imsgbuf_set_wipe(&p->b);
	imsg_compose(&p->a, 1, 0, 0, -1, "canary", 7);
	imsgbuf_write(&p->a);
	assert_int_equal(imsgbuf_read(&p->b), 1);
	assert_int_equal(imsgbuf_get(&p->b, &imsg), 1);
	where = imsg.data;
	assert_memory_equal(where, "canary", 7);
	imsg_free(&imsg);
	assert_memory_equal(where, "\0\0\0\0\0\0", 7);
}

/* A full socket keeps the rest, in order. */
static void
backpressure(void **state)
{
	struct pair	*p = *state;
	struct imsg	 imsg;
	static unsigned char big[8192];
	uint32_t	 i, next = 0;

	for (i = 0; i < 200; i++)
		assert_int_equal(imsg_compose(&p->a, 3, i, 0, -1, big,
		    sizeof(big)), 1);
	assert_int_equal(imsgbuf_write(&p->a), 0);
	assert_true(imsgbuf_queuelen(&p->a) > 0);
	while (next < 200) {
		assert_int_equal(imsgbuf_read(&p->b), 1);
		while (imsgbuf_get(&p->b, &imsg) == 1) {
			assert_int_equal(imsg_get_id(&imsg), next);
			next++;
			imsg_free(&imsg);
		}
		assert_int_equal(imsgbuf_write(&p->a), 0);
	}
	assert_int_equal(imsgbuf_queuebytes(&p->a), 0);
}

static void
peer_gone(void **state)
{
	struct pair	*p = *state;

	shutdown(p->s[0], SHUT_RDWR);
	assert_int_equal(imsgbuf_read(&p->b), 0);
	imsg_compose(&p->b, 1, 0, 0, -1, "x", 1);
	assert_int_equal(imsgbuf_write(&p->b), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(roundtrip, setup, teardown),
		cmocka_unit_test_setup_teardown(split, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(two_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(wipes, setup, teardown),
		cmocka_unit_test_setup_teardown(backpressure, setup, teardown),
		cmocka_unit_test_setup_teardown(peer_gone, setup, teardown),
	};

	return cmocka_run_group_tests_name("imsg", tests, NULL, NULL);
}
