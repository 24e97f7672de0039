/*
 * The commit and heads that it must not take: missing, too long, newer than
 * this version, another user's.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/commit/test/nodes.h"

static bool	 sure;

static bool
store_is_sure(void *arg)
{
	(void)arg;
	return sure;
}

/* A missing head is a new user only where nothing is known of it. */
static void
test_no_head(void)
{
	struct fake_op	 op;
	char		 key[KEY_MAX], orphan[KEY_MAX];
	static uint8_t	 long_head[HEAD_MAX + 1];

	start();				/* two at once: one history */
	submit(&nodes[0], &op, FAKE_ADD, 1, 10);
	CHECK(refresh(&nodes[1]) == COMMIT_DONE);
	CHECK(dones == 1 && refresh(&nodes[1]) == COMMIT_DONE);
	CHECK(memcmp(commit_history(nodes[0].c), commit_history(nodes[1].c),
	    16) == 0 && nodes[1].st.uid_of[1] != 0);
	head_key(key);
	fake_object_remove(&w, key);		/* the state knows the user */
	free(op.bytes);
	submit(&nodes[0], &op, FAKE_ADD, 2, 10);
	CHECK(refresh(&nodes[1]) == COMMIT_QUARANTINED);
	CHECK(nodes[1].quarantines == 1 && nodes[0].quarantines == 1);
	CHECK(answers == 2 && last == COMMIT_LOST);
	free(op.bytes);
	submit(&nodes[0], &op, FAKE_ADD, 3, 10);
	run(1000);
	CHECK(answers == 3 && last == COMMIT_QUARANTINED);
	free(op.bytes);
	finish();

	start();				/* is this the store? */
	commit_free(nodes[0].c);
	node_open(&nodes[0], 0, store_is_sure);
	sure = false;
	CHECK(refresh(&nodes[0]) == COMMIT_UNAVAILABLE);
	submit(&nodes[0], &op, FAKE_ADD, 1, 10);
	run(1000);
	CHECK(answers == 1 && last == COMMIT_UNAVAILABLE);
	head_key(key);
	CHECK(nodes[0].quarantines == 0 && fake_object(&w, key) == NULL);
	free(op.bytes);
	sure = true;				/* then nothing has stayed */
	CHECK(refresh(&nodes[0]) == COMMIT_DONE && nodes[0].quarantines == 0);
	finish();

	start();				/* the prefix is not empty */
	head_key(key);
	snprintf(orphan, sizeof(orphan), "%.*slog/x",
	    (int)(strlen(key) - 4), key);
	fake_object_put(&w, orphan, "x", 1);
	CHECK(refresh(&nodes[0]) == COMMIT_QUARANTINED &&
	    nodes[0].quarantines == 1);
	fake_object_put(&w, key, long_head, sizeof(long_head));
	CHECK(refresh(&nodes[1]) == COMMIT_QUARANTINED &&
	    nodes[1].quarantines == 1);
	finish();
}

/* -- a user who is new, in all likelihood -- */

static enum commit_phase list_phase;
static bool		 list_refused;

/* When is the list asked for? */
static enum fake_fate
see_list(struct fake_world *world, struct fake_node *n, enum fake_verb verb,
    const char *key, void *arg)
{
	if (verb == FAKE_LIST && n->index == 0) {
		list_phase = nodes[0].c->phase;
		if (list_refused) {
			list_refused = false;
			return FATE_REFUSED;
		}
	}
	return fate(world, n, verb, key, arg);
}

static bool
is_fresh(void *arg)
{
	(void)arg;
	return true;
}

static void
start_fresh(uint64_t seed)
{
	unsigned i;

	start();
	w.rng = seed;
	w.fate = see_list;
	list_phase = PHASE_IDLE;
	for (i = 0; i < nitems(nodes); i++)
		nodes[i].c->conf.fresh = is_fresh;
}

