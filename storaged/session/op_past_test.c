/*
 * Expunged messages: readable while a session's client may not have heard of
 * it, forgotten when all have; tombstones stay.
 */
#include "common/compat.h"

#include <sqlite3.h>

#include "storaged/session/test/op_client.h"

static struct user	*u;
static uint64_t		 box;

static void
store(struct client *c, struct uidset uids, uint8_t flags)
{
	struct mbox_store	 st;

	memset(&st, 0, sizeof(st));
	st.box = box;
	st.uids = uids;
	st.how = MBOX_STORE_ADD;
	st.flags = flags;
	st.unchangedsince = UINT64_MAX;
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &st)));
}

static void
expunge(struct client *c, struct uidset uids)
{
	struct mbox_expunge	 ex;

	store(c, uids, MBOX_DELETED);
	memset(&ex, 0, sizeof(ex));
	ex.box = box;
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_EXPUNGE, &ex)));
}

static void
noop(struct client *c)
{
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_POLL, NULL)));
}

static int64_t
count(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 n = -1;

	if (sqlite3_prepare_v2(u->ix->hot.h, sql, -1, &st, NULL) ==
	    SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static size_t
rows(struct client *c)
{
	static struct mbox_meta_row	 v[100];

	return meta(c, box, range(1, 100), MBOX_WHAT_DIGEST * 2 - 1, v, 100);
}

static int
read_one(struct client *c, uint32_t uid)
{
	const uint8_t	*p;
	size_t		 len;
	int		 state = body(c, box, uid, 0, UINT64_MAX, &p, &len);

	CHECK(state != MBOX_BODY_OK || (len == 3 && memcmp(p, "abc", 3) ==
	    0));
	return state;
}

static struct client *
login(void)
{
	struct client	*c = client_new("eve");

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	return c;
}

static void
test_views(void)
{
	struct client	*c = login(), *d = login(), *e = login();
	struct mbox_selected s;
	struct mbox_box	 req;
	int		 i;

	for (i = 0; i < 10; i++)
		(void)append(c, "INBOX", "abc", 3, "x@y", 0);
	u = user_find("eve");
	box = do_select(c, "INBOX").box;
	(void)do_select(d, "INBOX");
	(void)do_select(e, "INBOX");
	expunge(c, range(2, 4));
	/* d has asked for nothing since: all is there for it. */
	CHECK(rows(d) == 10 && read_one(d, 3) == MBOX_BODY_OK);
	CHECK(u->ix->npast == 3 && count("SELECT count(*) FROM past") == 3);
	noop(d);
	CHECK(rows(e) == 10);		/* e has not */
	/* One who selects it now never sees them. */
	s = do_select(d, "INBOX");
	CHECK(uidset_count(&s.uids) == 7);
	expunge(d, range(6, 6));
	noop(e);
	noop(c);
	CHECK(rows(e) == 6 && read_one(e, 3) == MBOX_BODY_GONE &&
	    read_one(e, 6) == MBOX_BODY_GONE);
	CHECK(u->ix->npast == 0 && count("SELECT count(*) FROM past") == 0 &&
	    count("SELECT count(*) FROM msg") == 6);
	/* Tombstones: two expunges, with their MODSEQs. */
	CHECK(count("SELECT count(*) FROM gone WHERE modseq > 0") == 2);
	/* Leaving the mailbox is passing, too. */
	expunge(c, range(7, 7));
	CHECK(rows(e) == 6 && u->ix->npast == 1);
	req.box = box;
	(void)ok_of(e, answer(e, ask(e, IMSG_MBOX_UNSELECT, &req)));
	client_free(d);
	noop(c);
	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	noop(c);
	CHECK(u->ix->npast == 0 && rows(c) == 5);
	client_free(c);
	client_free(e);
}

/* A message with copies: its bytes go with the last row of either kind. */
static void
test_copies(void)
{
	struct client	*c = login(), *d = login();
	struct mbox_copy cp;

	box = do_select(c, "INBOX").box;
	(void)do_select(d, "INBOX");
	memset(&cp, 0, sizeof(cp));
	cp.box = box;
	cp.uids = range(1, 1);
	cp.to = STR("INBOX");
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &cp)));
	CHECK(rows(c) == 6);
	expunge(c, range(1, 1));
	CHECK(read_one(d, 1) == MBOX_BODY_OK);
	expunge(c, range(11, 11));
	CHECK(read_one(d, 1) == MBOX_BODY_OK &&
	    read_one(d, 11) == MBOX_BODY_OK);
	CHECK(count("SELECT count(*) FROM msg WHERE refs = 0") == 1);
	noop(d);
	CHECK(rows(d) == 4 && count("SELECT count(*) FROM msg") == 4);
	client_free(c);
	client_free(d);
}

/* The user is closed for quietness between the EXPUNGE and the FETCH. */
static void
test_closed(void)
{
	struct client	*c = login(), *d = login();

	box = do_select(c, "INBOX").box;
	(void)do_select(d, "INBOX");
	expunge(c, range(5, 5));
	CHECK(users_rest(0) == 1 && u->ix == NULL);
	CHECK(rows(d) == 4 && read_one(d, 5) == MBOX_BODY_OK);
	noop(d);
	CHECK(rows(d) == 3 && read_one(d, 5) == MBOX_BODY_GONE);
	client_free(c);
	client_free(d);
}

int
main(void)
{
	if (begin("op_past_test") == -1)
		return 1;
	setup("index");
	test_views();
	test_copies();
	test_closed();
	finish();
	return TEST_END();
}
