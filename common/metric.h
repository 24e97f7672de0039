/*
 * Metrics whose label values are known only at run time: a family is a metric
 * with the names of its labels, a series one combination of their values.  What
 * is known when the daemon is compiled is a row of DAEMON/counters.h instead.
 *
 *	static struct metric_family	 requests = METRIC_COUNTER(
 *	    "imap_requests_total", "Commands that were answered",
 *	    "command", "result");
 *
 *	METRIC_ADD(&requests, 1, "SELECT", "ok");
 *
 * A family is static, and of the thread of the event loop alone.  Once a series
 * exists, counting allocates nothing.
 */
#ifndef COMMON_METRIC_H
#define COMMON_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include "common/counter.h"
#include "common/metric_text.h"

#define METRIC_LABELS	4
#define METRIC_SERIES	160	/* of a family; then one more: "other" */
#define METRIC_BUCKETS	16	/* of a histogram, without the one for all */

#define METRIC_MICRO	1000000	/* scale of what is in microseconds */

struct metric_series;

struct metric_family {
	enum counter_kind	 kind;
	const char		*metric;	/* "imap_requests_total" */
	const char		*help;
	uint32_t		 scale;	/* value / scale is in base units */
	const uint64_t		*buckets; /* HISTOGRAM: upper bounds, in
					     values' unit; ends with 0 */
	const char		*labels[METRIC_LABELS];	/* unused: NULL */
	/* its own */
	struct metric_series	*series;	/* the newest first */
	struct metric_series	*last;		/* which was counted last */
	size_t			 nseries;
};

#define METRIC_COUNTER(name, text, ...)					\
	{ .kind = COUNTER_COUNTER, .metric = (name), .help = (text),	\
	  .scale = 1, .labels = { __VA_ARGS__ } }
#define METRIC_GAUGE(name, text, ...)					\
	{ .kind = COUNTER_GAUGE, .metric = (name), .help = (text),	\
	  .scale = 1, .labels = { __VA_ARGS__ } }
/* Observed in units of which scale_ are one of the name's. */
#define METRIC_HISTOGRAM(name, text, scale_, bounds, ...)		\
	{ .kind = COUNTER_HISTOGRAM, .metric = (name), .help = (text),	\
	  .scale = (scale_), .buckets = (bounds),			\
	  .labels = { __VA_ARGS__ } }

/* Bounds for what takes a millisecond to ten seconds, in microseconds. */
extern const uint64_t metric_latency[];

/*
 * n more of a COUNTER, a new value of a GAUGE, one observation of a HISTOGRAM.
 * values: as many as the family has labels; copied.  What exceeds the limit of
 * series, or finds no memory, is counted in the series whose values are all
 * "other".
 */
void	 metric_add(struct metric_family *f, uint64_t n,
	    const char *const *values);
void	 metric_set(struct metric_family *f, uint64_t value,
	    const char *const *values);
void	 metric_observe(struct metric_family *f, uint64_t value,
	    const char *const *values);

#define METRIC_VALUES(...)	((const char *const []){ __VA_ARGS__ })
#define METRIC_ADD(f, n, ...)						\
	metric_add((f), (n), METRIC_VALUES(__VA_ARGS__))
#define METRIC_SET(f, value, ...)					\
	metric_set((f), (value), METRIC_VALUES(__VA_ARGS__))
#define METRIC_OBSERVE(f, value, ...)					\
	metric_observe((f), (value), METRIC_VALUES(__VA_ARGS__))

/* The value of a COUNTER or GAUGE, the number of observations of a HISTOGRAM;
 * 0 without such a series. */
uint64_t metric_value(const struct metric_family *f,
	    const char *const *values);
/* Forgets all series: gauges of things that are no more, and tests. */
void	 metric_clear(struct metric_family *f);

/*
 * Calls row for each figure: one for a series; of a histogram x, those of
 * "x_bucket" with the label "le" (cumulative; the last is "+Inf"), "x_count"
 * and "x_sum".  What the row points to dies with the call.
 */
struct metric_row {
	enum counter_kind	 kind;
	uint32_t		 scale;
	const char		*metric;
	const char		*labels;	/* common/metric_text.h */
	const char		*help;
	uint64_t		 value;
};
void	 metric_tell(const struct metric_family *f,
	    void (*row)(const struct metric_row *r, void *arg), void *arg);

#endif
