/* Limits on the number of file descriptors: RLIMIT_NOFILE. */
#ifndef COMMON_NOFILE_H
#define COMMON_NOFILE_H

#include <stdint.h>

void	 nofile_raise(void);		/* the soft limit to the hard one */
uint64_t nofile_limit(void);		/* the soft limit, in all */
/* How many more can be opened now. */
uint64_t nofile_free(void);
/* How many of these may be connections: spare ones are for all else, or half
 * of them if they are few. */
uint64_t nofile_room(uint64_t spare);
/*
 * How many of the want items fit into room descriptors if each needs `each' of
 * them: at least one.  If that is fewer than wanted, logs a warning with what
 * and both numbers.
 */
uint64_t nofile_fit(const char *what, uint64_t want, uint64_t each,
	    uint64_t room);

#endif
