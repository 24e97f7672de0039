/*
 * What the processes sent is hostile: a figure whose name or labels are none,
 * or whose kind is another than that of the others of its name, is dropped, and
 * a process whose message does not decode has sent nothing.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/known/sample.h"
#include "common/escape.h"
#include "common/metric_text.h"
#include "common/msg_setup.h"

#define ARENA_MAX	(256 * 1024 * 1024)	/* of 1024 processes */
#define SAMPLES_MAX	(1024 * 1024)

static bool
is_name(struct str s)
{
	size_t	 i;

	for (i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '_' &&
		    (i == 0 || !(s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.len > 0;
}

/* Keys that are ours to add, or there twice, are none. */
static bool
are_labels(struct str labels)
{
	struct str	 keys[SAMPLE_LABELS];
	char		 value[ESCAPE_MOST(METRIC_VALUE) + 1];
	size_t		 n = 0, i;
	int		 r;

	while ((r = metric_text_next(&labels, &keys[n], value,
	    sizeof(value))) == 1) {
		if (str_eq(keys[n], STR("process")) ||
		    str_eq(keys[n], STR("index")))
			return false;
		for (i = 0; i < n; i++)
			if (str_eq(keys[i], keys[n]))
				return false;
		if (++n == SAMPLE_LABELS)
			return false;
	}
	return r == 0;
}

static bool
ends(struct str s, struct str end)
{
	return s.len > end.len && memcmp(s.p + s.len - end.len, end.p,
	    end.len) == 0;
}

static struct str
family_of(struct str name, enum counter_kind kind)
{
	static const struct str	 parts[] = { STR("_bucket"), STR("_count"),
				    STR("_sum") };
	size_t			 i;

	if (kind == COUNTER_COUNTER && ends(name, STR("_total")))
		name.len -= 6;
	for (i = 0; i < nitems(parts) && kind == COUNTER_HISTOGRAM; i++)
		if (ends(name, parts[i])) {
			name.len -= parts[i].len;
			break;
		}
	return name;
}

static void
put(struct samples *v, const struct sample *s)
{
	struct sample	*more;
	size_t		 size = v->size == 0 ? 1024 : v->size * 2;

	if (v->n == v->size) {
		if (v->n >= SAMPLES_MAX || (more = reallocarray(v->v, size,
		    sizeof(*more))) == NULL) {
			v->failed = true;
			return;
		}
		v->v = more;
		v->size = size;
	}
	v->v[v->n] = *s;
	v->v[v->n].order = v->n;
	v->n++;
}

void
samples_add(struct samples *v, const struct admin_proc *p, const char *name,
    enum counter_kind kind, const char *help, const char *labels,
    uint64_t value, uint32_t scale)
{
	struct sample	 s = { .name = str_from(name),
			    .labels = str_from(labels),
			    .help = str_from(help), .kind = kind,
			    .scale = scale, .value = value, .proc = p };

	s.family = family_of(s.name, kind);
	put(v, &s);
}

/* A histogram's parts only, and those of the others without such names. */
static bool
is_whole(const struct ctl_count *c, struct str family)
{
	if (c->kind == COUNTER_COUNTER)
		return ends(c->metric, STR("_total"));
	return (c->kind == COUNTER_HISTOGRAM) == (family.len != c->metric.len);
}

static void
add_counts(struct samples *v, const struct admin_proc *p)
{
	struct ctl_counts	 counts;
	const struct ctl_count	*c;
	struct sample		 s;
	size_t			 i;

	if (p->counts.len == 0 || wire_decode(&ctl_counts_wire, &counts,
	    p->counts.p, p->counts.len, v->arena) == -1)
		return;
	for (i = 0; i < counts.counts.n; i++) {
		c = (const struct ctl_count *)counts.counts.v + i;
		if (c->metric.len == 0)
			continue;
		s = (struct sample){ .name = c->metric, .labels = c->labels,
		    .help = c->help, .kind = (enum counter_kind)c->kind,
		    .scale = c->scale, .value = c->value, .proc = p };
		s.family = family_of(s.name, s.kind);
		if (is_name(s.name) && are_labels(s.labels) &&
		    is_whole(c, s.family))
			put(v, &s);
		else
			v->dropped++;
	}
}

static int
compare_str(struct str a, struct str b)
{
	size_t	 n = a.len < b.len ? a.len : b.len;
	int	 r = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

static int
compare(const void *x, const void *y)
{
	const struct sample	*a = x, *b = y;
	int			 r = compare_str(a->family, b->family);

	return r != 0 ? r : (a->order > b->order) - (a->order < b->order);
}

/* Of one family, one kind: the first one's. */
static void
drop_others(struct samples *v)
{
	const struct sample	*first = NULL;
	size_t			 i, kept = 0;

	for (i = 0; i < v->n; i++) {
		if (first == NULL || !str_eq(first->family, v->v[i].family))
			first = &v->v[i];
		if (v->v[i].kind == first->kind)
			v->v[kept++] = v->v[i];
		else
			v->dropped++;
		/* It may have moved. */
		if (first == &v->v[i] && kept > 0)
			first = &v->v[kept - 1];
	}
	v->n = kept;
}

int
samples_gather(struct samples *v, const struct state *s)
{
	size_t	 i;

	memset(v, 0, sizeof(*v));
	if ((v->arena = arena_new(ARENA_MAX)) == NULL)
		return -1;
	for (i = 0; i < s->nprocs; i++)
		add_counts(v, &s->procs[i]);
	return v->failed ? -1 : 0;
}

void
samples_sort(struct samples *v)
{
	if (v->n > 0)
		qsort(v->v, v->n, sizeof(*v->v), compare);
	drop_others(v);
}

void
samples_free(struct samples *v)
{
	arena_free(v->arena);
	free(v->v);
}
