/*
 * The simulation: the real commit, many nodes, a bucket that loses, delays,
 * doubles and reorders, nodes that are killed, paused and evicted, pruned
 * node entries.  A million operations; none may be lost, doubled or wrongly
 * denied.
 *
 *	commit_sim_test [seed [worlds]]		to see one world again
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/commit_fake.h"
#include "storaged/commit_int.h"

#ifdef PAIL_ASAN
#define OPERATIONS	100000
#else
#define OPERATIONS	1000000
#endif
#define OPS_WORLD	1000
#define OUTSTANDING	12
#define SIM_NODES	(FAKE_NODES - 1)	/* the last one verifies */
#define USER		"ann@example.org"

enum status { UNUSED, PENDING, DONE, NEVER, MAYBE };

struct sim_op {
	struct fake_op		 op;
	struct sim_node		*n;
	TAILQ_ENTRY(sim_op)	 entry;
};

struct sim_refresh {
	struct refresh		 ref;
	uint32_t		 target;
	struct sim_node		*n;
};

struct sim_node {
	struct sim		*sim;
	struct fake_node	*fn;
	struct commit		*c;
	struct fake_state	 st;
	uint8_t			 id[16];
	uint64_t		 changed;	/* last record told */
	TAILQ_HEAD(, sim_op)	 ops;
	unsigned		 nops;
	struct sim_refresh	 refresh;
	bool			 fenced;
	bool			 held;
	bool			 leaving;	/* to be evicted once idle */
};

/* What is known of a change of one message. */
struct tally { unsigned done, maybe, pending; };

struct sim {
	struct fake_world	 w;
	uint64_t		 seed;
	struct sim_node		 nodes[FAKE_NODES];
	unsigned		 nnodes;
	uint32_t		 next;		/* id of the next ADD */
	uint32_t		 issued;	/* operations */
	uint8_t			*status;	/* of ADDs by id */
	struct tally		*flags, *gone;	/* by target */
	uint32_t		*acked;
	uint32_t		 nacked;
	unsigned		 faults;	/* per mille */
	uint64_t		 outage;	/* until, ms */
	bool			 healing;
	unsigned		 kills_rate;
	int			 bad;
};

static struct { uint64_t ops, done, never, lost, kills, evicts, pauses, ends,
    commits, worlds, probes, refreshes, cancels; } total;

static void	 node_open(struct sim_node *);
static void	 client(void *);

static void
wrong(struct sim *s, const char *what, uint64_t which)
{
	if (s->bad++ == 0)
		fprintf(stderr, "seed %" PRIu64 ": %s (%" PRIu64 ")\n",
		    s->seed, what, which);
}

static uint64_t
rnd(struct sim *s, uint64_t below)
{
	return fake_random(&s->w, below);
}

static enum fake_fate
fate(struct fake_world *w, struct fake_node *n, enum fake_verb verb,
    const char *key, void *arg)
{
	static const enum fake_fate	 fates[] = { FATE_LOST,
	    FATE_ANSWER_LOST, FATE_LATE, FATE_DOUBLE, FATE_REFUSED,
	    FATE_CONFLICT, FATE_STALE, FATE_HANG };
	struct sim	*s = arg;
	struct sim_node	*sn = &s->nodes[n->index];

	(void)verb;
	(void)key;
	n->known = sn->st.mark.commit;
	if (s->healing)
		return FATE_OK;
	if (s->outage > w->now)
		return rnd(s, 3) == 0 ? FATE_LOST : FATE_REFUSED;
	if (rnd(s, 1000) >= s->faults)
		return FATE_OK;
	return fates[rnd(s, nitems(fates))];
}

