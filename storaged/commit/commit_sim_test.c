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
#include "storaged/commit/test/commit_sim.h"

#ifdef PAIL_ASAN
#define OPERATIONS	100000
#else
#define OPERATIONS	1000000
#endif

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
		sim_wrong(s, "doubled", v->st.doubled);
	for (id = 1; id < s->next; id++) {
		uid = v->st.uid_of[id];
		f = &s->flags[id];
		g = &s->gone[id];
		if (s->status[id] == DONE && uid == 0)
			sim_wrong(s, "lost", id);
		if (s->status[id] == NEVER && uid != 0)
			sim_wrong(s, "denied but done", id);
		if (uid == 0)
			continue;
		if ((f->done > 0 && g->done + g->maybe == 0 &&
		    v->st.v[uid - 1].flags == 0) || (f->done + f->maybe == 0 &&
		    v->st.v[uid - 1].flags != 0))
			sim_wrong(s, "flags", id);
		if ((g->done > 0 && !v->st.v[uid - 1].expunged) ||
		    (g->done + g->maybe == 0 && v->st.v[uid - 1].expunged))
			sim_wrong(s, "expunge", id);
		if (!v->st.v[uid - 1].expunged &&
		    !fake_message_there(&s->w, v->c, &v->st.v[uid - 1]))
			sim_wrong(s, "bytes", id);
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
				sim_wrong(s, "garbage that is needed", m->id);
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
				sim_wrong(s, "a log named as garbage", i);
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
	sim_node_open(v);
	for (i = 0; i < s->nnodes + 1; i++) {
		struct sim_node	*n = i < s->nnodes ? &s->nodes[i] : v;

		memset(&n->refresh, 0, sizeof(n->refresh));
		n->refresh.ref.done = sim_refresh_done;
		n->refresh.ref.arg = &n->refresh;
		n->refresh.n = n;
		commit_refresh(n->c, &n->refresh.ref);
	}
	for (i = 0; i < 200000 && fake_step(&s->w, UINT64_MAX); i++)
		if (commit_idle(v->c) && v->c->have && quiet(s))
			break;
	if (!commit_idle(v->c) || !quiet(s)) {
		sim_wrong(s, "the last look is stuck", v->c->phase);
		return;
	}
	for (i = 0; i < s->nnodes; i++)
		if (s->nodes[i].st.hash != v->st.hash ||
		    s->nodes[i].st.records != v->st.records)
			sim_wrong(s, "two nodes differ", i);
	sim_total.commits += v->st.mark.commit;
	check_messages(s, v);
	check_garbage(s, v, &v->c->manifest.garbage);
	check_garbage(s, v, &v->c->head.garbage);
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
		sim_wrong(&s, "stuck", s.nodes[0].c->phase);
	/* What a killed node sent may land yet: not while all look. */
	until = s.w.now + 4 * 3600 * 1000;
	while (!s.bad && fake_step(&s.w, until))
		continue;
	if (!s.bad)
		verify(&s);
	sim_free(&s);
	sim_total.worlds++;
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
	    sim_total.ops, sim_total.done, sim_total.never, sim_total.lost,
	    sim_total.commits, sim_total.kills, sim_total.evicts,
	    sim_total.pauses, sim_total.ends, sim_total.probes,
	    sim_total.refreshes, sim_total.cancels);
	CHECK(failed == 0);
	CHECK(sim_total.done > sim_total.ops / 2);
	if (argc == 1) {
		CHECK(sim_total.ops >= OPERATIONS);
		CHECK(sim_total.ends > 0);
	}
	return TEST_END();
}
