/*
 * FETCH of message octets.  A small message is checked whole before its
 * first octet is sent, a large one frame by frame, and by its SHA-256 at
 * the end when all of it was asked for.
 *
 * A stream is a pipeline: windows of objects are asked for ahead, runs of
 * small messages that lie in them are expanded in helper threads, and what
 * is expanded is sent, in the order of UIDs.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/fetch.h"
#include "storaged/op.h"
#include "storaged/sum.h"
#include "storaged/unpack.h"

#define BODY_ROWS	256	/* places known at once */
#define BODY_AHEAD	8	/* windows asked for before they are needed, */
#define BODY_AHEAD_OCTETS (3 * 1024 * 1024) /* of so much in all */
#define BODY_STREAM	64	/* so many rows that mostly lie together are */
#define BODY_DENSE	8	/* read in large windows, as many in each */
#define BODY_RUNS	3	/* runs being expanded, or waiting */
#define BODY_FEW	3	/* so few messages are not worth a thread */

/* A run of rows that helper threads expand: the rows from row on. */
struct run {
	struct unpack	 u;
	int		 row;		/* negative: some were sent */
};

struct ahead {
	struct window_wait win;
	size_t		 len;		/* at most */
	unsigned	 row;		/* the first that needs it */
};

struct body {
	struct place	 rows[BODY_ROWS];
	unsigned	 n, i;
	uint32_t	 next;		/* the UID to go on from */
	uint32_t	 from;		/* the same for reading places */
	bool		 read_all;	/* no further place */
	uint32_t	 uidnext;
	struct fetch	 fetch;
	bool		 started;	/* the header of rows[i] is out */
	uint64_t	 at, end;	/* octets of rows[i] still to come */
	bool		 summing;	/* a large message read whole */
	struct sum	 sum;
	struct run	 runs[BODY_RUNS];	/* used in turn */
	unsigned	 first, nruns;	/* those in use */
	unsigned	 made;		/* rows below are in a run, or past */
	struct fetch	 stored;	/* reads for the runs */
	struct ahead	 ahead[BODY_AHEAD];
	size_t		 octets;	/* that they may have */
	unsigned	 scan;		/* rows below are asked for */
	char		 last[BLOB_KEY_MAX]; /* what was asked for last */
	uint64_t	 last_base;
};

static void
ahead_done(struct window_wait *ww, void *arg)
{
	(void)ww;	/* kept until its row comes */
	(void)arg;
}

/* A stream reads object after object: while one is sent, the next come. */
static void
body_ahead(struct body *x)
{
	struct ahead	*a = x->ahead;
	char		 key[BLOB_KEY_MAX];
	uint64_t	 base;
	size_t		 i, len;

	for (i = 0; i < BODY_AHEAD; i++)
		if (a[i].win.w != NULL && x->made > a[i].row) {
			window_drop(&a[i].win);
			x->octets -= a[i].len;
		}
	if (x->scan < x->made)
		x->scan = x->made;
	for (; x->scan < x->n; x->scan++) {
		if (x->scan > 0 && fetch_together(&x->rows[x->scan],
		    &x->rows[x->scan - 1], x->fetch.wsize))
			continue;
		if (fetch_where(&x->fetch, &x->rows[x->scan], key, &base,
		    &len) == -1 || (base == x->last_base &&
		    strcmp(key, x->last) == 0))
			continue;
		for (i = 0; i < BODY_AHEAD && a[i].win.w != NULL; i++)
			;
		if (i == BODY_AHEAD || (x->octets > 0 &&
		    (x->octets + len > BODY_AHEAD_OCTETS ||
		    windows_crowded())))
			return;
		a[i].win.fn = ahead_done;
		a[i].row = x->scan;
		a[i].len = len;
		x->octets += len;
		(void)window_want(&a[i].win, key, base, x->fetch.wsize, true);
		strlcpy(x->last, key, sizeof(x->last));
		x->last_base = base;
	}
}

static void
body_ready(void *arg)
{
	op_kick(arg);
}

/* Is the message that comes next for a run? */
static bool
run_wants(const struct body *x)
{
	const struct place	*p = &x->rows[x->made];

	return x->made < x->n && p->at.where != RECORD_MSG &&
	    p->at.digest_len <= UNPACK_OCTETS && p->size <= UNPACK_OCTETS;
}

/* Fills one run from what is at hand; false when nothing of it is, or what
 * comes next is not for a run. */
static bool
run_fill(struct op *op, struct body *x)
{
	struct run		*r;
	const uint8_t		*stored;
	enum fetch_state	 st;

	r = &x->runs[(x->first + x->nruns) % BODY_RUNS];
	unpack_reset(&r->u);
	while (run_wants(x) && unpack_room(&r->u, &x->rows[x->made])) {
		st = fetch_stored(&x->stored, &x->rows[x->made], &stored);
		if (st == FETCH_WAIT)
			break;
		if (r->u.n == 0)
			r->row = (int)x->made;
		x->made++;
		/* one that it lacks ends a run that has begun */
		if ((st != FETCH_READY || unpack_add(&r->u,
		    &x->rows[x->made - 1], stored) == -1) && r->u.n > 0)
			break;
	}
	if (r->u.n == 0)
		return false;
	x->nruns++;
	unpack_run(&r->u, env.pool, body_ready, op);
	return true;
}

/*
 * Runs for the rows from made on.  What cannot be had, is damaged or large
 * is left to fetch_at() when its turn comes, which says why.
 */
