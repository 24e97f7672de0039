/*
 * The series of a family are a list: few are counted often, and the one that
 * was counted last is looked at first.  What a peer says never becomes a value
 * (the caller takes values from its own tables); the limit is for mistakes and
 * for what a server may send (status codes).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/compat.h"
#include "common/fnv.h"
#include "common/metric.h"
#include "common/metric_text.h"

#define NAME_MAX_BYTES	80	/* "x_bucket" */
#define LABELS_BYTES	2048	/* of one series, escaped; more than fits */

struct metric_series {
	struct metric_series	*next;
	uint32_t		 hash;
	uint64_t		 value;		/* HISTOGRAM: observations */
	uint64_t		 sum;
	uint64_t		 counts[METRIC_BUCKETS]; /* not cumulative */
	char			 values[METRIC_LABELS][METRIC_VALUE + 1];
};

const uint64_t metric_latency[] = { 1000, 2500, 5000, 10000, 25000, 50000,
    100000, 250000, 500000, 1000000, 2500000, 10000000, 0 };

static const char *const others[METRIC_LABELS] = { "other", "other", "other",
    "other" };

static size_t
nlabels(const struct metric_family *f)
{
	size_t	n = 0;

	while (n < METRIC_LABELS && f->labels[n] != NULL)
		n++;
	return n;
}

static size_t
nbuckets(const struct metric_family *f)
{
	size_t	n = 0;

	while (f->buckets != NULL && n < METRIC_BUCKETS && f->buckets[n] != 0)
		n++;
	return n;
}

static size_t
value_len(const char *value)
{
	return strnlen(value, METRIC_VALUE);
}

static uint32_t
hash_of(const char *const *values, size_t n)
{
	uint32_t	h = 0;
	size_t		i;

	for (i = 0; i < n; i++)
		h = h * 31 + fnv32(values[i], value_len(values[i]));
	return h;
}

static bool
is_of(const struct metric_series *s, uint32_t hash, const char *const *values,
    size_t n)
{
	size_t	i;

	if (s->hash != hash)
		return false;
	for (i = 0; i < n; i++)
		if (strncmp(s->values[i], values[i], METRIC_VALUE) != 0)
			return false;
	return true;
}

static struct metric_series *
find(const struct metric_family *f, const char *const *values)
{
	size_t			 n = nlabels(f);
	uint32_t		 hash = hash_of(values, n);
	struct metric_series	*s;

	if (f->last != NULL && is_of(f->last, hash, values, n))
		return f->last;
	for (s = f->series; s != NULL; s = s->next)
		if (is_of(s, hash, values, n))
			return s;
	return NULL;
}

static struct metric_series *
make(struct metric_family *f, const char *const *values)
{
	struct metric_series	*s;
	size_t			 i, n = nlabels(f);

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->hash = hash_of(values, n);
	for (i = 0; i < n; i++)
		memcpy(s->values[i], values[i], value_len(values[i]));
	s->next = f->series;
	f->series = s;
	f->nseries++;
	return s;
}

/* NULL only without memory for the first of "other". */
static struct metric_series *
get(struct metric_family *f, const char *const *values)
{
	struct metric_series	*s = find(f, values);

	if (s == NULL && f->nseries < METRIC_SERIES)
		s = make(f, values);
	if (s == NULL && (s = find(f, others)) == NULL)
		s = make(f, others);
	if (s != NULL)
		f->last = s;
	return s;
}

void
metric_add(struct metric_family *f, uint64_t n, const char *const *values)
{
	struct metric_series	*s = get(f, values);

	if (s != NULL)
		s->value += n;
}

void
metric_set(struct metric_family *f, uint64_t value, const char *const *values)
{
	struct metric_series	*s = get(f, values);

	if (s != NULL)
		s->value = value;
}

void
metric_observe(struct metric_family *f, uint64_t value,
    const char *const *values)
{
	struct metric_series	*s = get(f, values);
	size_t			 i, n = nbuckets(f);

	if (s == NULL)
		return;
	s->value++;
	s->sum += value;
	for (i = 0; i < n && value > f->buckets[i]; i++)
		continue;
	if (i < n)
		s->counts[i]++;
}

uint64_t
metric_value(const struct metric_family *f, const char *const *values)
{
	const struct metric_series	*s = find(f, values);

	return s == NULL ? 0 : s->value;
}

void
metric_clear(struct metric_family *f)
{
	struct metric_series	*s;

	while ((s = f->series) != NULL) {
		f->series = s->next;
		free(s);
	}
	f->last = NULL;
	f->nseries = 0;
}

/* One series on its way to rows. */
struct telling {
	const struct metric_family	*f;
	const struct metric_series	*s;
	void				(*row)(const struct metric_row *,
					    void *);
	void				*arg;
};

static void
tell(const struct telling *t, const char *suffix, uint32_t scale,
    const char *le, uint64_t value)
{
	struct metric_row	 r = { .kind = t->f->kind, .scale = scale,
				    .help = t->f->help, .value = value };
	struct buf		 b;
	char			 name[NAME_MAX_BYTES];
	size_t			 i;

	buf_init(&b, LABELS_BYTES);
	for (i = 0; i < METRIC_LABELS && t->f->labels[i] != NULL; i++)
		metric_text_put(&b, t->f->labels[i],
		    str_from(t->s->values[i]));
	if (le != NULL)
		metric_text_put(&b, "le", str_from(le));
	if (buf_put_u8(&b, '\0') == 0) {	/* else: no memory, no row */
		snprintf(name, sizeof(name), "%s%s", t->f->metric, suffix);
		r.metric = name;
		r.labels = (const char *)b.data;
		t->row(&r, t->arg);
	}
	buf_free(&b);
}

static void
tell_histogram(const struct telling *t)
{
	uint64_t	sum = 0;
	size_t		i, n = nbuckets(t->f);
	char		le[32];

	for (i = 0; i < n; i++) {
		sum += t->s->counts[i];
		metric_text_value(le, sizeof(le), t->f->buckets[i],
		    t->f->scale);
		tell(t, "_bucket", 1, le, sum);
	}
	tell(t, "_bucket", 1, "+Inf", t->s->value);
	tell(t, "_count", 1, NULL, t->s->value);
	tell(t, "_sum", t->f->scale, NULL, t->s->sum);
}

void
metric_tell(const struct metric_family *f,
    void (*row)(const struct metric_row *r, void *arg), void *arg)
{
	struct telling	 t = { .f = f, .row = row, .arg = arg };

	for (t.s = f->series; t.s != NULL; t.s = t.s->next)
		if (f->kind == COUNTER_HISTOGRAM)
			tell_histogram(&t);
		else
			tell(&t, "", f->scale, NULL, t.s->value);
}
