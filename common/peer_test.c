/*
 * Two peers on a socketpair: what is sent arrives, whole and in order, long
 * messages and descriptors too; holding, closing, water marks.  What hostile
 * ends do is in peer_hostile_test.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compat.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/test.h"

#define LOG_MAX	256

static struct event_base *base;

/* One end, and what has happened to it. */
struct end {
	struct peer	*p;
	size_t		 n;
	struct {
		enum msg_type	 type;
		uint32_t	 id;
		size_t		 len;
		uint8_t		 first, last;
		int		 fd;
	}		 got[LOG_MAX];
	bool		 content_ok;
	bool		 closed;
	char		 why[128];
	int		 drained;
	/* what message() shall do */
	bool		 hold_after;
	bool		 close_in_handler;
	bool		 refuse;
	bool		 echo;
};

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct end	*e = arg;
	size_t		 i;

	CHECK(p == e->p);
	if (e->n < LOG_MAX) {
		e->got[e->n].type = m->type;
		e->got[e->n].id = m->id;
		e->got[e->n].len = m->len;
		e->got[e->n].fd = m->fd;
		e->n++;
	}
	for (i = 0; i < m->len; i++)
		if (m->data[i] != pattern(i))
			e->content_ok = false;
	if (e->echo)
		CHECK(peer_send(p, IMSG_REPLY_OK, m->id, m->data, m->len,
		    -1) == 0);
	if (e->hold_after)
		peer_hold(p, true);
	if (e->close_in_handler) {
		peer_close(p);
		peer_close(p);
		CHECK(peer_send(p, IMSG_REPLY_OK, 1, NULL, 0, -1) == -1);
		e->p = NULL;
	}
	return e->refuse ? -1 : 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	struct end *e = arg;

	CHECK(p == e->p);
	CHECK(!e->closed);
	e->closed = true;
	strlcpy(e->why, why, sizeof(e->why));
	peer_close(p);			/* harmless here */
	e->p = NULL;
}

static void
on_drained(struct peer *p, void *arg)
{
	struct end *e = arg;

	CHECK(peer_queued(p) < PEER_LOW_WATER);
	e->drained++;
}

static const struct peer_ops ops = { on_message, on_closed, on_drained };

static void
open_pair(struct end *a, struct end *b, enum msg_channel channel)
{
	int sv[2];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	a->content_ok = b->content_ok = true;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	a->p = peer_new(base, sv[0], channel, MSG_SIDE_A, &ops, a);
	b->p = peer_new(base, sv[1], channel, MSG_SIDE_B, &ops, b);
	CHECK(a->p != NULL && b->p != NULL);
}

static void
turn(int n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
close_pair(struct end *a, struct end *b)
{
	peer_close(a->p);
	turn(3);
	if (!b->closed)
		peer_close(b->p);
	turn(3);
}

static uint8_t *
bytes(size_t len)
{
	uint8_t	*p = malloc(len + 1);
	size_t	 i;

	for (i = 0; i < len; i++)
		p[i] = pattern(i);
	return p;
}

static void
test_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 100, 16367, 16368,
	    16369, 32736, 32737, 65536, 100000, 1024 * 1024 };
	struct end	 a, b;
	uint8_t		*data = bytes(1024 * 1024);
	size_t		 i;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	b.echo = true;
	for (i = 0; i < nitems(sizes); i++)
		CHECK(peer_send(a.p, IMSG_MBOX_META, (uint32_t)i + 1, data,
		    sizes[i], -1) == 0);
	turn(400);
	CHECK(a.n == nitems(sizes) && b.n == nitems(sizes));
	CHECK(a.content_ok && b.content_ok);
	for (i = 0; i < b.n; i++) {
		CHECK_ROW(b.got[i].len == sizes[i], "%zu", i);
		CHECK_ROW(b.got[i].id == i + 1, "%zu", i);
		CHECK_ROW(a.got[i].len == sizes[i], "%zu", i);
		CHECK_ROW(a.got[i].type == IMSG_REPLY_OK, "%zu", i);
	}
	CHECK(peer_queued(a.p) == 0);
	CHECK(a.drained >= 1);
	close_pair(&a, &b);
	CHECK(b.closed && strcmp(b.why, "end of file") == 0);
	CHECK(!a.closed);
	free(data);
}