static void
op_end(struct sim_op *o, enum status how)
{
	struct sim_node	*n = o->n;
	struct sim	*s = n->sim;
	struct tally	*t = NULL;

	if (o->op.kind == FAKE_ADD) {
		s->status[o->op.id] = (uint8_t)how;
		if (how == DONE)
			s->acked[s->nacked++] = o->op.id;
	} else if (o->op.kind == FAKE_FLAGS)
		t = &s->flags[o->op.target];
	else if (o->op.kind == FAKE_EXPUNGE)
		t = &s->gone[o->op.target];
	if (t != NULL) {
		t->pending--;
		t->done += how == DONE;
		t->maybe += how == MAYBE;
	}
	total.done += how == DONE;
	total.never += how == NEVER;
	total.lost += how == MAYBE;
	TAILQ_REMOVE(&n->ops, o, entry);
	n->nops--;
	free(o->op.bytes);
	free(o);
}

static void
op_done(struct intent *in, enum commit_outcome outcome, void *arg)
{
	struct sim_op	*o = arg;
	struct sim	*s = o->n->sim;
	enum status	 how = NEVER;

	(void)in;
	if (outcome == COMMIT_DONE) {
		how = DONE;
		if (o->op.kind == FAKE_ADD && !o->op.answer)
			how = NEVER;	/* its upload was too old */
		else if (!o->op.answer)
			wrong(s, "wrongly denied", o->op.target);
	} else if (outcome == COMMIT_LOST)
		how = MAYBE;
	else if (outcome == COMMIT_FENCED)
		wrong(s, "fenced", 0);
	else if (outcome != COMMIT_UNAVAILABLE)
		wrong(s, "an outcome out of place", outcome);
	if (o->op.large && how != DONE)
		commit_upload_drop(o->n->c, o->op.object);
	op_end(o, how);
}

static bool
has(const struct sim_node *n, uint32_t id)
{
	return n->st.uid_of[id] != 0 && n->st.uid_of[id] <=
	    (n->st.open ? n->st.old_n : n->st.n);
}

static void
refresh_done(struct refresh *ref, enum commit_outcome outcome, void *arg)
{
	struct sim_refresh	*r = arg;
	struct commit_place	 place;

	(void)ref;
	/* also after a catch-up that was broken off */
	if (r->n->st.mark.commit > 0 && commit_locate(r->n->c,
	    r->n->st.mark.commit, &place) == COMMIT_NOWHERE)
		wrong(r->n->sim, "mail is nowhere", r->n->st.mark.commit);
	if (outcome == COMMIT_DONE && r->target != 0 &&
	    !has(r->n, r->target))
		wrong(r->n->sim, "a refresh is not fresh", r->target);
	if (outcome == COMMIT_FENCED)
		wrong(r->n->sim, "fenced", 1);
}

static void
changed(uint64_t first, uint64_t last, void *arg)
{
	struct sim_node	*n = arg;

	if (first != n->changed + 1 || last < first)
		wrong(n->sim, "events with a gap", first);
	/* the state keeps the changes of its last transaction, no more */
	if (first != n->st.old_records + 1)
		wrong(n->sim, "events of an earlier transaction", first);
	n->changed = last;
}

static void
fenced(const char *why, void *arg)
{
	struct sim_node	*n = arg;

	fprintf(stderr, "seed %" PRIu64 ": fenced: %s\n", n->sim->seed, why);
	wrong(n->sim, "fenced", 2);
}

static void
ended(const char *why, void *arg)
{
	(void)why;
	(void)arg;
	total.ends++;
}

static void
node_open(struct sim_node *n)
{
	struct commit_conf	 conf = { .user = USER, .io = &n->fn->io,
	    .ops = &fake_state_ops, .state = &n->st,
	    .first = fake_state_first, .changed = changed,
	    .fenced = fenced, .ended = ended, .arg = n };

	memcpy(conf.node, n->id, sizeof(conf.node));
	n->changed = n->st.mark.records;
	if ((n->c = commit_new(&conf)) == NULL)
		fatal("commit_new");
	n->held = false;
	n->c->limits.spill = 3000;
	n->c->limits.hard = 9000;
	n->c->limits.logs = 4;
	n->c->limits.garbage = 6;
	n->c->limits.garbage_hard = 1000;
	n->c->limits.prune.keep = 3;
	n->c->limits.prune.silent = 40;
}

