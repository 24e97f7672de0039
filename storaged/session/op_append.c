/*
 * APPEND: a stream of octets in, one intent out.  Octets spool to an
 * unlinked file beyond 32 KiB; small messages are compressed together with
 * their digest when they are whole, large ones become objects first
 * (append_large.c).
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/write_all.h"
#include "storaged/index/cold.h"
#include "storaged/session/append.h"
#include "storaged/util/spool.h"

#define CREDIT_STEP	(16 * 1024)

/* Others have need of the room, and this user has most of it. */
static void
append_evict(void *arg)
{
	static struct log_limit	 limit = LOG_LIMIT("APPEND failed: no space");
	struct op		*op = arg;

	if (log_limit(&limit))
		log_warnx("user=%s cmd=APPEND result=no why=\"the spool is "
		    "full, and this user occupies most of it\"",
		    op->user->word);
	op_no(op, MBOX_UNAVAILABLE, "Not enough space for so many large "
	    "messages at once, try again later");
}

bool
append_room(struct op *op, uint64_t bytes, uint64_t *room)
{
	static struct log_limit	 limit = LOG_LIMIT("APPEND refused: no space");
	struct append		*x = op->x;
	const char		*why;

	switch (spool_take(&x->hold, bytes)) {
	case SPOOL_ROOM:
		*room += bytes;
		return true;
	case SPOOL_OF_USER:
		op_no(op, MBOX_LIMIT,
		    "Too much data sent at once, try again later");
		return false;
	case SPOOL_OF_ALL:
		why = "cache.spool is full";
		break;
	case SPOOL_OF_DISK:
	default:
		why = "the cache disk is full";
		break;
	}
	if (log_limit(&limit))
		log_warnx("user=%s cmd=APPEND result=no why=\"%s\"",
		    op->user->word, why);
	op_no(op, MBOX_UNAVAILABLE,
	    "Not enough space for the message, try again later");
	return false;
}

static int
append_check(struct op *op)
{
	const struct append_open *req = op->req;
	struct append		*x = op->x;

	x->fd = -1;
	x->hold.user = &op->user->spool;
	x->hold.evict = append_evict;
	x->hold.arg = op;
	sum_begin(&x->sum);
	x->credit = req->early ? MBOX_EARLY : 0;
	TAILQ_INIT(&x->larges);
	return 0;
}

static bool
append_has_file(const struct append *x)
{
	return x->fd != -1 || !TAILQ_EMPTY(&x->larges);
}

size_t
append_holds(const struct session *s, unsigned *spools)
{
	const struct append	*x;
	const struct op		*op;
	size_t			 bytes = 0;

	*spools = 0;
	TAILQ_FOREACH(op, &s->ops, entry) {
		if (op->class != &op_APPEND_OPEN)
			continue;
		x = op->x;
		bytes += x->bytes + x->mem.len;
		/* One that waits for its leave has none yet. */
		*spools += x->open && append_has_file(x);
	}
	return bytes;
}

static void
append_credit(struct op *op, uint32_t bytes)
{
	struct append		*x = op->x;
	struct data_credit	 credit = { bytes };

	x->credit += bytes;
	(void)session_send(op->s, IMSG_DATA_CREDIT, op->id, &credit);
}

/* What is small and comes unasked needs no leave: whether there is such a
 * mailbox is found when it is evaluated. */
static bool
append_unasked(const struct op *op)
{
	const struct append_open	*req = op->req;
	const struct append		*x = op->x;

	return req->early && TAILQ_EMPTY(&x->larges) &&
	    (x->done || x->credit > 0);
}

/* May it begin?  If not, it waits, or op is gone. */
static bool
append_begin(struct op *op)
{
	const struct append_open *req = op->req;
	struct append		*x = op->x;
	char			 name[MBOX_NAME_MAX + 1];
	struct box		 box;
	unsigned		 spools;
	int			 rv = 0;

	(void)append_holds(op->s, &spools);
	if (spools >= SESSION_SPOOLS_MAX) {	/* until one of them ends */
		op->state = OP_WAITS;
		return false;
	}
	if (mailbox_name(req->name, name) == 0)
		rv = box_by_name(&op->user->ix->read, str_from(name), &box);
	if (rv == 0 && op_blocked(op)) {
		op->needs |= OP_AFTER;	/* a CREATE may be on its way */
		op->state = OP_WAITS;
		return false;
	}
	/* Where a delivery goes is found when it is evaluated. */
	if (rv == 0 && x->target != 0) {
		x->open = true;
		return true;
	}
	if (rv != 1) {
		op_no(op, rv == 0 ? MBOX_TRYCREATE : MBOX_SERVERBUG,
		    rv == 0 ? "No such mailbox" :
		    "The index cannot be read");
		return false;
	}
	if (box.messages >= op->user->env->eval.messages_max) {
		op_no(op, MBOX_LIMIT, eval_full_text(&op->user->env->eval));
		return false;
	}
	/* Once the octets are here, the evaluation decides. */
	if (!x->whole && op_over_quota(op))
		return false;
	x->open = true;
	if (!x->whole)
		append_credit(op, MBOX_CREDIT - (req->early ? MBOX_EARLY : 0));
	return true;
}

