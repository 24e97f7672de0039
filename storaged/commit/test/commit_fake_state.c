/*
 * The small state of the commit's tests: one mailbox, in memory, with an
 * undo list for a transaction.
 */
#include "common/compat.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/test/commit_fake.h"
#include "storaged/format/logobj.h"

#define BOX	1

static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t
message_hash(const struct fake_message *m, uint32_t uid)
{
	return mix((uint64_t)m->id << 32 | uid) *
	    (1 + m->flags + (m->expunged ? 64 : 0));
}

void
fake_state_init(struct fake_state *s, uint32_t ids)
{
	memset(s, 0, sizeof(*s));
	s->ids = ids;
	if ((s->uid_of = calloc(ids, sizeof(*s->uid_of))) == NULL)
		fatal("state");
}

void
fake_state_free(struct fake_state *s)
{
	free(s->v);
	free(s->uid_of);
	free(s->undo);
	memset(s, 0, sizeof(*s));
}

static int
state_begin(void *state)
{
	struct fake_state	*s = state;

	if (s->open)
		fatalx("fake state: begin in a transaction");
	s->open = true;
	s->ntx++;
	s->nundo = 0;
	s->old_n = s->n;
	s->old_hash = s->hash;
	s->old_records = s->records;
	return 0;
}

static void
state_rollback(void *state)
{
	struct fake_state	*s = state;

	if (!s->open)
		fatalx("fake state: rollback without a transaction");
	while (s->n > s->old_n) {
		s->n--;
		s->uid_of[s->v[s->n].id] = 0;
	}
	while (s->nundo > 0) {
		s->nundo--;
		s->v[s->undo[s->nundo].uid - 1] = s->undo[s->nundo].old;
	}
	s->hash = s->old_hash;
	s->records = s->old_records;
	s->open = false;
}

static int
state_commit(void *state, const struct state_mark *mark)
{
	struct fake_state	*s = state;

	if (!s->open || mark->commit != s->mark.commit + 1)
		if (!s->open || mark->commit <= s->mark.commit)
			fatalx("fake state: commit %llu after %llu",
			    (unsigned long long)mark->commit,
			    (unsigned long long)s->mark.commit);
	if (mark->records != s->records)
		fatalx("fake state: %llu records, the mark says %llu",
		    (unsigned long long)s->records,
		    (unsigned long long)mark->records);
	if (s->fails) {
		s->fails = false;
		state_rollback(s);
		return -1;
	}
	s->mark = *mark;
	s->open = false;
	return 0;
}

static void
state_mark(void *state, struct state_mark *mark)
{
	*mark = ((struct fake_state *)state)->mark;
}

static int
state_reset(void *state)
{
	struct fake_state	*s = state;

	memset(s->uid_of, 0, s->ids * sizeof(*s->uid_of));
	s->n = 0;
	s->hash = s->records = 0;
	memset(&s->mark, 0, sizeof(s->mark));
	return 0;
}

static int
state_hash(void *state, uint8_t hash[32])
{
	struct fake_state	*s = state;
	uint64_t		 v[4] = { s->hash, s->n, s->records, 7 };

	memcpy(hash, v, 32);
	return 0;
}

static int
apply_add(struct fake_state *s, const struct record *r, uint64_t commit)
{
	struct fake_message	*m;
	uint32_t		 id = (uint32_t)r->threadid;

	if (r->uid != s->n + 1 || id == 0 || id >= s->ids)
		return -1;
	if (s->n == s->size) {
		s->size = s->size == 0 ? 64 : s->size * 2;
		s->v = reallocarray(s->v, s->size, sizeof(*s->v));
		if (s->v == NULL)
			fatal("state");
	}
	m = &s->v[s->n++];
	memset(m, 0, sizeof(*m));
	m->id = id;
	m->commit = commit;
	m->place = r->place;
	if (s->uid_of[id] != 0)
		s->doubled++;
	s->uid_of[id] = s->n;
	s->hash += message_hash(m, s->n);
	return 0;
}

