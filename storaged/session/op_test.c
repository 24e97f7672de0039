/*
 * Sessions on the file store, from messages to messages: what a client of
 * the session protocol sees, in which order, and what another node's
 * commits do to it.
 */
#include "common/compat.h"

#include "storaged/session/test/op_client.h"

static void
test_first_login(void)
{
	struct client	*c = client_new("ann");
	struct mbox_list req = { STR(""), true, true };
	struct mbox_row	 row;
	struct cursor	 cur;
	struct str	 s;
	unsigned	 n = 0, subscribed = 0, uses = 0;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_LIST, &req)));
	cursor_init(&cur, c->stream.data, c->stream.len);
	while (cursor_left(&cur) > 0) {
		s = cursor_str(&cur);
		CHECK(wire_decode(&mbox_row_wire, &row, s.p, s.len, c->a) ==
		    0);
		n++;
		subscribed += (row.attrs & MBOX_SUBSCRIBED) != 0;
		uses |= row.attrs & MBOX_USE_MASK;
		CHECK(row.uidnext == 1 && row.uidvalidity > 1000000);
	}
	CHECK(n == 3 && subscribed == 3);
	CHECK(uses == (MBOX_USE_SENT | MBOX_USE_TRASH));
	client_free(c);
}

static void
test_mail(void)
{
	struct client		*c = client_new("ann"), *d = client_new("ann");
	struct mbox_selected	 s, s2;
	struct mbox_meta_row	 rows[8];
	struct mbox_store	 st;
	struct mbox_copy	 cp;
	struct mbox_expunge	 ex;
	struct reply_ok		 ok;
	struct got		*g;
	struct ev_added		 added;
	const uint8_t		*p;
	size_t			 len;
	uint32_t		 id;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	s = do_select(c, "inbox");
	CHECK(s.uids.n == 0 && s.uidnext == 1);
	s2 = do_select(d, "INBOX");
	CHECK(s2.box == s.box);

	/* APPEND: the event comes before the answer, once as \Recent */
	id = append_start(c, "INBOX", "Hello\r\n", 7, "a@x", MBOX_FLAGGED);
	g = next(c);
	CHECK(type_of(g) == IMSG_EV_KEYWORDS);
	g = next(c);
	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(wire_decode(&ev_added_wire, &added, g->data, g->len, c->a) ==
	    0 && added.cause == id && added.recent);
	g = next(c);
	ok = ok_of(c, g);
	CHECK(g->id == id && ok.uidvalidity == s.uidvalidity &&
	    ok.dst.n == 1 && ok.dst.v[0].first == 1);
	CHECK(type_of(next(d)) == IMSG_EV_KEYWORDS);
	g = next(d);
	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(wire_decode(&ev_added_wire, &added, g->data, g->len, d->a) ==
	    0 && added.cause == 0 && !added.recent);

	CHECK(meta(c, s.box, range(1, 100), MBOX_WHAT_DIGEST * 2 - 1, rows,
	    8) == 1);
	CHECK(rows[0].flags == MBOX_FLAGGED && rows[0].nkeywords == 1 &&
	    rows[0].date == 1234567890 && rows[0].zone == 120 &&
	    rows[0].size == 7 && rows[0].threadid != 0 &&
	    rows[0].digest.len > 14);
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 7 && memcmp(p, "Hello\r\n", 7) == 0);
	CHECK(body(c, s.box, 1, 2, 3, &p, &len) == MBOX_BODY_OK &&
	    len == 3 && memcmp(p, "llo", 3) == 0);
	CHECK(body(c, s.box, 2, 0, UINT64_MAX, &p, &len) == -1000);

	/* STORE, and one that changes nothing */
	memset(&st, 0, sizeof(st));
	st.box = s.box;
	st.uids = range(1, 5);
	st.how = MBOX_STORE_ADD;
	st.flags = MBOX_SEEN | MBOX_DELETED;
	st.unchangedsince = UINT64_MAX;
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &st)));
	CHECK(skipped[IMSG_EV_FLAGS] == 1 && ok.modseq > 0);
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &st)));
	CHECK(skipped[IMSG_EV_FLAGS] == 0 && ok.modseq == 0);
	st.unchangedsince = 1;
	st.flags = MBOX_DRAFT;
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &st)));
	CHECK(ok.modified.n == 1);

	/* COPY, MOVE, EXPUNGE */
	memset(&cp, 0, sizeof(cp));
	cp.box = s.box;
	cp.uids = range(1, 9);
	cp.to = STR("nowhere");
	CHECK(no_of(c, answer(c, ask(c, IMSG_MBOX_COPY,
	    &cp))) == MBOX_TRYCREATE);
	cp.to = STR("Sent");
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &cp)));
	CHECK(ok.src.n == 1 && ok.src.v[0].last == 1 && ok.dst.n == 1);
	memset(&ex, 0, sizeof(ex));
	ex.box = s.box;
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_EXPUNGE, &ex)));
	CHECK(skipped[IMSG_EV_EXPUNGED] == 1);
	(void)ok_of(d, answer(d, ask(d, IMSG_MBOX_POLL, NULL)));
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_GONE);
	s = do_select(c, "Sent");
	CHECK(s.uids.n == 1 && s.recent_from == 1 && s.keywords.n == 1);
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 7);
	cp.box = s.box;
	cp.to = STR("INBOX");
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_MOVE, &cp)));
	CHECK(skipped[IMSG_EV_EXPUNGED] == 1 && ok.dst.v[0].first == 2);
	client_free(c);
	client_free(d);
}

