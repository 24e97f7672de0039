/* The rows of CTL_COUNTS, from the daemon's tables and families. */
#include <string.h>

#include "common/compat.h"
#include "common/daemon_counts.h"
#include "common/metric.h"

static struct {
	struct arena		*arena;
	struct ctl_count	*v;		/* NULL: nobody asks */
	size_t			 n;
} told;

int
daemon_counts_send(struct arena *a, void (*counts)(void), struct peer *p,
    uint32_t id)
{
	struct ctl_counts	 res;

	told.arena = a;
	told.n = 0;
	if ((told.v = arena_array(a, SETUP_COUNTS_MAX,
	    sizeof(*told.v))) == NULL)
		return -1;
	if (counts != NULL)
		counts();
	res.counts.v = told.v;
	res.counts.n = told.n;
	told.v = NULL;
	peer_send_struct(p, IMSG_CTL_COUNTS, id, &res, -1);
	return 0;
}

void
daemon_count(const struct counter *row, uint64_t value)
{
	if (told.v == NULL || told.n == SETUP_COUNTS_MAX)
		return;
	told.v[told.n++] = (struct ctl_count){
	    .name = str_from(row->name), .kind = (uint8_t)row->kind,
	    .scale = 1, .metric = str_from(row->metric),
	    .labels = str_from(row->labels), .help = str_from(row->help),
	    .value = value };
}

static void
metric_row(const struct metric_row *r, void *arg)
{
	const char	*metric, *labels;

	(void)arg;
	if (told.v == NULL || told.n == SETUP_COUNTS_MAX ||
	    strlen(r->labels) > SETUP_LABELS_MAX)
		return;
	metric = arena_dup(told.arena, r->metric, strlen(r->metric));
	labels = arena_dup(told.arena, r->labels, strlen(r->labels));
	if (metric == NULL || labels == NULL)
		return;
	told.v[told.n++] = (struct ctl_count){
	    .name = STR(""), .kind = (uint8_t)r->kind, .scale = r->scale,
	    .metric = str_from(metric), .labels = str_from(labels),
	    .help = str_from(r->help), .value = r->value };
}

void
daemon_metric(const struct metric_family *f)
{
	metric_tell(f, metric_row, NULL);
}
