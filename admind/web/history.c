/*
 * Differences are taken for each process, and then added: if the sums were
 * compared, a restarted process would take away from the others.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <time.h>

#include "admind/known/sample.h"
#include "admind/web/history.h"
#include "common/mem.h"
#include "common/metric.h"
#include "common/metric_text.h"
#include "common/proc_kind.h"

#define BOUNDS		METRIC_BUCKETS	/* and the one for all */
#define MINUTE_MS	60000

/* What one process has counted since it was started. */
struct counted {
	uint64_t	 count[HISTORY_COUNTS];
	struct latency {
		uint64_t	 bucket[BOUNDS + 1];	/* cumulative */
		uint64_t	 count, sum;
	} latency[HISTORY_TIMES];
	uint64_t	 cost;
	bool		 costs;
};

struct seen {
	uint8_t		 kind;
	uint32_t	 index;
	uint32_t	 pid;
	uint64_t	 started;
	uint64_t	 ms;		/* when it last answered */
	struct counted	 f;
};

struct history {
	struct history_point	 points[HISTORY_POINTS];	/* a ring */
	size_t			 first, n;
	bool			 begun;
	uint64_t		 ms;		/* of the last look, */
	int64_t			 now;		/* as Unix time */
	struct seen		*seen;
	size_t			 nseen;
	struct history_cost	 cost;
	bool			 costless;	/* no storaged until now */
};

static const struct {
	const char	*metric;
	const char	*label, *value;		/* NULL: any */
	bool		 not;			/* any other value */
	enum history_count count;
} counts[] = {
	{ "store_requests_total", NULL, NULL, false, HISTORY_STORE },
	{ "store_errors_total", NULL, NULL, false, HISTORY_STORE_ERRORS },
	{ "imap_requests_total", NULL, NULL, false, HISTORY_IMAP },
	{ "logins_total", "result", "ok", false, HISTORY_LOGINS },
	{ "logins_total", "result", "ok", true, HISTORY_LOGINS_FAILED },
	{ "emails_received_total", "result", "ok", false, HISTORY_MAIL },
};

static const struct {
	const char	*family;
	const char	*phase;			/* NULL: it has none */
} times[HISTORY_TIMES] = {
	[HISTORY_STORE_TIME] = { "s3_request_duration_seconds", "total" },
	[HISTORY_IMAP_TIME] = { "imap_request_duration_seconds", NULL }
};

struct history *
history_new(void)
{
	return calloc(1, sizeof(struct history));
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	free(h->seen);
	free(h);
}

/* ---- what a process says ---- */

static bool
label(struct str labels, const char *name, char value[METRIC_VALUE + 1])
{
	struct str	 key;

	while (metric_text_next(&labels, &key, value, METRIC_VALUE + 1) == 1)
		if (str_eq(key, str_from(name)))
			return true;
	return false;
}

/* "0.0025": 2500; what is no such number: 0. */
static uint64_t
micro(const char *le)
{
	uint64_t	 v = 0, unit = METRIC_MICRO;
	bool		 point = false;

	for (; *le != '\0'; le++) {
		if (*le == '.' && !point) {
			point = true;
			continue;
		}
		if (*le < '0' || *le > '9' || unit == 0 || v > UINT32_MAX)
			return 0;
		if (point)
			v += (uint64_t)(*le - '0') * (unit /= 10);
		else
			v = v * 10 + (uint64_t)(*le - '0') * METRIC_MICRO;
	}
	return v;
}

/* Which bucket it is; BOUNDS: the one for all; more: none that is known. */
static size_t
bound(const char *le)
{
	uint64_t	 v = micro(le);
	size_t		 i;

	for (i = 0; i < BOUNDS && metric_latency[i] != 0; i++)
		if (metric_latency[i] == v)
			return i;
	return strcmp(le, "+Inf") == 0 ? BOUNDS : BOUNDS + 1;
}

static void
take_latency(struct latency *l, const struct sample *s)
{
	char		 le[METRIC_VALUE + 1];
	size_t		 i, n = s->family.len;
	struct str	 part = { s->name.p + n, s->name.len - n };

	if (str_eq(part, STR("_count")))
		l->count += s->value;
	else if (str_eq(part, STR("_sum")))
		l->sum += s->scale == METRIC_MICRO ? s->value : 0;
	else if (label(s->labels, "le", le) && (i = bound(le)) <= BOUNDS)
		l->bucket[i] += s->value;
}