static void
test_no_mailbox(void)
{
	struct client	*c = client_new("ann");

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(no_of(c, answer(c, append_start(c, "gone", "x", 1, "b@x",
	    0))) == MBOX_TRYCREATE);
	client_free(c);
}

static void
test_boxes(void)
{
	static const struct {
		char		 how;
		const char	*a, *b;
		int		 code;		/* -1: OK */
	} t[] = {
		{ 'c', "x/y/z", NULL, -1 },
		{ 'c', "x/y", NULL, MBOX_ALREADYEXISTS },
		{ 'c', "INBOX", NULL, MBOX_ALREADYEXISTS },
		{ 'c', "a//b", NULL, MBOX_CANNOT },
		{ 'c', "/a", NULL, MBOX_CANNOT },
		{ 'c', "a\x7f", NULL, MBOX_CANNOT },
		{ 'c', "new/", NULL, -1 },
		{ 'd', "x", NULL, MBOX_HASCHILDREN },
		{ 'd', "INBOX", NULL, MBOX_CANNOT },
		{ 'd', "none", NULL, MBOX_NONEXISTENT_BOX },
		{ 'd', "new", NULL, -1 },
		{ 'r', "x", "q/r", -1 },
		{ 'd', "q/r/y/z", NULL, -1 },
		{ 'd', "x", NULL, MBOX_NONEXISTENT_BOX },
		{ 'r', "q", "q/r/s", MBOX_CANNOT },
		{ 'r', "q", "Sent", MBOX_ALREADYEXISTS },
		{ 'r', "INBOX", "old/mail", -1 },
		{ 'd', "old", NULL, MBOX_HASCHILDREN },
		{ 's', "q", NULL, -1 },
		{ 's', "q", NULL, -1 },
		{ 'u', "q", NULL, -1 },
	};
	struct client		*c = client_new("ann");
	struct mbox_selected	 s;
	size_t			 i;
	uint32_t		 id = 0;
	struct got		*g;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(t); i++) {
		struct mbox_create	 cr = { str_from(t[i].a), 0 };
		struct mbox_delete	 de = { str_from(t[i].a) };
		struct mbox_rename	 re = { str_from(t[i].a),
					    str_from(t[i].b) };
		struct mbox_subscribe	 su = { str_from(t[i].a),
					    t[i].how == 's' };

		switch (t[i].how) {
		case 'c':
			id = ask(c, IMSG_MBOX_CREATE, &cr);
			break;
		case 'd':
			id = ask(c, IMSG_MBOX_DELETE, &de);
			break;
		case 'r':
			id = ask(c, IMSG_MBOX_RENAME, &re);
			break;
		default:
			id = ask(c, IMSG_MBOX_SUBSCRIBE, &su);
		}
		g = answer(c, id);
		CHECK_ROW(no_of(c, g) == t[i].code && g != NULL,
		    "row %zu: code %d", i, no_of(c, g));
	}
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 0);
	s = do_select(c, "old/mail");
	CHECK(s.uids.n == 1);
	client_free(c);
}

