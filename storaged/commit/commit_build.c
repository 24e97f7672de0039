/*
 * Making a batch: the queue's intents are evaluated, in their order and in
 * turns of the loop, inside the state's write transaction.  An
 * intent that leaves no record is answered only from a state that was
 * current after it arrived (DESIGN section 3, "Fresh answers").
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"
#include "storaged/format/pack.h"

static void	 build_turn(struct commit *);

void
commit_batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	buf_free(&b->records);
	buf_free(&b->area);
	garbage_free(&b->garbage);
	free(b);
}

/* The batch comes to nothing: the state goes back to what the bucket has. */
void
commit_batch_drop(struct commit *c, bool requeue)
{
	struct batch	*b = c->batch;

	c->conf.ops->rollback(c->conf.state);
	c->batch = NULL;
	if (b->pack != NULL)
		b->pack->state = UPLOAD_DROPPED;
	uploads_lost(&c->uploads);
	if (requeue)
		commit_requeue(c, &b->taken);
	commit_batch_free(b);
}

static struct batch *
batch_new(struct commit *c)
{
	struct batch	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->c = c;
	b->number = c->head.commit + 1;
	b->first = b->next = c->head.records + 1;
	b->uidvalidity = c->head.uidvalidity;
	b->time = commit_time(c);
	buf_init(&b->records, BATCH_RECORDS_MAX);
	buf_init(&b->area, BATCH_PACK_MAX);
	TAILQ_INIT(&b->taken);
	return b;
}

/*
 * Inline or into a pack?  Known before the first record is made, since each
 * says where its message lies.
 */
static int
batch_place(struct batch *b)
{
	struct commit	*c = b->c;
	struct intent	*in;
	size_t		 now, sum = 0, bytes = 0, n = 0;

	now = blocklist_bytes(&c->head.blocks) - commit_flush_bytes(c);
	b->room = now < c->limits.hard ? c->limits.hard - now : 0;
	TAILQ_FOREACH(in, &c->queue.list, entry) {
		if (++n > BATCH_INTENTS ||
		    (bytes += in->bytes) > BATCH_BYTES)
			break;
		sum += in->inline_bytes;
	}
	/* Half of what is free: there are records too, and next time. */
	if (sum <= b->room / 2)
		return 0;
	b->packed = true;
	if ((b->pack = upload_new(&c->uploads, KEY_PACK)) == NULL)
		return -1;
	return upload_name(b->pack);
}

static void
fill_save(const struct batch *b, struct fill *f)
{
	f->next = b->next;
	f->records = b->records.len;
	f->area = b->area.len;
	f->garbage = b->garbage.n;
	f->uidvalidity = b->uidvalidity;
}

/*
 * The intent leaves nothing.  But what it put into a pack stays there: the
 * message knows where, and a later batch may name it.
 */
static void
fill_back(struct batch *b, const struct fill *f)
{
	struct upload	*u;

	b->next = f->next;
	b->records.len = f->records;
	b->records.failed = false;
	if (!b->packed)
		b->area.len = f->area;
	b->area.failed = false;
	b->garbage.n = f->garbage;
	b->uidvalidity = f->uidvalidity;
	TAILQ_FOREACH(u, &b->c->uploads.list, entry)
		if (u->used == b->ntaken + 1)
			u->used = 0;
}

/* The intent that is next: the one that is evaluated in part, or the first
 * of the queue. */
static struct intent *
take_next(struct commit *c)
{
	struct batch	*b = c->batch;
	struct intent	*in = TAILQ_FIRST(&c->queue.list);

	if (b->partial != NULL)
		return b->partial;
	TAILQ_REMOVE(&c->queue.list, in, entry);
	c->queue.bytes -= in->bytes;
	in->where = INTENT_TAKEN;
	TAILQ_INSERT_TAIL(&b->taken, in, entry);
	fill_save(b, &b->before);
	return in;
}

/* One intent, or a part of it; false: the batch is full, it stays in the
 * queue. */
static bool
take(struct commit *c)
{
	struct batch		*b = c->batch;
	struct intent		*in = take_next(c);
	struct intents		 refused = TAILQ_HEAD_INITIALIZER(refused);
	enum state_verdict	 v;

	v = c->conf.ops->evaluate(c->conf.state, in, b);
	b->partial = v == STATE_MORE ? in : NULL;
	if (v == STATE_MORE)
		return true;
	if (v != STATE_RECORDS)
		fill_back(b, &b->before);
	if (v == STATE_RECORDS || v == STATE_NOTHING) {
		b->ntaken++;
		b->bytes += in->bytes;
		return true;
	}
	TAILQ_REMOVE(&b->taken, in, entry);
	if (v == STATE_FULL && b->ntaken == 0) {	/* it will never fit */
		TAILQ_INSERT_TAIL(&refused, in, entry);
		commit_answer(c, &refused, COMMIT_TOOBIG);
		return true;
	}
	in->where = INTENT_QUEUED;
	TAILQ_INSERT_HEAD(&c->queue.list, in, entry);
	c->queue.bytes += in->bytes;
	if (v != STATE_FULL)
		commit_fail(c, "the index reported an error");
	return false;
}

static bool
batch_closed(const struct batch *b)
{
	return b->ntaken >= BATCH_INTENTS || b->bytes >= BATCH_BYTES ||
	    b->records.len >= BATCH_RECORDS || (!b->packed &&
	    b->area.len > 0 && b->area.len + b->records.len >= b->room);
}

