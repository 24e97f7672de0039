/* See commit_sim.h. */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/test/commit_sim.h"

#define OUTSTANDING	12
#define USER		"ann@example.org"

struct sim_total	 sim_total;

static void	 client(void *);

void
sim_wrong(struct sim *s, const char *what, uint64_t which)
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
	sim_total.done += how == DONE;
	sim_total.never += how == NEVER;
	sim_total.lost += how == MAYBE;
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
			sim_wrong(s, "wrongly denied", o->op.target);
	} else if (outcome == COMMIT_LOST)
		how = MAYBE;
	else if (outcome == COMMIT_QUARANTINED)
		sim_wrong(s, "quarantined", 0);
	else if (outcome != COMMIT_UNAVAILABLE)
		sim_wrong(s, "an outcome out of place", outcome);
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

void
sim_refresh_done(struct refresh *ref, enum commit_outcome outcome, void *arg)
{
	struct sim_refresh	*r = arg;
	struct commit_place	 place;

	(void)ref;
	/* also after a catch-up that was broken off */
	if (r->n->st.mark.commit > 0 && commit_locate(r->n->c,
	    r->n->st.mark.commit, &place) == COMMIT_NOWHERE)
		sim_wrong(r->n->sim, "mail is nowhere", r->n->st.mark.commit);
	if (outcome == COMMIT_DONE && r->target != 0 &&
	    !has(r->n, r->target))
		sim_wrong(r->n->sim, "a refresh is not fresh", r->target);
	if (outcome == COMMIT_QUARANTINED)
		sim_wrong(r->n->sim, "quarantined", 1);
}

static void
changed(uint64_t first, uint64_t last, void *arg)
{
	struct sim_node	*n = arg;

	if (first != n->changed + 1 || last < first)
		sim_wrong(n->sim, "events with a gap", first);
	/* the state keeps the changes of its last transaction, no more */
	if (first != n->st.old_records + 1)
		sim_wrong(n->sim, "events of an earlier transaction", first);
	n->changed = last;
}

static void
quarantined(enum commit_outcome o, const char *why, void *arg)
{
	struct sim_node	*n = arg;

	(void)o;
	fprintf(stderr, "seed %" PRIu64 ": quarantined: %s\n", n->sim->seed,
	    why);
	sim_wrong(n->sim, "quarantined", 2);
}

static void
ended(const char *why, void *arg)
{
	(void)why;
	(void)arg;
	sim_total.ends++;
}

void
sim_node_open(struct sim_node *n)
{
	struct commit_conf	 conf = { .user = USER, .io = &n->fn->io,
	    .ops = &fake_state_ops, .state = &n->st,
	    .first = fake_state_first, .changed = changed,
	    .quarantined = quarantined, .ended = ended, .arg = n };

	memcpy(conf.node, n->id, sizeof(conf.node));
	n->changed = n->st.mark.records;
	if ((n->c = commit_new(&conf)) == NULL)
		fatal("commit_new");
	n->held = false;
	n->fn->budget.bytes_max = 4000;
	n->c->limits.flush = 3000;
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

	sim_total.kills++;
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
	sim_node_open(n);
	fake_after(n->fn, rnd(n->sim, 2000), client, n);
}

static void
node_evict(struct sim_node *n)
{
	if (!commit_idle(n->c) || n->refresh.ref.waits)
		return;
	n->leaving = false;
	sim_total.evicts++;
	commit_free(n->c);
	if (fake_timers(n->fn) != 0)
		fatalx("a timer is left");
	if (rnd(n->sim, 2) == 0) {
		fake_state_free(&n->st);
		fake_state_init(&n->st, OPS_WORLD + 2);
	}
	sim_node_open(n);
}

/* A large message goes up first, and mostly arrives. */
static void
large_upload(struct sim_node *n, struct sim_op *o)
{
	char	 prefix[KEY_MAX], key[KEY_MAX];

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
	sim_total.ops++;
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
		sim_total.probes += o->op.kind == FAKE_PROBE;
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
	sim_total.cancels++;
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
		sim_total.pauses++;
		n->fn->paused = s->w.now + rnd(s, rnd(s, 4) == 0 ?
		    5400000 : 120000);
	} else if (r < 40)
		op_cancel(n);
	else if (r < 42)
		s->outage = s->w.now + rnd(s, rnd(s, 4) == 0 ? 600000 :
		    20000);
	else if (r < 80 && !n->refresh.ref.waits) {
		sim_total.refreshes++;
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
	n->refresh.ref.done = sim_refresh_done;
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

void
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

void
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
		sim_node_open(&s->nodes[i]);
		fake_after(s->nodes[i].fn, rnd(s, 100), client,
		    &s->nodes[i]);
	}
}
