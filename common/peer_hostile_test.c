/*
 * What a taken-over peer may try: malformed, truncated, oversized frames,
 * messages that are not its to say or not of this channel, pieces of one
 * message within another, descriptors missing or too many.  Each row is
 * sent whole and byte by byte; the peer is cut with the row's reason, or
 * lives; and no descriptor is left open.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/peer.h"
#include "common/test.h"

#define MORE	1
#define FD	2

static struct event_base *base;

struct raw {
	uint16_t	 type;
	uint16_t	 flags;
	uint32_t	 id;
	size_t		 len;		/* of the payload */
	int		 nfds;		/* sent with the first byte */
	uint32_t	 lie;		/* length said, when not 0 */
	uint32_t	 zero;
};

#define HELLO_MBOX	{ IMSG_HELLO, 0, 0, 8, 0, 0, 0 }
#define F(type, flags, id, len, nfds)	{ type, flags, id, len, nfds, 0, 0 }

static const struct row {
	const char		*name;
	enum msg_channel	 channel;
	enum msg_side		 side;		/* of the honest end */
	struct raw		 raw[6];
	size_t			 messages;	/* handled; at most, if cut */
	const char		*why;		/* NULL: it lives */
} rows[] = {
	{ "a message", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_POLL, 0, 1, 0, 0) }, 1, NULL },
	{ "no HELLO", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_MBOX_POLL, 0, 1, 0, 0) }, 0, "no HELLO: MBOX_POLL" },
	{ "HELLO twice", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    HELLO_MBOX }, 0, "HELLO twice: HELLO" },
	{ "HELLO of another length", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_HELLO, 0, 0, 9, 0) }, 0, "wrong protocol" },
	{ "HELLO too short", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_HELLO, 0, 0, 7, 0) }, 0, "wrong protocol" },
	{ "HELLO too long", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_HELLO, 0, 0, 65, 0) }, 0, "too long: HELLO" },
	{ "HELLO with an id", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_HELLO, 0, 5, 8, 0) }, 0, "wrong protocol" },
	{ "HELLO with a descriptor", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    F(IMSG_HELLO, FD, 0, 8, 1) }, 0, "unexpected descriptor: HELLO" },
	{ "length 15", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    { IMSG_MBOX_POLL, 0, 1, 0, 0, 15, 0 } }, 0, "malformed frame" },
	{ "length 2^32-1", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    { IMSG_MBOX_POLL, 0, 1, 0, 0, UINT32_MAX, 0 } }, 0,
	    "malformed frame" },
	{ "length 16385", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    { IMSG_MBOX_META, 0, 1, 0, 0, 16385, 0 } }, 0,
	    "malformed frame" },
	{ "not zero", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    { IMSG_MBOX_POLL, 0, 1, 0, 0, 0, 1 } }, 0, "malformed frame" },
	{ "unknown flag", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_POLL, 4, 1, 0, 0) }, 0, "unknown flags: MBOX_POLL" },
	{ "unknown type", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(9999, 0, 1, 0, 0) }, 0, "unknown message: ?" },
	{ "type 0", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(0, 0, 1, 0, 0) }, 0, "unknown message" },
	{ "an answer asked", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_REPLY_OK, 0, 1, 0, 0) }, 0,
	    "not allowed from this peer: REPLY_OK" },
	{ "a question answered", MSG_CHANNEL_MBOX, MSG_SIDE_A, { HELLO_MBOX,
	    F(IMSG_MBOX_POLL, 0, 1, 0, 0) }, 0,
	    "not allowed from this peer: MBOX_POLL" },
	{ "both may", MSG_CHANNEL_MBOX, MSG_SIDE_A, { HELLO_MBOX,
	    F(IMSG_DATA_CREDIT, 0, 1, 1, 0) }, 1, NULL },
	{ "another channel's", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, FD, 1, 2, 1) }, 0,
	    "not allowed from this peer: GRANT_SESSION" },
	{ "too long for its type", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    HELLO_MBOX, F(IMSG_MBOX_POLL, 0, 1, 65, 0) }, 0,
	    "too long: MBOX_POLL" },
	{ "too long in pieces", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_LIST, MORE, 1, 1024, 0),
	    F(IMSG_MBOX_LIST, MORE, 1, 1024, 0),
	    F(IMSG_MBOX_LIST, 0, 1, 1, 0) }, 0, "too long: MBOX_LIST" },
	{ "just fits in pieces", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_LIST, MORE, 1, 1024, 0),
	    F(IMSG_MBOX_LIST, MORE, 1, 1023, 0),
	    F(IMSG_MBOX_LIST, 0, 1, 1, 0),
	    F(IMSG_MBOX_LIST, 0, 2, 2048, 0) }, 2, NULL },
	{ "an empty last piece", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_LIST, MORE, 1, 10, 0),
	    F(IMSG_MBOX_LIST, 0, 1, 0, 0) }, 1, NULL },
	{ "empty fragment", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_LIST, MORE, 1, 0, 0) }, 0,
	    "empty fragment: MBOX_LIST" },
	{ "another type within", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_META, MORE, 1, 100, 0),
	    F(IMSG_MBOX_POLL, 0, 1, 0, 0) }, 0,
	    "interleaved messages: MBOX_POLL" },
	{ "another id within", MSG_CHANNEL_MBOX, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_MBOX_META, MORE, 1, 100, 0),
	    F(IMSG_MBOX_META, 0, 2, 100, 0) }, 0,
	    "interleaved messages: MBOX_META" },
	{ "a good message, then a bad", MSG_CHANNEL_MBOX, MSG_SIDE_B, {
	    HELLO_MBOX, F(IMSG_MBOX_POLL, 0, 1, 0, 0),
	    F(IMSG_REPLY_OK, 0, 1, 0, 0), F(IMSG_MBOX_POLL, 0, 1, 0, 0) }, 1,
	    "not allowed from this peer: REPLY_OK" },
	{ "a descriptor", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, FD, 1, 2, 1) }, 1, NULL },
	{ "two grants", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, FD, 1, 2, 1),
	    F(IMSG_GRANT_SESSION, FD, 2, 2, 1) }, 2, NULL },
	{ "a descriptor said, none sent", MSG_CHANNEL_GRANT, MSG_SIDE_B, {
	    HELLO_MBOX, F(IMSG_GRANT_SESSION, FD, 1, 2, 0) }, 0,
	    "the descriptor is missing: GRANT_SESSION" },
	{ "a descriptor missing", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, 0, 1, 2, 0) }, 0,
	    "the descriptor is missing: GRANT_SESSION" },
	{ "a descriptor unsaid", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_REVOKE, 0, 1, 2, 1) }, 1, "unexpected descriptor" },
	{ "a descriptor where none is", MSG_CHANNEL_GRANT, MSG_SIDE_B, {
	    HELLO_MBOX, F(IMSG_GRANT_REVOKE, FD, 1, 2, 1) }, 0,
	    "unexpected descriptor: GRANT_REVOKE" },
	{ "two descriptors", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, FD, 1, 2, 2) }, 1, "descriptor" },
	{ "five descriptors", MSG_CHANNEL_GRANT, MSG_SIDE_B, { HELLO_MBOX,
	    F(IMSG_GRANT_SESSION, FD, 1, 2, 5) }, 0, "descriptor" },
	{ "a descriptor in pieces", MSG_CHANNEL_GRANT, MSG_SIDE_B, {
	    HELLO_MBOX, F(IMSG_GRANT_SESSION, FD | MORE, 1, 2, 1),
	    F(IMSG_GRANT_SESSION, 0, 1, 2, 0) }, 0,
	    "descriptor with a fragment: GRANT_SESSION" }
};

