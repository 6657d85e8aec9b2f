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
 * The vault's peers as a test plays them: channels whose other end the
 * test reads, and a configuration.  After vaultrig.h.
 */

#include <poll.h>

#include "common/channel.h"

struct rig_peer {
	struct channel	 ch;
	struct imsgbuf	 raw;		/* the peer's own end */
	int		 fd;
};

static struct rig_peer	 rig_zygote, rig_store, rig_fetcher;

static inline void
rig_ignore(struct channel *ch, struct imsg *imsg, void *arg)
{
	(void)ch;
	(void)imsg;
	(void)arg;
}

static inline void
rig_closed(struct channel *ch, void *arg)
{
	(void)arg;
	channel_clear(ch);
}

/* Let the vault do all that it can do now. */
static inline void
rig_turn(void)
{
	int	 i;

	for (i = 0; i < 8; i++)
		event_base_loop(rig_base, EVLOOP_NONBLOCK);
}

/* The next message to this peer; its type, M_NONE when there is none. */
static inline uint32_t
rig_next(struct rig_peer *p, struct imsg *imsg)
{
	struct pollfd	 pfd = { .fd = p->fd, .events = POLLIN };
	int		 n;

	rig_turn();
	for (;;) {
		assert_int_not_equal(n = imsgbuf_get(&p->raw, imsg), -1);
		if (n == 1 && imsg_get_type(imsg) == M_HELLO) {
			imsg_free(imsg);
			continue;
		}
		if (n == 1)
			return imsg_get_type(imsg);
		if (poll(&pfd, 1, 0) != 1 ||
		    imsgbuf_read(&p->raw) != 1)
			return M_NONE;
	}
}

/* The next message is of this type; its payload, and its descriptor if any. */
static inline int
rig_expect(struct rig_peer *p, uint32_t type, void *payload, size_t len)
{
	struct imsg	 imsg;
	uint32_t	 got = rig_next(p, &imsg);
	int		 fd;

	if (got != type)
		print_error("%s came instead of %s\n", msg_name(got),
		    msg_name(type));
	assert_int_equal(got, type);
	assert_int_equal(imsg_get_data(&imsg, payload, len), 0);
	fd = imsg_get_fd(&imsg);
	imsg_free(&imsg);
	return fd;
}

static inline void
rig_nothing(struct rig_peer *p)
{
	struct imsg	 imsg;

	assert_int_equal(rig_next(p, &imsg), M_NONE);
}

static inline void
rig_peer_open(struct rig_peer *p, enum proc proc)
{
	int	 s[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	p->fd = s[1];
	imsgbuf_init(&p->raw, s[1]);
	imsgbuf_allow_fdpass(&p->raw);
	channel_init(&p->ch, rig_base, s[0], P_VAULT, proc, 0, rig_ignore,
	    rig_closed, NULL);
	rig_peers[proc] = &p->ch;
}

static inline void
rig_peer_close(struct rig_peer *p)
{
	rig_peers[p->ch.peer] = NULL;
	channel_clear(&p->ch);
	imsgbuf_clear(&p->raw);
	close(p->fd);
}

static inline void
rig_conf(uint32_t type, const void *payload, size_t len)
{
	struct imsg	 imsg;

	memset(&imsg, 0, sizeof(imsg));
	imsg.hdr.type = type;
	imsg.hdr.len = (uint32_t)(IMSG_HEADER_SIZE + len);
	imsg.fd = -1;
	imsg.data = (unsigned char *)(uintptr_t)payload;
	imsg.datalen = len;
	conf_message(&imsg);
}

/* Configure with these connect ports and rules. */
static inline void
rig_configure(const uint16_t *ports, uint32_t nports,
    const struct m_conf_allow *allow, size_t nallow)
{
	struct m_generation	 g = { 1 };
	struct m_conf_vault	 v;
	size_t			 i;

	memset(&v, 0, sizeof(v));
	strlcpy(v.dir, rig_dir, sizeof(v.dir));
	v.nports = nports;
	memcpy(v.ports, ports, nports * sizeof(ports[0]));
	v.timeout_idle = 30;
	v.timeout_step = 60;
	v.timeout_session = 600;
	rig_conf(M_CONF_BEGIN, &g, sizeof(g));
	rig_conf(M_CONF_VAULT, &v, sizeof(v));
	for (i = 0; i < nallow; i++)
		rig_conf(M_CONF_ALLOW, &allow[i], sizeof(allow[i]));
	conf_apply();
}
