/*
 * The commit against a scripted bucket: what happens to each request,
 * against the number of PUTs, the answer, and the head that results.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/test/metric_told.h"
#include "storaged/commit/commit_metric.h"
#include "storaged/commit/test/nodes.h"

#define ANY	99		/* of scripts: however often */

static const struct script {
	const char	*name;
	const char	*puts;		/* fates of node 0's PUTs of the head */
	const char	*gets;		/* and GETs */
	bool		 race;		/* another node wins just before */
	unsigned	 later;		/* others commit so much later, ms */
	unsigned	 forget;	/* and so often, with pruning */
	unsigned	 ms;		/* to wait */
	unsigned	 nputs;
	unsigned	 nsame;		/* of them with the bytes of the last */
	enum commit_outcome outcome;
	bool		 there;		/* in the bucket in the end */
	unsigned	 waits;
} scripts[] = {
	{ "won", "", "", 0, 0, 0, 1000, 1, 0, COMMIT_DONE, 1, 0 },
	{ "request lost: the same bytes again", "l", "", 0, 0, 0, 9000, 2, 1,
	    COMMIT_DONE, 1, 0 },
	{ "lost three times", "lll", "", 0, 0, 0, 40000, 4, 3, COMMIT_DONE,
	    1, ANY },
	{ "answer lost: won by reading", "a", "", 0, 0, 0, 9000, 1, 0,
	    COMMIT_DONE, 1, 0 },
	{ "late", "t", "", 0, 0, 0, 90000, 2, 1, COMMIT_DONE, 1, 0 },
	{ "doubled, the second's answer", "d", "", 0, 0, 0, 1000, 1, 0,
	    COMMIT_DONE, 1, 0 },
	{ "5xx", "r", "", 0, 0, 0, 2000, 2, 1, COMMIT_DONE, 1, 0 },
	{ "409", "c", "", 0, 0, 0, 2000, 2, 1, COMMIT_DONE, 1, 0 },
	{ "unsure, and the read fails too", "a", "rrr", 0, 0, 0, 9000, 1, 0,
	    COMMIT_DONE, 1, 0 },
	{ "another node was first", "", "", 1, 0, 0, 1000, 2, 0, COMMIT_DONE,
	    1, 0 },
	{ "another was first, and the answer is lost", "a", "", 1, 0, 0, 9000,
	    2, 0, COMMIT_DONE, 1, 0 },
	{ "won, and others went on before the read", "a", "rrr", 0, 300, 0,
	    9000, 1, 0, COMMIT_DONE, 1, 0 },
	{ "lost, and others went on before the read", "l", "rrr", 0, 300, 0,
	    9000, 2, 0, COMMIT_DONE, 1, 0 },
	{ "entry pruned: nobody can know", "a", "rrrrrrrrr", 0, 300, 3,
	    60000, 1, 0, COMMIT_LOST, 1, 0 },
	{ "pruned, and it never landed", "l", "rrrrrrrrr", 0, 300, 3, 60000,
	    1, 0, COMMIT_LOST, 0, 0 },
	{ "unsettled for five minutes", "l*", "", 0, 0, 0, 310000, 0, 0,
	    COMMIT_LOST, 0, 10 },
	{ "the bucket is away, unsettled", "r*", "r*", 0, 0, 0, 310000, 1, 0,
	    COMMIT_LOST, 0, 10 },
};

