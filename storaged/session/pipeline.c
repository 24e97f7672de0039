/*
 * Rows, runs and read-ahead of a stream of messages.  It decides nothing
 * about what is sent: what cannot be had or is damaged is said when the
 * turn of its message comes.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/session/env.h"
#include "storaged/session/pipeline.h"

#define AHEAD_OCTETS	(3 * 1024 * 1024) /* of all windows asked for */
#define STREAM_ROWS	64	/* so many rows that mostly lie together are */
#define STREAM_DENSE	8	/* read in large windows, as many in each */
#define RUN_FEW		3	/* so few messages are not worth a thread */

void
pipeline_init(struct pipeline *p, struct user *u, uint64_t box,
    const struct uidset *uids, void (*ready)(void *arg), void *arg)
{
	p->user = u;
	p->box = box;
	p->uids = uids;
	p->from = 1;
	reader_init(&p->reader, u, ready, arg);
	reader_init(&p->stored, u, ready, arg);
}

void
pipeline_free(struct pipeline *p)
{
	size_t	 i;

	for (i = 0; i < PIPELINE_AHEAD; i++)
		window_drop(&p->ahead[i].win);
	for (i = 0; i < PIPELINE_RUNS; i++)
		unpack_free(&p->runs[i].u);
	reader_free(&p->reader);
	reader_free(&p->stored);
}

/* Of what lies together, and is wanted, more is read at once. */
static void
windows_choose(struct pipeline *p)
{
	unsigned	 k, jumps = 0;

	if (p->n < STREAM_ROWS)
		return;
	for (k = 1; k < p->n; k++)
		jumps += !reader_together(&p->rows[k], &p->rows[k - 1],
		    WINDOW_SMALL);
	if (jumps <= p->n / STREAM_DENSE)
		p->reader.wsize = p->stored.wsize = WINDOW_STREAM;
}

/* The rows that are sent make room for others: there are some to look ahead
 * at, always. */
static int
rows_read(struct pipeline *p)
{
	unsigned	 k;
	int		 n;

	memmove(p->rows, p->rows + p->i, (p->n - p->i) * sizeof(p->rows[0]));
	for (k = 0; k < PIPELINE_AHEAD; k++)
		p->ahead[k].row -= p->ahead[k].row < p->i ? p->ahead[k].row :
		    p->i;
	for (k = 0; k < p->nruns; k++)
		p->runs[(p->first + k) % PIPELINE_RUNS].row -= (int)p->i;
	p->n -= p->i;
	p->made -= p->i;
	p->scan -= p->scan < p->i ? p->scan : p->i;
	p->i = 0;
	n = read_places(p->user->ix, p->box, p->uids, p->from,
	    p->rows + p->n, PIPELINE_ROWS - p->n);
	if (n == -1)
		return -1;
	p->read_all = (unsigned)n < PIPELINE_ROWS - p->n;
	p->n += (unsigned)n;
	if (p->from == 1)		/* the first */
		windows_choose(p);
	if (p->n > 0 && p->rows[p->n - 1].uid == UINT32_MAX)
		p->read_all = true;
	else if (n > 0)
		p->from = p->rows[p->n - 1].uid + 1;
	return 0;
}

/* Is the message that comes next for a run? */
static bool
run_wants(const struct pipeline *p)
{
	const struct place	*row = &p->rows[p->made];

	return p->made < p->n && row->at.where != RECORD_MSG &&
	    row->at.digest_len <= UNPACK_OCTETS &&
	    row->size <= UNPACK_OCTETS;
}

/* Fills one run from what is at hand; false when nothing of it is, or what
 * comes next is not for a run. */