static int
apply_change(struct fake_state *s, const struct record *r)
{
	struct fake_message	*m;
	uint32_t		 uid = r->uids.v[0].first;

	if (uid > s->n)
		return -1;
	m = &s->v[uid - 1];
	if (uid <= s->old_n) {
		if (s->nundo == s->undo_size) {
			s->undo_size = s->undo_size == 0 ? 64 :
			    s->undo_size * 2;
			s->undo = reallocarray(s->undo, s->undo_size,
			    sizeof(*s->undo));
			if (s->undo == NULL)
				fatal("state");
		}
		s->undo[s->nundo].uid = uid;
		s->undo[s->nundo++].old = *m;
	}
	s->hash -= message_hash(m, uid);
	if (r->type == RECORD_EXPUNGE)
		m->expunged = true;
	else
		m->flags = r->flags;
	s->hash += message_hash(m, uid);
	return 0;
}

static int
state_apply(void *state, const struct record *r, uint64_t commit)
{
	struct fake_state	*s = state;

	if (!s->open || r->number != s->records + 1)
		return -1;
	s->records++;
	switch (r->type) {
	case RECORD_ADD:
		return apply_add(s, r, commit);
	case RECORD_FLAGS:
	case RECORD_EXPUNGE:
		return apply_change(s, r);
	default:
		return 0;		/* CREATE, SUBSCRIBE: counted */
	}
}

/* The useless records, or some of them. */
static enum state_verdict
pad(struct fake_state *s, struct fake_op *op, struct batch *b)
{
	struct record	 r = { .type = RECORD_SUBSCRIBE,
			    .name = STR("a name that fills the head") };
	unsigned	 i;

	for (i = 0; op->left > 0 && (op->step == 0 || i < op->step); i++) {
		if (batch_add(b, &r, NULL) == -1)
			fatalx("fake state: no room for a small record");
		state_apply(s, &r, batch_commit(b));
		op->left--;
	}
	op->part = op->left > 0 ? s->ntx : 0;
	return op->left > 0 ? STATE_MORE : STATE_RECORDS;
}

static enum state_verdict
add(struct fake_state *s, struct fake_op *op, struct batch *b)
{
	struct record	 r = { .type = RECORD_ADD, .box = BOX,
			    .uid = s->n + 1, .threadid = op->id };
	int		 e;

	memcpy(r.msgid, &op->id, sizeof(op->id));
	r.date = r.savedate = batch_time(b);
	r.size = op->msg.place.stored;
	if (op->large) {
		r.place.where = RECORD_MSG;
		memcpy(r.place.object, op->object, 16);
		r.place.stored = op->msg.place.stored;
		memcpy(r.place.sha256, op->msg.place.sha256, 32);
	}
	if ((e = batch_add(b, &r, op->large ? NULL : &op->msg)) == -1)
		return STATE_FULL;
	if (op->fumble == 1 && r.number > s->mark.records + 1) {
		op->fumble = 0;
		return STATE_FULL;
	}
	if (e == -2 || op->fumble == 2) {
		op->answer = false;
		return STATE_NOTHING;
	}
	op->answer = true;
	state_apply(s, &r, batch_commit(b));
	op->left = op->pad;
	return pad(s, op, b);
}

static enum state_verdict
change(struct fake_state *s, struct fake_op *op, struct batch *b)
{
	struct uidrange	 range;
	struct record	 r = { .type = op->kind == FAKE_FLAGS ? RECORD_FLAGS :
			    RECORD_EXPUNGE, .box = BOX };
	uint32_t	 uid = s->uid_of[op->target];

	op->answer = uid != 0;
	if (uid == 0 || s->v[uid - 1].expunged ||
	    (op->kind == FAKE_FLAGS && s->v[uid - 1].flags == op->flags))
		return STATE_NOTHING;
	range.first = range.last = uid;
	r.uids.v = &range;
	r.uids.n = 1;
	r.flags = op->flags;
	if (batch_add(b, &r, NULL) == -1)
		return STATE_FULL;
	if (r.type == RECORD_EXPUNGE &&
	    s->v[uid - 1].place.where == RECORD_MSG)
		batch_garbage(b, KEY_MSG, s->v[uid - 1].place.object);
	if (op->fumble == 1 && r.number > s->mark.records + 1) {
		op->fumble = 0;
		return STATE_FULL;
	}
	if (op->fumble == 2)
		return STATE_NOTHING;
	state_apply(s, &r, batch_commit(b));
	return STATE_RECORDS;
}