/* No record: is what was answered true of a state current since? */
static void
build_nothing(struct commit *c)
{
	struct batch	*b = c->batch;
	struct intent	*in;
	uint64_t	 newest = 0;

	TAILQ_FOREACH(in, &b->taken, entry)
		if (in->ticket > newest)
			newest = in->ticket;
	if (newest <= c->fresh || c->single_node)
		commit_batch_unchanged(c);
	else
		commit_read(c);
}

void
commit_batch_unchanged(struct commit *c)
{
	struct intents	 taken = TAILQ_HEAD_INITIALIZER(taken);

	TAILQ_CONCAT(&taken, &c->batch->taken, entry);
	commit_batch_drop(c, false);
	commit_enter(c, PHASE_IDLE);
	commit_answer(c, &taken, COMMIT_DONE);
}

static void
build_turn(struct commit *c)
{
	struct batch	*b = c->batch;
	bool		 some = false;

	while (b->partial != NULL || (!TAILQ_EMPTY(&c->queue.list) &&
	    !batch_closed(b))) {
		if (some && c->io->turn_over(c->io->arg)) {
			commit_later(c, 0, build_turn);
			return;
		}
		if (!take(c))
			break;
		some = true;
	}
	if (c->phase != PHASE_BUILD)
		return;			/* quarantined */
	if (b->next == b->first)
		build_nothing(c);
	else
		commit_seal(c);
}

void
commit_build(struct commit *c)
{
	commit_enter(c, PHASE_BUILD);
	if (c->conf.ops->begin(c->conf.state) == -1) {
		commit_fail(c, "the index cannot be written");
		return;
	}
	if ((c->batch = batch_new(c)) == NULL || batch_place(c->batch) == -1) {
		if (c->batch == NULL)
			c->conf.ops->rollback(c->conf.state);
		commit_fail(c, "out of memory");
		return;
	}
	build_turn(c);
}

void
commit_build_first(struct commit *c)
{
	enum state_verdict	 v;

	commit_enter(c, PHASE_BUILD);
	head_free(&c->head);
	strlcpy(c->head.user, c->name, sizeof(c->head.user));
	c->io->random(c->io->arg, c->head.history, 16);
	if (c->conf.ops->begin(c->conf.state) == -1) {
		commit_fail(c, "the index cannot be written");
		return;
	}
	if ((c->batch = batch_new(c)) == NULL) {
		c->conf.ops->rollback(c->conf.state);
		commit_fail(c, "out of memory");
		return;
	}
	c->batch->room = c->limits.hard;
	v = c->conf.first(c->conf.state, c->batch);
	if (v != STATE_RECORDS && v != STATE_NOTHING)
		commit_fail(c, "the default mailboxes cannot be created");
	else
		commit_seal(c);
}

static void
batch_use(struct batch *b, struct upload *u)
{
	if (u->used == 0)
		u->used = (unsigned)b->ntaken + 1;
}

/* Where the bytes of a small message go in this batch. */
static int
place_message(struct batch *b, struct batch_message *m)
{
	struct record_place	*p = &m->place;
	struct upload		*u;

	if (m->packed) {	/* a lost attempt's pack has it */
		u = upload_find(&b->c->uploads, KEY_PACK, m->pack);
		if (u != NULL && upload_live(u)) {
			batch_use(b, u);
			p->where = RECORD_PACK;
			memcpy(p->object, m->pack, sizeof(p->object));
			p->offset = m->pack_offset;
			return 0;
		}
		m->packed = false;
	}
	if (!b->packed && b->area.len + p->stored > b->room)
		return -1;
	p->where = b->packed ? RECORD_PACK : RECORD_INLINE;
	p->offset = b->area.len;
	memset(p->object, 0, sizeof(p->object));
	if (buf_put(&b->area, m->bytes, (size_t)p->stored) == -1) {
		b->area.failed = false;
		return -1;
	}
	if (b->packed) {
		p->offset += PACK_FIRST;
		memcpy(p->object, b->pack->id, sizeof(p->object));
		memcpy(m->pack, b->pack->id, sizeof(m->pack));
		m->pack_offset = p->offset;
		m->packed = true;
	}
	return 0;
}

int
batch_add(struct batch *b, struct record *r, struct batch_message *m)
{
	struct upload	*u;
	size_t		 area = b->area.len;

	r->number = b->next;
	if (m != NULL) {
		if (place_message(b, m) == -1)
			return -1;
		r->place = m->place;
	} else if (r->type == RECORD_ADD) {
		u = upload_find(&b->c->uploads, KEY_MSG, r->place.object);
		if (u == NULL || !upload_live(u))
			return -2;
		batch_use(b, u);
	}
	if (record_encode(r, &b->records) == -1) {
		b->records.failed = false;
		if (!b->packed)
			b->area.len = area;
		return -1;
	}
	if (r->type == RECORD_CREATE && r->uidvalidity > b->uidvalidity)
		b->uidvalidity = r->uidvalidity;
	b->next++;
	return 0;
}

uint64_t
batch_next(const struct batch *b)
{
	return b->next;
}

uint64_t
batch_commit(const struct batch *b)
{
	return b->number;
}

int64_t
batch_time(const struct batch *b)
{
	return b->time;
}

int
batch_garbage(struct batch *b, enum key_kind kind, const uint8_t id[16])
{
	char	 name[KEY_NAME_MAX];

	if (key_object("", kind, id, name, sizeof(name)) == -1)
		return -1;
	return garbage_add(&b->garbage, name, b->time);
}
