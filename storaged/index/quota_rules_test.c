/*
 * Issue 14, Shows 4: quotas.  Random histories of two nodes on one log
 * against a model that knows nothing but messages and their sizes: lost
 * races, indexes that are deleted and rebuilt, other nodes' records applied
 * in pieces of any size, limits that change.  What a user's mail comes to is
 * always the model's, and so is what is refused.
 */
#include "common/compat.h"

#include "storaged/index/test/index_rules.h"
#include "storaged/index/test/quota_model.h"

#ifdef PAIL_ASAN
#define STEPS		15
#else
#define STEPS		25
#endif
#define HISTORIES	200
#define PLANS_MAX	3

/* The log, and the nodes. */
static struct entry { struct buf records; } *entries;
static size_t		 nentries;
static struct { struct index *ix; size_t applied; } nodes[2];

static void
plan_make(struct plan *p)
{
	static const enum work_kind kinds[] = { WORK_APPEND, WORK_APPEND,
	    WORK_APPEND, WORK_COPY, WORK_COPY, WORK_MOVE, WORK_EXPUNGE,
	    WORK_EXPUNGE, WORK_CREATE, WORK_CREATE, WORK_DELETE,
	    WORK_RENAME };
	size_t	 i;

	memset(p, 0, sizeof(*p));
	p->kind = kinds[rnd(nitems(kinds))];
	p->box = rnd(3) == 0 ? rnd(MODEL_BOXES) : 0;
	p->to = rnd(MODEL_BOXES);
	if (p->kind == WORK_RENAME)	/* to itself: another rule */
		p->to = (p->box + 1 + rnd(MODEL_BOXES - 1)) % MODEL_BOXES;
	p->only = rnd(2) == 0;
	some_uids(&p->uids);
	p->n = 1 + (rnd(3) == 0 ? rnd(MODEL_ITEMS) : 0);
	for (i = 0; i < p->n; i++) {
		p->size[i] = rnd(20) == 0 ? 5000 : 1 + rnd(700);
		p->deleted[i] = rnd(4) == 0;
	}
}

static int
append_run(struct work *w, const struct plan *p)
{
	struct append_item	 items[MODEL_ITEMS];
	size_t			 i;

	memset(items, 0, sizeof(items));
	for (i = 0; i < p->n; i++) {
		items[i].size = p->size[i];
		items[i].flags = p->deleted[i] ? MBOX_DELETED : 0;
		items[i].small.bytes = (const uint8_t *)"mail";
		items[i].small.place.stored = 4;
	}
	w->u.append.name = str_from(model_names[p->box]);
	w->u.append.v = items;
	w->u.append.n = p->n;
	return (int)evaluate(w, WORK_APPEND);
}

/* On node's state: the code of its answer; -1: it failed. */
static int
plan_run(const struct plan *p)
{
	struct str	 name = str_from(model_names[p->box]);
	struct work	 w;
	int		 v, code;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	if (p->kind == WORK_COPY || p->kind == WORK_MOVE) {
		w.u.copy.box = box_id(name);
		w.u.copy.uids = p->uids;
		w.u.copy.to = str_from(model_names[p->to]);
	} else if (p->kind == WORK_EXPUNGE) {
		w.u.expunge.box = box_id(name);
		w.u.expunge.only = p->only;
		w.u.expunge.uids = p->uids;
	} else if (p->kind == WORK_CREATE)
		w.u.create.name = name;
	else if (p->kind == WORK_DELETE)
		w.u.del.name = name;
	else if (p->kind == WORK_RENAME) {
		w.u.rename.from = name;
		w.u.rename.to = str_from(model_names[p->to]);
	}
	v = p->kind == WORK_APPEND ? append_run(&w, p) :
	    (int)evaluate(&w, p->kind);
	code = w.answer.code;
	work_clear(&w);
	arena_free(w.arena);
	return v == STATE_FAILED || v == STATE_FULL ? -1 : code;
}

static void
batch_begin(void)
{
	buf_reset(&batch.records);
	buf_reset(&batch.area);
	batch.number = nentries + 1;
	batch.first = batch.next = ix->mark.records + 1;
	CHECK(index_begin(ix) == 0);
}

/* The transaction is what the bucket holds up to commit number n. */
static void
node_commit(size_t n)
{
	struct state_mark	 m = ix->next;

	m.commit = n;
	CHECK(index_commit(ix, &m) == 0);
}

static void
batch_win(unsigned node)
{
	struct entry	*e;

	if (batch.next == batch.first) {
		index_rollback(ix);
		return;
	}
	CHECK((e = realloc(entries, (nentries + 1) * sizeof(*e))) != NULL);
	entries = e;
	e = &entries[nentries++];
	e->records = (struct buf)BUF_INIT;
	CHECK(buf_put(&e->records, batch.records.data,
	    batch.records.len) == 0);
	node_commit(nentries);
	nodes[node].applied = nentries;
}

