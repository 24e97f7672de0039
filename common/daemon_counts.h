/* The rows of CTL_COUNTS: what the daemon's handler counts() tells. */
#ifndef COMMON_DAEMON_COUNTS_H
#define COMMON_DAEMON_COUNTS_H

#include <stdint.h>

#include "common/arena.h"
#include "common/counter.h"
#include "common/msg_setup.h"

struct metric_family;

/* From counts() only; row is constant. */
void	 daemon_count(const struct counter *row, uint64_t value);
void	 daemon_metric(const struct metric_family *f);

/* For common/daemon.c: calls counts() (NULL: nothing is told); *res lies on the
 * arena.  -1: no memory. */
int	 daemon_counts_collect(struct arena *a, void (*counts)(void),
	    struct ctl_counts *res);

#endif