static void
take_count(struct counted *f, const struct sample *s)
{
	char	 value[METRIC_VALUE + 1];
	size_t	 i;

	for (i = 0; i < nitems(counts); i++) {
		if (!str_eq(s->name, str_from(counts[i].metric)))
			continue;
		if (counts[i].label != NULL && (!label(s->labels,
		    counts[i].label, value) || (strcmp(value,
		    counts[i].value) == 0) == counts[i].not))
			continue;
		/* What a client has stored itself has not come in. */
		if (counts[i].count == HISTORY_MAIL && label(s->labels, "via",
		    value) && strcmp(value, "imap") == 0)
			continue;
		f->count[counts[i].count] += s->value;
	}
}

static void
take(struct counted *f, const struct sample *s)
{
	char	 phase[METRIC_VALUE + 1];
	size_t	 i;

	if (s->kind == COUNTER_HISTOGRAM) {
		for (i = 0; i < HISTORY_TIMES; i++)
			if (str_eq(s->family, str_from(times[i].family)) &&
			    (times[i].phase == NULL || (label(s->labels,
			    "phase", phase) && strcmp(phase,
			    times[i].phase) == 0)))
				take_latency(&f->latency[i], s);
	} else if (str_eq(s->name, STR("s3_cost_dollars_total"))) {
		f->cost += s->value;
		f->costs = true;
	} else
		take_count(f, s);
}

/* ---- what is new ---- */

static uint64_t
grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

/* Has it counted from 0 since?  A process has a start of its own; that a
 * counter fell says so, too. */
static bool
is_new(const struct seen *a, const struct admin_proc *p,
    const struct counted *f)
{
	size_t	 i;

	if (a->pid != p->pid || a->started != p->started ||
	    f->cost < a->f.cost)
		return true;
	for (i = 0; i < HISTORY_COUNTS; i++)
		if (f->count[i] < a->f.count[i])
			return true;
	for (i = 0; i < HISTORY_TIMES; i++)
		if (f->latency[i].count < a->f.latency[i].count)
			return true;
	return false;
}

/* NULL: there are too many. */
static struct seen *
find(struct history *h, const struct admin_proc *p, bool *first)
{
	size_t	 i;

	*first = false;
	for (i = 0; i < h->nseen; i++)
		if (h->seen[i].kind == p->kind && h->seen[i].index == p->index)
			return &h->seen[i];
	*first = true;
	if (h->nseen == STATE_PROCS)
		return NULL;
	h->seen = mem_grow(h->seen, h->nseen + 1, sizeof(*h->seen));
	memset(&h->seen[h->nseen], 0, sizeof(*h->seen));
	h->seen[h->nseen].kind = p->kind;
	h->seen[h->nseen].index = p->index;
	h->seen[h->nseen].ms = h->ms;
	return &h->seen[h->nseen++];
}

static void
add_latency(struct latency *sum, const struct latency *now,
    const struct latency *before)
{
	size_t	 i;

	for (i = 0; i <= BOUNDS; i++)
		sum->bucket[i] += grown(now->bucket[i], before->bucket[i]);
	sum->count += grown(now->count, before->count);
	sum->sum += grown(now->sum, before->sum);
}

static int64_t
month_begin(int64_t now)
{
	time_t		 t = (time_t)now;
	struct tm	 tm;

	if (gmtime_r(&t, &tm) == NULL)
		return now;
	return now - ((tm.tm_mday - 1) * 86400 + tm.tm_hour * 3600 +
	    tm.tm_min * 60 + tm.tm_sec);
}

/*
 * A storaged that is seen for the first time: what it has cost so far is this
 * month's if it was started in it.  Of what was before, nothing is known;
 * unless it is one more than there were, then there was nothing (old false).
 */
static void
begin_cost(struct history *h, struct seen *a, const struct admin_proc *p,
    const struct counted *f, bool old, int64_t now)
{
	int64_t	 started = (int64_t)p->started;

	if (p->kind != PROC_STORAGED)
		return;
	if (started >= month_begin(now))
		a->f.cost = 0;
	else {
		a->f.cost = f->cost;
		started = now;
	}
	if ((old || h->costless) && h->cost.since < started)
		h->cost.since = started;
}

static void
turn_month(struct history *h, int64_t now)
{
	int64_t	 begin = month_begin(now);

	if (h->cost.since == 0 || h->cost.since >= begin)
		return;
	h->cost.micro = 0;
	h->cost.since = begin;
}

static void
add_counts(const struct seen *a, const struct counted *f, uint64_t since,
    struct history_point *pt)
{
	uint64_t	 n;
	size_t		 i;

	/* Between two looks is a minute, more or less. */
	if (since < MINUTE_MS + MINUTE_MS / 2)
		since = MINUTE_MS;
	for (i = 0; i < HISTORY_COUNTS; i++) {
		n = grown(f->count[i], a->f.count[i]);
		pt->n[i] += n;
		pt->rate[i] += n <= UINT64_MAX / MINUTE_MS / 2 ?
		    (n * MINUTE_MS + since / 2) / since : n;
	}
}

