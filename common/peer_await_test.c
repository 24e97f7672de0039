/* A question and its answer without the loop; none; and an end. */
#include "common/compat.h"

#include <sys/socket.h>

#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/msg_sign.h"
#include "common/peer.h"
#include "common/test.h"

static struct event_base *base;
static struct peer	 *asks, *answers;
static unsigned		  asked, answered, ended;
static bool		  nested, right = true;

static int
on_message(struct peer *p, struct msg *m, void *arg)
{
	struct sign_transcript	 t;
	struct sign_done	 d = { .code = SIGN_OK };

	(void)arg;
	if (p == asks) {
		answered++;
		return 0;
	}
	asked++;
	/* Another peer's message lies in the loop's buffer meanwhile. */
	if (nested)
		while (answered == 0 && peer_await(asks, 1000) == 1)
			continue;
	if (wire_decode(&sign_transcript_wire, &t, m->data, m->len, NULL) ==
	    -1 || t.bytes.len != 500)
		right = false;
	d.signature = STR("signature");
	peer_send_struct(p, IMSG_SIGN_DONE, m->id, &d, -1);
	return 0;
}

static void
on_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	ended++;
}

static const struct peer_ops ops = { on_message, on_closed, NULL };

static void
wire(void)
{
	int	sv[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	asks = peer_new(base, sv[0], MSG_CHANNEL_SIGN, MSG_SIDE_B, &ops, NULL);
	answers = peer_new(base, sv[1], MSG_CHANNEL_SIGN, MSG_SIDE_A, &ops,
	    NULL);
	asked = answered = ended = 0;
}

static void
ask(void)
{
	static char		 bytes[500];
	struct sign_transcript	 t = { .key = STR("key"),
				    .bytes = { bytes, sizeof(bytes) } };

	peer_send_struct(asks, IMSG_SIGN_TRANSCRIPT, 1, &t, -1);
}

static void
test_answer(void)
{
	uint64_t	began;

	wire();
	began = clock_ms();
	ask();
	CHECK(peer_await(asks, 20) == 0 && answered == 0);
	CHECK(clock_ms() - began >= 20);
	/* it was sent by that */
	while (asked == 0 && peer_await(answers, TEST_PATIENCE_MS) == 1)
		continue;
	CHECK(asked == 1);
	peer_push(answers);
	while (answered == 0 && peer_await(asks, TEST_PATIENCE_MS) == 1)
		continue;
	CHECK(answered == 1);
	/* and the loop goes on with it */
	ask();
	while (answered < 2)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(asked == 2 && right);
}

/* Who has waited once may be kept waiting by a read only, not by a send. */
static void
test_full(void)
{
	unsigned	i, was = asked;

	alarm(TEST_PATIENCE_MS / 1000);
	for (i = 0; i < 5000; i++)
		ask();
	peer_push(asks);
	CHECK(peer_queued(asks) > 0);
	CHECK(peer_await(asks, 20) == 0);
	for (i = 0; i < 5000 && asked < was + 5000; i++) {
		(void)peer_await(answers, 0);
		(void)peer_await(asks, 0);
	}
	CHECK(asked == was + 5000 && right);
	while (answered < asked)
		event_base_loop(base, EVLOOP_ONCE);
	alarm(0);
}

static void
test_end(void)
{
	peer_close(answers);
	while (peer_await(asks, TEST_PATIENCE_MS) == 1)
		continue;
	CHECK(ended == 0 && peer_await(asks, 0) == -1);
	while (ended == 0)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(ended == 1);
}

/* From the handler of another channel, with more behind its message. */
static void
test_nested(void)
{
	struct peer	*p, *q;

	wire();
	p = asks;
	q = answers;
	ask();
	while (answered == 0)
		event_base_loop(base, EVLOOP_ONCE);
	/* q's answer is on its way to p, unread; now another pair asks twice,
	 * and its handler waits for that. */
	ask();
	peer_push(p);
	while (asked < 2)
		(void)peer_await(q, TEST_PATIENCE_MS);
	peer_push(q);
	wire();
	ask();
	ask();
	peer_push(asks);
	peer_close(NULL);
	nested = true;
	asks = p;
	answered = 0;
	while (asked < 2)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(answered >= 1 && asked == 2 && right && ended == 0);
}

int
main(void)
{
	base = event_base_new();
	test_answer();
	test_full();
	test_end();
	test_nested();
	return TEST_END();
}
