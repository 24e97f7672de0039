/* What the files of gate.h share. */
#ifndef AUTHD_GATE_IMPL_H
#define AUTHD_GATE_IMPL_H

#include "authd/gate.h"

TAILQ_HEAD(gate_tries, gate_try);

struct gate_scope {
	struct tally_table	*address, *net, *pair, *name;
	struct gate_tries	 waiting[GATE_POOLS];
	uint64_t		 served;
	bool			 newest[2];	/* next, of suspects or not */
};

/* What waits for one backend must not count where another is asked. */
struct gate_pool {
	size_t			 waiting;
	size_t			 suspects;	/* with a worker */
	unsigned int		 starts;
};

struct gate {
	struct known		*known;
	struct gate_conf	 conf;
	size_t			 max;
	struct gate_scope	*scope[GATE_SCOPES];
	struct gate_tries	 riders;	/* started, not yet given out */
	struct gate_pool	 pool[GATE_POOLS];
	uint64_t		 order;
};

#endif
