/*
 * APPEND: a stream of octets in, one intent out.  Octets spool to an
 * unlinked file beyond 32 KiB; small messages are compressed together with
 * their digest when they are whole, large ones become objects first
 * (append_large.c).
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "storaged/append.h"
#include "storaged/cold.h"
#include "storaged/file_at.h"
#include "storaged/spool.h"

#define CREDIT_STEP	(16 * 1024)

static int
append_check(struct op *op)
{
	const struct append_open *req = op->req;
	struct append		*x = op->x;

	x->fd = -1;
	sum_begin(&x->sum);
	x->window = req->early ? MBOX_EARLY : 0;
	TAILQ_INIT(&x->larges);
	return 0;
}

/* What the session's APPENDs hold: bytes in memory, and of how many there
 * are files. */
static size_t
append_holds(const struct session *s, unsigned *spools)
{
	const struct append	*x;
	const struct op		*op;
	size_t			 bytes = 0;

	*spools = 0;
	TAILQ_FOREACH(op, &s->ops, entry) {
		if (op->class != &op_append)
			continue;
		x = op->x;
		bytes += x->bytes + x->mem.len;
		*spools += x->fd != -1 || !TAILQ_EMPTY(&x->larges);
	}
	return bytes;
}

static void
append_credit(struct op *op, uint32_t bytes)
{
	struct append		*x = op->x;
	struct data_credit	 credit = { bytes };

	x->window += bytes;
	(void)session_send(op->s, IMSG_DATA_CREDIT, op->id,
	    &data_credit_wire, &credit);
}

/* What is small and comes unasked needs no leave: whether there is such a
 * mailbox is found when it is evaluated. */
static bool
append_unasked(const struct op *op)
{
	const struct append_open	*req = op->req;
	const struct append		*x = op->x;

	return req->early && TAILQ_EMPTY(&x->larges) &&
	    (x->done || x->window > 0);
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
	if (spools - (x->fd != -1 || !TAILQ_EMPTY(&x->larges)) >=
	    SESSION_SPOOLS_MAX) {	/* until one of them ends */
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
	if (rv != 1) {
		op_no(op, rv == 0 ? MBOX_TRYCREATE : MBOX_SERVERBUG,
		    rv == 0 ? "No such mailbox" :
		    "The index cannot be read");
		return false;
	}
	x->open = true;
	append_credit(op, MBOX_WINDOW - (req->early ? MBOX_EARLY : 0));
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
	if (!x->open && !append_begin(op))
		return;
	if (!TAILQ_EMPTY(&x->larges))
		(void)large_work(op);
	else if (x->done && !x->ready)
		append_next(op);
}

static struct op *
append_find(struct session *s, const struct msg *m)
{
	struct op	*op = op_find(s, m->id);

	/* What was under way when the APPEND was refused: dropped. */
	return op != NULL && op->class == &op_append ? op : NULL;
}

static int
append_take(struct append *x, const struct msg *m)
{
	sum_add(&x->sum, m->data, m->len);
	x->got += m->len;
	if (x->fd == -1 && x->mem.len + m->len <= APPEND_MEMORY)
		return buf_put(&x->mem, m->data, m->len);
	if (x->fd == -1) {
		if ((x->fd = spool_open(env.cache)) == -1 ||
		    spool_append(x->fd, x->mem.data, x->mem.len) == -1)
			return -1;
		buf_free(&x->mem);
	}
	return spool_append(x->fd, m->data, m->len);
}

/* Before its leave only what is early may come. */
static bool
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

	if (op == NULL)
		return 0;
	x = op->x;
	if (x->done || m->len > x->window)
		return -1;
	x->window -= (uint32_t)m->len;
	if (append_holds(s, &spools) > SESSION_BYTES_MAX ||
	    spools > 2 * SESSION_SPOOLS_MAX) {
		op_no(op, MBOX_LIMIT, "Too many messages at once");
		return 0;
	}
	if (x->got + m->len > env.appendlimit) {
		op_no(op, MBOX_TOOBIG, "The message is too big");
		return 0;
	}
	if (append_take(x, m) == -1) {
		log_warn("user=%s cmd=APPEND spool", op->user->word);
		op_no(op, MBOX_UNAVAILABLE,
		    "The message cannot be stored now");
		return 0;
	}
	x->owed += (uint32_t)m->len;
	if (!x->open) {
		if (x->window == 0)
			op_kick(op);
		return 0;
	}
	if (TAILQ_EMPTY(&x->larges) && x->owed >= CREDIT_STEP) {
		append_credit(op, x->owed);
		x->owed = 0;
	}
	return 0;
}

static uint64_t
id_hash(const void *p, size_t len)
{
	uint8_t		 sha[32];
	uint64_t	 h;

	sum_of(p, len, sha);
	memcpy(&h, sha, sizeof(h));
	return h == 0 ? 1 : h;
}

static void
item_ids(struct append_item *it, struct str digest)
{
	struct cursor	 c;
	struct str	 v, id;

	if (digest_find(digest.p, digest.len, DIGEST_MESSAGE_ID, &v) &&
	    v.len > 0)
		it->mid = id_hash(v.p, v.len);
	if (!digest_find(digest.p, digest.len, DIGEST_REFERENCES, &v))
		return;
	cursor_init(&c, v.p, v.len);
	while (cursor_left(&c) > 0) {
		id = cursor_str(&c);
		if (c.bad)
			return;
		/* Of many the newest stay, and the oldest. */
		if (it->nrefs == APPEND_REFS_MAX)
			it->nrefs--;
		it->refs[it->nrefs++] = id_hash(id.p, id.len);
	}
}

