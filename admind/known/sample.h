/*
 * Figures of all processes, in the order in which they are exposed: those of a
 * metric together, and within it by process.
 */
#ifndef ADMIND_KNOWN_SAMPLE_H
#define ADMIND_KNOWN_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admind/known/state.h"
#include "common/arena.h"
#include "common/counter.h"

#define SAMPLE_LABELS	8		/* of one figure */

struct sample {
	struct str		 family;	/* without _total, _bucket... */
	struct str		 name;
	struct str		 labels;	/* common/metric_text.h */
	struct str		 help;
	enum counter_kind	 kind;
	uint32_t		 scale;
	uint64_t		 value;
	const struct admin_proc	*proc;		/* NULL: of none */
	size_t			 order;		/* among all */
};

struct samples {
	struct arena	*arena;
	struct sample	*v;
	size_t		 n, size;
	size_t		 dropped;	/* that cannot be exposed */
	bool		 failed;	/* out of memory */
};

/* What the processes sent.  -1: out of memory; samples_free() it in any
 * case. */
int	 samples_gather(struct samples *v, const struct state *s);
/* One of our own; the strings are borrowed. */
void	 samples_add(struct samples *v, const struct admin_proc *p,
	    const char *name, enum counter_kind kind, const char *help,
	    const char *labels, uint64_t value, uint32_t scale);
/* The last call, before they are exposed. */
void	 samples_sort(struct samples *v);
void	 samples_free(struct samples *v);

#endif
