/*
 * FETCH and SEARCH of columns and digests: rows from the index; a digest
 * that the cold file lacks is read from where its message lies.  A damaged
 * message gives no row, and the stream ends with NO.
 */
#include "common/compat.h"

#include <string.h>

#include "common/digest.h"
#include "storaged/index/cold.h"
#include "storaged/session/reader.h"
#include "storaged/session/op.h"

#define META_ROWS	256	/* read at once: a group of them */
#define META_DIGESTS	(32 * 1024) /* octets of digests read at once */
#define META_STATE	(MBOX_WHAT_FLAGS | MBOX_WHAT_MODSEQ)

/* What is asked of a digest, in x->digests; here: it was in the cold file. */
struct meta_part { bool here; size_t off, len; };

struct meta {
	struct meta_col	 rows[META_ROWS];
	unsigned	 n, i;
	uint32_t	 next;		/* the UID to go on from */
	uint64_t	 fields;	/* digest fields asked for */
	struct meta_part parts[META_ROWS];
	unsigned	 first;		/* rows [first, looked) were looked */
	unsigned	 looked;	/* up in the cold file */
	struct buf	 digests;
	struct buf	 row;		/* being encoded */
	struct reader	 reader;
	bool		 reading;
	struct buf	 digest;	/* of rows[i], as far as it is read */
	int64_t		 kw;		/* whose numbers nums are */
	struct kwnums	 nums;
};

static int
meta_check(struct op *op)
{
	const struct mbox_meta	*req = op->req;

	if (req->what & ~(uint32_t)(MBOX_WHAT_DIGEST * 2 - 1))
		return -1;
	return 0;
}

static void
meta_ready(void *arg)
{
	op_kick(arg);
}

static enum op_more
meta_fail(struct op *op)
{
	op_no(op, MBOX_SERVERBUG, "The index cannot be read");
	return OP_FAILED;
}

/* Its digest from the bucket.  1: x->digest is whole, 0: it waits, -1: this
 * message has none to give. */
static int
meta_digest(struct op *op, struct meta *x, const struct place *p)
{
	const uint8_t	*data;
	size_t		 len;

	if (p->at.digest_len == 0)
		return 1;
	if (p->at.digest_len > MBOX_DIGEST_MAX)
		goto damaged;
	if (!x->reading) {
		reader_init(&x->reader, op->user, meta_ready, op);
		x->reading = true;
	}
	while (x->digest.len < p->at.digest_len) {
		switch (reader_at(&x->reader, p, x->digest.len, &data, &len)) {
		case READER_READY:
			break;
		case READER_WAIT:
			return 0;
		case READER_UNAVAILABLE:
			op->final = MBOX_UNAVAILABLE;
			op->final_text = "The mail store is temporarily "
			    "unavailable, try again later";
			return -1;
		case READER_DAMAGED:
			goto damaged;
		}
		if (len > p->at.digest_len - x->digest.len)
			len = (size_t)(p->at.digest_len - x->digest.len);
		if (buf_put(&x->digest, data, len) == -1)
			goto damaged;
	}
	if (digest_check(x->digest.data, x->digest.len) == -1)
		goto damaged;
	cold_put(&op->user->cold, p->m, x->digest.data, x->digest.len);
	return 1;
 damaged:
	op->final = MBOX_CORRUPTION;
	op->final_text = "A message is damaged or missing";
	return -1;
}

static int
meta_encode(struct op *op, struct meta *x, const struct mbox_meta_row *row)
{
	const struct mbox_meta	*req = op->req;

	buf_reset(&x->row);
	return mbox_meta_row_encode(row, req->what, &x->row) == 0 ?
	    buf_put_bytes(&op->out, x->row.data, x->row.len) : -1;
}

/* Adds what is asked of a digest to x->digests, for row i. */
static int
meta_part(struct meta *x, unsigned i, struct str digest)
{
	struct meta_part	*p = &x->parts[i];

	p->off = x->digests.len;
	if (digest.len > 0 && digest_filter(digest.p, digest.len, x->fields,
	    &x->digests) == -1) {
		x->digests.len = p->off;
		return -1;
	}
	p->len = x->digests.len - p->off;
	return 0;
}

static int
meta_cold(void *arg, unsigned i, struct str digest)
{
	struct meta	*x = arg;

	if (meta_part(x, x->first + i, digest) == -1)
		return -1;
	x->parts[x->first + i].here = true;
	return x->digests.len < META_DIGESTS;
}

/* Row i and as many behind it as one read of the cold file gives. */
static void
meta_look(struct op *op, struct meta *x)
{
	uint64_t	 m[META_ROWS];
	unsigned	 k, n = x->n - x->i;
	int		 got;

	for (k = 0; k < n; k++) {
		m[k] = x->rows[x->i + k].m;
		x->parts[x->i + k].here = false;
	}
	buf_reset(&x->digests);
	x->first = x->i;
	got = cold_each(&op->user->cold, m, n, meta_cold, x);
	x->looked = x->i + (got < 1 ? 1 : (unsigned)got);
}

