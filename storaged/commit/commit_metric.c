/* Commits that were won and lost; a lost one is made again, and counts anew. */
#include "storaged/commit/commit_metric.h"

#include "common/clock.h"
#include "common/metric.h"

static const uint64_t sizes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512,
    1024, 0 };

static struct metric_family batch = METRIC_HISTOGRAM("commit_batch_size",
    "Changes that went into one commit", 1, sizes, NULL);
static struct metric_family conflicts = METRIC_COUNTER(
    "commit_conflicts_total",
    "Commits that were made again, because another node was first", NULL);

static uint64_t last;

void
commit_metric_won(uint64_t intents)
{
	metric_observe(&batch, intents, NULL);
	last = clock_ms();
}

uint64_t
commit_metric_last(void)
{
	return last;
}

void
commit_metric_lost(void)
{
	metric_add(&conflicts, 1, NULL);
}

void
commit_metric_tell(void (*tell)(const struct metric_family *))
{
	metric_add(&conflicts, 0, NULL);	/* 0 is a figure, too */
	tell(&batch);
	tell(&conflicts);
}
