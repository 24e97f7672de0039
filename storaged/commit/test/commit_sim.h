/*
 * The nodes and clients of the simulation (commit_sim_test.c): what they ask
 * of the commit in a fake world, what is done to them meanwhile, and what is
 * known of each change.
 */
#ifndef STORAGED_COMMIT_SIM_H
#define STORAGED_COMMIT_SIM_H

#include "storaged/commit/commit_int.h"
#include "storaged/commit/test/commit_fake.h"

#define OPS_WORLD	1000
#define SIM_NODES	(FAKE_NODES - 1)	/* the last one verifies */

enum status { UNUSED, PENDING, DONE, NEVER, MAYBE };

struct sim_op {
	struct fake_op		 op;
	struct sim_node		*n;
	TAILQ_ENTRY(sim_op)	 entry;
};

struct sim_refresh {
	struct refresh		 ref;
	uint32_t		 target;
	struct sim_node		*n;
};

struct sim_node {
	struct sim		*sim;
	struct fake_node	*fn;
	struct commit		*c;
	struct fake_state	 st;
	uint8_t			 id[16];
	uint64_t		 changed;	/* last record told */
	TAILQ_HEAD(, sim_op)	 ops;
	unsigned		 nops;
	struct sim_refresh	 refresh;
	bool			 quarantined;
	bool			 held;
	bool			 leaving;	/* to be evicted once idle */
};

/* What is known of a change of one message. */
struct tally { unsigned done, maybe, pending; };

struct sim {
	struct fake_world	 w;
	uint64_t		 seed;
	struct sim_node		 nodes[FAKE_NODES];
	unsigned		 nnodes;
	uint32_t		 next;		/* id of the next ADD */
	uint32_t		 issued;	/* operations */
	uint8_t			*status;	/* of ADDs by id */
	struct tally		*flags, *gone;	/* by target */
	uint32_t		*acked;
	uint32_t		 nacked;
	unsigned		 faults;	/* per mille */
	uint64_t		 outage;	/* until, ms */
	bool			 healing;
	unsigned		 kills_rate;
	int			 bad;
};

extern struct sim_total {
	uint64_t	 ops, done, never, lost, kills, evicts, pauses, ends;
	uint64_t	 commits, worlds, probes, refreshes, cancels;
} sim_total;

/* Prints the seed with the first wrong thing; counts. */
void	 sim_wrong(struct sim *s, const char *what, uint64_t which);
void	 sim_refresh_done(struct refresh *ref, enum commit_outcome outcome,
	    void *arg);
/* The node's process starts. */
void	 sim_node_open(struct sim_node *n);
void	 sim_free(struct sim *s);
/* A new world: its nodes are open, and their clients begin. */
void	 sim_start(struct sim *s, uint64_t seed);

#endif