/* Flags, keywords and dates.  -1: makes no sense. */
static int
item_fill(struct op *op, struct append_item *it, const struct append_msg *r)
{
	const struct mbox_word	*w = r->keywords.v;
	size_t			 i;

	if ((r->flags & ~MBOX_FLAGS_ALL) != 0 || r->zone < -1440 ||
	    r->zone > 1440)
		return -1;
	it->flags = r->flags;
	it->date = r->dated ? r->date : (int64_t)time(NULL);
	it->zone = r->dated ? (int16_t)r->zone : 0;
	it->size = r->size;
	arc4random_buf(it->msgid, sizeof(it->msgid));
	it->nkeywords = r->keywords.n;
	it->keywords = arena_array(op->arena, it->nkeywords + 1,
	    sizeof(*it->keywords));
	for (i = 0; it->keywords != NULL && i < it->nkeywords; i++) {
		if (!keyword_valid(w[i].word))
			return -1;
		it->keywords[i].len = w[i].word.len;
		it->keywords[i].p = arena_dup(op->arena, w[i].word.p,
		    w[i].word.len);
		if (it->keywords[i].p == NULL)
			return -1;
	}
	if (it->keywords == NULL)
		return -1;
	item_ids(it, r->digest);
	return 0;
}

/* The digest as the cold index keeps it. */
static int
item_digest(struct append *x, struct append_item *it, struct str digest)
{
	const struct codec_choice	 choice = cold_codec(digest.len);
	struct buf			 b = BUF_INIT;
	enum codec_id			 used;

	if (codec_compress(&choice, digest.p, digest.len, &b, &used) == -1) {
		buf_free(&b);
		return -1;
	}
	it->place.digest_len = digest.len;
	it->digest_codec = (uint8_t)used;
	it->digest = (struct str){ (const char *)b.data, b.len };
	x->bytes += b.len;
	return 0;		/* b's memory is the item's */
}

/* 1: it is small enough and packed, 0: it is not, -1. */
static int
item_pack(struct append *x, struct append_item *it, struct str digest)
{
	struct blob_piece	 v[2];
	struct record_place	*p = &it->small.place;
	struct buf		 out = BUF_INIT;
	enum codec_id		 used;
	void			*mem = NULL;
	int			 rv;

	if (digest.len > APPEND_DIGEST ||
	    digest.len + x->got > APPEND_SMALL)
		return 0;
	v[0] = (struct blob_piece){ digest.p, digest.len };
	v[1] = (struct blob_piece){ x->mem.data, x->mem.len };
	if (x->fd != -1) {
		if ((mem = malloc((size_t)x->got)) == NULL ||
		    file_read_at(x->fd, mem, (size_t)x->got, 0) == -1) {
			free(mem);
			return -1;
		}
		v[1] = (struct blob_piece){ mem, (size_t)x->got };
	}
	rv = codec_compress_pieces(&env.codec, v, 2, &out, &used);
	free(mem);
	if (rv == -1 || out.len > COMMIT_INLINE_MAX) {
		buf_free(&out);
		return rv;
	}
	it->bytes = out.data;
	it->small.bytes = out.data;
	p->codec = (uint8_t)used;
	p->stored = out.len;
	p->digest_len = digest.len;
	x->bytes += out.len;
	return 1;
}

static struct append_item *
item_new(struct append *x)
{
	struct append_item	*v;
	size_t			 size;

	if (x->n == x->size) {
		size = x->size == 0 ? 1 : x->size * 2;
		v = reallocarray(x->v, size, sizeof(*v));
		if (v == NULL)
			return NULL;
		x->v = v;
		x->size = size;
	}
	v = &x->v[x->n++];
	memset(v, 0, sizeof(*v));
	return v;
}

/* The received message is an item now: ready for the next one. */
static void
append_received(struct append *x)
{
	if (x->fd != -1)
		close(x->fd);
	x->fd = -1;
	buf_reset(&x->mem);
	x->got = 0;
	sum_begin(&x->sum);
}

static int
append_item(struct op *op, struct append_msg *r)
{
	struct append		*x = op->x;
	struct append_item	*it;
	uint8_t			 sha[32];
	int			 rv;

	if (r->size != x->got || digest_check(r->digest.p, r->digest.len) ==
	    -1)
		return -1;
	if (x->n >= APPEND_ITEMS_MAX || x->bytes > APPEND_BYTES_MAX) {
		op_no(op, MBOX_LIMIT, "Too much for one APPEND");
		return 0;
	}
	if ((it = item_new(x)) == NULL)
		goto fail;
	if (item_fill(op, it, r) == -1)
		return -1;
	sum_end(&x->sum, sha);
	memcpy(it->place.sha256, sha, sizeof(sha));
	memcpy(it->small.place.sha256, sha, sizeof(sha));
	if (item_digest(x, it, r->digest) == -1 ||
	    (rv = item_pack(x, it, r->digest)) == -1)
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
	op_no(op, MBOX_UNAVAILABLE, "The message cannot be stored now");
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
	if (!append_may_come(op) || x->done)
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
	if (o == COMMIT_DONE && op->work.answer.code == MBOX_CODE_NONE) {
		x->kept = true;
		for (i = 0; i < x->n; i++) {
			it = &x->v[i];
			cold_put_later(op->user, it->number,
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
		if (op->class != &op_append)
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
	if (x->fd != -1)
		close(x->fd);
}

const struct op_class op_append = {
	.name = "APPEND",
	.type = IMSG_APPEND_OPEN,
	.needs = OP_CHANGE | OP_OPEN,
	.ws = &append_open_wire,
	.extra = sizeof(struct append),
	.check = append_check,
	.run = append_run,
	.stop = append_stop,
};