static bool
run_fill(struct pipeline *p)
{
	struct pipeline_run	*r;
	const uint8_t		*stored;
	enum reader_state	 st;

	r = &p->runs[(p->first + p->nruns) % PIPELINE_RUNS];
	unpack_reset(&r->u);
	while (run_wants(p) && unpack_room(&r->u, &p->rows[p->made])) {
		st = reader_stored(&p->stored, &p->rows[p->made], &stored);
		if (st == READER_WAIT)
			break;
		if (r->u.n == 0)
			r->row = (int)p->made;
		p->made++;
		/* one that it lacks ends a run that has begun */
		if ((st != READER_READY || unpack_add(&r->u,
		    &p->rows[p->made - 1], stored) == -1) && r->u.n > 0)
			break;
	}
	if (r->u.n == 0)
		return false;
	p->nruns++;
	unpack_run(&r->u, p->user->env->pool, p->reader.ready,
	    p->reader.arg);
	return true;
}

/*
 * Runs for the rows from made on.  What cannot be had, is damaged or large
 * is left to reader_at() when its turn comes, which says why.
 */
static void
runs_make(struct pipeline *p)
{
	struct pipeline_run	*r = &p->runs[p->first];

	while (p->nruns > 0 && r->row + (int)r->u.n <= (int)p->i) {
		unpack_reset(&r->u);
		p->first = (p->first + 1) % PIPELINE_RUNS;
		p->nruns--;
		r = &p->runs[p->first];
	}
	if (p->made < p->i)
		p->made = p->i;
	if (p->user->env->pool == NULL || p->n <= RUN_FEW)
		return;
	while (p->nruns < PIPELINE_RUNS && p->made < p->n && run_fill(p))
		;
}

int
pipeline_fill(struct pipeline *p)
{
	runs_make(p);
	return !p->read_all && p->n - p->i <= PIPELINE_ROWS / 2 ?
	    rows_read(p) : 0;
}

const struct place *
pipeline_row(const struct pipeline *p)
{
	return p->i < p->n ? &p->rows[p->i] : NULL;
}

void
pipeline_next(struct pipeline *p)
{
	p->i++;
}

enum reader_state
pipeline_content(struct pipeline *p, uint64_t at, const uint8_t **data,
    size_t *len)
{
	const struct place	*row = &p->rows[p->i];
	struct pipeline_run	*r = &p->runs[p->first];
	const uint8_t		*content;

	if (p->nruns > 0 && r->row <= (int)p->i) {
		if (!r->u.done)
			return READER_WAIT;
		content = unpack_content(&r->u,
		    (unsigned)((int)p->i - r->row));
		if (content != NULL) {
			*data = content + at;
			*len = (size_t)(row->at.digest_len + row->size - at);
			return READER_READY;
		}
	}
	return reader_at(&p->reader, row, at, data, len);
}

static void
ahead_done(struct window_wait *ww, void *arg)
{
	(void)ww;	/* kept until its row comes */
	(void)arg;
}

void
pipeline_ahead(struct pipeline *p)
{
	struct pipeline_want	*a = p->ahead;
	char			 key[KEY_MAX];
	uint64_t		 base;
	size_t			 i, len;

	for (i = 0; i < PIPELINE_AHEAD; i++)
		if (a[i].win.w != NULL && p->made > a[i].row) {
			window_drop(&a[i].win);
			p->octets -= a[i].len;
		}
	if (p->scan < p->made)
		p->scan = p->made;
	for (; p->scan < p->n; p->scan++) {
		if (p->scan > 0 && reader_together(&p->rows[p->scan],
		    &p->rows[p->scan - 1], p->reader.wsize))
			continue;
		if (reader_where(&p->reader, &p->rows[p->scan], key, &base,
		    &len) == -1 || (base == p->last_base &&
		    strcmp(key, p->last) == 0))
			continue;
		for (i = 0; i < PIPELINE_AHEAD && a[i].win.w != NULL; i++)
			;
		if (i == PIPELINE_AHEAD || (p->octets > 0 &&
		    (p->octets + len > AHEAD_OCTETS ||
		    windows_crowded())))
			return;
		a[i].win.fn = ahead_done;
		a[i].row = p->scan;
		a[i].len = len;
		p->octets += len;
		(void)window_want(&a[i].win, key, base, p->reader.wsize, true);
		strlcpy(p->last, key, sizeof(p->last));
		p->last_base = base;
	}
}