static enum state_verdict
state_evaluate(void *state, struct intent *in, struct batch *b)
{
	struct fake_state	*s = state;
	struct fake_op		*op = in->payload;

	if (op->part != 0 && op->part == s->ntx)
		return pad(s, op, b);
	if (s->full_after != 0 && batch_next(b) > s->mark.records +
	    s->full_after)
		return STATE_FULL;
	switch (op->kind) {
	case FAKE_ADD:
		return add(s, op, b);
	case FAKE_PROBE:
		op->answer = s->uid_of[op->target] != 0;
		return STATE_NOTHING;
	default:
		return change(s, op, b);
	}
}

const struct state_ops fake_state_ops = {
	.begin = state_begin,
	.evaluate = state_evaluate,
	.apply = state_apply,
	.state_hash = state_hash,
	.commit = state_commit,
	.rollback = state_rollback,
	.mark = state_mark,
	.reset = state_reset,
};

enum state_verdict
fake_state_first(void *state, struct batch *b)
{
	struct record	 r = { .type = RECORD_CREATE, .box = BOX,
			    .name = STR("INBOX"), .uidvalidity = 17 };

	if (batch_add(b, &r, NULL) == -1)
		return STATE_FULL;
	state_apply(state, &r, batch_commit(b));
	return STATE_RECORDS;
}

void
fake_op_fill(struct fake_op *op, uint32_t id, size_t len)
{
	size_t	 i;

	memset(op, 0, sizeof(*op));
	op->id = id;
	op->in.payload = op;
	op->in.bytes = len + 200;
	op->in.inline_bytes = len;
	if ((op->bytes = malloc(len)) == NULL)
		fatal("op");
	for (i = 0; i < len; i++)
		op->bytes[i] = (uint8_t)mix(id * 4096ULL + i / 8);
	op->msg.bytes = op->bytes;
	op->msg.place.stored = len;
	SHA256(op->bytes, len, op->msg.place.sha256);
}

bool
fake_message_there(struct fake_world *w, const struct commit *c,
    const struct fake_message *m)
{
	struct commit_place	 at;
	struct fake_object	*o;
	char			 key[KEY_MAX];
	const uint8_t		*p = NULL;
	uint64_t		 off = 0, area = 0;
	uint8_t			 sum[32];

	if (m->place.where != RECORD_INLINE) {
		if (key_object(commit_prefix(c), m->place.where == RECORD_PACK ?
		    KEY_PACK : KEY_MSG, m->place.object, key,
		    sizeof(key)) == -1 ||
		    (o = fake_object(w, key)) == NULL ||
		    m->commit >= w->ncommits ||
		    w->commits[m->commit] > o->made + 3600 * 1000 + w->late_ms)
			return false;
		p = o->bytes;
		area = o->len;
	} else if (commit_locate(c, m->commit, &at) == COMMIT_IN_HEAD) {
		p = at.p;
		area = at.len;
	} else if ((o = fake_object(w, at.key)) != NULL &&
	    logobj_find(o->bytes, o->len, m->commit, &off, &area) == 0)
		p = o->bytes + off;
	if (p == NULL || m->place.offset > area ||
	    m->place.stored > area - m->place.offset)
		return false;
	SHA256(p + m->place.offset, m->place.stored, sum);
	return memcmp(sum, m->place.sha256, 32) == 0;
}
