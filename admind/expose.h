/*
 * Samples as text: OpenMetrics 1.0, or the older format of Prometheus (0.0.4),
 * and which of them a client wants.
 */
#ifndef ADMIND_EXPOSE_H
#define ADMIND_EXPOSE_H

#include "admind/known/sample.h"
#include "common/buf.h"

enum expose_format { EXPOSE_TEXT, EXPOSE_OPENMETRICS, EXPOSE_FORMATS };

/* By the value of Accept; empty: EXPOSE_TEXT. */
enum expose_format expose_wanted(struct str accept);
const char *expose_type(enum expose_format f);	/* Content-Type */
/* Appends samples_sort()ed samples.  -1: out of memory. */
int	 expose(const struct samples *v, enum expose_format f,
	    struct buf *out);

#endif