/* Many at once: order, one stream's credit, large ones in between. */
static void
test_many(void)
{
	struct client		*c = client_new("bob");
	static struct mbox_meta_row rows[300];
	struct mbox_selected	 s;
	struct mbox_body	 req;
	struct uidset		 gone = UIDSET_INIT;
	struct cursor		 cur;
	char			*big = malloc(700000), text[64];
	const uint8_t		*p;
	uint32_t		 ids[200];
	size_t			 i, len, sum = 0;

	for (i = 0; i < 700000; i++)
		big[i] = (char)('a' + (int)(arc4random() % 26));
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "Message %zu\r\n", i);
		ids[i] = append_start(c, "INBOX", text, strlen(text), text,
		    0);
	}
	for (i = 0; i < 200; i++)
		CHECK_ROW(type_of(answer(c, ids[i])) == IMSG_REPLY_OK,
		    "append %zu", i);
	(void)append(c, "INBOX", big, 700000, "big@x", 0);
	(void)append(c, "INBOX", big, 100000, "mid@x", 0);
	(void)append(c, "INBOX", "", 0, "empty@x", 0);
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 1 && s.uids.v[0].last == 203);
	CHECK(meta(c, s.box, range(1, 300), MBOX_WHAT_SIZE |
	    MBOX_WHAT_DIGEST, rows, 300) == 203);
	CHECK(rows[200].size == 700000 && rows[202].size == 0);
	CHECK(body(c, s.box, 201, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 700000 && memcmp(p, big, len) == 0);
	CHECK(body(c, s.box, 201, 300000, 1000, &p, &len) == MBOX_BODY_OK &&
	    len == 1000 && memcmp(p, big + 300000, len) == 0);
	CHECK(body(c, s.box, 202, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 100000 && memcmp(p, big, len) == 0);
	CHECK(body(c, s.box, 203, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 0);
	/* all of them in one stream */
	memset(&req, 0, sizeof(req));
	req.box = s.box;
	req.uids = range(1, 203);
	req.length = UINT64_MAX;
	buf_reset(&c->stream);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_BODY, &req)));
	cursor_init(&cur, c->stream.data, c->stream.len);
	for (i = 1; i <= 203; i++) {
		CHECK(cursor_varint(&cur) == i);
		CHECK(cursor_u8(&cur) == MBOX_BODY_OK);
		len = (size_t)cursor_varint(&cur);
		sum += len;
		CHECK(cursor_bytes(&cur, len) != NULL || len == 0);
	}
	CHECK(cursor_done(&cur));
	CHECK(sum > 800000);
	/* without credit the stream stops */
	c->credit = false;
	buf_reset(&c->stream);
	(void)ask(c, IMSG_MBOX_BODY, &req);
	CHECK(type_of(answer(c, ask(c, IMSG_MBOX_POLL, NULL))) ==
	    IMSG_REPLY_OK);
	for (i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(c->stream.len <= MBOX_CREDIT);
	peer_send(c->p, IMSG_MBOX_CANCEL, c->last - 1, NULL, 0, -1);
	CHECK(no_of(c, answer(c, c->last - 1)) == MBOX_CANCELLED);
	uidset_free(&gone);
	free(big);
	client_free(c);
}

/* What breaks the rules is cut; the others go on. */
static void
test_hostile(void)
{
	struct client		*good = client_new("ann"), *c;
	struct mbox_store	 st;
	struct mbox_word	 w = { STR("bad word") };
	struct append_open	 ao = { STR("INBOX"), false };
	struct data_credit	 credit = { 4000000000u };
	int			 how;
	char			 junk[1000];
	struct got		*g;

	CHECK(type_of(next(good)) == IMSG_SESSION_READY);
	memset(junk, 'x', sizeof(junk));
	for (how = 0; how < 7; how++) {
		c = client_new("ann");
		CHECK(type_of(next(c)) == IMSG_SESSION_READY);
		memset(&st, 0, sizeof(st));
		st.uids = range(1, 1);
		switch (how) {
		case 0:
			st.how = 9;
			ask(c, IMSG_MBOX_STORE, &st);
			break;
		case 1:
			st.keywords.v = &w;
			st.keywords.n = 1;
			ask(c, IMSG_MBOX_STORE, &st);
			break;
		case 2:
			peer_send(c->p, IMSG_MBOX_SELECT, 5, junk, 1000, -1);
			break;
		case 3:		/* the same id twice */
			st.flags = 1;
			peer_send_struct(c->p, IMSG_APPEND_OPEN, 7, &ao, -1);
			peer_send_struct(c->p, IMSG_APPEND_OPEN, 7, &ao, -1);
			break;
		case 4:		/* the end in the midst of a message */
			ask(c, IMSG_APPEND_OPEN, &ao);
			peer_send(c->p, IMSG_APPEND_DATA, c->last, junk, 9,
			    -1);
			peer_send(c->p, IMSG_APPEND_DONE, c->last, NULL, 0,
			    -1);
			break;
		case 5:		/* a descriptor's worth of nonsense */
			peer_send(c->p, IMSG_MBOX_META, 3, junk, 9, -1);
			break;
		case 6:		/* credit that was never taken: clamped */
			peer_send_struct(c->p, IMSG_DATA_CREDIT, 99,
			    &credit, -1);
			ask(c, IMSG_MBOX_POLL, NULL);
			CHECK(type_of(answer(c, c->last)) == IMSG_REPLY_OK);
			peer_send(c->p, IMSG_MBOX_POLL, 0, NULL, 0, -1);
			break;
		}
		while ((g = next(c)) != NULL)
			;
		CHECK_ROW(c->closed, "%d", how);
		client_free(c);
	}
	CHECK(type_of(answer(good, ask(good, IMSG_MBOX_POLL, NULL))) ==
	    IMSG_REPLY_OK);
	client_free(good);
}