/* The list is asked for with the head, and tells as much. */
static void
test_fresh(void)
{
	char		 key[KEY_MAX], orphan[KEY_MAX];
	struct fake_op	 op;
	uint64_t	 seed, before;

	for (seed = 1; seed < 60; seed++) {
		start_fresh(seed);
		CHECK(refresh(&nodes[0]) == COMMIT_DONE);
		CHECK(list_phase == PHASE_READ);
		CHECK(w.counts.get == 1 && w.counts.list == 1 &&
		    w.counts.put_head == 1);
		/* Who knows the user does not ask; who does not finds him. */
		before = w.counts.list;
		CHECK(refresh(&nodes[0]) == COMMIT_DONE &&
		    w.counts.list == before);
		commit_free(nodes[0].c);
		node_open(&nodes[0], 0, NULL);
		nodes[0].c->conf.fresh = is_fresh;
		CHECK(refresh(&nodes[0]) == COMMIT_DONE &&
		    w.counts.list == before);
		CHECK(refresh(&nodes[1]) == COMMIT_DONE &&
		    w.counts.list == before + 1);
		CHECK(memcmp(commit_history(nodes[0].c),
		    commit_history(nodes[1].c), 16) == 0);
		finish();

		start_fresh(seed);	/* it is not answered: again, alone */
		list_refused = true;
		CHECK(refresh(&nodes[0]) == COMMIT_DONE ||
		    refresh(&nodes[0]) == COMMIT_DONE);
		CHECK(nodes[0].quarantines == 0 && w.counts.list == 2);
		finish();

		start_fresh(seed);	/* the prefix is not empty */
		head_key(key);
		snprintf(orphan, sizeof(orphan), "%.*slog/x",
		    (int)(strlen(key) - 4), key);
		fake_object_put(&w, orphan, "x", 1);
		CHECK(refresh(&nodes[0]) == COMMIT_QUARANTINED);
		CHECK(fake_object(&w, key) == NULL);
		finish();

		start_fresh(seed);	/* two at once */
		submit(&nodes[0], &op, FAKE_ADD, 1, 10);
		CHECK(refresh(&nodes[1]) == COMMIT_DONE);
		CHECK(dones == 1 && refresh(&nodes[1]) == COMMIT_DONE);
		CHECK(memcmp(commit_history(nodes[0].c),
		    commit_history(nodes[1].c), 16) == 0 &&
		    nodes[1].st.uid_of[1] != 0);
		free(op.bytes);
		finish();

		start_fresh(seed);	/* gone while both are under way */
		submit(&nodes[0], &op, FAKE_ADD, 1, 10);
		run(seed % 12);
		commit_abandon(nodes[0].c);
		nodes[0].c = NULL;
		run(1000);
		CHECK(answers == 0);
		free(op.bytes);
		finish();
	}

	start_fresh(1);			/* not known whether it is the store */
	commit_free(nodes[0].c);
	node_open(&nodes[0], 0, store_is_sure);
	nodes[0].c->conf.fresh = is_fresh;
	sure = false;
	CHECK(refresh(&nodes[0]) == COMMIT_UNAVAILABLE);
	CHECK(w.counts.list == 0);
	finish();

	start();			/* others ask when there is no head */
	w.fate = see_list;
	CHECK(refresh(&nodes[0]) == COMMIT_DONE && list_phase == PHASE_LIST);
	finish();
}

/* Write the head again with something more in it. */
static void
tamper(uint32_t field, bool critical)
{
	struct head		 h;
	struct buf		 b = BUF_INIT;
	struct fake_object	*o;
	char			 key[KEY_MAX];

	head_key(key);
	o = fake_object(&w, key);
	CHECK(head_decode(&h, USER, o->bytes, o->len) == 0);
	tlv_put(&h.unknown, field, critical, "later", 5);
	CHECK(head_encode(&h, NULL, &b) == 0);
	fake_object_put(&w, key, b.data, b.len);
	head_free(&h);
	buf_free(&b);
}

