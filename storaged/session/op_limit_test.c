/* What one session can make grow, and how many there may be. */
#include "common/compat.h"

#include "common/proc_kind.h"
#include "storaged/session/test/op_client.h"
#include "storaged/util/spool_room.h"

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
	struct session_end	 end;
	const struct got	*r;
	struct arena		*a;
	size_t			 i;

	for (i = 0; i < nitems(v) - 1; i++) {
		v[i] = client_new("ann");
		CHECK(type_of(next(v[i])) == IMSG_SESSION_READY);
	}
	v[i] = client_new("ann");
	/* refused, with the reason */
	CHECK((r = next(v[i])) != NULL && r->type == IMSG_SESSION_END);
	a = arena_new(0);
	CHECK(wire_decode(&session_end_wire, &end, r->data, r->len, a) == 0 &&
	    end.code == MBOX_LIMIT &&
	    str_eq(end.text, STR("Too many sessions for this user")));
	arena_free(a);
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

/* READY or END? */
static int
granted(struct client **c, const char *user, enum proc_kind kind,
    uint32_t index)
{
	client_kind = (uint8_t)kind;
	client_index = index;
	*c = client_new(user);
	client_kind = PROC_IMAPD;
	client_index = 0;
	return type_of(next(*c));
}

/* An lmtpd takes its own places, of a user and of all. */
static void
test_sessions_of_lmtpds(void)
{
	static struct client	*v[SESSIONS_USER_MAX], *c[6];
	unsigned		 max = env.sessions_max;
	size_t			 i;

	for (i = 0; i < nitems(v); i++)
		CHECK(granted(&v[i], "ann", PROC_LMTPD, 1) ==
		    IMSG_SESSION_READY);
	CHECK(granted(&c[0], "ann", PROC_LMTPD, 1) == IMSG_SESSION_END);
	CHECK(granted(&c[1], "ann", PROC_LMTPD, 0) == IMSG_SESSION_READY);
	CHECK(granted(&c[2], "ann", PROC_IMAPD, 0) == IMSG_SESSION_READY);
	env.sessions_max = 2 * SESSIONS_USER_MAX + 2;
	CHECK(granted(&c[3], "bob", PROC_LMTPD, 0) == IMSG_SESSION_END);
	CHECK(granted(&c[4], "bob", PROC_IMAPD, 0) == IMSG_SESSION_READY);
	client_free(c[1]);
	turn(20);
	CHECK(granted(&c[5], "bob", PROC_LMTPD, 0) == IMSG_SESSION_READY);
	env.sessions_max = max;
	for (i = 0; i < nitems(v); i++)
		client_free(v[i]);
	for (i = 0; i < nitems(c); i++)
		if (i != 1)
			client_free(c[i]);
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
	static const struct grant_session all = { .rights = GRANT_ALL };
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
	session_new("deaf", &all, sv[1]);
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

/* The first untaken message of this request. */
static struct got *
waiting_for(struct client *c, uint32_t id)
{
	size_t	 i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].id == id && !c->v[i].taken)
			return &c->v[i];
	return NULL;
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
	id = ask(c, IMSG_APPEND_OPEN, &ao);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_POLL, NULL)));
	turn(100);
	CHECK(!credited(c, id));
	peer_send(c->p, IMSG_MBOX_CANCEL, first, NULL, 0, -1);
	for (i = 0; i < 10000 && !credited(c, id); i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(credited(c, id) && !c->closed);
	client_free(c);
}

static uint64_t
no_disk(void)
{
	return 0;
}

/* The code of an APPEND of 40,000 octets that is refused on the way; 0: it
 * was not. */
static int
refused(struct client *c, uint32_t *id)
{
	static char	 text[40000];
	struct got	*g;

	memset(text, 'x', sizeof(text));
	*id = append_send(c, "INBOX", text, sizeof(text));
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_POLL, NULL)));
	turn(20);
	while ((g = waiting_for(c, *id)) != NULL &&
	    type_of(g) == IMSG_DATA_CREDIT)
		g->taken = true;
	return g == NULL ? 0 : no_of(c, g);
}