static void
append_run(struct op *op)
{
	struct append	*x = op->x;

	if (!x->open && append_unasked(op)) {
		if (!x->done)
			return;		/* runs again when it is */
		x->open = true;
	}
	if (!x->open && !append_repeated(op) && !append_begin(op))
		return;
	if (!TAILQ_EMPTY(&x->larges))
		(void)large_work(op);
	else if (x->done && !x->ready)
		append_next(op);
}

struct op *
append_find(struct session *s, const struct msg *m)
{
	struct op	*op = op_find(s, m->id);

	/* What was under way when the APPEND was refused: dropped. */
	return op != NULL && op->class == &op_APPEND_OPEN ? op : NULL;
}

/* 1; 0: refused, op is gone; -1: it cannot be stored. */
static int
append_take(struct op *op, const struct msg *m)
{
	struct append	*x = op->x;
	uint64_t	 more = x->fd == -1 ? x->mem.len + m->len : m->len;

	sum_add(&x->sum, m->data, m->len);
	x->got += m->len;
	if (x->fd == -1 && x->mem.len + m->len <= APPEND_MEMORY)
		return buf_put(&x->mem, m->data, m->len) == -1 ? -1 : 1;
	if (!append_room(op, 2 * more, &x->room))
		return 0;
	if (x->fd == -1) {
		if ((x->fd = spool_open(op->user->env->cache)) == -1 ||
		    write_all(x->fd, x->mem.data, x->mem.len) == -1)
			return -1;
		buf_free(&x->mem);
	}
	return write_all(x->fd, m->data, m->len) == -1 ? -1 : 1;
}

bool
append_may_come(const struct op *op)
{
	const struct append_open	*req = op->req;
	const struct append		*x = op->x;

	return x->open || req->early;
}

int
append_data(struct session *s, const struct msg *m)
{
	struct op	*op = append_find(s, m);
	struct append	*x;
	unsigned	 spools;
	int		 rv;

	if (op == NULL)
		return 0;
	x = op->x;
	if (x->done || x->whole || m->len > x->credit)
		return -1;
	x->credit -= (uint32_t)m->len;
	if (append_holds(s, &spools) > SESSION_APPENDS_MAX ||
	    spools > 2 * SESSION_SPOOLS_MAX) {
		op_no(op, MBOX_LIMIT, "Too many messages at once");
		return 0;
	}
	if (x->got + m->len > op->user->env->appendlimit) {
		op_no(op, MBOX_TOOBIG, "The message is too large");
		return 0;
	}
	if ((rv = append_take(op, m)) == 0)
		return 0;
	if (rv == -1) {
		log_warn("user=%s cmd=APPEND spool", op->user->word);
		op_no(op, MBOX_UNAVAILABLE,
		    "The message cannot be stored now, try again later");
		return 0;
	}
	x->owed += (uint32_t)m->len;
	if (!x->open) {
		if (x->credit == 0)
			op_kick(op);
		return 0;
	}
	if (TAILQ_EMPTY(&x->larges) && x->owed >= CREDIT_STEP) {
		append_credit(op, x->owed);
		x->owed = 0;
	}
	return 0;
}

/* The received message is an item now: ready for the next one. */
static void
append_received(struct append *x)
{
	if (x->fd != -1)
		close(x->fd);
	x->fd = -1;
	spool_give(&x->hold, x->room);
	x->room = 0;
	if (x->whole)
		buf_free(&x->mem);
	else
		buf_reset(&x->mem);
	parcel_let(x->parcel);
	x->parcel = NULL;
	x->got = 0;
	sum_begin(&x->sum);
}

int
append_item(struct op *op, const struct append_msg *r)
{
	struct append		*x = op->x;
	struct append_item	*it;
	uint8_t			 sha[32];
	int			 rv;

	if (r->size != x->got || digest_check(r->digest.p, r->digest.len) ==
	    -1)
		return -1;
	if (x->n >= APPEND_ITEMS_MAX || x->bytes > APPEND_BYTES_MAX) {
		op_no(op, MBOX_LIMIT, "The APPEND is too large");
		return 0;
	}
	if ((it = append_item_new(x)) == NULL)
		goto fail;
	if (append_item_fill(op, it, r) == -1)
		return -1;
	sum_end(&x->sum, sha);
	memcpy(it->place.sha256, sha, sizeof(sha));
	memcpy(it->small.place.sha256, sha, sizeof(sha));
	if (append_item_digest(x, it, r->digest) == -1 ||
	    (rv = append_item_pack(&op->user->env->codec, x, it,
	    r->digest)) == -1)
		goto fail;
	if (rv == 0) {
		x->bytes += r->digest.len;
		if (large_new(op, x->n - 1, r->digest) == -1)
			goto fail;
		op_kick(op);
	}
	append_received(x);
	return 0;
 fail:
	log_warn("user=%s cmd=APPEND", op->user->word);
	op_no(op, MBOX_UNAVAILABLE,
	    "The message cannot be stored now, try again later");
	return 0;
}