static void
test_newer(void)
{
	struct fake_op		 op;
	struct head		 h;
	struct fake_object	*o;
	char			 key[KEY_MAX];

	start();
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	tamper(900, false);
	submit(&nodes[0], &op, FAKE_ADD, 1, 10);
	run(2000);
	CHECK(last == COMMIT_DONE && answers == 1);
	head_key(key);
	o = fake_object(&w, key);
	CHECK(head_decode(&h, USER, o->bytes, o->len) == 0 &&
	    h.unknown.len == 8);
	head_free(&h);
	tamper(901, true);
	CHECK(refresh(&nodes[0]) == COMMIT_READONLY);
	free(op.bytes);
	submit(&nodes[0], &op, FAKE_ADD, 2, 10);
	run(2000);
	CHECK(last == COMMIT_READONLY && answers == 2);
	CHECK(nodes[0].quarantines == 0);
	free(op.bytes);
	finish();
}

/* The head in the bucket, as another user's. */
static void
foreign(struct buf *b)
{
	struct head		 h;
	struct fake_object	*o;
	char			 key[KEY_MAX];

	head_key(key);
	o = fake_object(&w, key);
	CHECK(head_decode(&h, USER, o->bytes, o->len) == 0);
	strlcpy(h.user, "bob", sizeof(h.user));
	buf_reset(b);
	CHECK(head_encode(&h, NULL, b) == 0);
	head_free(&h);
}

/* Another user's head: never taken, never written over. */
static void
test_foreign(void)
{
	static const struct {
		const char *name;
		bool	 served;	/* the node knows the user */
		bool	 change;	/* there is something to commit */
		bool	 first;		/* the user has no head */
	} rows[] = {
		{ "an open user looks", true, false, false },
		{ "an open user commits", true, true, false },
		{ "a new node looks", false, false, false },
		{ "a new node commits", false, true, false },
		{ "to a new user", false, true, true },
	};
	struct fake_op	 op;
	struct buf	 b = BUF_INIT;
	char		 key[KEY_MAX];
	uint64_t	 etag;
	size_t		 i;

	head_key(key);
	for (i = 0; i < nitems(rows); i++) {
		start();
		other(&nodes[1], 1);
		if (rows[i].served)
			CHECK(refresh(&nodes[0]) == COMMIT_DONE);
		foreign(&b);
		if (rows[i].first) {
			finish();
			start();
		}
		etag = fake_object_put(&w, key, b.data, b.len)->etag;
		fake_op_fill(&op, 2, 10);
		if (rows[i].change) {
			free(op.bytes);
			submit(&nodes[0], &op, FAKE_ADD, 2, 10);
			run(2000);
			CHECK_ROW(answers == 1 && last != COMMIT_DONE,
			    "%s: answer %d", rows[i].name, last);
		}
		CHECK_ROW(refresh(&nodes[0]) == COMMIT_QUARANTINED &&
		    nodes[0].quarantines == 1, "%s", rows[i].name);
		CHECK_ROW(fake_object(&w, key)->etag == etag,
		    "%s: overwritten", rows[i].name);
		CHECK_ROW(nodes[0].st.n == (rows[i].served ? 1 : 0),
		    "%s: %u messages", rows[i].name, nodes[0].st.n);
		free(op.bytes);
		finish();
	}
	buf_free(&b);
}

/* Two make the first head, and what won is another user's: the loser does
 * not adopt it. */
static void
test_foreign_race(void)
{
	struct fake_op	 op;
	struct buf	 b = BUF_INIT;
	char		 key[KEY_MAX];

	head_key(key);
	start();
	other(&nodes[1], 1);
	foreign(&b);
	finish();
	start();
	submit(&nodes[0], &op, FAKE_ADD, 2, 10);
	while (nodes[0].c->phase != PHASE_PUT && fake_step(&w, UINT64_MAX))
		continue;
	CHECK(nodes[0].c->attempt != NULL && nodes[0].c->attempt->base_none);
	fake_object_put(&w, key, b.data, b.len);
	run(10000);
	CHECK(nodes[0].quarantines == 1 && answers == 1 && last != COMMIT_DONE);
	CHECK(fake_object(&w, key)->len == b.len);
	free(op.bytes);
	finish();
	buf_free(&b);
}

int
main(void)
{
	log_init("commit_head_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_no_head();
	test_fresh();
	test_newer();
	test_foreign();
	test_foreign_race();
	return TEST_END();
}
