/* See nodes.h. */
#include "common/compat.h"

#include "storaged/commit/test/nodes.h"

struct fake_world	 w;
struct node		 nodes[3];
/* Fates of the first node's requests for the head, and for packs. */
const char		*put_script, *get_script, *pack_script;
unsigned			 answers, dones;
/* What the commit told, in its order: a letter each, a capital one while the
 * first node's state was in a transaction. */
char			 told[64];
enum commit_outcome	 last;

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
	case 'm':
		return FATE_MISMATCH;
	default:
		return FATE_OK;
	}
}

enum fake_fate
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

void
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

void
changed(uint64_t first, uint64_t upto, void *arg)
{
	(void)arg;
	CHECK(upto >= first);
	tell('e');
}

void
answered(void *arg)
{
	(void)arg;
	tell('a');
}

void
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

void
quarantined(enum commit_outcome o, const char *why, void *arg)
{
	(void)why;
	((struct node *)arg)->quarantines++;
	((struct node *)arg)->quarantined = o;
}

void
ended(const char *why, void *arg)
{
	(void)why;
	((struct node *)arg)->ends++;
}

void
node_open(struct node *n, unsigned i, bool (*sure)(void *))
{
	struct commit_conf	 conf = { .user = USER, .ops = &fake_state_ops,
	    .state = &n->st, .sure = sure, .first = fake_state_first,
	    .changed = changed, .answered = answered,
	    .committed = committed, .waiting = waiting,
	    .quarantined = quarantined, .ended = ended, .arg = n };

	n->fn = &w.nodes[i];
	conf.io = &n->fn->io;
	n->fn->io.random(n->fn->io.arg, conf.node, sizeof(conf.node));
	if ((n->c = commit_new(&conf)) == NULL)
		fatal("commit_new");
}

void
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
		node_open(&nodes[i], i, NULL);
	}
}

void
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

void
run(uint64_t ms)
{
	uint64_t	 until = w.now + ms;

	while (fake_step(&w, until))
		continue;
	w.now = until;
}

enum commit_outcome
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

void
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

void
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

void
head_key(char key[KEY_MAX])
{
	char	 prefix[KEY_MAX];

	if (key_user(USER, prefix, sizeof(prefix)) == -1 ||
	    key_head(prefix, key, KEY_MAX) == -1)
		fatalx("key");
}