static struct {
	size_t	messages;
	bool	closed;
	char	why[128];
} seen;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	(void)p;
	(void)arg;
	seen.messages++;
	if (m->fd != -1)
		close(m->fd);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	seen.closed = true;
	strlcpy(seen.why, why, sizeof(seen.why));
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
turn(int n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* One sendmsg with nfds copies of standard input. */
static void
push(int fd, const uint8_t *p, size_t len, int nfds)
{
	union {
		struct cmsghdr	cm;
		char		space[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct msghdr	mh = { 0 };
	struct iovec	iov;
	int		i, zero = 0;

	memset(&control, 0, sizeof(control));
	iov.iov_base = memcpy((uint8_t [16384 + 128]){ 0 }, p, len);
	iov.iov_len = len;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	if (nfds != 0) {
		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE((size_t)nfds * sizeof(int));
		control.cm.cmsg_len = CMSG_LEN((size_t)nfds * sizeof(int));
		control.cm.cmsg_level = SOL_SOCKET;
		control.cm.cmsg_type = SCM_RIGHTS;
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(&control.cm) +
			    (size_t)i * sizeof(int), &zero, sizeof(int));
	}
	(void)sendmsg(fd, &mh, MSG_NOSIGNAL);
}

static void
make_frame(const struct row *row, const struct raw *r, struct buf *b)
{
	size_t i, len = r->len;

	buf_reset(b);
	buf_put_u32(b, r->lie != 0 ? r->lie : (uint32_t)(r->len + 16));
	buf_put_u16(b, r->type);
	buf_put_u16(b, r->flags);
	buf_put_u32(b, r->id);
	buf_put_u32(b, r->zero);
	if (r->type == IMSG_HELLO && len >= 8) {
		buf_put_u32(b, (uint32_t)row->channel);
		buf_put_u32(b, 1);
		len -= 8;
	}
	for (i = 0; i < len; i++)
		buf_put_u8(b, 0);
}

static void
send_frame(int fd, const struct buf *b, int nfds, bool bytewise)
{
	size_t i;

	if (!bytewise) {
		push(fd, b->data, b->len, nfds);
		return;
	}
	for (i = 0; i < b->len; i++) {
		push(fd, b->data + i, 1, i == 0 ? nfds : 0);
		turn(1);
	}
}

static void
run_row(const struct row *row, bool bytewise)
{
	struct buf	 b = BUF_INIT;
	struct peer	*p;
	int		 sv[2], before = test_open_fds();
	size_t		 i;

	memset(&seen, 0, sizeof(seen));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	p = peer_new(base, sv[0], row->channel, row->side, &ops, NULL);
	for (i = 0; i < nitems(row->raw) && row->raw[i].type +
	    row->raw[i].id != 0; i++) {
		make_frame(row, &row->raw[i], &b);
		send_frame(sv[1], &b, row->raw[i].nfds, bytewise);
	}
	turn(10);
	CHECK_ROW(seen.messages == row->messages || (row->why != NULL &&
	    seen.messages < row->messages), "%s: %zu", row->name,
	    seen.messages);
	CHECK_ROW(seen.closed == (row->why != NULL), "%s%s: %s", row->name,
	    bytewise ? " bytewise" : "", seen.why);
	if (row->why != NULL)
		CHECK_ROW(strstr(seen.why, row->why) != NULL,
		    "%s%s: %s", row->name, bytewise ? " bytewise" : "",
		    seen.why);
	if (!seen.closed)
		peer_close(p);
	turn(3);
	close(sv[1]);
	CHECK_ROW(test_open_fds() == before, "%s", row->name);
	buf_free(&b);
}

/* An end that goes away in the middle. */
static void
test_truncated(void)
{
	static const struct row row = { "", MSG_CHANNEL_GRANT, MSG_SIDE_B,
	    { HELLO_MBOX, F(IMSG_GRANT_SESSION, FD, 1, 20, 1) }, 0, NULL };
	struct buf	b = BUF_INIT;
	size_t		cut;
	int		sv[2], before = test_open_fds();

	for (cut = 1; cut < 36; cut++) {
		memset(&seen, 0, sizeof(seen));
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		peer_new(base, sv[0], row.channel, row.side, &ops, NULL);
		make_frame(&row, &row.raw[0], &b);
		push(sv[1], b.data, b.len, 0);
		make_frame(&row, &row.raw[1], &b);
		push(sv[1], b.data, cut, 1);
		turn(5);
		CHECK(!seen.closed);
		close(sv[1]);
		turn(5);
		CHECK_ROW(seen.closed && seen.messages == 0, "%zu", cut);
		CHECK(test_open_fds() == before);
	}
	buf_free(&b);
}

/* A HELLO of another channel, and of another version. */
static void
test_hello(void)
{
	static const struct { uint32_t channel, version; const char *why; }
	    hellos[] = {
		{ MSG_CHANNEL_AUTH, 1, "wrong protocol" },
		{ MSG_CHANNEL_MBOX, 2, "wrong version of the protocol" }
	};
	struct buf	b = BUF_INIT;
	size_t		i;
	int		sv[2];

	for (i = 0; i < nitems(hellos); i++) {
		memset(&seen, 0, sizeof(seen));
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		peer_new(base, sv[0], MSG_CHANNEL_MBOX, MSG_SIDE_B, &ops,
		    NULL);
		buf_reset(&b);
		buf_put_u32(&b, 24);
		buf_put_u32(&b, IMSG_HELLO);
		buf_put_u64(&b, 0);
		buf_put_u32(&b, hellos[i].channel);
		buf_put_u32(&b, hellos[i].version);
		push(sv[1], b.data, b.len, 0);
		turn(5);
		CHECK_ROW(seen.closed && strcmp(seen.why,
		    hellos[i].why) == 0, "%s", seen.why);
		close(sv[1]);
	}
	buf_free(&b);
}

/* It asks and never reads: memory is bounded by what we choose to queue. */
static void
test_deaf(void)
{
	static uint8_t	 data[MSG_DATA_MAX];
	struct buf	 b = BUF_INIT;
	struct peer	*p;
	int		 sv[2], i;

	memset(&seen, 0, sizeof(seen));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	p = peer_new(base, sv[0], MSG_CHANNEL_MBOX, MSG_SIDE_B, &ops, NULL);
	for (i = 0; i < 10000 && peer_send(p, IMSG_REPLY_DATA, 1, data,
	    sizeof(data), -1) == 0; i++)
		turn(1);
	CHECK(i > 1000 && i < 6000);
	turn(3);
	CHECK(seen.closed && strcmp(seen.why, "the peer does not read") == 0);
	close(sv[1]);
	buf_free(&b);
}

/* A message of len octets, in as many frames as it takes, from the other
 * end to the honest one; cut: so many octets of the last frame are kept
 * back, and the end goes away. */
static void
hand_over(const struct msg_rule *rule, enum msg_channel channel,
    enum msg_side side, size_t len, int nfds, bool said, size_t cut)
{
	struct row	 row = { .channel = channel };
	struct raw	 raw = { .type = (uint16_t)rule->type, .id = 1 };
	const struct raw hello = HELLO_MBOX;
	struct buf	 b = BUF_INIT;
	struct peer	*p;
	size_t		 left = len;
	int		 sv[2];

	memset(&seen, 0, sizeof(seen));
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	p = peer_new(base, sv[0], channel, side, &ops, NULL);
	make_frame(&row, &hello, &b);
	push(sv[1], b.data, b.len, 0);
	do {
		raw.len = left < MSG_DATA_MAX ? left : MSG_DATA_MAX;
		left -= raw.len;
		raw.flags = (uint16_t)((left > 0 ? MORE : 0) |
		    (said ? FD : 0));
		make_frame(&row, &raw, &b);
		push(sv[1], b.data, b.len - (left == 0 ? cut : 0), nfds);
		turn(1);
	} while (left > 0 && !seen.closed);
	if (cut > 0) {
		close(sv[1]);
		sv[1] = -1;
	}
	turn(4);
	if (!seen.closed)
		peer_close(p);
	turn(2);
	if (sv[1] != -1)
		close(sv[1]);
	buf_free(&b);
}

/* One that this peer may say here: as it should be, too long, cut short,
 * and with more or fewer descriptors than it has. */
static void
try_allowed(const struct msg_rule *r, enum msg_channel c, enum msg_side side)
{
	bool	 fd = r->fds == 1;
	size_t	 len = r->max < 100 ? r->max : 100;

	hand_over(r, c, side, len, r->fds, fd, 0);
	CHECK_ROW(seen.messages == 1 && !seen.closed, "%s: %s", r->name,
	    seen.why);
	hand_over(r, c, side, r->max + 1, r->fds, fd, 0);
	CHECK_ROW(seen.messages == 0 && seen.closed &&
	    strstr(seen.why, "too long") != NULL, "%s: %s", r->name,
	    seen.why);
	hand_over(r, c, side, len, r->fds, fd, 1);
	CHECK_ROW(seen.messages == 0 && seen.closed, "%s: %s", r->name,
	    seen.why);
	hand_over(r, c, side, len, fd ? 0 : 1, !fd, 0);
	CHECK_ROW(seen.messages == 0 && seen.closed &&
	    strstr(seen.why, fd ? "descriptor is missing" :
	    "unexpected descriptor") != NULL, "%s: %s", r->name, seen.why);
	hand_over(r, c, side, len, fd ? 2 : 1, fd, 0);
	CHECK_ROW(seen.closed && strstr(seen.why, "descriptor") != NULL,
	    "%s: %s", r->name, seen.why);
}

/* Every message of the table, on every channel, to either end. */
static void
test_table(void)
{
	static const enum msg_channel channels[] = {
#define X(name, num, a, b, made)	MSG_CHANNEL_##name,
		MSG_CHANNELS(X)
#undef X
	};
	static const enum msg_type types[] = {
#define X(name, num, chan, side, max, fds, wire)	IMSG_##name,
		MSG_TABLE(X)
#undef X
	};
	const struct msg_rule	*r;
	enum msg_side		 side, other;
	size_t			 i, j;
	int			 before = test_open_fds();

	for (i = 0; i < nitems(channels); i++)
		for (j = 0; j < 2 * nitems(types); j++) {
			r = msg_rule(types[j / 2]);
			side = j % 2 ? MSG_SIDE_A : MSG_SIDE_B;
			other = j % 2 ? MSG_SIDE_B : MSG_SIDE_A;
			if (r->type == IMSG_HELLO)
				continue;
			if (r->channel == channels[i] &&
			    ((int)r->sender & (int)other) != 0) {
				try_allowed(r, channels[i], side);
				continue;
			}
			hand_over(r, channels[i], side, 0, r->fds,
			    r->fds == 1, 0);
			CHECK_ROW(seen.messages == 0 && seen.closed && strstr(
			    seen.why, "not allowed from this peer") != NULL,
			    "%s on channel %d: %s", r->name,
			    (int)channels[i], seen.why);
		}
	CHECK(test_open_fds() == before);
}

int
main(void)
{
	size_t i;

	base = event_base_new();
	for (i = 0; i < nitems(rows); i++) {
		run_row(&rows[i], false);
		run_row(&rows[i], true);
	}
	test_truncated();
	test_hello();
	test_deaf();
	test_table();
	event_base_free(base);
	return TEST_END();
}
