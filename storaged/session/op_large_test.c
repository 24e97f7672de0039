/*
 * Changes of a hundred thousand messages: right, one commit each, and another
 * session's requests are answered meanwhile.
 */
#include "common/compat.h"

#include "common/clock.h"
#include "storaged/session/test/op_client.h"

#define MANY	100000

static struct client	*c, *d;
static unsigned		 polls;		/* answered meanwhile */
static uint64_t		 slowest;	/* of them, us */
static uint64_t		 inbox;
static struct user	*u;

/* Waits for the answer of c while d asks again and again. */
static struct got *
meanwhile(uint32_t id, const char *what)
{
	uint64_t	 start = clock_us(), at;
	uint64_t	 puts = blob_counts(env.blob)->put;
	size_t		 i;
	struct got	*g;

	polls = 0;
	slowest = 0;
	for (;;) {
		for (i = 0; i < c->n; i++) {
			g = &c->v[i];
			if (g->taken)
				continue;
			g->taken = true;
			if (g->id != id)
				continue;
			printf("%s: %.1f ms, %u other requests, the slowest "
			    "%.1f ms\n", what, (double)(clock_us() - start) /
			    1000, polls, (double)slowest / 1000);
			CHECK_ROW(blob_counts(env.blob)->put - puts <= 2,
			    "%s", what);
			return g;
		}
		at = clock_us();
		(void)ok_of(d, answer(d, ask(d, IMSG_MBOX_POLL, NULL)));
		if (clock_us() - at > slowest)
			slowest = clock_us() - at;
		polls++;
		if (d->n > MSGS_MAX / 2) {
			for (i = 0; i < d->n; i++)
				free(d->v[i].data);
			d->n = 0;
		}
	}
}

static struct reply_ok
copy(uint64_t from, const char *to, uint32_t last, enum msg_type type)
{
	struct mbox_copy cp;

	memset(&cp, 0, sizeof(cp));
	cp.box = from;
	cp.uids = range(1, last);
	cp.to = str_from(to);
	return ok_of(c, meanwhile(ask(c, type, &cp),
	    type == IMSG_MBOX_COPY ? "COPY" : "MOVE"));
}

static uint32_t
messages(const char *name)
{
	struct box	 b;

	return box_by_name(&u->ix->read, str_from(name), &b) == 1 ?
	    b.messages : UINT32_MAX;
}

static void
fill(void)
{
	uint32_t	 n = 1;

	(void)append(c, "INBOX", "x", 1, "a@b", 0);
	while (n < MANY) {
		(void)copy(inbox, "INBOX", n * 2 <= MANY ? n : MANY - n,
		    IMSG_MBOX_COPY);
		n = messages("INBOX");
	}
	CHECK(n == MANY);
}

static void
test_store(void)
{
	static const struct {
		uint8_t		 how, flags;
		uint32_t	 unseen, deleted;
	} t[] = {
		{ MBOX_STORE_ADD, MBOX_SEEN, 0, 0 },
		{ MBOX_STORE_SET, MBOX_DELETED, MANY, MANY },
		{ MBOX_STORE_REMOVE, MBOX_DELETED, MANY, 0 },
	};
	struct mbox_word	 w = { STR("$Later") };
	struct mbox_store	 st;
	struct box		 b;
	size_t			 i;

	for (i = 0; i < nitems(t); i++) {
		memset(&st, 0, sizeof(st));
		st.box = inbox;
		st.uids = range(1, UINT32_MAX);
		st.how = t[i].how;
		st.flags = t[i].flags;
		st.keywords.v = &w;
		st.keywords.n = 1;
		st.unchangedsince = UINT64_MAX;
		(void)ok_of(c, meanwhile(ask(c, IMSG_MBOX_STORE,
		    &st), "STORE"));
		/* A STORE may be over in 7 ms, which is one turn and a
		 * bit: others come in between at least once. */
		CHECK_ROW(box_by_id(&u->ix->read, inbox, &b) == 1 &&
		    b.unseen == t[i].unseen && b.deleted == t[i].deleted &&
		    polls > 0, "%zu: %u %u, %u polls", i, b.unseen,
		    b.deleted, polls);
	}
}

