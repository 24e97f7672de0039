/*
 * Back-off hints: who loses asks, who wins in a row looks and pauses once.
 */
#include "common/compat.h"

#include "storaged/commit/test/nodes.h"
#include "storaged/format/object.h"

static struct node *const	 near = &nodes[0], *const far = &nodes[1];
static char			 key[KEY_MAX];
static uint32_t			 ids;

/* One commit, to the end. */
static void
one(struct node *n)
{
	other(n, ++ids);
}

static void
lose(struct node *n, uint64_t round)
{
	commit_backoff_began(n->c);
	run(round);
	commit_backoff_lost(n->c);
	run(100);
}

/* So many in a row, as if it had not looked before; how long it pauses. */
static uint64_t
row(unsigned n)
{
	near->c->backoff.not_before = 0;
	near->c->backoff.etag[0] = '\0';
	near->c->backoff.wins = 0;
	run(1000);
	while (n-- > 0)
		one(near);
	run(45);
	uint64_t	 at = near->c->backoff.not_before;

	return at > w.now ? at - w.now : 0;
}

static void
begin(void)
{
	start();
	ids = 0;
	CHECK(key_join(near->c->prefix, KEY_BACKOFF, key, sizeof(key)) == 0);
	one(near);
	one(far);
	run(100);
	CHECK(fake_object(&w, key) != NULL);	/* the first head's mark */
	CHECK(row(5) == 0);			/* which asks for nothing */
	fake_object_remove(&w, key);
	w.counts.put_other = 0;
}

static void
test_ask(void)
{
	static const struct {
		unsigned	 losses, round;
		bool		 asks;
	} rows[] = {
		{ 1, 10, false }, { 2, 10, true }, { 1, 49, false },
		{ 1, 100, true },
	};
	size_t	 i;
	unsigned n;

	for (i = 0; i < nitems(rows); i++) {
		begin();
		for (n = 0; n < rows[i].losses; n++)
			lose(far, rows[i].round);
		CHECK_ROW((fake_object(&w, key) != NULL) == rows[i].asks,
		    "%u losses of %u ms", rows[i].losses, rows[i].round);
		finish();
	}
	begin();			/* not with every loss */
	for (n = 0; n < 10; n++)
		lose(far, 100);
	CHECK(w.counts.put_other == 3);
	finish();
}

static void
test_heed(void)
{
	struct fake_op	 op;
	uint64_t	 heads, pause;

	begin();
	CHECK(row(4) == 0);		/* nobody waits */
	lose(far, 100);
	CHECK(row(3) == 0);		/* no row yet */
	pause = row(4);
	CHECK(pause > 100 && pause <= 250);
	heads = w.counts.put_head;
	submit(near, &op, FAKE_ADD, ++ids, 10);
	run(100);
	CHECK(w.counts.put_head == heads);
	run(1000);
	CHECK(w.counts.put_head == heads + 1);
	free(op.bytes);
	one(near);			/* the same hint is heeded once */
	CHECK(near->c->backoff.not_before <= w.now);
	finish();
}

/* A hint that somebody else wrote, of our history or another. */
static void
forge(int64_t time, bool ours)
{
	struct buf	 body = BUF_INIT, whole = BUF_INIT;
	uint8_t		 node[16] = { 0xee }, history[16];

	memcpy(history, near->c->head.history, sizeof(history));
	history[0] ^= ours ? 0 : 1;
	CHECK(tlv_put(&body, 1, true, node, sizeof(node)) == 0 &&
	    tlv_put_num(&body, 2, true, UINT64_MAX) == 0 &&
	    tlv_put_num(&body, 3, true, zigzag(time)) == 0 &&
	    tlv_put_num(&body, 4, true, UINT64_MAX) == 0 &&
	    object_seal(OBJECT_BACKOFF, history, NULL, body.data, body.len,
	    &whole) == 0);
	fake_object_put(&w, key, whole.data, whole.len);
	buf_free(&body);
	buf_free(&whole);
}

static void
test_forged(void)
{
	static const struct { int64_t time; bool ours, heeded; } rows[] = {
		{ 0, true, true }, { 0, false, false },
		{ INT64_MIN, true, false }, { INT64_MAX, true, false },
	};
	uint64_t	 pause;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		begin();
		CHECK(row(1) == 0);
		forge(rows[i].time == 0 ? commit_time(near->c) :
		    rows[i].time, rows[i].ours);
		pause = row(4);
		CHECK_ROW((pause > 0) == rows[i].heeded && pause <= 1000,
		    "row %zu: %llu ms", i, (unsigned long long)pause);
		finish();
	}
}

static void
test_not_heeded(void)
{
	begin();
	lose(far, 100);
	one(far);			/* fulfilled */
	CHECK(row(5) == 0);
	finish();
	begin();
	lose(far, 100);
	run(20000);			/* old */
	CHECK(row(5) == 0);
	finish();
	begin();
	lose(near, 100);		/* its own */
	CHECK(row(5) == 0);
	finish();
	begin();
	fake_object_put(&w, key, "not a hint", 10);
	CHECK(row(5) == 0 && near->quarantines == 0);
	finish();
	begin();
	lose(far, 100000);		/* never longer than a second */
	CHECK(row(4) <= 1000);
	finish();
}

/* store.head-interval: the next commit waits, and has all that came by then. */
static void
test_space(void)
{
	struct fake_op	 ops[3];
	uint64_t	 heads, from;
	size_t		 i;

	begin();
	CHECK(row(1) == 0);
	near->fn->io.head_ms = 1000;
	one(near);
	from = w.now;
	heads = w.counts.put_head;
	for (i = 0; i < nitems(ops); i++) {
		submit(near, &ops[i], FAKE_ADD, ++ids, 10);
		run(250);
	}
	CHECK(w.counts.put_head == heads && w.now - from < 1000);
	run(1000);
	CHECK(w.counts.put_head == heads + 1);
	for (i = 0; i < nitems(ops); i++)
		free(ops[i].bytes);
	/* It is for this node only; and a change of it holds at once. */
	from = w.now;
	one(far);
	CHECK(w.now - from < 1000);
	near->fn->io.head_ms = 0;
	run(1000);
	one(near);
	CHECK(near->c->backoff.not_before <= w.now);
	finish();
}

/* What the server has refused is not sent again any sooner. */
static void
test_space_again(void)
{
	struct fake_op	 op;
	uint64_t	 heads;

	begin();
	near->fn->io.head_ms = 1000;
	run(1000);
	put_script = "r";
	heads = w.counts.put_head;
	submit(near, &op, FAKE_ADD, ++ids, 10);
	run(900);
	CHECK(w.counts.put_head == heads + 1);
	run(2000);
	CHECK(w.counts.put_head == heads + 2);
	free(op.bytes);
	finish();
}

int
main(void)
{
	log_init("commit_backoff_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_ask();
	test_heed();
	test_not_heeded();
	test_forged();
	test_space();
	test_space_again();
	return TEST_END();
}