static void
node_new_id(struct sim_node *n)
{
	n->fn->io.random(n->fn->io.arg, n->id, sizeof(n->id));
}

static void
node_kill(struct sim_node *n, bool wipe)
{
	struct sim_op	*o;

	total.kills++;
	while ((o = TAILQ_FIRST(&n->ops)) != NULL)
		op_end(o, MAYBE);
	commit_abandon(n->c);
	memset(&n->refresh, 0, sizeof(n->refresh));
	fake_kill(n->fn);
	if (wipe) {
		fake_state_free(&n->st);
		fake_state_init(&n->st, OPS_WORLD + 2);
	}
	node_new_id(n);
	node_open(n);
	fake_after(n->fn, rnd(n->sim, 2000), client, n);
}

static void
node_evict(struct sim_node *n)
{
	if (!commit_idle(n->c) || n->refresh.ref.waits)
		return;
	n->leaving = false;
	total.evicts++;
	commit_free(n->c);
	if (rnd(n->sim, 2) == 0) {
		fake_state_free(&n->st);
		fake_state_init(&n->st, OPS_WORLD + 2);
	}
	node_open(n);
}

/* A large message goes up first, and mostly arrives. */
static void
large_upload(struct sim_node *n, struct sim_op *o)
{
	char	 prefix[BLOB_KEY_MAX], key[BLOB_KEY_MAX];

	o->op.large = true;
	o->op.in.inline_bytes = 0;
	if (commit_upload_begin(n->c, o->op.object) == -1 ||
	    key_user(USER, prefix, sizeof(prefix)) == -1 ||
	    key_object(prefix, KEY_MSG, o->op.object, key,
	    sizeof(key)) == -1)
		fatalx("upload");
	fake_object_put(&n->sim->w, key, o->op.bytes,
	    o->op.msg.place.stored);
}

static void
op_issue(struct sim_node *n)
{
	struct sim	*s = n->sim;
	struct sim_op	*o;
	uint64_t	 r = rnd(s, 100);
	size_t		 len = 20 + rnd(s, rnd(s, 10) == 0 ? 2000 : 200);

	if ((o = calloc(1, sizeof(*o))) == NULL)
		fatal("op");
	s->issued++;
	total.ops++;
	if (r < 60 || s->nacked == 0) {
		fake_op_fill(&o->op, s->next++, len);
		o->op.kind = FAKE_ADD;
		s->status[o->op.id] = PENDING;
		if (rnd(s, 20) == 0)
			o->op.fumble = 1 + (unsigned)rnd(s, 2);
		if (rnd(s, 30) == 0 && n->c->have)
			large_upload(n, o);
		else if (rnd(s, 60) == 0)
			o->op.pad = 300;	/* bursts the head */
		else if (rnd(s, 10) == 0)
			o->op.pad = 2 + (unsigned)rnd(s, 5);
		o->op.step = (unsigned)rnd(s, 3);
	} else {
		fake_op_fill(&o->op, 0, 1);
		o->op.in.inline_bytes = 0;
		o->op.target = s->acked[rnd(s, s->nacked)];
		o->op.kind = r < 75 ? FAKE_FLAGS : r < 85 ? FAKE_EXPUNGE :
		    FAKE_PROBE;
		o->op.flags = 1;
		total.probes += o->op.kind == FAKE_PROBE;
		if (o->op.kind == FAKE_FLAGS)
			s->flags[o->op.target].pending++;
		if (o->op.kind == FAKE_EXPUNGE)
			s->gone[o->op.target].pending++;
	}
	o->n = n;
	o->op.in.done = op_done;
	o->op.in.arg = o;
	TAILQ_INSERT_TAIL(&n->ops, o, entry);
	n->nops++;
	commit_submit(n->c, &o->op.in);
}