/* Room on disk: a user's share, that of all, and what the disk has. */
static void
test_room(void)
{
	uint64_t	(*disk)(void) = disk_left;
	struct client	*eve = client_new("eve"), *ann = client_new("ann");
	struct got	*g;
	uint32_t	 id[4];
	int		 i, evicted = 0;

	CHECK(type_of(next(eve)) == IMSG_SESSION_READY);
	CHECK(type_of(next(ann)) == IMSG_SESSION_READY);
	CHECK(spool_held() == 0);
	spool_limits(250000, 340000);
	for (i = 0; i < 3; i++)
		CHECK(refused(eve, &id[i]) == 0);
	CHECK(spool_held() == 240000);
	CHECK(refused(eve, &id[3]) == MBOX_LIMIT && spool_held() == 240000);
	CHECK(refused(ann, &id[3]) == 0 && spool_held() == 320000);
	/* ann's next takes the room of one of hers */
	CHECK(refused(ann, &id[3]) == 0 && spool_held() == 320000);
	for (i = 0; i < 3; i++) {
		while ((g = waiting_for(eve, id[i])) != NULL &&
		    type_of(g) == IMSG_DATA_CREDIT)
			g->taken = true;
		if (g == NULL)
			continue;
		evicted++;
		CHECK(no_of(eve, g) == MBOX_UNAVAILABLE);
	}
	CHECK(evicted == 1);
	disk_left = no_disk;
	spool_limits(UINT64_MAX, UINT64_MAX);
	CHECK(refused(ann, &id[3]) == MBOX_UNAVAILABLE);
	disk_left = disk;
	client_free(eve);
	turn(20);
	CHECK(spool_held() == 160000);
	client_free(ann);
	turn(20);
	CHECK(spool_held() == 0);
}

