/*
 * Requests at an edge: the last UIDs of a mailbox, what a session may hold
 * in memory, what comes behind a change that is on its way, and each way to
 * store flags.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/user.h"
#include "storaged/commit/commit_int.h"
#include "storaged/session/test/op_client.h"

#define LAST	(UINT32_MAX - 2)	/* UIDs end before 2^32 - 1, and
					   UIDNEXT is one as well */

static void
write_head(const struct head *h)
{
	struct buf	 b = BUF_INIT;
	char		 prefix[KEY_MAX], path[KEY_MAX + 64];
	FILE		*f;
	size_t		 i;

	CHECK(head_encode(h, NULL, &b) == 0);
	CHECK(key_user(h->user, prefix, sizeof(prefix)) == 0);
	snprintf(path, sizeof(path), "%s/store/%shead", dir, prefix);
	for (i = strlen(dir) + 1; i < strlen(path); i++)
		if (path[i] == '/') {
			path[i] = '\0';
			mkdir(path, 0700);
			path[i] = '/';
		}
	CHECK((f = fopen(path, "wb")) != NULL);
	CHECK(fwrite(b.data, b.len, 1, f) == 1 && fclose(f) == 0);
	buf_free(&b);
}

/* The user's whole history: INBOX and a message with that UID. */
static void
user_with(const char *user, uint32_t uid)
{
	struct record	 create = { .type = RECORD_CREATE, .number = 1,
			    .box = 77, .name = STR("INBOX"),
			    .uidvalidity = 5 };
	struct record	 add = { .type = RECORD_ADD, .number = 2, .box = 77,
			    .uid = uid, .threadid = 3, .size = 1,
			    .place = { .where = RECORD_INLINE } };
	struct block	 k = { .number = 1, .nonce = { 1 }, .node = { 2 },
			    .time = 1000, .first = 1, .count = 2 };
	struct block	*copy = NULL;
	struct buf	 records = BUF_INIT, bytes = BUF_INIT;
	struct cursor	 c;
	struct index	*ix;
	struct head	 h;

	CHECK((ix = index_open(env.index, "scratch")) != NULL);
	CHECK(index_begin(ix) == 0 && index_apply(ix, &create, 1) == 0 &&
	    index_apply(ix, &add, 1) == 0);
	CHECK(index_state_hash(ix, k.state_hash) == 0);
	index_rollback(ix);
	index_close(ix, false);
	CHECK(record_encode(&create, &records) == 0 &&
	    record_encode(&add, &records) == 0);
	k.records = records.data;
	k.records_len = records.len;
	CHECK(block_encode(&k, &bytes) == 0);
	cursor_init(&c, bytes.data, bytes.len);
	CHECK(block_decode(&k, &c) == 0 && (copy = block_dup(&k)) != NULL);
	head_init(&h);
	strlcpy(h.user, user, sizeof(h.user));
	h.history[0] = 9;
	h.commit = 1;
	memcpy(h.nonce, k.nonce, sizeof(h.nonce));
	memcpy(h.state_hash, k.state_hash, sizeof(h.state_hash));
	h.time = 1000;
	h.records = 2;
	h.uidvalidity = 5;
	TAILQ_INSERT_TAIL(&h.blocks, copy, entry);
	write_head(&h);
	head_free(&h);
	buf_free(&records);
	buf_free(&bytes);
}

static struct got *
append_try(struct client *c)
{
	uint32_t	 id = append_start(c, "INBOX", "x", 1, "e@x", 0);
	struct got	*g;

	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	return g;
}