static void
run_script(const struct script *s)
{
	struct node	*n = &nodes[0];
	struct fake_op	 op;
	unsigned	 i, heads, same;
	char		 key[KEY_MAX];

	start();
	for (i = 0; i < 3; i++)
		CHECK(refresh(&nodes[i]) == COMMIT_DONE);
	other(n, 900);		/* so that it has an entry to lose */
	if (s->race)
		other(&nodes[1], 901);
	if (s->forget > 0)
		for (i = 1; i < 3; i++) {
			nodes[i].c->limits.prune.keep = 1;
			nodes[i].c->limits.prune.silent = -1;
		}
	put_script = s->puts;
	get_script = s->gets;
	heads = n->fn->heads;
	same = n->fn->same;
	last = NONE;
	submit(n, &op, FAKE_ADD, 1, 100);
	if (s->later > 0) {
		run(s->later);
		for (i = 0; i <= s->forget; i++)
			other(&nodes[1 + i % 2], 902 + i);
	}
	run(s->ms);
	CHECK_ROW(last == s->outcome && answers == 1, "%s: outcome %d",
	    s->name, last);
	CHECK_ROW(s->nputs == 0 || n->fn->heads - heads == s->nputs,
	    "%s: %u PUTs", s->name, n->fn->heads - heads);
	CHECK_ROW((s->nputs == 0 && n->fn->same > same + 10) ||
	    n->fn->same - same == s->nsame, "%s: %u with the same bytes",
	    s->name, n->fn->same - same);
	CHECK_ROW(s->waits == ANY || n->waits == s->waits,
	    "%s: told %u times", s->name, n->waits);
	CHECK_ROW(n->ends == (s->forget > 0), "%s: ended", s->name);
	CHECK(n->quarantines == 0);
	/* The bucket heals: what is unsettled settles; all see the same. */
	put_script = get_script = NULL;
	run(20000);
	CHECK(commit_idle(n->c));
	CHECK(refresh(n) == COMMIT_DONE && refresh(&nodes[2]) == COMMIT_DONE);
	CHECK_ROW((nodes[2].st.uid_of[1] != 0) ==
	    (s->there || s->nputs == 0 || s->ms > 300000), "%s: there",
	    s->name);
	CHECK(nodes[2].st.doubled == 0 && n->st.hash == nodes[2].st.hash);
	head_key(key);
	CHECK(fake_object(&w, key)->commit == n->st.mark.commit);
	free(op.bytes);
	finish();
}

/* What leaves no record wants a read that began after it, and only one. */
static void
test_fresh(void)
{
	struct fake_op	 probe[2], add;
	uint64_t	 gets;

	start();
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	CHECK(refresh(&nodes[1]) == COMMIT_DONE);
	other(&nodes[1], 7);
	gets = w.counts.get;
	submit(&nodes[0], &probe[0], FAKE_PROBE, 7, 1);
	submit(&nodes[0], &probe[1], FAKE_PROBE, 7, 1);
	run(1000);
	CHECK(dones == 2 && probe[0].answer && probe[1].answer);
	CHECK(w.counts.get == gets + 1);
	/* With a record beside it, the won PUT is proof enough. */
	gets = w.counts.get;
	submit(&nodes[0], &add, FAKE_ADD, 8, 10);
	free(probe[0].bytes);
	submit(&nodes[0], &probe[0], FAKE_PROBE, 7, 1);
	run(1000);
	CHECK(dones == 4 && w.counts.get == gets);
	/* The bucket is away: not known, so not said. */
	get_script = "r*";
	free(probe[0].bytes);
	submit(&nodes[0], &probe[0], FAKE_PROBE, 7, 1);
	run(1000);
	CHECK(last == COMMIT_UNAVAILABLE && answers == 5);
	CHECK(refresh(&nodes[0]) == COMMIT_UNAVAILABLE);
	get_script = NULL;
	run(5000);
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	free(probe[0].bytes);
	free(probe[1].bytes);
	free(add.bytes);
	finish();
}

/* If-Match is refused although the head is the base: not for ever. */
static void
test_mismatch(void)
{
	struct fake_op	 op;
	unsigned	 heads;

	start();
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	put_script = "mmm";			/* it may be an odd moment */
	submit(&nodes[0], &op, FAKE_ADD, 1, 100);
	run(20000);
	CHECK(last == COMMIT_DONE && answers == 1 && nodes[0].quarantines == 0);
	free(op.bytes);
	put_script = "m*";
	heads = nodes[0].fn->heads;
	submit(&nodes[0], &op, FAKE_ADD, 2, 100);
	run(60000);
	CHECK(last == COMMIT_LOST && answers == 2);
	CHECK(nodes[0].quarantines == 1 && nodes[0].quarantined ==
	    COMMIT_FAILED);
	CHECK_ROW(nodes[0].fn->heads - heads == 10, "%u PUTs",
	    nodes[0].fn->heads - heads);
	free(op.bytes);
	finish();
}

/* Nothing has changed in the bucket: one read that says so is enough. */
static void
test_fresh_unchanged(void)
{
	struct fake_op	 probe[3];
	uint64_t	 gets, puts;
	size_t		 i;

	start();
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	gets = w.counts.get;
	puts = w.counts.put_head;
	submit(&nodes[0], &probe[0], FAKE_PROBE, 7, 1);
	submit(&nodes[0], &probe[1], FAKE_PROBE, 7, 1);
	run(1000);
	CHECK(dones == 2 && !probe[0].answer && !probe[1].answer);
	CHECK(commit_idle(nodes[0].c) && !nodes[0].st.open);
	submit(&nodes[0], &probe[2], FAKE_PROBE, 7, 1);
	run(1000);
	CHECK(dones == 3 && w.counts.get == gets + 2);
	CHECK(w.counts.put_head == puts);
	for (i = 0; i < nitems(probe); i++)
		free(probe[i].bytes);
	finish();
}