static void
op_cancel(struct sim_node *n)
{
	struct sim_op	*o = TAILQ_FIRST(&n->ops);
	bool		 never;

	if (o == NULL)
		return;
	total.cancels++;
	never = commit_cancel(n->c, &o->op.in);
	if (o->op.large)
		commit_upload_drop(n->c, o->op.object);
	op_end(o, never ? NEVER : MAYBE);
}

static void
mischief(struct sim_node *n)
{
	struct sim	*s = n->sim;
	uint64_t	 r = rnd(s, 1000);

	if (r < s->kills_rate)
		node_kill(n, rnd(s, 3) == 0);
	else if (r < 20)
		n->leaving = true;
	else if (r < 30) {
		total.pauses++;
		n->fn->paused = s->w.now + rnd(s, rnd(s, 4) == 0 ?
		    5400000 : 120000);
	} else if (r < 40)
		op_cancel(n);
	else if (r < 42)
		s->outage = s->w.now + rnd(s, rnd(s, 4) == 0 ? 600000 :
		    20000);
	else if (r < 80 && !n->refresh.ref.waits) {
		total.refreshes++;
		n->refresh.target = s->nacked == 0 ? 0 :
		    s->acked[rnd(s, s->nacked)];
		commit_refresh(n->c, &n->refresh.ref);
	} else if (r < 100) {
		n->held = !n->held;
		commit_hold(n->c, n->held);
	}
}

/* A node's clients: some operations, now and then mischief, and again. */
static void
client(void *arg)
{
	struct sim_node	*n = arg;
	struct sim	*s = n->sim;
	struct fake_node *fn = n->fn;
	unsigned	 epoch = fn->epoch, i;
	uint64_t	 ms = rnd(s, 60);

	if (s->issued >= OPS_WORLD || s->bad)
		return;
	n->refresh.n = n;
	n->refresh.ref.done = refresh_done;
	n->refresh.ref.arg = &n->refresh;
	if (n->leaving)
		node_evict(n);
	for (i = (unsigned)rnd(s, 4); i > 0 && !n->leaving &&
	    n->nops < OUTSTANDING && s->issued < OPS_WORLD; i--)
		op_issue(n);
	mischief(n);
	if (epoch != fn->epoch)
		return;		/* killed: its next self has a timer */
	if (rnd(s, 200) == 0)
		ms = rnd(s, 3 * 3600 * 1000);	/* a lull */
	fake_after(fn, ms, client, n);
}

static bool
quiet(struct sim *s)
{
	unsigned	 i;

	for (i = 0; i < s->nnodes; i++)
		if (s->nodes[i].nops > 0 || !commit_idle(s->nodes[i].c))
			return false;
	return s->issued >= OPS_WORLD;
}

static void
heal(struct sim *s)
{
	unsigned	 i;

	s->healing = true;
	for (i = 0; i < s->nnodes; i++) {
		s->nodes[i].fn->paused = 0;
		if (s->nodes[i].held)
			commit_hold(s->nodes[i].c, false);
		s->nodes[i].held = false;
	}
}

static void
check_messages(struct sim *s, struct sim_node *v)
{
	uint32_t	 id, uid;
	struct tally	*f, *g;

	if (v->st.doubled != 0)
		wrong(s, "doubled", v->st.doubled);
	for (id = 1; id < s->next; id++) {
		uid = v->st.uid_of[id];
		f = &s->flags[id];
		g = &s->gone[id];
		if (s->status[id] == DONE && uid == 0)
			wrong(s, "lost", id);
		if (s->status[id] == NEVER && uid != 0)
			wrong(s, "denied but done", id);
		if (uid == 0)
			continue;
		if ((f->done > 0 && g->done + g->maybe == 0 &&
		    v->st.v[uid - 1].flags == 0) || (f->done + f->maybe == 0 &&
		    v->st.v[uid - 1].flags != 0))
			wrong(s, "flags", id);
		if ((g->done > 0 && !v->st.v[uid - 1].expunged) ||
		    (g->done + g->maybe == 0 && v->st.v[uid - 1].expunged))
			wrong(s, "expunge", id);
		if (!v->st.v[uid - 1].expunged &&
		    !fake_message_there(&s->w, v->c, &v->st.v[uid - 1]))
			wrong(s, "bytes", id);
	}
}

