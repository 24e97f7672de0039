/*
 * FETCH of message octets.  A small message is checked whole before its
 * first octet is sent, a large one chunk by chunk, and by its SHA-256 at
 * the end when all of it was asked for.  Where the content comes from is the
 * pipeline's (pipeline.h); here it is cut to what was asked for and sent, in
 * the order of UIDs.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "common/sum.h"
#include "storaged/session/op.h"
#include "storaged/session/pipeline.h"

struct body {
	struct pipeline	 pipe;
	uint32_t	 next;		/* the UID to go on from */
	uint32_t	 uidnext;
	bool		 started;	/* the header of the message is out */
	uint64_t	 at, end;	/* octets of it still to come */
	bool		 summing;	/* a large message read whole */
	struct sum	 sum;
};

static void
body_ready(void *arg)
{
	op_kick(arg);
}

static int
body_header(struct op *op, uint32_t uid, enum mbox_body_state state,
    uint64_t octets)
{
	buf_put_varint(&op->out, uid);
	buf_put_u8(&op->out, (uint8_t)state);
	return buf_put_varint(&op->out, octets);
}

/*
 * UIDs of the set below uid that have no place: gone.  At most some each
 * turn; false while there are more.
 */
static bool
body_gone(struct op *op, struct body *x, uint32_t uid)
{
	const struct mbox_body	*req = op->req;
	unsigned		 n;
	size_t			 i;

	if (uid > x->uidnext)
		uid = x->uidnext;
	for (n = 0; n < 1000 && x->next < uid; n++) {
		i = uidset_find(&req->uids, x->next);
		if (i == req->uids.n)
			return true;
		if (x->next < req->uids.v[i].first)
			x->next = req->uids.v[i].first;
		if (x->next >= uid)
			return true;
		(void)body_header(op, x->next, MBOX_BODY_GONE, 0);
		x->next++;
	}
	return x->next >= uid;
}

static enum op_more
body_fail(struct op *op, enum mbox_code code, const char *text)
{
	op_no(op, code, text);
	return OP_FAILED;
}

/* On to the next message. */
static enum op_more
body_next(struct body *x)
{
	x->next = pipeline_row(&x->pipe)->uid + 1;
	pipeline_next(&x->pipe);
	x->started = false;
	x->summing = false;
	return OP_MORE;
}

/* The first bytes are there: say how many will come. */
static int
body_start(struct op *op, struct body *x, const struct place *p)
{
	const struct mbox_body	*req = op->req;

	if (p->at.where == RECORD_MSG && req->offset == 0 &&
	    x->end == p->at.digest_len + p->size && !x->summing) {
		x->summing = true;
		sum_begin(&x->sum);
	}
	x->started = true;
	return body_header(op, p->uid, MBOX_BODY_OK, x->end - x->at);
}

static bool
body_verified(struct body *x, const struct place *p)
{
	uint8_t	 sha[32];

	if (!x->summing)
		return true;
	sum_end(&x->sum, sha);
	return memcmp(sha, p->at.sha256, sizeof(sha)) == 0;
}

/* Where the octets asked for begin and end in the content. */
static void
body_range(struct op *op, struct body *x, const struct place *p)
{
	const struct mbox_body	*req = op->req;
	uint64_t		 from = req->offset, n;

	if (from > p->size)
		from = p->size;
	n = p->size - from;
	if (n > req->length)
		n = req->length;
	x->at = p->at.digest_len + from;
	x->end = x->at + n;
}

static enum op_more
body_message(struct op *op, struct body *x)
{
	const struct place	*p = pipeline_row(&x->pipe);
	const uint8_t		*data;
	size_t			 len;

	if (!x->started)
		body_range(op, x, p);
	if (x->at < x->end) {
		switch (pipeline_content(&x->pipe, x->at, &data, &len)) {
		case READER_READY:
			break;
		case READER_WAIT:
			return OP_ASYNC;
		case READER_UNAVAILABLE:
			if (x->started)
				return body_fail(op, MBOX_UNAVAILABLE,
				    "The mail store is temporarily "
				    "unavailable");
			(void)body_header(op, p->uid, MBOX_BODY_UNAVAILABLE,
			    0);
			return body_next(x);
		case READER_DAMAGED:
			if (x->started)
				return body_fail(op, MBOX_CORRUPTION,
				    "The message is damaged");
			(void)body_header(op, p->uid, MBOX_BODY_DAMAGED, 0);
			return body_next(x);
		}
		if (!x->started && body_start(op, x, p) == -1)
			return body_fail(op, MBOX_SERVERBUG, "Out of memory");
		if (len > x->end - x->at)
			len = (size_t)(x->end - x->at);
		buf_put(&op->out, data, len);
		if (x->summing)
			sum_add(&x->sum, data, len);
		x->at += len;
	} else if (!x->started)
		(void)body_start(op, x, p);	/* nothing of it was wanted */
	if (op->out.failed)
		return body_fail(op, MBOX_SERVERBUG, "Out of memory");
	if (x->at < x->end)
		return OP_MORE;
	if (!body_verified(x, p)) {
		log_warnx("user=%s uid=%u result=damaged why=\"the SHA-256 of "
		    "a large message does not match\"", op->user->word, p->uid);
		return body_fail(op, MBOX_CORRUPTION,
		    "The message is damaged");
	}
	return body_next(x);
}

static enum op_more
body_begin(struct op *op, struct body *x)
{
	const struct mbox_body	*req = op->req;
	struct box		 box;
	int			 rv;

	rv = box_by_id(&op->user->ix->read, req->box, &box);
	if (rv != 1)
		return body_fail(op, rv == 0 ? MBOX_NONEXISTENT_BOX :
		    MBOX_SERVERBUG, "The mailbox has been deleted");
	x->uidnext = box.uidnext;
	x->next = 1;
	pipeline_init(&x->pipe, op->user, req->box, &req->uids, body_ready,
	    op);
	return OP_MORE;
}

static enum op_more
body_produce(struct op *op)
{
	struct body		*x = op->x;
	const struct place	*p;
	enum op_more		 more;

	if (x->next == 0 && (more = body_begin(op, x)) != OP_MORE)
		return more;
	if (!x->started && pipeline_fill(&x->pipe) == -1)
		return body_fail(op, MBOX_SERVERBUG,
		    "The index cannot be read");
	if ((p = pipeline_row(&x->pipe)) == NULL)
		return body_gone(op, x, UINT32_MAX) ? OP_DONE : OP_MORE;
	if (!x->started) {
		if (!body_gone(op, x, p->uid))
			return OP_MORE;
		pipeline_ahead(&x->pipe);
	}
	return body_message(op, x);
}

static void
body_stop(struct op *op)
{
	pipeline_free(&((struct body *)op->x)->pipe);
}

const struct op_class op_MBOX_BODY = {
	.name = "FETCH",
	.rights = GRANT_READ,
	.needs = OP_OPEN | OP_STREAM,
	.extra = sizeof(struct body),
	.produce = body_produce,
	.stop = body_stop,
};