/* Where a commit's messages are: in the head, later in a log object whose
 * key and size are told; nowhere, or not yet. */
static void
test_locate(void)
{
	struct node		*n = &nodes[0];
	struct commit_place	 at;
	struct fake_object	*o;

	start();
	n->c->limits.flush = SIZE_MAX;
	CHECK(refresh(n) == COMMIT_DONE);
	other(n, 1);
	CHECK(commit_locate(n->c, 2, &at) == COMMIT_IN_HEAD &&
	    at.len == 100);
	CHECK(commit_locate(n->c, 1, &at) == COMMIT_IN_HEAD && at.len == 0);
	CHECK(commit_locate(n->c, 0, &at) == COMMIT_NOWHERE);
	CHECK(commit_locate(n->c, 3, &at) == COMMIT_AHEAD);
	n->c->limits.flush = 1;
	run(1000);
	other(n, 2);
	run(1000);
	other(n, 3);
	CHECK(n->c->head.logs.n > 0);
	CHECK(commit_locate(n->c, 2, &at) == COMMIT_IN_LOG);
	CHECK((o = fake_object(&w, at.key)) != NULL && o->len == at.size);
	CHECK(fake_message_there(&w, n->c, &n->st.v[0]));
	finish();
}

/* Who waits behind an unsettled attempt may be told; who is in it not. */
static void
test_behind(void)
{
	struct fake_op	 in, behind;

	start();
	refresh(&nodes[0]);
	put_script = "l*";
	get_script = "r*";
	submit(&nodes[0], &in, FAKE_ADD, 1, 10);
	run(100);
	submit(&nodes[0], &behind, FAKE_ADD, 2, 10);
	run(20000);
	CHECK(answers == 1 && last == COMMIT_UNAVAILABLE);
	CHECK(!commit_idle(nodes[0].c));
	CHECK(!commit_cancel(nodes[0].c, &in.in));	/* may be done */
	put_script = get_script = NULL;
	run(10000);
	CHECK(commit_idle(nodes[0].c) && answers == 1);
	CHECK(nodes[0].st.uid_of[1] != 0 && nodes[0].st.uid_of[2] == 0);
	free(behind.bytes);
	submit(&nodes[0], &behind, FAKE_ADD, 3, 10);
	CHECK(commit_cancel(nodes[0].c, &behind.in));	/* never was */
	run(1000);
	CHECK(answers == 1 && nodes[0].st.uid_of[3] == 0);
	free(in.bytes);
	free(behind.bytes);
	finish();
}

/* Changes that waited together are one commit; one that another node was
 * before is counted, and made again. */
static void
test_metrics(void)
{
	struct fake_op	 op[4];
	uint64_t	 won, sum, lost;
	unsigned	 i;

	start();
	for (i = 0; i < 2; i++)
		CHECK(refresh(&nodes[i]) == COMMIT_DONE);
	metric_told_ask(commit_metric_tell);
	won = metric_told("commit_batch_size_count{}");
	sum = metric_told("commit_batch_size_sum{}");
	lost = metric_told("commit_conflicts_total{}");
	for (i = 0; i < 3; i++)
		submit(&nodes[0], &op[i], FAKE_ADD, 1 + i, 10);
	run(1000);
	CHECK(dones == 3);
	metric_told_ask(commit_metric_tell);
	CHECK(metric_told("commit_batch_size_count{}") == won + 1);
	CHECK(metric_told("commit_batch_size_sum{}") == sum + 3);
	CHECK(metric_told("commit_conflicts_total{}") == lost);
	submit(&nodes[1], &op[3], FAKE_ADD, 9, 10);	/* on the old base */
	run(1000);
	CHECK(dones == 4);
	metric_told_ask(commit_metric_tell);
	CHECK(metric_told("commit_batch_size_sum{}") == sum + 4);
	CHECK(metric_told("commit_conflicts_total{}") == lost + 1);
	for (i = 0; i < nitems(op); i++)
		free(op[i].bytes);
	finish();
}