/* Each UID is given out but the last of all; then none is. */
static void
test_last_uids(void)
{
	struct client		*c;
	struct mbox_selected	 s;
	struct mbox_copy	 cp;
	struct reply_ok		 ok;

	user_with("last", LAST - 3);
	c = client_new("last");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	s = do_select(c, "INBOX");
	CHECK(s.uidnext == LAST - 2);
	ok = ok_of(c, append_try(c));
	CHECK(ok.dst.n == 1 && ok.dst.v[0].first == LAST - 2);
	memset(&cp, 0, sizeof(cp));
	cp.box = s.box;
	cp.to = STR("INBOX");
	cp.uids = range(LAST - 3, LAST);	/* two, and two fit */
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &cp)));
	CHECK(ok.dst.n == 1 && ok.dst.v[0].first == LAST - 1 &&
	    ok.dst.v[0].last == LAST);
	CHECK(no_of(c, append_try(c)) == MBOX_LIMIT);
	cp.uids = range(LAST, LAST);
	CHECK(no_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &cp))) == MBOX_LIMIT);
	s = do_select(c, "INBOX");
	CHECK(s.uidnext == LAST + 1 && uidset_count(&s.uids) == 4);
	client_free(c);
}

/* Each way to store, and the one behind the last. */
static void
test_store_ways(void)
{
	static const struct { uint8_t how, flags, want; } ways[] = {
		{ MBOX_STORE_ADD, MBOX_SEEN | MBOX_DRAFT,
		    MBOX_SEEN | MBOX_DRAFT },
		{ MBOX_STORE_REMOVE, MBOX_SEEN, MBOX_DRAFT },
		{ MBOX_STORE_SET, MBOX_FLAGGED, MBOX_FLAGGED },
		{ MBOX_STORE_REMOVE, MBOX_FLAGS_ALL, 0 },
	};
	struct client		*c = client_new("ways");
	struct mbox_selected	 s;
	struct mbox_store	 st;
	struct mbox_meta_row	 row;
	size_t			 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	(void)append(c, "INBOX", "x", 1, "w@x", 0);
	s = do_select(c, "INBOX");
	memset(&st, 0, sizeof(st));
	st.box = s.box;
	st.unchangedsince = UINT64_MAX;
	for (i = 0; i < nitems(ways); i++) {
		st.uids = range(1, 1);
		st.how = ways[i].how;
		st.flags = ways[i].flags;
		(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &st)));
		CHECK(meta(c, s.box, range(1, 1), MBOX_WHAT_FLAGS, &row,
		    1) == 1);
		CHECK_ROW(row.flags == ways[i].want, "way %zu: %x", i,
		    row.flags);
	}
	st.how = MBOX_STORE_REMOVE + 1;
	ask(c, IMSG_MBOX_STORE, &st);
	CHECK(next(c) == NULL && c->closed);
	client_free(c);
}

/* LIST and SELECT behind a CREATE that is on its way know of it; so does an
 * APPEND to it. */
static void
test_after(void)
{
	struct client		*c = client_new("after");
	struct mbox_create	 cr = { STR("new"), 0 };
	struct mbox_list	 li = { STR("new"), true, false };
	struct mbox_select	 se = { STR("newer"), false };
	struct mbox_row		 row;
	struct cursor		 cur;
	struct str		 s;
	struct got		*g;
	uint32_t		 create, list, select, newest;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	create = ask(c, IMSG_MBOX_CREATE, &cr);
	list = ask(c, IMSG_MBOX_LIST, &li);
	cr.name = STR("newer");
	(void)ask(c, IMSG_MBOX_CREATE, &cr);
	select = ask(c, IMSG_MBOX_SELECT, &se);
	cr.name = STR("newest");
	(void)ask(c, IMSG_MBOX_CREATE, &cr);
	newest = append_start(c, "newest", "x", 1, "n@x", 0);
	(void)ok_of(c, answer(c, create));
	(void)ok_of(c, answer(c, list));
	cursor_init(&cur, c->stream.data, c->stream.len);
	s = cursor_str(&cur);
	CHECK(!cur.bad && wire_decode(&mbox_row_wire, &row, s.p, s.len,
	    c->a) == 0 && row.uidnext == 1);
	CHECK(type_of(answer(c, select)) == IMSG_REPLY_SELECTED);
	while (type_of(g = answer(c, newest)) == IMSG_DATA_CREDIT)
		;
	CHECK(ok_of(c, g).dst.n == 1);
	client_free(c);
}