/* What the node has missed, some commits a transaction; at times one is
 * rolled back on the way, and begun again. */
static void
catch_up(unsigned node)
{
	struct arena	*a = arena_new(0);
	struct cursor	 c;
	struct record	 r;
	size_t		 i, end;

	ix = nodes[node].ix;
	while (nodes[node].applied < nentries) {
		end = nodes[node].applied + 1 + rnd(5);
		if (end > nentries)
			end = nentries;
		CHECK(index_begin(ix) == 0);
		for (i = nodes[node].applied; i < end; i++) {
			cursor_init(&c, entries[i].records.data,
			    entries[i].records.len);
			while (cursor_left(&c) > 0) {
				arena_reset(a);
				CHECK(record_decode(&r, &c, a) == 0);
				r.number = ix->next.records + 1;
				CHECK(index_apply(ix, &r, i + 1) == 0);
			}
		}
		if (rnd(8) == 0) {
			index_rollback(ix);
			continue;
		}
		node_commit(end);
		nodes[node].applied = end;
	}
	arena_free(a);
}

/* By the messages themselves, and by the statement. */
static void
check_usage(unsigned node, const char *what)
{
	struct index	*was = ix;
	struct mailwalk	 w UNINIT;
	struct usage	 u = model_usage(), facts = { 0, 0 }, sum;
	struct box	 box;
	unsigned	 i, j;

	ix = nodes[node].ix;
	for (i = 0; i < MODEL_BOXES; i++) {
		if (box_by_name(&ix->hot, str_from(model_names[i]), &box) != 1)
			continue;
		mailwalk_init(&w, &ix->hot, box.id, NULL, 1, true);
		while (mailwalk_next(&w) == 1)
			for (j = 0; j < w.npick; j++) {
				facts.messages++;
				facts.bytes +=
				    (uint64_t)w.k.v[MAIL_SIZE][w.pick[j]];
			}
	}
	CHECK(usage_read(&ix->hot, &sum) == 0);
	CHECK_ROW(ix->usage.bytes == u.bytes && facts.bytes == u.bytes &&
	    sum.bytes == u.bytes, "%s: %llu bytes, its messages %llu, its "
	    "mailboxes %llu, the model %llu", what,
	    (unsigned long long)ix->usage.bytes,
	    (unsigned long long)facts.bytes, (unsigned long long)sum.bytes,
	    (unsigned long long)u.bytes);
	CHECK_ROW(ix->usage.messages == u.messages &&
	    facts.messages == u.messages && sum.messages == u.messages,
	    "%s: %llu messages, the model %llu", what,
	    (unsigned long long)ix->usage.messages,
	    (unsigned long long)u.messages);
	ix = was;
}

static unsigned	 refused, accepted;

/* Evaluates for good; the answers are the model's. */
static void
plans_win(unsigned node, struct plan *v, size_t n)
{
	size_t	 i;
	int	 code, model;

	catch_up(node);
	batch_begin();
	for (i = 0; i < n; i++) {
		code = plan_run(&v[i]);
		model = model_do(&v[i]);
		CHECK_ROW(code == model, "seed %u, kind %d: %d, the model %d",
		    seed, (int)v[i].kind, code, model);
		refused += model == MBOX_OVERQUOTA;
		accepted += model == MBOX_CODE_NONE &&
		    v[i].kind == WORK_APPEND;
	}
	batch_win(node);
}

/* Evaluated, sent, and another node was first. */
static void
plans_lose(unsigned node, struct plan *v, size_t n)
{
	size_t	 i;

	catch_up(node);
	batch_begin();
	for (i = 0; i < n; i++)
		(void)plan_run(&v[i]);
	index_rollback(ix);
}

static void
lose_index(unsigned node)
{
	CHECK(index_reset(nodes[node].ix) == 0);
	nodes[node].applied = 0;
	catch_up(node);
	check_usage(node, "rebuilt");
	index_rest(nodes[node].ix);
	CHECK(index_wake(nodes[node].ix) == 0);
	check_usage(node, "opened again");
}

static void
change_quota(void)
{
	struct usage	 u = model_usage();

	model_quota.bytes = rnd(3) == 0 ? 0 : u.bytes / 2 + 1 + rnd(3000);
	model_quota.messages = rnd(3) == 0 ? 0 : u.messages / 2 + 1 + rnd(12);
}