/* Many descriptors between other messages: each comes with its own. */
static void
test_fds(void)
{
	struct end	a, b;
	int		i, fds[2], same;
	char		c;

	open_pair(&a, &b, MSG_CHANNEL_GRANT);
	for (i = 0; i < 40; i++) {
		CHECK(pipe(fds) == 0);
		c = (char)i;
		CHECK(write(fds[1], &c, 1) == 1);
		close(fds[1]);
		CHECK(peer_send(a.p, IMSG_GRANT_SESSION, (uint32_t)i, "x", 0,
		    fds[0]) == 0);
		if (i % 3 == 0)
			CHECK(peer_send(a.p, IMSG_GRANT_REVOKE, 1000, NULL, 0,
			    -1) == 0);
	}
	CHECK(peer_queued_fds(a.p) == 40);
	turn(100);
	CHECK(b.n == 54 && peer_queued_fds(a.p) == 0);
	for (i = 0; i < (int)b.n; i++) {
		if (b.got[i].type == IMSG_GRANT_REVOKE) {
			CHECK(b.got[i].fd == -1);
			continue;
		}
		CHECK((fcntl(b.got[i].fd, F_GETFD) & FD_CLOEXEC) != 0);
		same = read(b.got[i].fd, &c, 1) == 1 &&
		    (uint32_t)c == b.got[i].id;
		CHECK(same);
		close(b.got[i].fd);
	}
	close_pair(&a, &b);
}

