/*
 * A pool's queue and its workers, which are here the other ends of their
 * channels: each worker has its share, and each lane its turn, however many
 * wait in another.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>

#include "authd/work.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "common/test.h"

#define WORKERS	4
#define MANY	400	/* logins of one imapd that wait */
#define FEW	40	/* of the other */

static struct event_base *base;
static struct work	 *work;
static struct peer	 *peers[WORKERS];
static uint32_t		  has[WORKERS];	/* the id of its job; 0: none */
static unsigned		  given[WORKERS];
static unsigned		  ended[2], order[2][MANY], serial;

static int
on_check(struct peer *p, struct msg *m, void *arg)
{
	uint32_t	*job = arg;

	(void)p;
	CHECK(*job == 0);		/* one at a time */
	*job = m->id;
	given[job - has]++;
	return 0;
}

static const struct peer_ops ops = { on_check, NULL, NULL };

static void
on_end(void *arg, enum work_result_code code, const char *user,
    struct str why, struct str data, const struct found_quota *quota)
{
	unsigned	*lane = arg;

	(void)user;
	(void)why;
	(void)data;
	(void)quota;
	CHECK(code == WORK_NO);
	order[lane - ended][*lane] = serial++;
	(*lane)++;
}

static void
pump(void)
{
	int	i;

	for (i = 0; i < 8; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
begin(void)
{
	struct auth_pools	pools = { .n = 1 };
	unsigned		i;
	int			sv[2];

	strlcpy(pools.pool[0].type, "file", sizeof(pools.pool[0].type));
	pools.pool[0].entry = AUTH_ALL;
	pools.pool[0].workers = WORKERS;
	pools.pool[0].timeout_ms = 600000;
	base = event_base_new();
	work = work_new(base, &pools);
	CHECK(base != NULL && work != NULL);
	work_backend(work, 0, 0, "file");
	for (i = 0; i < WORKERS; i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		work_worker(work, i, sv[0]);
		peers[i] = peer_new(base, sv[1], MSG_CHANNEL_WORK, MSG_SIDE_B,
		    &ops, &has[i]);
	}
	pump();
}

static void
submit(uint32_t lane, unsigned n)
{
	struct work_ask	ask = { WORK_PASSWORD, "ann", STR("x"), "192.0.2.1" };

	while (n-- > 0)
		CHECK(work_submit(work, lane, 0, &ask, false, on_end,
		    &ended[lane]) != NULL);
}

/* The worker's answer, and what it is given next. */
static void
answer(unsigned i)
{
	struct work_result	r = { .code = WORK_NO };
	uint32_t		id = has[i];

	CHECK(id != 0);
	has[i] = 0;
	peer_send_struct(peers[i], IMSG_WORK_RESULT, id, &r, -1);
	pump();
}

/* Of workers that are as fast as each other, none has more than its share; and
 * the few who come last, and from elsewhere, need not wait for the many. */
static void
test_shares(void)
{
	unsigned	i, n;

	begin();
	submit(0, MANY);
	submit(1, FEW);
	pump();
	for (n = 0; ended[0] + ended[1] + WORKERS <= MANY + FEW; n++)
		for (i = 0; i < WORKERS; i++)
			answer(i);
	for (i = 0; i < WORKERS; i++) {
		if (has[i] != 0)
			answer(i);
		CHECK_ROW(given[i] >= (MANY + FEW) / WORKERS - 1 &&
		    given[i] <= (MANY + FEW) / WORKERS + 1, "worker %u: %u",
		    i, given[i]);
	}
	for (i = 0; i < FEW; i++)
		CHECK_ROW(order[1][i] <= 2 * (i + WORKERS), "%u: %u", i,
		    order[1][i]);
	CHECK(ended[0] == MANY && ended[1] == FEW);
}

/* One that is slow has what it can do; the others do the rest. */
static void
test_slow(void)
{
	unsigned	i, slow = given[0];

	ended[0] = ended[1] = 0;
	submit(0, FEW);
	pump();
	while (ended[0] < FEW - 1)
		for (i = 1; i < WORKERS; i++)
			if (has[i] != 0)
				answer(i);
	CHECK(given[0] == slow + 1 && has[0] != 0);
	answer(0);
	CHECK(ended[0] == FEW);
}

int
main(void)
{
	unsigned	i;

	test_shares();
	test_slow();
	for (i = 0; i < WORKERS; i++)
		peer_close(peers[i]);
	work_free(work);
	pump();
	event_base_free(base);
	return TEST_END();
}
