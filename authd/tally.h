/*
 * Bounded tables of counters for anyone who may be an attacker: an address, a
 * network, a name, a name from an address.  Pure.
 *
 * What has failed is forgotten after TALLY_FORGET_MS without a failure.  When a
 * table is full, the least recently used entry is replaced, but never one that
 * is held; so a table never exceeds its size plus what is held.
 */
#ifndef AUTHD_TALLY_H
#define AUTHD_TALLY_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define TALLY_KEY	16
#define TALLY_FORGET_MS	(15 * 60 * 1000)
#define TALLY_MOST	1000000	/* failures: more make no difference */
#define TALLY_WRONG	8	/* bytes of a wrong password's MAC */
#define TALLY_LABEL	64	/* bytes of a label */

struct tally_table;

struct tally {
	LIST_ENTRY(tally)	 hash;
	TAILQ_ENTRY(tally)	 age;
	struct tally_table	*table;
	uint8_t			 key[TALLY_KEY];
	unsigned int		 holds;
	unsigned int		 failures;
	int64_t			 last;		/* failure */
	/* The gate's; initially zero, and again when failures are forgotten. */
	int64_t			 next;		/* not before */
	int64_t			 next_early;	/* the same, first tries */
	uint8_t			 wrong[TALLY_WRONG];
	/* For the operator: the key of a name tells nobody whose it is. */
	char			*label;		/* NULL: not known */
	uint8_t			 from[TALLY_KEY];
	/* The gate's; not forgotten while the entry is held. */
	unsigned int		 running;
	unsigned int		 moved;		/* running, not in their first
						 * pool */
	unsigned int		 trust;
	unsigned int		 logins;	/* of an address */
	uint64_t		 served;	/* when last, in turns */
};

/* NULL on ENOMEM.  max: tallies. */
struct tally_table *tally_table_new(size_t max);
void	 tally_table_free(struct tally_table *t);	/* NULL is fine */
/* The key of a name, or of a name and where it came from. */
void	 tally_key(uint8_t key[TALLY_KEY], uint32_t tag,
	    const struct str *parts, size_t n);
/* Finds or creates an entry, and holds it: release it with tally_drop().  NULL
 * on ENOMEM. now: milliseconds of a monotonic clock. */
struct tally *tally_hold(struct tally_table *t, const uint8_t key[TALLY_KEY],
	    int64_t now);
void	 tally_drop(struct tally *e);		/* NULL is fine */
/* The entry, not held; NULL: none. */
const struct tally *tally_find(const struct tally_table *t,
	    const uint8_t key[TALLY_KEY]);
/* Forgets what is old enough; to be called before failures or next are read. */
void	 tally_age(struct tally *e, int64_t now);
void	 tally_fail(struct tally *e, int64_t now);
/* Whose it is; the first TALLY_LABEL bytes.  Without memory: nobody's. */
void	 tally_label(struct tally *e, const char *name);
/* Its failures, and what they delay. */
void	 tally_forget(struct tally *e);
/* Calls each for all, after tally_age(); it must not drop any. */
void	 tally_each(struct tally_table *t, int64_t now,
	    void (*each)(struct tally *e, void *arg), void *arg);
size_t	 tally_entries(const struct tally_table *t);

#endif