/* No more descriptors can be had; those that are open stay so. */
static void
starve(bool on)
{
	static struct rlimit	was;
	struct rlimit		rl;

	if (on) {
		CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
		rl = was;
		rl.rlim_cur = 0;
		CHECK(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	} else
		CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
}

/*
 * A descriptor that there was no place for costs its message and no other,
 * and not the channel.
 */
static void
test_lost_fds(void)
{
	struct end	a, b;
	uint32_t	i;
	int		fds[2], before = test_open_fds();

	open_pair(&a, &b, MSG_CHANNEL_GRANT);
	turn(3);
	for (i = 0; i < 40; i++) {
		CHECK(pipe(fds) == 0);
		close(fds[1]);
		CHECK(peer_send(a.p, IMSG_GRANT_SESSION, i, "x", 1,
		    fds[0]) == 0);
		CHECK(peer_send(a.p, IMSG_GRANT_REVOKE, 1000, NULL, 0,
		    -1) == 0);
		/* and another behind it */
		if (i % 4 == 3)
			CHECK(peer_send(a.p, IMSG_GRANT_SESSION, 2001, "x", 1,
			    dup(0)) == 0);
		if (i % 4 != 0)
			starve(true);
		turn(6);
		if (i % 4 != 0)
			starve(false);
	}
	CHECK(!a.closed && !b.closed);
	CHECK_ROW(b.n == 90, "%zu", b.n);
	for (i = 0; i < b.n; i++) {
		if (b.got[i].type == IMSG_GRANT_REVOKE)
			continue;
		CHECK_ROW((b.got[i].fd != -1) == (b.got[i].id % 4 == 0),
		    "%u", b.got[i].id);
		if (b.got[i].fd != -1)
			close(b.got[i].fd);
	}
	close_pair(&a, &b);
	CHECK(test_open_fds() == before);
}

static void
test_hold(void)
{
	struct end	a, b;
	uint32_t	i;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	b.hold_after = true;
	for (i = 1; i <= 100; i++)
		peer_send(a.p, IMSG_MBOX_POLL, i, NULL, 0, -1);
	turn(10);
	CHECK(b.n == 1);
	peer_hold(b.p, false);
	turn(10);
	CHECK(b.n == 2);
	b.hold_after = false;
	turn(10);
	CHECK(b.n == 2);
	peer_hold(b.p, false);
	turn(10);
	CHECK(b.n == 100);
	for (i = 0; i < b.n; i++)
		CHECK(b.got[i].id == i + 1);
	/* A peer that closes while we hold: told when we go on. */
	peer_hold(b.p, true);
	peer_send(a.p, IMSG_MBOX_POLL, 101, NULL, 0, -1);
	peer_close(a.p);
	turn(10);
	CHECK(!b.closed && b.n == 100);
	peer_hold(b.p, false);
	turn(10);
	CHECK(b.closed && b.n == 101);
}

/* The held end takes nothing: the sender queues, then drains. */
static void
test_water(void)
{
	struct end	 a, b;
	uint8_t		*data = bytes(MSG_DATA_MAX);
	uint32_t	 i, sent;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	turn(5);
	peer_hold(b.p, true);
	turn(5);
	for (sent = 0; peer_queued(a.p) < PEER_HIGH_WATER; sent++) {
		peer_send(a.p, IMSG_APPEND_DATA, sent, data, MSG_DATA_MAX, -1);
		turn(1);
		if (sent > 1000)
			break;
	}
	CHECK(sent < 1000);
	turn(20);
	CHECK(peer_queued(a.p) > PEER_LOW_WATER);
	CHECK(b.n == 0 && a.drained == 0);
	peer_hold(b.p, false);
	turn(100);
	CHECK(a.drained == 1);
	CHECK(peer_queued(a.p) == 0);
	CHECK(b.n == sent && b.content_ok);
	for (i = 0; i < b.n; i++)
		CHECK(b.got[i].id == i);
	close_pair(&a, &b);
	free(data);
}

static void
test_closing(void)
{
	struct end	a, b;

	/* In its own handler: no closed(), and nothing more is handled. */
	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	b.close_in_handler = true;
	peer_send(a.p, IMSG_MBOX_POLL, 1, NULL, 0, -1);
	peer_send(a.p, IMSG_MBOX_POLL, 2, NULL, 0, -1);
	turn(10);
	CHECK(b.n == 1 && !b.closed);
	CHECK(a.closed);
	/* A handler that refuses the content. */
	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	b.refuse = true;
	peer_send(a.p, IMSG_MBOX_POLL, 1, NULL, 0, -1);
	peer_send(a.p, IMSG_MBOX_POLL, 2, NULL, 0, -1);
	turn(10);
	CHECK(b.n == 1 && b.closed && a.closed);
	CHECK(strcmp(b.why, "malformed message: MBOX_POLL") == 0);
	/* The last words of an end that closes are read, even by one that
	 * meanwhile writes. */
	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	turn(5);
	peer_send(b.p, IMSG_SESSION_END, 0, NULL, 0, -1);
	peer_close(b.p);
	peer_send(a.p, IMSG_MBOX_POLL, 1, NULL, 0, -1);
	turn(10);
	CHECK(a.n == 1 && a.got[0].type == IMSG_SESSION_END && a.closed);
	peer_close(NULL);
}

/* What we may not say ourselves. */
static void
test_own_rules(void)
{
	static const struct {
		enum msg_type	type;
		size_t		len;
		bool		fd;
	} rows[] = {
		{ IMSG_REPLY_OK, 0, false },		/* the other side's */
		{ IMSG_AUTH_START, 0, false },		/* another channel */
		{ IMSG_HELLO, 8, false },
		{ IMSG_MBOX_POLL, 65, false },		/* too long */
		{ IMSG_MBOX_POLL, 0, true },		/* a descriptor */
		{ (enum msg_type)9999, 0, false }
	};
	struct end	a, b;
	uint8_t		data[128] = { 0 };
	size_t		i;
	int		fd;

	for (i = 0; i < nitems(rows); i++) {
		open_pair(&a, &b, MSG_CHANNEL_MBOX);
		fd = rows[i].fd ? dup(0) : -1;
		CHECK_ROW(peer_send(a.p, rows[i].type, 1, data, rows[i].len,
		    fd) == -1, "%zu", i);
		if (fd != -1)
			CHECK(fcntl(fd, F_GETFD) == -1);
		CHECK_ROW(!a.closed, "%zu", i);	/* only at the loop's end */
		turn(10);
		CHECK_ROW(a.closed && b.closed && b.n == 0, "%zu", i);
	}
}

static void
test_struct(void)
{
	struct mbox_rename	req = { STR("a"), STR("b") };
	struct end		a, b;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	CHECK(peer_send_struct(a.p, IMSG_MBOX_RENAME, 7, &req, -1) == 0);
	CHECK(peer_send_struct(a.p, IMSG_MBOX_POLL, 8, NULL, -1) == 0);
	turn(10);
	CHECK(b.n == 2 && b.got[0].len == 4 && b.got[1].len == 0);
	req.from.len = MBOX_NAME_MAX + 1;	/* never looked at */
	CHECK(peer_send_struct(a.p, IMSG_MBOX_RENAME, 9, &req, -1) == -1);
	turn(10);
	CHECK(a.closed && b.closed && b.n == 2);
}

/* What is lazy goes with the next, and alone after its time; in order. */
static void
test_lazy(void)
{
	struct end	 a, b;
	uint64_t	 start;
	uint8_t		*data = bytes(PEER_LAZY_MS);
	uint32_t	 i;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	turn(5);
	start = clock_ms();
	CHECK(peer_send_lazy(a.p, IMSG_MBOX_META, 1, data, 1) == 0);
	CHECK(peer_send_lazy(a.p, IMSG_MBOX_META, 2, data, 2) == 0);
	turn(5);
	CHECK(b.n == 0 || clock_ms() - start >= PEER_LAZY_MS);
	CHECK(peer_send(a.p, IMSG_MBOX_META, 3, data, 3, -1) == 0);
	turn(5);
	CHECK(b.n == 3);
	for (i = 0; i < b.n; i++)
		CHECK_ROW(b.got[i].id == i + 1 && b.got[i].len == i + 1,
		    "%u", i);
	/* Alone, and another behind it. */
	CHECK(peer_send_lazy(a.p, IMSG_MBOX_META, 4, data, 4) == 0);
	while (b.n < 4 && clock_ms() - start < TEST_PATIENCE_MS)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(b.n == 4 && b.got[3].id == 4);
	CHECK(peer_send_lazy(a.p, IMSG_MBOX_META, 5, data, 5) == 0);
	/* Closed: it is said all the same. */
	close_pair(&a, &b);
	CHECK(b.n == 5 && b.closed && strcmp(b.why, "end of file") == 0);
	/* Many do not wait, and what breaks a rule breaks it. */
	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	turn(5);
	for (i = 0; i < 1000; i++)
		CHECK(peer_send_lazy(a.p, IMSG_MBOX_META, i, NULL, 0) == 0);
	turn(5);
	CHECK(b.n >= 256);
	CHECK(peer_send_lazy(a.p, IMSG_REPLY_OK, 1, NULL, 0) == -1);
	turn(5);
	CHECK(a.closed && b.closed);
	free(data);
}

/* Our HELLO comes with our first message. */
static void
test_listen_first(void)
{
	struct end	a, b;
	char		c;

	open_pair(&a, &b, MSG_CHANNEL_MBOX);
	peer_listen_first(a.p);
	turn(5);
	CHECK(recv(peer_fd(b.p), &c, 1, MSG_PEEK | MSG_DONTWAIT) == -1);
	CHECK(peer_send(b.p, IMSG_REPLY_OK, 7, NULL, 0, -1) == 0);
	turn(5);
	CHECK(a.n == 1 && a.got[0].id == 7 && !a.closed);
	CHECK(recv(peer_fd(b.p), &c, 1, MSG_PEEK | MSG_DONTWAIT) == -1);
	CHECK(peer_send(a.p, IMSG_MBOX_META, 8, NULL, 0, -1) == 0);
	turn(5);
	CHECK(b.n == 1 && b.got[0].id == 8 && !b.closed);
	close_pair(&a, &b);
}

int
main(void)
{
	base = event_base_new();
	test_lazy();
	test_listen_first();
	test_sizes();
	test_fds();
	test_lost_fds();
	test_hold();
	test_water();
	test_closing();
	test_own_rules();
	test_struct();
	event_base_free(base);
	return TEST_END();
}
