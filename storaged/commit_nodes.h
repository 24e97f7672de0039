/*
 * Nodes that commit for one user in a fake world, for the commit's tests:
 * what happens to the requests of the first is scripted, answers are
 * counted.  Included by each test, once.
 */
#ifndef STORAGED_COMMIT_NODES_H
#define STORAGED_COMMIT_NODES_H

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/commit_fake.h"
#include "storaged/commit_int.h"

#define USER	"ann"
#define IDS	20000
#define NONE	99		/* no answer yet */

struct node {
	struct fake_node	*fn;
	struct commit		*c;
	struct fake_state	 st;
	unsigned		 waits, fences, ends;
};

static struct fake_world	 w;
static struct node		 nodes[3];
/* Fates of the first node's requests for the head, and for packs. */
static const char		*put_script, *get_script, *pack_script;
static unsigned			 answers, dones;
/* What the commit told, in its order: a letter each, a capital one while the
 * first node's state was in a transaction. */
static char			 told[64];
static enum commit_outcome	 last;

static enum fake_fate
letter(const char **script)
{
	char	 l;

	if (*script == NULL || **script == '\0')
		return FATE_OK;
	l = **script;
	if ((*script)[1] != '*')	/* the last one may repeat for ever */
		(*script)++;
	switch (l) {
	case 'l':
		return FATE_LOST;
	case 'a':
		return FATE_ANSWER_LOST;
	case 't':
		return FATE_LATE;
	case 'd':
		return FATE_DOUBLE;
	case 'r':
		return FATE_REFUSED;
	case 'c':
		return FATE_CONFLICT;
	default:
		return FATE_OK;
	}
}

static enum fake_fate
fate(struct fake_world *world, struct fake_node *n, enum fake_verb verb,
    const char *key, void *arg)
{
	size_t	 len = strlen(key);

	(void)world;
	(void)arg;
	if (n->index == 0 && strstr(key, "/pack/") != NULL)
		return letter(&pack_script);
	if (n->index != 0 || verb == FAKE_LIST || len < 5 ||
	    strcmp(key + len - 5, "/head") != 0)
		return FATE_OK;
	return letter(verb == FAKE_PUT ? &put_script : &get_script);
}

static void
tell(char l)
{
	size_t	 len = strlen(told);

	if (len + 1 < sizeof(told))
		told[len] = (char)(nodes[0].st.open ? l - 'a' + 'A' : l);
}

static void
op_done(struct intent *in, enum commit_outcome o, void *arg)
{
	(void)in;
	(void)arg;
	tell('d');
	answers++;
	dones += o == COMMIT_DONE;
	last = o;
}

static void
ref_done(struct refresh *ref, enum commit_outcome o, void *arg)
{
	(void)ref;
	*(enum commit_outcome *)arg = o;
}

static void
changed(uint64_t first, uint64_t upto, void *arg)
{
	(void)arg;
	CHECK(upto >= first);
	tell('e');
}

static void
answered(void *arg)
{
	(void)arg;
	tell('a');
}

static void
committed(void *arg)
{
	(void)arg;
	tell('c');
}

static void
waiting(struct intent *in, void *arg)
{
	(void)in;
	((struct node *)arg)->waits++;
}

static void
fenced(const char *why, void *arg)
{
	(void)why;
	((struct node *)arg)->fences++;
}

static void
ended(const char *why, void *arg)
{
	(void)why;
	((struct node *)arg)->ends++;
}

static void
node_open(struct node *n, unsigned i, bool known)
{
	struct commit_conf	 conf = { .user = USER, .ops = &fake_state_ops,
	    .state = &n->st, .known = known, .first = fake_state_first,
	    .changed = changed, .answered = answered,
	    .committed = committed, .waiting = waiting, .fenced = fenced,
	    .ended = ended, .arg = n };

	n->fn = &w.nodes[i];
	conf.io = &n->fn->io;
	n->fn->io.random(n->fn->io.arg, conf.node, sizeof(conf.node));
	if ((n->c = commit_new(&conf)) == NULL)
		fatal("commit_new");
}

static void
start(void)
{
	unsigned	 i;

	fake_world_init(&w, 42);
	w.fate = fate;
	put_script = get_script = pack_script = NULL;
	answers = dones = 0;
	memset(nodes, 0, sizeof(nodes));
	for (i = 0; i < nitems(nodes); i++) {
		fake_state_init(&nodes[i].st, IDS);
		node_open(&nodes[i], i, false);
	}
}

static void
finish(void)
{
	unsigned	 i;

	for (i = 0; i < nitems(nodes); i++) {
		if (nodes[i].c != NULL)
			commit_abandon(nodes[i].c);
		fake_state_free(&nodes[i].st);
	}
	fake_world_free(&w);
}

static void
run(uint64_t ms)
{
	uint64_t	 until = w.now + ms;

	while (fake_step(&w, until))
		continue;
	w.now = until;
}

/* To the end, or for 30 s of the world: NONE. */
static __attribute__((unused)) enum commit_outcome
refresh(struct node *n)
{
	static struct refresh	 refs[3];
	struct refresh		*ref = &refs[n - nodes];
	enum commit_outcome	 o = NONE;

	memset(ref, 0, sizeof(*ref));
	ref->done = ref_done;
	ref->arg = &o;
	commit_refresh(n->c, ref);
	run(30000);
	commit_refresh_cancel(n->c, ref);
	return o;
}

/* op->bytes is the caller's to free, once it is answered. */
static __attribute__((unused)) void
submit(struct node *n, struct fake_op *op, enum fake_kind kind, uint32_t id,
    size_t len)
{
	fake_op_fill(op, id, len);
	op->kind = kind;
	op->target = id;
	op->flags = 1;
	op->in.done = op_done;
	if (kind != FAKE_ADD)
		op->in.inline_bytes = 0;
	commit_submit(n->c, &op->in);
}

/* One operation to the end, which is not counted. */
static __attribute__((unused)) void
other(struct node *n, uint32_t id)
{
	struct fake_op	 op;
	unsigned	 a = answers, d = dones;
	enum commit_outcome o = last;

	submit(n, &op, FAKE_ADD, id, 100);
	while (answers == a && fake_step(&w, UINT64_MAX))
		continue;
	CHECK(last == COMMIT_DONE);
	answers = a;
	dones = d;
	last = o;
	free(op.bytes);
}

/* Where the user's head is. */
static __attribute__((unused)) void
head_key(char key[BLOB_KEY_MAX])
{
	char	 prefix[BLOB_KEY_MAX];

	if (key_user(USER, prefix, sizeof(prefix)) == -1 ||
	    key_head(prefix, key, BLOB_KEY_MAX) == -1)
		fatalx("key");
}

#endif
