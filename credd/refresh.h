/*
 * When credentials are asked for again: ahead of their end, one look at a
 * time; a look that fails leaves the set of before in use while it is valid.
 */
#ifndef CREDD_REFRESH_H
#define CREDD_REFRESH_H

#include <stddef.h>
#include <stdint.h>

#include "credd/chain.h"

#define REFRESH_AHEAD	300	/* s before the end; or a tenth of the life */
#define REFRESH_SHORT	600	/* a life under this: at its half */
#define REFRESH_HANG	15	/* s that a look may take */

struct event_base;
struct refresh;

/* What it works with; a test has its own. */
struct refresh_ops {
	void	*(*start)(const struct slice *conf, chain_cb cb, void *cb_arg,
		    void *arg);
	void	 (*cancel)(void *look, void *arg);
	/* Another set is to be used, borrowed until the next call; NULL: the
	 * one of before has ended. */
	void	 (*give)(const struct cred_secret *s, void *arg);
	int64_t	 (*now)(void);		/* seconds since 1970 */
};

struct refresh_status {
	const char	*source;	/* NULL: no look has succeeded yet */
	const struct cred_secret *secret;	/* NULL: none is valid */
	int64_t		 next;		/* look; 0: none is planned */
	bool		 asking;
	int64_t		 failed_at;	/* the last failure; 0: none since */
	const char	*failed_why;	/* a set was got */
	uint64_t	 done, failed;	/* looks */
};

/* ops and arg are borrowed.  NULL: no timer. */
struct refresh *refresh_new(struct event_base *base,
	    const struct refresh_ops *ops, void *arg);
void	 refresh_free(struct refresh *r);	/* NULL is fine */
/* Whose credentials they are, for the log; not said: the store's. */
void	 refresh_name(struct refresh *r, const char *name);
/* Looks at once, by this slice (borrowed until the next call; NULL: nothing
 * is needed, and what there was is wiped). */
void	 refresh_configure(struct refresh *r, const struct slice *conf);
/* The server rejected this access key: if it is the one in use and another
 * can be had, it is asked for now. */
void	 refresh_refused(struct refresh *r, const char *access_key);
/* An STS has told whose the set in use is, if it still is this access key:
 * it is given once more, with that. */
void	 refresh_identity(struct refresh *r, const char *access_key,
	    const char *arn);
/* What the clock demands; the timer calls it. */
void	 refresh_look(struct refresh *r);
void	 refresh_status(const struct refresh *r, struct refresh_status *s);
/*
 * The moment of the next look for a set that came at `got` and ends at
 * `expires`: the larger of REFRESH_AHEAD and a tenth of the life ahead, under
 * REFRESH_SHORT half of the life; earlier by up to a tenth of that, as
 * jitter (0 to UINT32_MAX) says.
 */
int64_t	 refresh_due(int64_t got, int64_t expires, uint32_t jitter);
/* t (seconds since 1970; 0: "never") for people: 2026-11-28T20:00:00Z. */
#define REFRESH_WHEN	24
const char *refresh_when(int64_t t, char dst[REFRESH_WHEN]);

#endif
