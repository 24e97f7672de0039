/*
 * The proof that the store can be written and read, for /readyz of admind: one
 * that is at most half of "ready-within" old, as far as the store lets us.
 *
 * A commit of this process proves that it can be written, and only the store
 * object is read then.  Otherwise a small object below KEY_READY is created on
 * condition that there is none, read, and deleted.
 */
#ifndef STORAGED_READY_H
#define STORAGED_READY_H

struct blob_store;
struct event_base;
struct slice;

/* Begins; does nothing if nobody will ask (no admind).  The first storaged
 * only. */
void	 ready_start(struct event_base *base, struct blob_store *blob,
	    const struct slice *conf);
void	 ready_reload(const struct slice *conf);
/* No further object is created. */
void	 ready_stop(void);
/* Its object is not in the store. */
bool	 ready_idle(void);
/* For counts(): common/ready_row.h.  waits: why there can be no proof yet, or
 * NULL. */
void	 ready_tell(const char *waits);

#endif