static void
body_runs(struct op *op, struct body *x)
{
	struct run	*r = &x->runs[x->first];

	while (x->nruns > 0 && r->row + (int)r->u.n <= (int)x->i) {
		unpack_reset(&r->u);
		x->first = (x->first + 1) % BODY_RUNS;
		x->nruns--;
		r = &x->runs[x->first];
	}
	if (x->made < x->i)
		x->made = x->i;
	if (env.pool == NULL || x->n <= BODY_FEW)
		return;
	while (x->nruns < BODY_RUNS && x->made < x->n && run_fill(op, x))
		;
}

/* The content of row i from octet at on: from its run, or read now. */
static enum fetch_state
body_content(struct body *x, uint64_t at, const uint8_t **data, size_t *len)
{
	const struct place	*p = &x->rows[x->i];
	struct run		*r = &x->runs[x->first];
	const uint8_t		*content;

	if (x->nruns > 0 && r->row <= (int)x->i) {
		if (!r->u.done)
			return FETCH_WAIT;
		content = unpack_content(&r->u,
		    (unsigned)((int)x->i - r->row));
		if (content != NULL) {
			*data = content + at;
			*len = (size_t)(p->at.digest_len + p->size - at);
			return FETCH_READY;
		}
	}
	return fetch_at(&x->fetch, p, at, data, len);
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
	x->next = x->rows[x->i].uid + 1;
	x->i++;
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
	const struct place	*p = &x->rows[x->i];
	const uint8_t		*data;
	size_t			 len;

	if (!x->started)
		body_range(op, x, p);
	if (x->at < x->end) {
		switch (body_content(x, x->at, &data, &len)) {
		case FETCH_READY:
			break;
		case FETCH_WAIT:
			return OP_ASYNC;
		case FETCH_UNAVAILABLE:
			if (x->started)
				return body_fail(op, MBOX_UNAVAILABLE,
				    "The mail store is away");
			(void)body_header(op, p->uid, MBOX_BODY_UNAVAILABLE,
			    0);
			return body_next(x);
		case FETCH_DAMAGED:
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
		log_warnx("user=%s uid=%u result=damaged why=\"the SHA-256 "
		    "of a large message differs\"", op->user->word, p->uid);
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
		    MBOX_SERVERBUG, "The mailbox is gone");
	x->uidnext = box.uidnext;
	x->next = x->from = 1;
	fetch_init(&x->fetch, op->user, body_ready, op);
	fetch_init(&x->stored, op->user, body_ready, op);
	return OP_MORE;
}

/* Of what lies together, and is wanted, more is read at once. */
static void
body_windows(struct body *x)
{
	unsigned	 k, jumps = 0;

	if (x->n < BODY_STREAM)
		return;
	for (k = 1; k < x->n; k++)
		jumps += !fetch_together(&x->rows[k], &x->rows[k - 1],
		    WINDOW_SMALL);
	if (jumps <= x->n / BODY_DENSE)
		x->fetch.wsize = x->stored.wsize = WINDOW_STREAM;
}

/* The rows that are sent make room for others: there are some to look ahead
 * at, always. */
static int
body_rows(struct op *op, struct body *x)
{
	const struct mbox_body	*req = op->req;
	unsigned		 k;
	int			 n;

	memmove(x->rows, x->rows + x->i, (x->n - x->i) * sizeof(x->rows[0]));
	for (k = 0; k < BODY_AHEAD; k++)
		x->ahead[k].row -= x->ahead[k].row < x->i ? x->ahead[k].row :
		    x->i;
	for (k = 0; k < x->nruns; k++)
		x->runs[(x->first + k) % BODY_RUNS].row -= (int)x->i;
	x->n -= x->i;
	x->made -= x->i;
	x->scan -= x->scan < x->i ? x->scan : x->i;
	x->i = 0;
	n = read_places(op->user->ix, req->box, &req->uids, x->from,
	    x->rows + x->n, BODY_ROWS - x->n);
	if (n == -1)
		return -1;
	x->read_all = (unsigned)n < BODY_ROWS - x->n;
	x->n += (unsigned)n;
	if (x->next == 1)
		body_windows(x);
	if (x->n > 0 && x->rows[x->n - 1].uid == UINT32_MAX)
		x->read_all = true;
	else if (n > 0)
		x->from = x->rows[x->n - 1].uid + 1;
	return 0;
}

static enum op_more
body_produce(struct op *op)
{
	struct body		*x = op->x;
	enum op_more		 more;

	if (x->next == 0 && (more = body_begin(op, x)) != OP_MORE)
		return more;
	if (!x->started) {
		body_runs(op, x);
		if (!x->read_all && x->n - x->i <= BODY_ROWS / 2 &&
		    body_rows(op, x) == -1)
			return body_fail(op, MBOX_SERVERBUG,
			    "The index cannot be read");
	}
	if (x->i == x->n)
		return body_gone(op, x, UINT32_MAX) ? OP_DONE : OP_MORE;
	if (!x->started && !body_gone(op, x, x->rows[x->i].uid))
		return OP_MORE;
	if (!x->started)
		body_ahead(x);
	return body_message(op, x);
}

static void
body_stop(struct op *op)
{
	struct body	*x = op->x;
	size_t		 i;

	for (i = 0; i < BODY_AHEAD; i++)
		window_drop(&x->ahead[i].win);
	for (i = 0; i < BODY_RUNS; i++)
		unpack_free(&x->runs[i].u);
	fetch_free(&x->fetch);
	fetch_free(&x->stored);
}

const struct op_class op_body = {
	.name = "FETCH",
	.type = IMSG_MBOX_BODY,
	.needs = OP_OPEN | OP_STREAM,
	.ws = &mbox_body_wire,
	.extra = sizeof(struct body),
	.produce = body_produce,
	.stop = body_stop,
};