/* Everything local is deleted: the bucket gives it back. */
static void
test_rebuild(void)
{
	static const char *const part[] = { "hot", "cold" };
	struct client		*c;
	struct mbox_selected	 s;
	static struct mbox_meta_row rows[300];
	const uint8_t		*p;
	size_t			 len, i;
	struct user		*u;
	char			 path[600];

	drain_all();
	for (i = 0; i < nitems(part); i++) {
		snprintf(path, sizeof(path), "%s/bob.%s", env.index, part[i]);
		index_unlink(path);
	}
	CHECK((u = user_find("bob")) == NULL);
	c = client_new("bob");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 1 && s.uids.v[0].last == 203);
	CHECK(meta(c, s.box, range(1, 300), MBOX_WHAT_DATE |
	    MBOX_WHAT_DIGEST, rows, 300) == 203);
	CHECK(rows[202].date == 1234567890 && rows[200].digest.len > 14);
	CHECK(body(c, s.box, 5, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 11 && memcmp(p, "Message 4\r\n", 11) == 0);
	CHECK(body(c, s.box, 201, 699999, 10, &p, &len) == MBOX_BODY_OK &&
	    len == 1);
	client_free(c);
}

/*
 * Another node on the same bucket: a process of its own, forked before
 * anything is open, that delivers a message whenever it is told to.
 */
static int	 other_go = -1, other_did = -1;
static pid_t	 other_pid;

static void
other_node(void)
{
	struct client	*c;
	char		 byte;
	int		 go[2], did[2];

	if (pipe(go) == -1 || pipe(did) == -1 || (other_pid = fork()) == -1)
		exit(1);
	if (other_pid != 0) {
		close(go[0]);
		close(did[1]);
		other_go = go[1];
		other_did = did[0];
		return;
	}
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	setup("index2");
	c = client_new("ann");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	do {
		(void)append(c, "INBOX", "From afar\r\n", 11, "afar@x", 0);
		if (write(did[1], "d", 1) != 1)
			_exit(1);
	} while (read(go[0], &byte, 1) == 1);
	_exit(test_failed != 0);
}

static void
other_delivers(void)
{
	char	 byte;

	CHECK(write(other_go, "g", 1) == 1);
	CHECK(read(other_did, &byte, 1) == 1);
}

static void
test_other_node(void)
{
	struct client		*c = client_new("ann");
	struct mbox_selected	 s;
	struct mbox_idle	 idle = { true };
	struct ev_added		 added;
	struct got		*g;
	const uint8_t		*p;
	size_t			 len;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	s = do_select(c, "INBOX");
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_IDLE, &idle)));
	other_delivers();
	g = next(c);		/* the poller sees it */
	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(g != NULL && wire_decode(&ev_added_wire, &added, g->data,
	    g->len, c->a) == 0 && added.cause == 0 &&
	    added.uids.v[0].first == s.uidnext && added.recent);
	CHECK(body(c, s.box, s.uidnext, 0, UINT64_MAX, &p, &len) ==
	    MBOX_BODY_OK && len == 11);
	/* and our next change is made on its commit */
	CHECK(append(c, "INBOX", "x", 1, "y@x", 0).dst.v[0].first ==
	    s.uidnext + 1);
	client_free(c);
}

/*
 * cluster: false asks nobody, until a 412 shows another writer: then all
 * users, and the sessions that are, see what it writes.
 */
static void
test_single_node(void)
{
	struct client		*c, *d;
	struct mbox_selected	 s;
	uint32_t		 uidnext;
	int			 status;

	drain_all();
	env.single_node = true;
	c = client_new("ann");
	d = client_new("bob");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	uidnext = do_select(c, "INBOX").uidnext;
	(void)do_select(d, "INBOX");
	other_delivers();
	s = do_select(c, "INBOX");
	CHECK(s.uidnext == uidnext);		/* it was not looked for */
	CHECK(append(c, "INBOX", "x", 1, "z@x", 0).dst.v[0].first ==
	    uidnext + 1);
	CHECK(!env.single_node &&
	    !commit_single_node(user_find("bob")->commit));
	other_delivers();
	s = do_select(c, "INBOX");
	CHECK(s.uidnext == uidnext + 3);
	close(other_go);
	CHECK(waitpid(other_pid, &status, 0) == other_pid && status == 0);
	client_free(c);
	client_free(d);
}

int
main(void)
{
	if (begin("op_test") == -1)
		return 1;
	other_node();
	setup("index");
	test_first_login();
	test_mail();
	test_no_mailbox();
	test_boxes();
	test_many();
	test_hostile();
	test_other_node();
	test_single_node();
	test_rebuild();
	finish();
	return TEST_END();
}
