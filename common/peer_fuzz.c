/*
 * Hostile frames behind a good HELLO.  The first byte chooses the channel
 * (its place in MSG_CHANNELS) and our side, the second how large the pieces
 * are that it all is written in the second time: each message that arrives
 * must be one that msg.h allows, and the second time they must be the same
 * (unless a descriptor is missing or there is one too many: whose it is
 * depends on the reads).
 *
 * Then frames: type, flags (FLAG_*, or the frame's own two), id, length in
 * two bytes, and as much of the payload as the input has; the rest is zero.
 */
#include "common/compat.h"

#include <sys/types.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fuzz.h"
#include "common/peer.h"

#define FRAMES_MAX	64
#define BYTES_MAX	(128 * 1024)
#define FLAG_STRAY	0x80	/* a descriptor where the frame has none, or
				   none where it has one */
#define FLAG_SHORT	0x40	/* its length is said to be one less */
#define FLAG_LONG	0x20	/* or one more */
#define FLAG_ZERO	0x10	/* what should be zero is not */

static const enum msg_channel channels[] = {
#define X(name, num, a, b, made)	MSG_CHANNEL_##name,
	MSG_CHANNELS(X)
#undef X
};

static struct event_base *base;
static int		 null = -1;	/* what is passed: a socket sent over
					   itself waits for the system to find
					   the ring */
static enum msg_channel	 channel;
static enum msg_side	 side;
static bool		 closed;
static bool		 stray;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	const struct msg_rule *rule = msg_rule((uint32_t)m->type);
	struct buf	*got = arg;

	(void)p;
	FUZZ_CHECK(rule != NULL && rule->channel == channel &&
	    (rule->sender & ~side) != 0 && m->len <= rule->max);
	FUZZ_CHECK((m->fd != -1) == (rule->fds != 0));
	if (m->fd != -1)
		close(m->fd);
	buf_put_u32(got, (uint32_t)m->type);
	buf_put_u32(got, m->id);
	buf_put_bytes(got, m->data, m->len);
	return m->len > 0 && m->data[0] == 0xee ? -1 : 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	FUZZ_CHECK(why != NULL && why[0] != '\0');
	closed = true;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

struct piece {
	size_t	 end;		/* of the frame, in all bytes */
	bool	 fd;
};

/* All frames of the input behind one another. */
static size_t
build(struct cursor *c, struct buf *b, struct piece *v)
{
	size_t		 n = 0, len, have;
	uint8_t		 type, flags, id;
	static const uint8_t zeros[65536];

	stray = false;
	buf_put_u32(b, 24);
	buf_put_u32(b, IMSG_HELLO);
	buf_put_u64(b, 0);
	buf_put_u32(b, (uint32_t)channel);
	buf_put_u32(b, 1);
	v[n++] = (struct piece){ b->len, false };
	while (n < FRAMES_MAX && cursor_left(c) >= 5 && b->len < BYTES_MAX) {
		type = cursor_u8(c);
		flags = cursor_u8(c);
		id = cursor_u8(c);
		len = cursor_u16(c);
		have = len < cursor_left(c) ? len : cursor_left(c);
		buf_put_u32(b, (uint32_t)(16 + len +
		    ((flags & FLAG_LONG) != 0) -
		    ((flags & FLAG_SHORT) != 0)));
		buf_put_u16(b, type);
		buf_put_u16(b, flags & 0xf);
		buf_put_u32(b, id);
		buf_put_u32(b, (flags & FLAG_ZERO) != 0);
		buf_put(b, cursor_bytes(c, have), have);
		buf_put(b, zeros, len - have);
		stray = stray || (flags & FLAG_STRAY) != 0;
		v[n++] = (struct piece){ b->len, ((flags & 2) != 0) !=
		    ((flags & FLAG_STRAY) != 0) };
	}
	FUZZ_CHECK(!b->failed);
	return n;
}

/* What the socket takes of len bytes; with fd, or -1. */
static size_t
say(int s, const uint8_t *p, size_t len, int fd)
{
	union {
		struct cmsghdr	 h;
		char		 space[CMSG_SPACE(sizeof(int))];
	} c = { .h = { .cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec	 iov = { (void *)(uintptr_t)p, len };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t		 n;

	if (fd != -1) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c.space);
		memcpy(CMSG_DATA(&c.h), &fd, sizeof(fd));
	}
	n = sendmsg(s, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n > 0 ? (size_t)n : 0;
}

/* step 0: as much at once as goes. */
static void
run(const struct buf *b, const struct piece *v, size_t n, size_t step,
    struct buf *got)
{
	size_t	 i, off = 0, len, sent;
	bool	 fd;
	int	 sv[2];

	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	closed = false;
	FUZZ_CHECK(peer_new(base, sv[0], channel, side, &ops, got) != NULL);
	for (i = 0; i < n && !closed; i++)
		for (fd = v[i].fd; off < v[i].end && !closed;) {
			len = v[i].end - off;
			if (step != 0 && len > step)
				len = step;
			sent = say(sv[1], b->data + off, len,
			    fd ? null : -1);
			fd = fd && sent == 0;
			off += sent;
			if (step != 0 || sent < len)
				event_base_loop(base, EVLOOP_NONBLOCK);
		}
	close(sv[1]);
	while (!closed)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
fuzz_peer(const uint8_t *in, size_t len)
{
	struct buf	 b = BUF_INIT, whole = BUF_INIT, pieces = BUF_INIT;
	struct piece	 v[FRAMES_MAX];
	struct cursor	 c;
	size_t		 n;

	if (len < 2)
		return;
	channel = channels[(in[0] & 0x7f) % nitems(channels)];
	side = (in[0] & 0x80) != 0 ? MSG_SIDE_A : MSG_SIDE_B;
	cursor_init(&c, in + 2, len - 2);
	n = build(&c, &b, v);
	run(&b, v, n, 0, &whole);
	run(&b, v, n, 1 + in[1] + b.len / 256, &pieces);
	FUZZ_CHECK(stray || (whole.len == pieces.len && (whole.len == 0 ||
	    memcmp(whole.data, pieces.data, whole.len) == 0)));
	buf_free(&b);
	buf_free(&whole);
	buf_free(&pieces);
}

int
main(int argc, char **argv)
{
	int	 status;

	if ((base = event_base_new()) == NULL ||
	    (null = open("/dev/null", O_RDONLY)) == -1)
		err(2, NULL);
	status = fuzz_main(argc, argv, fuzz_peer);
	close(null);
	event_base_free(base);
	return status;
}