static void
one_step(void)
{
	struct plan	 mine[PLANS_MAX], other[PLANS_MAX];
	unsigned	 node = rnd(2);
	size_t		 i, n = 1 + rnd(PLANS_MAX);

	if (rnd(4) == 0)
		change_quota();
	for (i = 0; i < n; i++) {
		plan_make(&mine[i]);
		plan_make(&other[i]);
	}
	if (rnd(3) == 0) {
		plans_lose(node, mine, n);
		plans_win(1 - node, other, n);
	}
	plans_win(node, mine, n);
	check_usage(node, "the winner");
	if (rnd(4) == 0) {
		catch_up(1 - node);
		check_usage(1 - node, "the other");
	}
	if (rnd(12) == 0)
		lose_index(rnd(2));
	for (i = 0; i < n; i++) {
		uidset_free(&mine[i].uids);
		uidset_free(&other[i].uids);
	}
}

static void
history_begin(void)
{
	model_begin();
	begin_history();
	batch_win(0);
	nodes[0].ix = ix;
	CHECK((nodes[1].ix = index_open(dir, "v")) != NULL);
	nodes[1].applied = 0;
	nodes[1].ix->conf = ix->conf;
	nodes[0].ix->quota = nodes[1].ix->quota = &model_quota;
}

static void
history_end(void)
{
	size_t	 i;

	CHECK(index_reset(nodes[1].ix) == 0);
	index_close(nodes[1].ix, false);
	ix = nodes[0].ix;
	end_history();
	for (i = 0; i < nentries; i++)
		buf_free(&entries[i].records);
	free(entries);
	entries = NULL;
	nentries = 0;
}

static void
test_histories(void)
{
	unsigned	 i, step;

	for (i = 0; i < HISTORIES; i++) {
		seed = 1000 + i;
		history_begin();
		for (step = 0; step < STEPS; step++)
			one_step();
		history_end();
	}
	/* It was about something. */
	CHECK_ROW(refused > HISTORIES && accepted > HISTORIES,
	    "%u refused, %u accepted", refused, accepted);
}

static int
copy_all(void)
{
	struct plan	 p = { .kind = WORK_COPY, .to = 1 };
	int		 code;

	CHECK(uidset_add(&p.uids, 1, UINT32_MAX - 1) == 0);
	code = plan_run(&p);
	uidset_free(&p.uids);
	return code;
}

/* A COPY of more than one step: all or nothing, and all but the last must
 * fit below the limit; the last may be of any size. */
static void
test_copy_many(void)
{
	struct plan	 p = { .kind = WORK_APPEND, .n = 1 };
	struct plan	 create = { .kind = WORK_CREATE, .box = 1 };
	struct usage	 u;
	unsigned	 i, n = EVAL_SCAN + EVAL_MOVE + 7;

	history_begin();
	batch_begin();
	CHECK(plan_run(&create) == MBOX_CODE_NONE);
	for (i = 0; i < n; i++) {
		p.size[0] = i + 1 == n ? 1000000 : 10;
		CHECK(plan_run(&p) == MBOX_CODE_NONE);
	}
	u = ix->usage_next;
	CHECK(u.messages == n && u.bytes == (n - 1) * 10 + 1000000);
	model_quota.bytes = u.bytes + (n - 1) * 10;
	CHECK(copy_all() == MBOX_OVERQUOTA);
	CHECK(ix->usage_next.bytes == u.bytes);
	model_quota = (struct quota){ 0, u.messages + n - 1 };
	CHECK(copy_all() == MBOX_OVERQUOTA);
	CHECK(ix->usage_next.messages == u.messages);
	model_quota = (struct quota){ u.bytes + (n - 1) * 10 + 1,
	    u.messages + n };
	CHECK(copy_all() == MBOX_CODE_NONE);
	CHECK(ix->usage_next.bytes == 2 * u.bytes &&
	    ix->usage_next.messages == 2 * u.messages);
	CHECK(copy_all() == MBOX_OVERQUOTA);
	index_rollback(ix);
	history_end();
}

/* More octets than a number holds are no usage. */
static void
test_bounds(void)
{
	struct usage	 one = { INT64_MAX - 5, 1 };

	CHECK(usage_add(&one, 1, 6) == -1 && usage_add(&one, 1, 5) == 0);
	CHECK(usage_take(&one, 3, 1) == -1 && usage_take(&one, 1,
	    INT64_MAX + UINT64_C(1)) == -1);
	CHECK(usage_take(&one, 2, INT64_MAX) == 0);
	CHECK(one.bytes == 0 && one.messages == 0);
}

int
main(void)
{
	log_init("quota_rules_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	test_bounds();
	test_histories();
	test_copy_many();
	return TEST_END();
}
