/*
 * Issue 13, Shows 9: forged messages, random and mutated, on each channel and
 * to either end.  The receiver decodes by msg.h, as our processes do.  What is
 * whole and allowed arrives as it was sent, what is not is cut; nothing else
 * arrives, the other channels go on, and no descriptor is left open.
 *
 * FORGED=100000 for so many to each end.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/peer.h"
#include "common/test.h"
#include "common/test/forge.h"

#define USUAL	3000
#define OTHERS	16		/* so often the other channels are tried */
#define STALE	6		/* messages that may hang in a lying frame */

static const struct { const char *name; enum msg_channel channel; }
    channels[] = {
#define X(chan, num, a, b, made)	{ #chan, MSG_CHANNEL_##chan },
	MSG_CHANNELS(X)
#undef X
};

static struct event_base *base;
static struct arena	 *arena;
static const struct forge *sent;	/* the message at hand */
static unsigned		  counts[FORGE_HOWS], cuts;

/* The honest end that is attacked. */
static struct {
	struct peer	*p;
	enum msg_channel channel;
	enum msg_side	 from;		/* the forger's */
	bool		 closed;
	bool		 same;		/* what was sent has arrived */
	bool		 malformed;	/* and does not decode */
	unsigned	 n;
	char		 why[128];
} victim;

/* Two honest ends on each channel, which nobody attacks. */
static struct other {
	struct peer	*p[2];
	unsigned	 got;
	uint32_t	 id;
} others[nitems(channels)];

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	const struct msg_rule	*r = msg_rule((uint32_t)m->type);
	union { max_align_t align; char space[1024]; } dst;

	(void)arg;
	CHECK(p == victim.p && r != NULL && r->channel == victim.channel &&
	    ((int)r->sender & (int)victim.from) != 0 && m->len <= r->max &&
	    (m->fd != -1) == (r->fds != 0) && r->ws->size <= sizeof(dst));
	if (m->fd != -1)
		close(m->fd);
	victim.n++;
	victim.same = m->type == sent->type && m->id == sent->id &&
	    m->len == sent->b.len - 16 && (m->len == 0 ||
	    memcmp(m->data, sent->b.data + 16, m->len) == 0);
	arena_reset(arena);
	victim.malformed = r->ws->nfields != 0 && wire_decode(r->ws, &dst,
	    m->data, m->len, arena) == -1;
	return victim.malformed ? -1 : 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)arg;
	CHECK(p == victim.p);
	victim.p = NULL;
	victim.closed = true;
	strlcpy(victim.why, why, sizeof(victim.why));
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static int
on_other(struct peer *p, struct msg *m, void *arg)
{
	struct other	*o = arg;

	(void)p;
	o->got += m->id == o->id;
	if (m->fd != -1)
		close(m->fd);
	return 0;
}

static void
other_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	CHECK_ROW(false, "%s, which nobody attacks: %s",
	    channels[(struct other *)arg - others].name, why);
}

static const struct peer_ops other_ops = { on_other, other_closed, NULL };

