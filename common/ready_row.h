/*
 * What storaged says in CTL_COUNTS of the last proof that the store can be
 * written and read: the Unix time of it, and, in a row without a name and a
 * metric, why the last try failed, as this label, and again with what does not
 * fit into one (READY_PARTS at most).
 */
#ifndef COMMON_READY_ROW_H
#define COMMON_READY_ROW_H

#include "common/metric_text.h"

#define READY_METRIC	"store_proved_timestamp_seconds"
#define READY_TROUBLE	"store_trouble"
#define READY_PARTS	3
#define READY_WHY	(READY_PARTS * METRIC_VALUE)	/* octets */

#endif