int
append_msg(struct session *s, const struct msg *m)
{
	struct op		*op = append_find(s, m);
	struct append_msg	 r;
	struct append		*x;
	struct arena		*a;
	int			 rv = -1;

	if (op == NULL)
		return 0;
	x = op->x;
	if (!append_may_come(op) || x->done || x->whole)
		return -1;
	if ((a = arena_new(1024 * 1024)) == NULL)
		return -1;
	if (wire_decode(&append_msg_wire, &r, m->data, m->len, a) == 0)
		rv = append_item(op, &r);
	arena_free(a);
	return rv;
}

static void
append_committed(struct intent *in, enum commit_outcome o, void *arg)
{
	struct op		*op = arg;
	struct append		*x = op->x;
	struct append_item	*it;
	size_t			 i;

	(void)in;
	if (o == COMMIT_DONE && op->work.answer.code == MBOX_CODE_NONE &&
	    !op->work.answer.ok.known) {
		x->kept = true;
		for (i = 0; i < x->n; i++) {
			it = &x->v[i];
			cold_put_later(&op->user->cold, it->number,
			    (size_t)it->place.digest_len, it->digest_codec,
			    (void *)(uintptr_t)it->digest.p, it->digest.len);
			it->digest.p = NULL;
		}
	}
	op_answer(op, o);
}

static void
append_submit(struct op *op)
{
	const struct append_open *req = op->req;
	struct append		*x = op->x;
	struct intent		*in = &op->work.intent;
	size_t			 i;

	x->submitted = true;
	op->work.u.append.name = req->name;
	op->work.u.append.target = x->target;
	op->work.u.append.keyed = x->keyed;
	memcpy(op->work.u.append.key, x->key, sizeof(x->key));
	op->work.u.append.v = x->v;
	op->work.u.append.n = x->n;
	in->bytes = x->bytes + 512 * x->n;
	for (i = 0; i < x->n; i++)
		if (!x->v[i].large)
			in->inline_bytes += x->v[i].small.place.stored;
	in->done = append_committed;
	in->arg = op;
	op_submit(op, WORK_APPEND);
}

/* In the order of the commands, so that pipelined mail gets its UIDs in the
 * order in which it was sent: an earlier one may still be uploading. */
static void
appends_submit(struct session *s)
{
	struct append	*x;
	struct op	*op;

	TAILQ_FOREACH(op, &s->ops, entry) {
		if (op->class != &op_APPEND_OPEN)
			continue;
		x = op->x;
		if (x->submitted)
			continue;
		if (!x->ready)
			return;
		append_submit(op);
	}
}

void
append_next(struct op *op)
{
	struct append	*x = op->x;

	if (!TAILQ_EMPTY(&x->larges)) {
		op_kick(op);
		return;
	}
	if (!x->done) {
		if (x->owed > 0)
			append_credit(op, x->owed);
		x->owed = 0;
		return;
	}
	x->ready = true;
	appends_submit(op->s);
}

int
append_done(struct session *s, const struct msg *m)
{
	struct op	*op = append_find(s, m);
	struct append	*x;

	if (m->len != 0)
		return -1;
	if (op == NULL)
		return 0;
	x = op->x;
	if (!append_may_come(op) || x->done || x->got != 0)
		return -1;
	x->done = true;
	if (op->state == OP_RUNS)
		append_run(op);
	return 0;
}

static void
append_stop(struct op *op)
{
	struct append	*x = op->x;
	struct large	*l;
	size_t		 i;

	if (!x->submitted && op->s != NULL) {
		x->submitted = true;
		appends_submit(op->s);
	}
	while ((l = TAILQ_FIRST(&x->larges)) != NULL) {
		if (l->put != NULL)
			commit_upload_drop(op->user->commit, l->id);
		large_free(x, l);
	}
	for (i = 0; i < x->n; i++) {
		if (x->v[i].large && !x->kept && !op->maybe)
			commit_upload_drop(op->user->commit,
			    x->v[i].place.object);
		free(x->v[i].bytes);
		free((void *)(uintptr_t)x->v[i].digest.p);
	}
	free(x->v);
	buf_free(&x->mem);
	parcel_let(x->parcel);
	if (x->fd != -1)
		close(x->fd);
	spool_end(&x->hold);
}

const struct op_class op_APPEND_OPEN = {
	.name = "APPEND",
	.rights = GRANT_APPEND,
	.needs = OP_CHANGE | OP_OPEN | OP_CANCEL,
	.extra = sizeof(struct append),
	.check = append_check,
	.run = append_run,
	.stop = append_stop,
};
