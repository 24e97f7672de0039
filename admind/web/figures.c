/* See figures.h. */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/known/sample.h"
#include "admind/web/figures.h"
#include "common/proc_kind.h"
#include "common/ready_row.h"

/* What is simply added. */
static const struct {
	enum proc_kind	 kind;
	const char	*metric, *labels;	/* NULL: any */
	size_t		 sum, has;		/* offsets */
} sums[] = {
#define SUM(kind, metric, labels, sum, has)				\
	{ PROC_##kind, metric, labels, offsetof(struct figures, sum),	\
	    offsetof(struct figures, has) }
	SUM(IMAPD, "imap_connections", NULL, connections, has_sessions),
	SUM(IMAPD, "imap_sessions", NULL, sessions, has_sessions),
	SUM(IMAPD, "imap_sessions_idle", NULL, idle, has_sessions),
	SUM(STORAGED, "cache_hits_total", NULL, cache_hits, has_cache),
	SUM(STORAGED, "cache_misses_total", NULL, cache_misses, has_cache),
	SUM(STORAGED, "cache_bytes", NULL, cache_bytes, has_cache),
	SUM(STORAGED, "ingest_objects_total", "result=ok", ingested,
	    has_ingest),
	SUM(STORAGED, "ingest_objects_total", "result=failed", ingest_failed,
	    has_ingest),
	SUM(STORAGED, "ingest_objects_total", "result=later", ingest_later,
	    has_ingest),
#undef SUM
};

static void
add_certificate(struct figures *f, const struct sample *s)
{
	struct str	 labels = s->labels, key;
	struct figures_certificate *c = &f->certificates[f->ncertificates];

	if (f->ncertificates == FIGURES_CERTIFICATES) {
		f->more++;
		return;
	}
	if (metric_text_next(&labels, &key, c->name, sizeof(c->name)) != 1 ||
	    !str_eq(key, STR("name")))
		return;
	c->expires = (int64_t)s->value;
	f->ncertificates++;
}

static void
take(struct figures *f, const struct sample *s)
{
	int64_t	 v = (int64_t)s->value;
	size_t	 i;

	for (i = 0; i < nitems(sums); i++)
		if (s->proc->kind == sums[i].kind && str_eq(s->name,
		    str_from(sums[i].metric)) && (sums[i].labels == NULL ||
		    str_eq(s->labels, str_from(sums[i].labels)))) {
			*(uint64_t *)(void *)((char *)f + sums[i].sum) +=
			    s->value;
			*(bool *)((char *)f + sums[i].has) = true;
		}
	if (s->proc->kind == PROC_CREDD) {
		if (str_eq(s->labels, STR("of=store")) && str_eq(s->name,
		    STR("credential_expiry_timestamp_seconds")))
			f->expires = v;
		else if (str_eq(s->name,
		    STR("certificate_expiry_timestamp_seconds")))
			add_certificate(f, s);
	} else if (s->proc->kind == PROC_STORAGED) {
		if (s->proc->index == 0 && str_eq(s->name, STR(READY_METRIC)))
			f->proved = v;
		if (str_eq(s->name, STR("clock_offset_seconds")) &&
		    v != INT64_MIN) {
			f->has_clock = true;
			if (llabs(v) > llabs(f->clock))
				f->clock = v;
		}
	}
}

void
figures_read(struct figures *f, const struct state *s)
{
	struct samples	 v;
	size_t		 i;

	memset(f, 0, sizeof(*f));
	if (s == NULL)
		return;
	if (samples_gather(&v, s) == 0)
		for (i = 0; i < v.n; i++)
			take(f, &v.v[i]);
	samples_free(&v);
}
