/*
 * The commit and what it uploads before: that fails, grows too old, or is
 * used by a later attempt.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "storaged/commit/test/nodes.h"

/* What an attempt names grows too old: an empty commit ends it. */
static void
test_give_up(void)
{
	struct fake_op	 op[2];
	struct garbagelist *g;
	size_t		 i, packs = 0;

	start();
	refresh(&nodes[0]);
	nodes[0].c->limits.hard = 1000;
	put_script = "l*";
	submit(&nodes[0], &op[0], FAKE_ADD, 1, 3000);
	run(310000);
	CHECK(w.counts.put_pack == 1 && last == COMMIT_LOST && answers == 1);
	run(3600 * 1000);
	put_script = NULL;
	run(10000);
	CHECK(commit_idle(nodes[0].c));
	CHECK(nodes[0].st.uid_of[1] == 0);	/* it had nobody any more */
	submit(&nodes[0], &op[1], FAKE_ADD, 2, 100);
	run(1000);
	CHECK(last == COMMIT_DONE && refresh(&nodes[1]) == COMMIT_DONE);
	CHECK(nodes[1].st.uid_of[1] == 0 && nodes[1].st.uid_of[2] != 0);
	g = &nodes[1].c->head.garbage;
	for (i = 0; i < g->n; i++)
		packs += strncmp(g->v[i].name, "pack/", 5) == 0;
	CHECK(packs == 1);
	free(op[0].bytes);
	free(op[1].bytes);
	finish();
}

/* A lost attempt's pack is used by the next, not sent again. */
static void
test_pack_again(void)
{
	struct fake_op	 op;

	start();
	refresh(&nodes[0]);
	refresh(&nodes[1]);
	nodes[0].c->limits.hard = 1000;
	other(&nodes[1], 5);
	submit(&nodes[0], &op, FAKE_ADD, 1, 3000);
	run(5000);
	CHECK(last == COMMIT_DONE && w.counts.put_pack == 1);
	CHECK(nodes[0].c->head.garbage.n == 0);
	CHECK(fake_message_there(&w, nodes[0].c,
	    &nodes[0].st.v[nodes[0].st.uid_of[1] - 1]));
	free(op.bytes);
	finish();
}

/* An upload fails: nothing was sent, so it is certainly not done. */
static void
test_upload_fails(void)
{
	struct fake_op	 op;
	unsigned	 heads;

	start();
	refresh(&nodes[0]);
	heads = nodes[0].fn->heads;
	nodes[0].c->limits.hard = 1000;
	pack_script = "l";
	submit(&nodes[0], &op, FAKE_ADD, 1, 3000);
	run(10000);
	CHECK(last == COMMIT_UNAVAILABLE && answers == 1);
	CHECK(nodes[0].fn->heads == heads && commit_idle(nodes[0].c));
	free(op.bytes);
	submit(&nodes[0], &op, FAKE_ADD, 2, 3000);
	run(10000);
	CHECK(last == COMMIT_DONE && w.counts.put_pack == 2);
	CHECK(nodes[0].c->head.garbage.n == 1);	/* the one that may be there */
	free(op.bytes);
	finish();
}

int
main(void)
{
	log_init("commit_upload_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_give_up();
	test_pack_again();
	test_upload_fails();
	return TEST_END();
}