/* What is named as garbage must not be referred to. */
static void
check_garbage(struct sim *s, struct sim_node *v,
    const struct garbagelist *g)
{
	struct fake_message	*m;
	const struct logref	*log;
	char			 name[KEY_NAME_MAX];
	size_t			 i;
	uint32_t		 u;

	for (i = 0; i < g->n; i++) {
		for (u = 0; u < v->st.n; u++) {
			m = &v->st.v[u];
			if (m->expunged || m->place.where == RECORD_INLINE)
				continue;
			if (key_object("", m->place.where == RECORD_PACK ?
			    KEY_PACK : KEY_MSG, m->place.object, name,
			    sizeof(name)) == -1 ||
			    strcmp(name, g->v[i].name) == 0)
				wrong(s, "garbage that is needed", m->id);
		}
		if (strncmp(g->v[i].name, "log/", 4) != 0)
			continue;
		for (u = 0; u < v->c->manifest.logs.n +
		    v->c->head.logs.n; u++) {
			log = u < v->c->manifest.logs.n ?
			    &v->c->manifest.logs.v[u] :
			    &v->c->head.logs.v[u - v->c->manifest.logs.n];
			if (key_log("", log->first, log->last, log->id, name,
			    sizeof(name)) == -1 ||
			    strcmp(name, g->v[i].name) == 0)
				wrong(s, "a log named as garbage", i);
		}
	}
}

/* A node that knows nothing reads it all. */
static void
verify(struct sim *s)
{
	struct sim_node	*v = &s->nodes[FAKE_NODES - 1];
	unsigned	 i;

	v->sim = s;
	v->fn = &s->w.nodes[FAKE_NODES - 1];
	fake_state_init(&v->st, OPS_WORLD + 2);
	node_open(v);
	for (i = 0; i < s->nnodes + 1; i++) {
		struct sim_node	*n = i < s->nnodes ? &s->nodes[i] : v;

		memset(&n->refresh, 0, sizeof(n->refresh));
		n->refresh.ref.done = refresh_done;
		n->refresh.ref.arg = &n->refresh;
		n->refresh.n = n;
		commit_refresh(n->c, &n->refresh.ref);
	}
	for (i = 0; i < 200000 && fake_step(&s->w, UINT64_MAX); i++)
		if (commit_idle(v->c) && v->c->have && quiet(s))
			break;
	if (!commit_idle(v->c) || !quiet(s)) {
		wrong(s, "the last look is stuck", v->c->phase);
		return;
	}
	for (i = 0; i < s->nnodes; i++)
		if (s->nodes[i].st.hash != v->st.hash ||
		    s->nodes[i].st.records != v->st.records)
			wrong(s, "two nodes differ", i);
	total.commits += v->st.mark.commit;
	check_messages(s, v);
	check_garbage(s, v, &v->c->manifest.garbage);
	check_garbage(s, v, &v->c->head.garbage);
}

static void
sim_free(struct sim *s)
{
	unsigned	 i;
	struct sim_op	*o;

	for (i = 0; i < FAKE_NODES; i++) {
		if (s->nodes[i].c == NULL)
			continue;
		while ((o = TAILQ_FIRST(&s->nodes[i].ops)) != NULL)
			op_end(o, MAYBE);
		commit_abandon(s->nodes[i].c);
		fake_state_free(&s->nodes[i].st);
	}
	fake_world_free(&s->w);
	free(s->status);
	free(s->flags);
	free(s->gone);
	free(s->acked);
}