/* A server's Retry-After is heeded, within reason. */
static void
test_retry_after(void)
{
	struct fake_op	 op;

	start();
	refresh(&nodes[0]);
	put_script = "r";
	w.retry_after = 86400 * 1000;
	submit(&nodes[0], &op, FAKE_ADD, 1, 10);
	run(29000);
	CHECK(answers == 0);
	run(4000);
	CHECK(answers == 1 && last == COMMIT_DONE);
	w.retry_after = 0;
	free(op.bytes);
	finish();
}

/* cluster: false asks nobody, until it hears of another writer. */
static void
test_single_node(void)
{
	struct fake_op	 op[2];
	uint64_t	 gets;

	start();
	nodes[0].c->single_node = true;
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	gets = w.counts.get;
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	submit(&nodes[0], &op[0], FAKE_PROBE, 1, 1);
	run(1000);
	CHECK(last == COMMIT_DONE && w.counts.get == gets);
	refresh(&nodes[1]);
	other(&nodes[1], 2);
	submit(&nodes[0], &op[1], FAKE_ADD, 3, 10);
	run(1000);
	CHECK(last == COMMIT_DONE && !nodes[0].c->single_node);
	CHECK(nodes[0].st.uid_of[2] != 0 && nodes[0].st.uid_of[3] != 0);
	free(op[0].bytes);
	free(op[1].bytes);
	finish();
}

static void
test_limits(void)
{
	struct fake_op	 op[3];
	unsigned	 heads, i;

	start();
	refresh(&nodes[0]);
	nodes[0].st.full_after = 2;	/* two records a batch */
	heads = nodes[0].fn->heads;
	for (i = 0; i < 3; i++)
		submit(&nodes[0], &op[i], FAKE_ADD, 1 + i, 10);
	run(1000);
	CHECK(dones == 3 && nodes[0].fn->heads == heads + 2);
	nodes[0].st.full_after = 1;
	nodes[0].st.mark.records -= 1;	/* so that even one is too much */
	free(op[0].bytes);
	submit(&nodes[0], &op[0], FAKE_ADD, 9, 10);
	run(1000);
	CHECK(answers == 4 && last == COMMIT_TOOBIG);
	for (i = 0; i < 3; i++)
		free(op[i].bytes);
	finish();
}

/* MORE holds a commit back for 10 ms, not for ever. */
static void
test_hold(void)
{
	struct fake_op	 op[2];
	uint64_t	 began;

	start();
	refresh(&nodes[0]);
	commit_hold(nodes[0].c, true);
	began = w.counts.put_head;
	submit(&nodes[0], &op[0], FAKE_ADD, 1, 10);
	run(COMMIT_HOLD_MS - 2);
	CHECK(w.counts.put_head == began);
	run(4);
	CHECK(w.counts.put_head == began + 1);
	run(1000);
	submit(&nodes[0], &op[1], FAKE_ADD, 2, 10);
	run(1);
	commit_hold(nodes[0].c, false);
	run(1);
	CHECK(w.counts.put_head == began + 2);
	run(1000);
	CHECK(dones == 2);
	free(op[0].bytes);
	free(op[1].bytes);
	finish();
}

static uint64_t
all_puts(void)
{
	return w.counts.put_head + w.counts.put_log + w.counts.put_pack +
	    w.counts.put_manifest + w.counts.put_other;
}

/* n operations, at most most at once; the PUTs. */
static uint64_t
burst(enum fake_kind kind, uint32_t first, unsigned n, unsigned most,
    size_t len)
{
	struct fake_op	*op = calloc(n, sizeof(*op));
	uint64_t	 before = all_puts();
	unsigned	 i, start_answers = answers;

	if (op == NULL)
		fatal("ops");
	for (i = 0; i < n; i++) {
		submit(&nodes[0], &op[i], kind, first + i, len);
		while (i + 1 - (answers - start_answers) >= most &&
		    fake_step(&w, UINT64_MAX))
			continue;
	}
	while (answers - start_answers < n && fake_step(&w, UINT64_MAX))
		continue;
	for (i = 0; i < n; i++)
		free(op[i].bytes);
	free(op);
	return all_puts() - before;
}

