/*
 * The counters of a daemon.  Each daemon has a table, DAEMON/counters.h; to add
 * a counter, add a row there.  "pailctl status" shows name and value; metric,
 * labels, kind and help are for collecting metrics, and are sent with the value
 * (CTL_COUNTS), so that paild need not know the tables.  Metrics with labels
 * whose values are known only at run time, and histograms: common/metric.h.
 *
 * Columns of a table: name ("": not shown by status), kind (GAUGE, COUNTER,
 * SIGNED), metric ("": only shown by status), labels (as of metric_text.h),
 * help, and an expression for the value, which the daemon's counts() evaluates.
 */
#ifndef COMMON_COUNTER_H
#define COMMON_COUNTER_H

#include <stdint.h>

enum counter_kind {
	COUNTER_GAUGE,		/* goes up and down */
	COUNTER_COUNTER,	/* since the process was started */
	COUNTER_HISTOGRAM,	/* a row of one: x_bucket, x_count, x_sum */
	COUNTER_SIGNED		/* a gauge; the value is an int64_t's two's
				   complement */
};

struct counter {
	const char		*name;		/* "logins-failed" */
	enum counter_kind	 kind;
	const char		*metric;	/* "logins_total" */
	const char		*labels;	/* "result=failed", or "" */
	const char		*help;		/* the same for one metric */
};

/* X for a table, to be used in counts(). */
#define COUNTER_TELL(name, kind, metric, labels, help, value) {		\
	static const struct counter	 counter_row = { name,		\
	    COUNTER_##kind, metric, labels, help };			\
	daemon_count(&counter_row, (uint64_t)(value));			\
}

#endif