/* How many large messages the user's head names as garbage. */
static size_t
garbage(const char *user)
{
	const struct garbagelist *g =
	    &user_find(user)->commit->head.garbage;
	size_t			  i, n = 0;

	for (i = 0; i < g->n; i++)
		n += strncmp(g->v[i].name, "msg/", 4) == 0;
	return n;
}

/* A large message is garbage with its last reference, a small one never. */
static void
test_garbage(void)
{
	struct client		*c = client_new("garbage");
	struct mbox_selected	 s;
	struct mbox_copy	 cp;
	struct mbox_expunge	 ex;
	static char		 large[100000];
	size_t			 turn;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	arc4random_buf(large, sizeof(large));
	(void)append(c, "INBOX", large, sizeof(large), "g@x", MBOX_DELETED);
	(void)append(c, "INBOX", "small", 5, "h@x", MBOX_DELETED);
	s = do_select(c, "INBOX");
	memset(&cp, 0, sizeof(cp));
	cp.box = s.box;
	cp.to = STR("Sent");
	cp.uids = range(1, 2);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &cp)));
	for (turn = 0; turn < 2; turn++) {
		memset(&ex, 0, sizeof(ex));
		ex.box = s.box;
		(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_EXPUNGE, &ex)));
		CHECK(skipped[IMSG_EV_EXPUNGED] == 1);
		CHECK_ROW(garbage("garbage") == turn, "turn %zu: %zu", turn,
		    garbage("garbage"));
		s = do_select(c, "Sent");
	}
	client_free(c);
}

#define NOISE	30000		/* octets, of which none can be saved */

/* Messages of one APPEND that wait for its end are held in memory: so many
 * and no more. */
static void
test_memory(void)
{
	struct client		*c = client_new("memory");
	struct append_open	 open = { STR("INBOX"), false };
	struct append_msg	 m;
	struct data_credit	 credit;
	struct buf		 d = BUF_INIT;
	struct got		*g = NULL;
	static char		 noise[NOISE];
	size_t			 room = 0, part, n, i;
	uint32_t		 id;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	digest_make(&d, "m@x");
	memset(&m, 0, sizeof(m));
	m.size = NOISE;
	m.digest = (struct str){ (const char *)d.data, d.len };
	id = ask(c, IMSG_APPEND_OPEN, &open);
	for (n = 0; n < 2 * SESSION_APPENDS_MAX / NOISE; n++) {
		arc4random_buf(noise, sizeof(noise));
		for (i = 0; i < NOISE; i += part) {
			while (room == 0) {
				g = answer(c, id);
				if (type_of(g) != IMSG_DATA_CREDIT)
					goto done;
				CHECK(wire_decode(&data_credit_wire, &credit,
				    g->data, g->len, NULL) == 0);
				room += credit.bytes;
			}
			part = NOISE - i < MSG_DATA_MAX ? NOISE - i :
			    MSG_DATA_MAX;
			part = part < room ? part : room;
			peer_send(c->p, IMSG_APPEND_DATA, id, noise + i,
			    part, -1);
			room -= part;
		}
		peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	}
done:
	CHECK(no_of(c, g) == MBOX_LIMIT);
	/* What was compressed may count beside what it was made of. */
	CHECK_ROW(n >= SESSION_APPENDS_MAX / NOISE / 2 &&
	    n <= SESSION_APPENDS_MAX / NOISE + 1, "%zu messages", n);
	CHECK(!c->closed);
	buf_free(&d);
	client_free(c);
}

int
main(void)
{
	if (begin("op_edge_test") == -1)
		return 1;
	setup("index");
	test_last_uids();
	test_store_ways();
	test_after();
	test_garbage();
	test_memory();
	finish();
	return TEST_END();
}