/* What has come and is packed holds no room, though its APPEND goes on. */
static void
test_room_back(void)
{
	struct client		*c = client_new("ann");
	struct append_msg	 m;
	struct buf		 d = BUF_INIT;
	static char		 text[40000];
	uint32_t		 id;
	unsigned		 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	spool_limits(UINT64_MAX, UINT64_MAX);
	memset(text, 'x', sizeof(text));
	id = append_send(c, "INBOX", text, sizeof(text));
	for (i = 0; i < 1000 && spool_held() == 0; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(spool_held() == 2 * sizeof(text));
	memset(&m, 0, sizeof(m));
	digest_make(&d, "m@x");
	m.size = sizeof(text);
	m.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	for (i = 0; i < 1000 && spool_held() > 0; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(spool_held() == 0 && !c->closed);
	buf_free(&d);
	client_free(c);
	turn(20);
}

/* The octets of a message, which do not compress. */
static void
noise(char *p, size_t len)
{
	static uint32_t	 v = 1;
	size_t		 i;

	for (i = 0; i < len; i++) {
		v = v * 1664525 + 1013904223;
		p[i] = (char)(v >> 24);
	}
}

/* One more message of an APPEND: the code of its refusal, or 0. */
static int
append_more(struct client *c, uint32_t id, size_t len, size_t *room)
{
	static char		 text[40000];
	struct append_msg	 m = { .size = (uint32_t)len };
	struct buf		 d = BUF_INIT;
	struct data_credit	 credit;
	struct got		*g;
	size_t			 at, n;

	noise(text, len);
	for (at = 0; at < len; at += n, *room -= n) {
		while (*room == 0) {
			if (type_of(g = answer(c, id)) != IMSG_DATA_CREDIT)
				return no_of(c, g);
			CHECK(wire_decode(&data_credit_wire, &credit, g->data,
			    g->len, NULL) == 0);
			*room = credit.bytes;
		}
		n = len - at < *room ? len - at : *room;
		n = n < MSG_DATA_MAX ? n : MSG_DATA_MAX;
		peer_send(c->p, IMSG_APPEND_DATA, id, text + at, n, -1);
	}
	digest_make(&d, "m@x");
	m.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	buf_free(&d);
	return 0;
}

/*
 * One APPEND of many messages (RFC 3502): what it holds in memory is all of
 * theirs, though one of them goes to the bucket by itself.
 */
static void
test_append_bytes(void)
{
	static const struct { unsigned n, large; int code; } rows[] = {
		{ 256, 257, 0 },		/* 30,000 each: 7.3 MiB */
		{ 256, 200, 0 },
		{ 290, 291, MBOX_LIMIT },	/* 8.3 MiB */
		{ 290, 200, MBOX_LIMIT }
	};
	struct append_open	 open = { STR("INBOX"), false };
	struct client		*c = client_new("ann");
	struct got		*g;
	uint32_t		 id;
	size_t			 i, room;
	unsigned		 k;
	int			 code;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(rows); i++) {
		id = ask(c, IMSG_APPEND_OPEN, &open);
		room = 0;
		code = 0;
		for (k = 1; k <= rows[i].n && code == 0; k++)
			code = append_more(c, id, k == rows[i].large ? 40000 :
			    30000, &room);
		if (code == 0) {
			peer_send(c->p, IMSG_MBOX_CANCEL, id, NULL, 0, -1);
			while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
				;
			code = no_of(c, g) == MBOX_LIMIT ? MBOX_LIMIT : 0;
		}
		CHECK_ROW(code == rows[i].code, "row %zu: %d", i, code);
	}
	client_free(c);
	turn(20);
}

/* The only session of the user, unless it ends. */
static struct session *
session_of(const char *name)
{
	struct user	*u = user_find(name);
	struct session	*s = u == NULL ? NULL : TAILQ_FIRST(&u->sessions);

	return s == NULL || s->dead ? NULL : s;
}

/* Requests that wait are in memory, with their sets: a session that has too
 * much of that is cut. */
static void
test_requests(void)
{
	static char		 text[40000];
	struct client		*c = client_new("gus");
	struct mbox_body	 one = { .uids = range(1, 1),
				    .length = UINT64_MAX };
	struct mbox_body	 many = { .uids = UIDSET_INIT };
	struct buf		 b = BUF_INIT;
	struct session		*s;
	size_t			 before = 0;
	uint32_t		 i;
	unsigned		 n, nops;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	noise(text, sizeof(text));
	for (i = 0; i < 10; i++)
		(void)append(c, "INBOX", text, sizeof(text), "m@x", 0);
	one.box = many.box = do_select(c, "INBOX").box;
	one.uids = range(1, 10);
	for (i = 1; i <= 200000; i++)
		CHECK(uidset_add(&many.uids, 2 * i, 2 * i) == 0);
	CHECK(wire_encode(&mbox_body_wire, &many, &b) == 0);
	/* as many as run at once do not go on: nobody takes what they say */
	c->credit = false;
	for (i = 0; i < SESSION_STREAMS_MAX; i++)
		(void)ask(c, IMSG_MBOX_BODY, &one);
	s = session_of("gus");
	for (n = 0; n < 1000 && s->streams < SESSION_STREAMS_MAX; n++)
		event_base_loop(base, EVLOOP_ONCE);
	for (i = 0; i < SESSION_OPS_MAX - SESSION_STREAMS_MAX; i++) {
		before = s->bytes;
		nops = s->nops;
		(void)ask(c, IMSG_MBOX_BODY, &many);
		while ((s = session_of("gus")) != NULL && s->nops == nops)
			event_base_loop(base, EVLOOP_ONCE);
		if (s == NULL)
			break;
		CHECK(before + b.len <= SESSION_BYTES_MAX);
		if (before > 2 * SESSION_BYTES_MAX)
			break;
	}
	CHECK(s == NULL && i > 5 && before + b.len > SESSION_BYTES_MAX);
	CHECK(next(c) == NULL && c->closed);
	uidset_free(&many.uids);
	buf_free(&b);
	client_free(c);
	turn(20);
}

int
main(void)
{
	if (begin("op_limit_test") == -1)
		return 1;
	setup("index");
	test_sessions();
	test_sessions_of_lmtpds();
	test_deaf();
	test_spools();
	turn(20);
	test_room();
	test_room_back();
	test_append_bytes();
	test_requests();
	finish();
	return TEST_END();
}