static void
turns(int n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
others_begin(void)
{
	size_t	 i;
	int	 sv[2];

	for (i = 0; i < nitems(others); i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		others[i].p[0] = peer_new(base, sv[0], channels[i].channel,
		    MSG_SIDE_A, &other_ops, &others[i]);
		others[i].p[1] = peer_new(base, sv[1], channels[i].channel,
		    MSG_SIDE_B, &other_ops, &others[i]);
	}
}

/* One that side A may say, on each. */
static void
others_serve(void)
{
	const struct msg_rule	*r;
	struct buf		 b = BUF_INIT;
	uint32_t		 type;
	size_t			 i;

	for (i = 0; i < nitems(others); i++)
		for (type = 2; type < 256; type++) {
			r = msg_rule(type);
			if (r == NULL || r->channel != channels[i].channel ||
			    r->sender == MSG_SIDE_B)
				continue;
			forge_payload(r, &b);
			others[i].got = 0;
			CHECK(peer_send(others[i].p[0], r->type,
			    ++others[i].id, b.data, b.len, r->fds != 0 ?
			    dup(STDIN_FILENO) : -1) == 0);
			turns(2);
			CHECK_ROW(others[i].got == 1, "%s", r->name);
			break;
		}
	buf_free(&b);
}

static int
join(enum msg_channel channel, enum msg_side from)
{
	struct buf	 b = BUF_INIT;
	int		 sv[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	memset(&victim, 0, sizeof(victim));
	victim.channel = channel;
	victim.from = from;
	victim.p = peer_new(base, sv[0], channel, from == MSG_SIDE_A ?
	    MSG_SIDE_B : MSG_SIDE_A, &ops, NULL);
	forge_hello(channel, &b);
	CHECK(forge_send(sv[1], b.data, b.len, 0) == (int)b.len);
	buf_free(&b);
	turns(1);
	return sv[1];
}

static void
leave(int s)
{
	peer_close(victim.p);
	victim.p = NULL;
	close(s);
	turns(1);
}

/* Whole, or cut anywhere. */
static void
say(int s, const struct forge *f)
{
	size_t	 first = (size_t)random() % (f->b.len + 1);

	if (first != 0)
		CHECK(forge_send(s, f->b.data, first, f->nfds) == (int)first);
	turns(1);
	if (!victim.closed && first < f->b.len)
		(void)forge_send(s, f->b.data + first, f->b.len - first,
		    first == 0 ? f->nfds : 0);
	turns(2);
}

/* What must have become of it on a channel that was in order before. */
static void
check(const struct forge *f, const char *channel)
{
	const struct msg_rule	*r = msg_rule((uint32_t)f->type);

	switch (f->how) {
	case FORGE_VALID:
		CHECK_ROW(victim.same && !victim.closed, "%s %s: %s", channel,
		    r->name, victim.why);
		break;
	case FORGE_PAYLOAD:
		if (f->b.len - 16 > r->max)
			CHECK_ROW(victim.closed && !victim.same, "%s %s",
			    channel, r->name);
		else
			CHECK_ROW(victim.same && victim.closed ==
			    victim.malformed, "%s %s: %s", channel, r->name,
			    victim.why);
		break;
	case FORGE_STRANGER:
		if (r == NULL || r->channel != victim.channel)
			CHECK_ROW(victim.closed && victim.n == 0, "%s %u",
			    channel, (unsigned)f->type);
		break;
	default:
		break;
	}
	CHECK(!victim.closed || victim.why[0] != '\0');
}

static void
attack(size_t i, enum msg_side from, unsigned n)
{
	struct forge	 f = { .b = BUF_INIT };
	unsigned	 lies = 0;
	int		 before = test_open_fds(), s;

	sent = &f;
	s = join(channels[i].channel, from);
	while (n-- > 0) {
		forge_next(&f, channels[i].channel, from);
		counts[f.how]++;
		victim.n = 0;
		victim.same = victim.malformed = false;
		say(s, &f);
		if (lies == 0)
			check(&f, channels[i].name);
		lies += lies != 0 || f.how >= FORGE_STRANGER;
		cuts += victim.closed;
		if (victim.closed || lies > STALE) {
			leave(s);
			s = join(channels[i].channel, from);
			lies = 0;
		}
		if (n % OTHERS == 0)
			others_serve();
	}
	leave(s);
	buf_free(&f.b);
	CHECK_ROW(test_open_fds() == before, "%s: %d, were %d",
	    channels[i].name, test_open_fds(), before);
}

int
main(void)
{
	unsigned	 n = forge_count(USUAL), all = 0, j;
	size_t		 i;
	struct buf	 b = BUF_INIT;

	forge_seed();
	base = event_base_new();
	arena = arena_new(1024 * 1024);
	others_begin();
	forge_hello(MSG_CHANNEL_AUTH, &b);
	CHECK(forge_send(-1, b.data, b.len, 1) == -1);	/* opens /dev/null */
	buf_free(&b);
	for (i = 0; i < nitems(channels); i++) {
		attack(i, MSG_SIDE_A, n);
		attack(i, MSG_SIDE_B, n);
	}
	for (j = 0; j < FORGE_HOWS; j++) {
		CHECK(counts[j] > n);
		all += counts[j];
	}
	CHECK(cuts > all / 4 && cuts < all);
	printf("%zu channels, %u forged messages, %u cuts\n", nitems(channels),
	    all, cuts);
	for (i = 0; i < nitems(others); i++) {
		peer_close(others[i].p[0]);
		peer_close(others[i].p[1]);
	}
	turns(2);
	arena_free(arena);
	event_base_free(base);
	return TEST_END();
}
