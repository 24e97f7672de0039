/*
 * Hostile frames: the first byte chooses the channel and our side, the rest
 * is written to the socket behind a good HELLO.  Every message that arrives
 * must be one that msg.h allows.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fuzz.h"
#include "common/peer.h"

static enum msg_channel	 channel;
static enum msg_side	 side;
static bool		 closed;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	const struct msg_rule *rule = msg_rule((uint32_t)m->type);

	(void)p;
	(void)arg;
	FUZZ_CHECK(rule != NULL && rule->channel == channel &&
	    (rule->sender & ~side) != 0 && m->len <= rule->max);
	FUZZ_CHECK(m->fd == -1 && rule->fds == 0);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	closed = true;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
fuzz_peer(const uint8_t *in, size_t len)
{
	struct event_base	*base = event_base_new();
	struct buf		 b = BUF_INIT;
	size_t			 off = 0;
	ssize_t			 n;
	int			 sv[2];

	FUZZ_CHECK(base != NULL);
	if (len == 0) {
		event_base_free(base);
		return;
	}
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	closed = false;
	channel = (enum msg_channel)(in[0] % 6 + 1);
	side = (in[0] & 0x80) != 0 ? MSG_SIDE_A : MSG_SIDE_B;
	FUZZ_CHECK(peer_new(base, sv[0], channel, side, &ops, NULL) != NULL);
	buf_put_u32(&b, 24);
	buf_put_u32(&b, IMSG_HELLO);
	buf_put_u64(&b, 0);
	buf_put_u32(&b, (uint32_t)channel);
	buf_put_u32(&b, 1);
	buf_put(&b, in + 1, len - 1);
	while (off < b.len && !closed) {
		n = send(sv[1], b.data + off, b.len - off,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			off += (size_t)n;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	close(sv[1]);
	while (!closed)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_free(base);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_peer);
}