/* Adds what p has counted since it was last seen. */
static void
add_proc(struct history *h, const struct admin_proc *p,
    const struct counted *f, uint64_t ms, struct history_point *pt,
    struct latency sum[HISTORY_TIMES])
{
	bool		 first, old;
	struct seen	*a = find(h, p, &first);
	size_t		 i;

	if (a == NULL)
		return;
	/* Of one that is older than the last look, nobody knows what it had
	 * counted until then. */
	old = !h->begun || (int64_t)p->started < h->now;
	if (first && old)
		a->f = *f;
	if (first)
		begin_cost(h, a, p, f, old, pt->at);
	else if (is_new(a, p, f))
		memset(&a->f, 0, sizeof(a->f));
	add_counts(a, f, ms - a->ms, pt);
	for (i = 0; i < HISTORY_TIMES; i++)
		add_latency(&sum[i], &f->latency[i], &a->f.latency[i]);
	h->cost.micro += grown(f->cost, a->f.cost);
	a->pid = p->pid;
	a->started = p->started;
	a->ms = ms;
	a->f = *f;
}

/* The value that 95 in 100 do not exceed. */
static void
percentile(const struct latency *l, struct history_latency *out)
{
	uint64_t	 rank = l->count - l->count / 20, low = 0, below = 0;
	uint64_t	 in;
	size_t		 i;

	for (i = 0; i < BOUNDS && metric_latency[i] != 0; i++) {
		if (l->bucket[i] >= rank) {
			in = l->bucket[i] - below;
			out->p95 = low + (uint64_t)((double)(metric_latency[i]
			    - low) * (double)(rank - below) / (double)in);
			return;
		}
		low = metric_latency[i];
		if (l->bucket[i] > below)
			below = l->bucket[i];
	}
	out->p95 = low;
	out->over = true;
}

static void
set_latency(const struct latency *l, struct history_latency *out)
{
	out->n = l->count;
	if (l->count == 0)
		return;
	out->mean = l->sum / l->count;
	percentile(l, out);
}

/* ---- a look ---- */

/* Those whose figures are shown here. */
static bool
counts_here(const struct admin_proc *p)
{
	return p->kind == PROC_IMAPD || p->kind == PROC_STORAGED ||
	    p->kind == PROC_AUTHD || p->kind == PROC_LMTPD;
}

static void
look(struct history *h, const struct samples *v, const struct state *s,
    uint64_t ms, struct history_point *pt)
{
	struct latency		 sum[HISTORY_TIMES];
	const struct admin_proc	*p;
	struct counted		 f;
	size_t			 i, k = 0;

	memset(sum, 0, sizeof(sum));
	for (p = s->procs; p < s->procs + s->nprocs; p++) {
		if (!counts_here(p))
			continue;
		if (!p->answered || p->counts.len == 0) {
			pt->partial = true;
			continue;
		}
		memset(&f, 0, sizeof(f));
		/* They are in the order of the processes. */
		while (k < v->n && v->v[k].proc < p)
			k++;
		for (; k < v->n && v->v[k].proc == p; k++)
			take(&f, &v->v[k]);
		if (f.costs)
			h->cost.known = true;
		add_proc(h, p, &f, ms, pt, sum);
	}
	for (i = 0; i < HISTORY_TIMES; i++)
		set_latency(&sum[i], &pt->latency[i]);
}

static void
put(struct history *h, const struct history_point *pt)
{
	h->points[(h->first + h->n) % HISTORY_POINTS] = *pt;
	if (h->n < HISTORY_POINTS)
		h->n++;
	else
		h->first = (h->first + 1) % HISTORY_POINTS;
}

void
history_take(struct history *h, const struct state *s, uint64_t ms,
    int64_t now)
{
	struct history_point	 pt = { .at = now };
	struct samples		 v;

	if (samples_gather(&v, s) == 0) {
		if (!h->begun)
			h->ms = ms;
		turn_month(h, now);
		h->costless = h->cost.since == 0;
		look(h, &v, s, ms, &pt);
		if (h->begun)
			put(h, &pt);
		h->begun = true;
		h->ms = ms;
		h->now = now;
	}
	samples_free(&v);
}

size_t
history_points(const struct history *h)
{
	return h->n;
}

const struct history_point *
history_point(const struct history *h, size_t i)
{
	return &h->points[(h->first + i) % HISTORY_POINTS];
}

uint64_t
history_sum(const struct history *h, enum history_count c, int64_t now)
{
	uint64_t	 n = 0;
	size_t		 i;

	for (i = 0; i < h->n; i++)
		if (history_point(h, i)->at > now -
		    HISTORY_POINTS * HISTORY_SECONDS)
			n += history_point(h, i)->n[c];
	return n;
}

const struct history_cost *
history_cost(const struct history *h)
{
	return &h->cost;
}