static void
sim_start(struct sim *s, uint64_t seed)
{
	static const unsigned	 faults[] = { 5, 30, 100, 250 };
	unsigned		 i;

	memset(s, 0, sizeof(*s));
	fake_world_init(&s->w, seed * 7919 + 1);
	s->seed = seed;
	s->next = 1;
	s->faults = faults[rnd(s, 4)];
	s->kills_rate = (unsigned)rnd(s, 12);
	s->w.late_ms = rnd(s, 3) == 0 ? 1800000 : 30000;
	s->w.fate = fate;
	s->w.fate_arg = s;
	s->status = calloc(OPS_WORLD + 2, 1);
	s->flags = calloc(OPS_WORLD + 2, sizeof(*s->flags));
	s->gone = calloc(OPS_WORLD + 2, sizeof(*s->gone));
	s->acked = calloc(OPS_WORLD + 2, sizeof(*s->acked));
	if (s->status == NULL || s->flags == NULL || s->gone == NULL ||
	    s->acked == NULL)
		fatal("sim");
	s->nnodes = 1 + (unsigned)rnd(s, SIM_NODES);
	for (i = 0; i < FAKE_NODES; i++)
		TAILQ_INIT(&s->nodes[i].ops);
	for (i = 0; i < s->nnodes; i++) {
		s->nodes[i].sim = s;
		s->nodes[i].fn = &s->w.nodes[i];
		fake_state_init(&s->nodes[i].st, OPS_WORLD + 2);
		node_new_id(&s->nodes[i]);
		node_open(&s->nodes[i]);
		fake_after(s->nodes[i].fn, rnd(s, 100), client,
		    &s->nodes[i]);
	}
}

static bool
world(uint64_t seed)
{
	static struct sim	 s;
	uint64_t		 until;

	sim_start(&s, seed);
	while (s.issued < OPS_WORLD && !s.bad &&
	    fake_step(&s.w, UINT64_MAX))
		continue;
	heal(&s);
	until = s.w.now + 4 * 3600 * 1000;
	while (!s.bad && !quiet(&s) && fake_step(&s.w, until))
		continue;
	if (!s.bad && !quiet(&s))
		wrong(&s, "stuck", s.nodes[0].c->phase);
	/* What a killed node sent may land yet: not while all look. */
	until = s.w.now + 4 * 3600 * 1000;
	while (!s.bad && fake_step(&s.w, until))
		continue;
	if (!s.bad)
		verify(&s);
	sim_free(&s);
	total.worlds++;
	return s.bad == 0;
}

int
main(int argc, char *argv[])
{
	uint64_t	 seed = 1, worlds = OPERATIONS / OPS_WORLD, i;
	unsigned	 failed = 0;

	log_init("sim");
	log_set_level(LOG_LEVEL_ERROR);
	if (argc > 1) {
		seed = strtoull(argv[1], NULL, 10);
		worlds = 1;
	}
	if (argc > 2)
		worlds = strtoull(argv[2], NULL, 10);
	if (argc > 3)
		log_set_level(LOG_LEVEL_DEBUG);
	for (i = 0; i < worlds && failed < 20; i++)
		failed += !world(seed + i);
	printf("seeds %" PRIu64 " to %" PRIu64 ": %" PRIu64 " operations, %"
	    PRIu64 " done, %" PRIu64 " denied, %" PRIu64 " unknown, %" PRIu64
	    " commits, %" PRIu64 " kills, %" PRIu64 " evictions, %" PRIu64
	    " pauses, %" PRIu64 " ended, %" PRIu64 " probes, %" PRIu64
	    " refreshes, %" PRIu64 " cancels\n", seed, seed + i - 1,
	    total.ops, total.done, total.never, total.lost, total.commits,
	    total.kills, total.evicts, total.pauses, total.ends,
	    total.probes, total.refreshes, total.cancels);
	CHECK(failed == 0);
	CHECK(total.done > total.ops / 2);
	if (argc == 1) {
		CHECK(total.ops >= OPERATIONS);
		CHECK(total.ends > 0);
	}
	return TEST_END();
}
