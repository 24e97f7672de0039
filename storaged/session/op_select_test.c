/*
 * SELECT answers the same from what it kept as from the rows, whatever
 * changed in between, and keeps a bounded number of mailboxes.
 */
#include "common/compat.h"

#include "storaged/index/boxuids.h"
#include "storaged/session/test/op_client.h"

#define STEPS	120

/* What SELECT would find kept; false: it would read rows. */
static bool
kept(const char *name)
{
	struct user	*u = user_find("ann");
	struct uidset	 uids = UIDSET_INIT;
	struct box	 b;
	uint32_t	 unseen;
	bool		 yes;

	CHECK(box_by_name(&u->ix->read, str_from(name), &b) == 1);
	yes = boxuids_get(u->boxuids, &b, &uids, &unseen);
	uidset_free(&uids);
	return yes;
}

static void
same(struct client *c, const char *name, int step)
{
	struct mbox_selected	 a = do_select(c, name), b;

	CHECK_ROW(kept(name), "step %d", step);
	b = do_select(c, name);
	CHECK_ROW(b.uids.n == a.uids.n, "step %d", step);
	boxuids_drop(&user_find("ann")->boxuids);
	CHECK_ROW(!kept(name), "step %d", step);
	b = do_select(c, name);
	CHECK_ROW(a.uids.n == b.uids.n && (a.uids.n == 0 ||
	    memcmp(a.uids.v, b.uids.v, a.uids.n * sizeof(a.uids.v[0])) == 0),
	    "step %d", step);
	CHECK_ROW(a.first_unseen == b.first_unseen &&
	    a.uidnext == b.uidnext && a.highestmodseq == b.highestmodseq,
	    "step %d: unseen %u and %u", step, a.first_unseen,
	    b.first_unseen);
}

/* One change by c of INBOX, of which it has n messages at most. */
static void
change(struct client *c, uint64_t box, uint32_t n)
{
	struct mbox_store	 st;
	struct mbox_copy	 cp;
	struct mbox_expunge	 ex;
	uint32_t		 uid = 1 + arc4random() % n;

	memset(&st, 0, sizeof(st));
	st.box = box;
	st.uids = range(uid, uid + arc4random() % 3);
	st.unchangedsince = UINT64_MAX;
	switch (arc4random() % 5) {
	case 0:
		(void)append(c, "INBOX", "abc", 3, "x@y", 0);
		break;
	case 1:
		st.how = arc4random() % 2 ? MBOX_STORE_ADD :
		    MBOX_STORE_REMOVE;
		st.flags = MBOX_SEEN;
		(void)answer(c, ask(c, IMSG_MBOX_STORE, &st));
		break;
	case 2:
		st.how = MBOX_STORE_ADD;
		st.flags = MBOX_DELETED;
		(void)answer(c, ask(c, IMSG_MBOX_STORE, &st));
		memset(&ex, 0, sizeof(ex));
		ex.box = box;
		(void)answer(c, ask(c, IMSG_MBOX_EXPUNGE, &ex));
		break;
	default:
		memset(&cp, 0, sizeof(cp));
		cp.box = box;
		cp.uids = range(uid, uid);
		cp.to = STR("INBOX");
		(void)answer(c, ask(c, arc4random() % 4 ? IMSG_MBOX_COPY :
		    IMSG_MBOX_MOVE, &cp));
		break;
	}
}

static void
test_changes(void)
{
	struct client	*c = client_new("ann"), *d = client_new("ann");
	uint64_t	 box;
	int		 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	for (i = 0; i < 20; i++)
		(void)append(c, "INBOX", "abc", 3, "x@y", 0);
	box = do_select(c, "INBOX").box;
	for (i = 0; i < STEPS; i++) {
		change(c, box, 40);
		same(d, "INBOX", i);
	}
	client_free(c);
	client_free(d);
}

static void
test_bounds(void)
{
	struct client		*c = client_new("ann");
	static struct uidrange	 r[BOXUIDS_RANGES + 1];
	struct uidset		 many = { r, BOXUIDS_RANGES + 1, 0 };
	struct user		*u;
	struct mbox_create	 cr;
	struct box		 b;
	char			 name[] = "box0";
	int			 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < BOXUIDS_BOXES + 1; i++) {
		name[3] = (char)('0' + i);
		cr = (struct mbox_create){ str_from(name), 0 };
		(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_CREATE, &cr)));
		(void)do_select(c, name);
		CHECK(kept(name));
	}
	CHECK(kept("box1") && !kept("box0"));	/* the oldest has gone */
	u = user_find("ann");
	CHECK(box_by_name(&u->ix->read, STR("box0"), &b) == 1);
	for (i = 0; i <= BOXUIDS_RANGES; i++)
		r[i].first = r[i].last = 2 * (uint32_t)i + 1;
	boxuids_put(&u->boxuids, &b, &many, 0);
	CHECK(!kept("box0"));
	many.n--;
	boxuids_put(&u->boxuids, &b, &many, 0);
	CHECK(kept("box0"));
	CHECK(users_rest(0) == 1 && u->boxuids == NULL);
	client_free(c);
}

static struct mbox_selected
examine(struct client *c, const char *name)
{
	struct mbox_select	 req = { str_from(name), true };
	struct mbox_selected	 s;
	struct got		*g;

	memset(&s, 0, sizeof(s));
	g = answer(c, ask(c, IMSG_MBOX_SELECT, &req));
	CHECK(type_of(g) == IMSG_REPLY_SELECTED);
	CHECK(wire_decode(&mbox_selected_wire, &s, g->data, g->len, c->a) ==
	    0);
	return s;
}

/* Was the message that came last \Recent to c? */
static bool
came_recent(struct client *c)
{
	struct ev_added	 added;
	struct got	*g = next(c);

	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(wire_decode(&ev_added_wire, &added, g->data, g->len, c->a) ==
	    0);
	return added.recent;
}

/* EXAMINE shows \Recent and takes it from nobody. */
static void
test_recent(void)
{
	struct client		*c, *d, *e, *by;
	struct mbox_selected	 s;

	c = client_new("rose");
	d = client_new("rose");
	e = client_new("rose");
	by = client_new("rose");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	CHECK(type_of(next(e)) == IMSG_SESSION_READY);
	CHECK(type_of(next(by)) == IMSG_SESSION_READY);
	(void)append(by, "INBOX", "abc", 3, "x@y", 0);
	s = examine(c, "INBOX");
	CHECK(s.recent_from == 1);
	s = examine(d, "INBOX");
	CHECK(s.recent_from == 1);
	(void)append(by, "INBOX", "abc", 3, "x@y", 0);
	CHECK(came_recent(c) && came_recent(d));
	s = do_select(e, "INBOX");	/* the first that takes it */
	CHECK(s.recent_from == 1 && s.uidnext == 3);
	CHECK(do_select(d, "INBOX").recent_from == 0);
	(void)append(by, "INBOX", "abc", 3, "x@y", 0);
	CHECK(came_recent(c) && came_recent(d) && !came_recent(e));
	CHECK(examine(by, "INBOX").recent_from == 0);
	client_free(c);
	client_free(d);
	client_free(e);
	client_free(by);
}

int
main(void)
{
	if (begin("op_select_test") == -1)
		return 1;
	setup("index");
	test_changes();
	test_bounds();
	test_recent();
	finish();
	return TEST_END();
}