/* The counts of the design, with messages that hardly shrink. */
static void
test_counts(void)
{
	uint64_t	 n;
	size_t		 i, small = 0;
	struct loglist	*l;

	start();
	refresh(&nodes[0]);
	n = burst(FAKE_ADD, 1, 1000, 1, 4600);
	CHECK_ROW(n <= 1100, "%llu PUTs for 1,000 APPENDs one by one",
	    (unsigned long long)n);
	n = burst(FAKE_FLAGS, 1, 1000, 100, 1);
	CHECK_ROW(n <= 20, "%llu PUTs for 1,000 STOREs",
	    (unsigned long long)n);
	n = burst(FAKE_ADD, 1001, 1000, 100, 4600);
	CHECK_ROW(n <= 60, "%llu PUTs for 1,000 APPENDs at once",
	    (unsigned long long)n);
	n = burst(FAKE_ADD, 2001, 4000, 1, 4600);
	CHECK_ROW(n <= 4400, "%llu PUTs for 4,000 more",
	    (unsigned long long)n);
	CHECK(dones == 7000);
	printf("PUTs: %llu of the head, %llu logs, %llu packs, %llu "
	    "manifests\n", (unsigned long long)w.counts.put_head,
	    (unsigned long long)w.counts.put_log,
	    (unsigned long long)w.counts.put_pack,
	    (unsigned long long)w.counts.put_manifest);
	l = &nodes[0].c->manifest.logs;
	CHECK(l->n > 200 && nodes[0].c->have_manifest);
	for (i = 0; i < l->n; i++)
		small += l->v[i].size < 64 * 1024;
	CHECK_ROW(small * 10 <= l->n, "%zu of %zu logs are small", small,
	    l->n);
	CHECK(refresh(&nodes[1]) == COMMIT_DONE);	/* a rebuild */
	CHECK(nodes[1].st.hash == nodes[0].st.hash);
	for (i = 0; i < nodes[1].st.n; i += 7)
		CHECK(fake_message_there(&w, nodes[1].c,
		    &nodes[1].st.v[i]));
	finish();
}

/* Another node's index, then one that lies: rebuilt once. */
static void
test_rebuild(void)
{
	start();
	refresh(&nodes[0]);
	other(&nodes[0], 1);
	other(&nodes[0], 2);
	refresh(&nodes[1]);
	nodes[1].st.hash ^= 1;			/* its index is torn */
	other(&nodes[0], 3);
	CHECK(refresh(&nodes[1]) == COMMIT_DONE);
	CHECK(nodes[1].ends == 1 && nodes[1].quarantines == 0);
	CHECK(nodes[1].st.hash == nodes[0].st.hash && nodes[1].st.n == 3);
	finish();
}

/* What is won is told before the state commits it, and holds should that
 * fail; what others won is told after. */
static void
test_order(void)
{
	struct node	*n = &nodes[0];
	struct fake_op	 op[3];
	size_t		 i;

	start();
	CHECK(refresh(n) == COMMIT_DONE && refresh(&nodes[1]) == COMMIT_DONE);
	memset(told, 0, sizeof(told));
	submit(n, &op[0], FAKE_ADD, 1, 100);
	submit(n, &op[1], FAKE_ADD, 2, 100);
	run(1000);
	CHECK_ROW(strcmp(told, "EDDAc") == 0, "own: %s", told);
	other(&nodes[1], 3);
	memset(told, 0, sizeof(told));
	CHECK(refresh(n) == COMMIT_DONE);
	CHECK_ROW(strcmp(told, "ec") == 0, "another's: %s", told);
	memset(told, 0, sizeof(told));
	n->st.fails = true;
	submit(n, &op[2], FAKE_ADD, 4, 100);
	run(1000);
	CHECK_ROW(strcmp(told, "EDA") == 0, "not committed: %s", told);
	CHECK(dones == 3 && n->quarantines == 1 && n->st.uid_of[4] == 0);
	CHECK(refresh(&nodes[1]) == COMMIT_DONE);
	CHECK(nodes[1].st.uid_of[4] != 0);
	for (i = 0; i < nitems(op); i++)
		free(op[i].bytes);
	finish();
}

int
main(void)
{
	size_t	 i;

	log_init("commit_test");
	log_set_level(LOG_LEVEL_ERROR);
	for (i = 0; i < nitems(scripts); i++)
		run_script(&scripts[i]);
	test_fresh();
	test_fresh_unchanged();
	test_mismatch();
	test_locate();
	test_behind();
	test_metrics();
	test_retry_after();
	test_single_node();
	test_limits();
	test_hold();
	test_counts();
	test_rebuild();
	test_order();
	return TEST_END();
}