static void
test_move(void)
{
	struct reply_ok	 ok;

	ok = copy(inbox, "Sent", UINT32_MAX, IMSG_MBOX_COPY);
	CHECK(ok.src.n == 1 && uidset_count(&ok.src) == MANY &&
	    ok.dst.n == 1 && uidset_count(&ok.dst) == MANY && polls > 5);
	ok = copy(inbox, "Trash", 20000, IMSG_MBOX_MOVE);
	CHECK(uidset_count(&ok.dst) == 20000 && polls > 5);
	CHECK(messages("INBOX") == MANY - 20000 &&
	    messages("Sent") == MANY && messages("Trash") == 20000);
}

static void
test_expunge(void)
{
	struct mbox_expunge	 ex;
	struct mbox_store	 st;

	memset(&st, 0, sizeof(st));
	st.box = inbox;
	st.uids = range(1, MANY - 10000);
	st.how = MBOX_STORE_ADD;
	st.flags = MBOX_DELETED;
	st.unchangedsince = UINT64_MAX;
	(void)ok_of(c, meanwhile(ask(c, IMSG_MBOX_STORE, &st), "STORE"));
	memset(&ex, 0, sizeof(ex));
	ex.box = inbox;
	(void)ok_of(c, meanwhile(ask(c, IMSG_MBOX_EXPUNGE, &ex), "EXPUNGE"));
	CHECK(messages("INBOX") == 10000 && polls > 5);
}

static void
test_boxes(void)
{
	struct mbox_create	 cr = { STR("big"), 0 };
	struct mbox_delete	 de = { STR("big") };
	struct mbox_rename	 re = { STR("INBOX"), STR("old") };
	struct mbox_selected	 s;

	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_CREATE, &cr)));
	s = do_select(c, "Sent");
	(void)copy(s.box, "big", UINT32_MAX, IMSG_MBOX_COPY);
	CHECK(messages("big") == MANY);
	(void)ok_of(c, meanwhile(ask(c, IMSG_MBOX_DELETE, &de), "DELETE"));
	CHECK(messages("big") == UINT32_MAX && polls > 5);
	(void)ok_of(c, meanwhile(ask(c, IMSG_MBOX_RENAME,
	    &re), "RENAME INBOX"));
	CHECK(messages("INBOX") == 0 && messages("old") == 10000 &&
	    polls > 5);
}

/* The session ends in the midst: nothing of its change is there, and another
 * session's change of the same batch is. */
static void
test_orphan(void)
{
	struct client	*e = client_new("ann");
	struct mbox_copy cp;
	struct mbox_create cr = { STR("after"), 0 };
	uint32_t	 id;
	int		 i;

	CHECK(type_of(next(e)) == IMSG_SESSION_READY);
	memset(&cp, 0, sizeof(cp));
	cp.box = do_select(e, "Sent").box;
	cp.uids = range(1, UINT32_MAX);
	cp.to = STR("Trash");
	(void)ask(e, IMSG_MBOX_COPY, &cp);
	id = ask(c, IMSG_MBOX_CREATE, &cr);
	for (i = 0; i < 100 && !u->ix->in_tx; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(u->ix->in_tx);
	client_free(e);
	(void)ok_of(c, answer(c, id));
	CHECK(messages("Trash") == 20000 && messages("after") == 0);
}

int
main(void)
{
	if (begin("op_large_test") == -1)
		return 1;
	setup("index");
	c = client_new("ann");
	d = client_new("bob");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	inbox = do_select(c, "INBOX").box;
	u = user_find("ann");
	fill();
	test_store();
	test_move();
	test_expunge();
	test_boxes();
	test_orphan();
	client_free(c);
	client_free(d);
	finish();
	return TEST_END();
}
