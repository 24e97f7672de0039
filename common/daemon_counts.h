/* The rows of CTL_COUNTS: what the daemon's handler counts() tells. */
#ifndef COMMON_DAEMON_COUNTS_H
#define COMMON_DAEMON_COUNTS_H

#include <stdint.h>

#include "common/arena.h"
#include "common/counter.h"
#include "common/msg_setup.h"
#include "common/peer.h"

struct metric_family;

/* From counts() only; row is constant. */
void	 daemon_count(const struct counter *row, uint64_t value);
void	 daemon_metric(const struct metric_family *f);

/* For common/daemon.c: calls counts() (NULL: nothing is told), and answers the
 * CTL_STATS of this id; a is reset by the caller.  -1: no memory. */
int	 daemon_counts_send(struct arena *a, void (*counts)(void),
	    struct peer *p, uint32_t id);

#endif
