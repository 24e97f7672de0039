/* What one session can make grow, and how many there may be. */
#include "common/compat.h"

#include "storaged/op_client.h"

static void
turn(unsigned n)
{
	while (n-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
test_sessions(void)
{
	static struct client	*v[SESSIONS_USER_MAX + 1];
	size_t			 i;

	for (i = 0; i < nitems(v) - 1; i++) {
		v[i] = client_new("ann");
		CHECK(type_of(next(v[i])) == IMSG_SESSION_READY);
	}
	v[i] = client_new("ann");
	CHECK(next(v[i]) == NULL && v[i]->closed);
	client_free(v[i]);
	client_free(v[0]);
	turn(20);
	v[0] = client_new("ann");	/* one has gone: one may come */
	CHECK(type_of(next(v[0])) == IMSG_SESSION_READY);
	v[i] = client_new("bob");
	CHECK(type_of(next(v[i])) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(v); i++)
		client_free(v[i]);
	turn(20);
}

static unsigned	 replies;

static int
count_message(struct peer *p, struct msg *m, void *arg)
{
	(void)p;
	(void)m;
	(void)arg;
	replies++;
	return 0;
}

static void
count_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	*(bool *)arg = true;
}

/* It asks and asks and never reads: we stop reading it, and go on later. */
static void
test_deaf(void)
{
	static const struct peer_ops	 ops = { count_message, count_closed,
					    NULL };
	struct session	*s;
	struct peer	*p;
	uint32_t	 id;
	unsigned	 i;
	bool		 closed = false;
	int		 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		exit(1);
	p = peer_new(base, sv[0], MSG_CHANNEL_MBOX, MSG_SIDE_A, &ops,
	    &closed);
	session_new("deaf", sv[1]);
	for (i = 0; i < 10000 && replies == 0; i++)
		event_base_loop(base, EVLOOP_ONCE);
	s = TAILQ_FIRST(&user_find("deaf")->sessions);
	peer_hold(p, true);
	for (id = 1; id <= 100000; id++)
		peer_send(p, IMSG_MBOX_POLL, id, NULL, 0, -1);
	for (i = 0; i < 5000 && !s->held; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s->held);
	turn(1000);
	CHECK(peer_queued(s->peer) < SESSION_QUEUE_HOLD + 4096);
	peer_hold(p, false);
	for (i = 0; i < 1000000 && replies < 100001 && !closed; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(replies == 100001 && !closed);
	peer_close(p);
	turn(20);
}

/* Is there an untaken credit for this request? */
static bool
credited(struct client *c, uint32_t id)
{
	size_t	 i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].id == id && c->v[i].type == IMSG_DATA_CREDIT)
			return true;
	return false;
}

/* APPENDs that are begun and not ended hold a file each: some, not many. */
static void
test_spools(void)
{
	struct client		*c = client_new("ann");
	static char		 text[40000];
	struct append_open	 ao = { STR("INBOX"), false };
	uint32_t		 first = 0, id;
	unsigned		 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	memset(text, 'x', sizeof(text));
	for (i = 0; i < SESSION_SPOOLS_MAX; i++) {
		id = append_send(c, "INBOX", text, sizeof(text));
		if (i == 0)
			first = id;
	}
	turn(100);
	id = ask(c, IMSG_APPEND_OPEN, &append_open_wire, &ao);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_POLL, NULL, NULL)));
	turn(100);
	CHECK(!credited(c, id));
	peer_send(c->p, IMSG_MBOX_CANCEL, first, NULL, 0, -1);
	for (i = 0; i < 10000 && !credited(c, id); i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(credited(c, id) && !c->closed);
	client_free(c);
}

int
main(void)
{
	if (begin("op_limit_test") == -1)
		return 1;
	setup("index");
	test_sessions();
	test_deaf();
	test_spools();
	finish();
	return TEST_END();
}
