/*
 * Disk space for messages being uploaded: a limit per user, one for this
 * process, and a minimum of free space that is reserved for indexes.  A user
 * who exceeds the limit is refused; if all together do, it is the one who holds
 * the most.
 */
#ifndef STORAGED_SPOOL_ROOM_H
#define STORAGED_SPOOL_ROOM_H

#include <sys/queue.h>
#include <stdint.h>

/* What an APPEND holds; part of the owner's struct, zeroed by it. */
struct spool_hold {
	TAILQ_ENTRY(spool_hold)	 entry;
	uint64_t		 bytes;
	uint64_t		*user;		/* the sum of its user's */
	/* It must make room for others: call spool_end() before this
	 * returns. */
	void			(*evict)(void *arg);
	void			*arg;
};

enum spool_room {
	SPOOL_ROOM,		/* taken */
	SPOOL_OF_USER,		/* his own share is used up */
	SPOOL_OF_ALL,		/* that of all is, and nobody holds more */
	SPOOL_OF_DISK		/* the disk is down to the floor */
};

/* Octets; for the reload as well. */
void	 spool_limits(uint64_t user, uint64_t all);
/* More octets for h (0: nothing); may evict others, never h. */
enum spool_room spool_take(struct spool_hold *h, uint64_t bytes);
void	 spool_give(struct spool_hold *h, uint64_t bytes);
void	 spool_end(struct spool_hold *h);	/* all of it; again is fine */
uint64_t spool_held(void);			/* of all */

/*
 * Sets the file system (of dir) on which keep octets (or a quarter, if that is
 * less) are left free.  0, or -1 with errno.
 */
int	 disk_watch(const char *dir, uint64_t keep);
void	 disk_keep(uint64_t keep);
/* Free space above the minimum; UINT64_MAX if unknown.  Tests may replace
 * this. */
extern uint64_t (*disk_left)(void);

#endif
