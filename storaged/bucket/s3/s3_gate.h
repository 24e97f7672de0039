/*
 * Limits how many requests are in flight: user requests go before background
 * ones, and background ones never fill the gate.
 */
#ifndef STORAGED_S3_GATE_H
#define STORAGED_S3_GATE_H

#include <sys/queue.h>
#include <stdbool.h>

#include "storaged/bucket/blob.h"

struct s3_gate_entry {
	TAILQ_ENTRY(s3_gate_entry) entry;
	enum blob_priority prio;
	enum { GATE_OUT, GATE_WAITING, GATE_IN } state;
	void	(*go)(void *arg);	/* it has a place now */
	void	*arg;
};
TAILQ_HEAD(s3_gate_queue, s3_gate_entry);

struct s3_gate {
	struct s3_gate_queue waiting[2];	/* by enum blob_priority */
	unsigned	 in, in_background;
	unsigned	 max, max_background;
	bool		 busy;		/* letting in */
};

void	 s3_gate_init(struct s3_gate *g, unsigned max,
	    unsigned max_background);
/* Calls e->go at once if there is room, else later. */
void	 s3_gate_enter(struct s3_gate *g, struct s3_gate_entry *e);
/* Gives the place back, or stops waiting for one; harmless if it has
 * neither. */
void	 s3_gate_leave(struct s3_gate *g, struct s3_gate_entry *e);

#endif
