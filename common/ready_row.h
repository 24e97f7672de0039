/*
 * What storaged says in CTL_COUNTS of the last proof that the store can be
 * written and read: the Unix time of it, and, in a row without a name and a
 * metric, why the last try failed, as this label.
 */
#ifndef COMMON_READY_ROW_H
#define COMMON_READY_ROW_H

#define READY_METRIC	"store_proved_timestamp_seconds"
#define READY_TROUBLE	"store_trouble"

#endif
