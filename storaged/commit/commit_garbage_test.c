/*
 * What the garbage list may name: a large message that is expunged, once, and
 * nothing of an intent that came to nothing.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/commit/test/nodes.h"

static void
large(struct fake_op *op, uint32_t id)
{
	char	 prefix[KEY_MAX], key[KEY_MAX];

	fake_op_fill(op, id, 10);
	op->large = true;
	op->in.inline_bytes = 0;
	op->in.done = op_done;
	CHECK(commit_upload_begin(nodes[0].c, op->object) == 0 &&
	    key_user(USER, prefix, sizeof(prefix)) == 0 &&
	    key_object(prefix, KEY_MSG, op->object, key, sizeof(key)) == 0);
	fake_object_put(&w, key, op->bytes, 10);
	commit_submit(nodes[0].c, &op->in);
	run(1000);
}

/* How often the head names a large message as garbage. */
static size_t
named(void)
{
	const struct garbagelist	*g = &nodes[0].c->head.garbage;
	size_t				 i, n = 0;

	for (i = 0; i < g->n; i++)
		n += strncmp(g->v[i].name, "msg/", 4) == 0;
	return n;
}

/* EXPUNGE that is kept, comes to nothing, or does not fit and comes again;
 * with something else in the same batch before it. */
static void
test_garbage(void)
{
	static const struct {
		const char	*name;
		unsigned	 fumble;	/* 1: FULL, 2: NOTHING */
		size_t		 named;
		bool		 gone;
	} how[] = {
		{ "kept", 0, 1, true },
		{ "full", 1, 1, true },
		{ "nothing", 2, 0, false },
	};
	struct node	*n = &nodes[0];
	struct fake_op	 add, before, op;
	size_t		 i;

	for (i = 0; i < nitems(how); i++) {
		start();
		CHECK(refresh(n) == COMMIT_DONE);
		large(&add, 1);
		CHECK(answers == 1 && last == COMMIT_DONE);
		submit(n, &before, FAKE_ADD, 2, 10);
		submit(n, &op, FAKE_EXPUNGE, 1, 1);
		op.fumble = how[i].fumble;
		run(1000);
		CHECK_ROW(dones == 3, "%s: %u answers", how[i].name, dones);
		CHECK_ROW(named() == how[i].named, "%s: named %zu times",
		    how[i].name, named());
		CHECK_ROW(n->st.v[0].expunged == how[i].gone, "%s",
		    how[i].name);
		free(add.bytes);
		free(before.bytes);
		free(op.bytes);
		finish();
	}
}

int
main(void)
{
	log_init("commit_garbage_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_garbage();
	return TEST_END();
}