/*
 * What is asked of row i's digest: 1, 0 it waits, -1 there is none to give,
 * or memory ran out.
 */
static int
meta_asked(struct op *op, struct meta *x, const struct place *p)
{
	struct meta_part	*part = &x->parts[x->i];
	int			 rv;

	if (part->here)
		return 1;
	if ((rv = meta_digest(op, x, p)) != 1)
		return rv;
	return meta_part(x, x->i, (struct str){ (const char *)x->digest.data,
	    x->digest.len }) == -1 ? -1 : 1;
}

static int
meta_keywords(struct op *op, struct meta *x, const struct meta_col *c,
    struct mbox_meta_row *row)
{
	if (c->kw == 0)
		return 0;
	if (x->kw != c->kw) {
		if (kwset_get(&op->user->ix->read, c->kw, &x->nums) == -1)
			return -1;
		x->kw = c->kw;
	}
	row->keywords = x->nums.v;
	row->nkeywords = x->nums.n;
	return 0;
}

/* One row: 1 done (or left out), 0 it waits, -1 the op has failed. */
static int
meta_row(struct op *op, struct meta *x)
{
	const struct mbox_meta	*req = op->req;
	const struct meta_col	*c = &x->rows[x->i];
	const struct meta_part	*part = &x->parts[x->i];
	struct mbox_meta_row	 row;
	struct place		 p;
	int			 rv;

	memset(&row, 0, sizeof(row));
	row.uid = c->uid;
	row.flags = c->flags;
	row.modseq = c->modseq;
	row.date = c->date;
	row.zone = c->zone;
	row.size = c->size;
	row.savedate = c->savedate;
	if (meta_keywords(op, x, c, &row) == -1)
		return -1;
	if ((req->what & MBOX_WHAT_DIGEST) && x->i >= x->looked)
		meta_look(op, x);
	if ((req->what & MBOX_WHAT_IDS) ||
	    ((req->what & MBOX_WHAT_DIGEST) && !part->here)) {
		memset(&p, 0, sizeof(p));
		rv = read_place(op->user->ix, c->m, row.msgid, &row.threadid,
		    &p);
		if (rv != 1)
			return rv == 0 ? 1 : -1; /* expunged meanwhile */
		p.uid = c->uid;
		p.size = c->size;
	}
	if (req->what & MBOX_WHAT_DIGEST) {
		if ((rv = meta_asked(op, x, &p)) != 1)
			return x->digests.failed ? -1 : rv == 0 ? 0 : 1;
		row.digest = (struct str){ (const char *)x->digests.data +
		    part->off, part->len };
	}
	rv = meta_encode(op, x, &row) == 0 ? 1 : -1;
	if ((req->what & MBOX_WHAT_DIGEST) && !part->here)
		x->digests.len = part->off;	/* it was for this row only */
	return rv;
}

static enum op_more
meta_produce(struct op *op)
{
	const struct mbox_meta	*req = op->req;
	struct meta		*x = op->x;
	int			 n;

	x->fields = req->fields;
	if (x->i == x->n) {
		n = read_meta(op->user->ix, req->box, &req->uids, x->next,
		    (req->what & ~(uint32_t)META_STATE) != 0, x->rows,
		    META_ROWS);
		if (n == -1)
			return meta_fail(op);
		if (n == 0)
			return OP_DONE;
		x->n = (unsigned)n;
		x->i = x->looked = 0;
	}
	switch (meta_row(op, x)) {
	case 0:
		return OP_ASYNC;
	case -1:
		return meta_fail(op);
	}
	buf_reset(&x->digest);
	x->next = x->rows[x->i].uid;
	if (x->next == UINT32_MAX || op->final == MBOX_UNAVAILABLE)
		return OP_DONE;
	x->next++;
	x->i++;
	return OP_MORE;
}

static void
meta_stop(struct op *op)
{
	struct meta	*x = op->x;

	if (x->reading)
		reader_free(&x->reader);
	buf_free(&x->digest);
	buf_free(&x->digests);
	buf_free(&x->row);
}

/*
 * Not after the session's earlier changes: imapd asks for what a STORE made
 * while the client's next STOREs wait in the queue, and each would wait for
 * a commit of its own.
 */
const struct op_class op_MBOX_META = {
	.name = "FETCH",
	.rights = GRANT_READ,
	.needs = OP_OPEN | OP_STREAM,
	.extra = sizeof(struct meta),
	.check = meta_check,
	.produce = meta_produce,
	.stop = meta_stop,
};
