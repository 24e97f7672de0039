/*
 * For tests of one real daemon: this program is its paild and the processes
 * that it talks to.
 */
#ifndef PAILD_TEST_REAL_H
#define PAILD_TEST_REAL_H

#include <stdbool.h>

#include "paild/proc.h"

struct real {
	struct proc	*p;		/* its row; p->setup is our end */
	bool		 ready;
	bool		 gone;		/* it ended, or cut its paild */
	unsigned	 pongs;
	/* SETUP_LOST: of the channel to watch, and of any other. */
	enum proc_kind	 watch;
	uint32_t	 watch_index;
	unsigned	 lost, lost_others;
	char		 log[4096];	/* the end of what it logged */
};

extern struct paild	real_pd;

/* The configuration (file store, password file, two of all that there can be)
 * and more lines; argv0: the programs are in ../bin/ of it. */
void	 real_begin(const char *argv0);
void	 real_conf(const char *store, const char *more);
void	 real_end(void);
/* false: it is not ready in time. */
bool	 real_start(struct real *r, enum proc_kind kind);
void	 real_stop(struct real *r);
/* Our end of a channel to this process, as its neighbour; -1: none. */
int	 real_channel(struct real *r, enum proc_kind kind, uint32_t index);
/* What was said before is handled; false: it is gone, or hangs. */
bool	 real_settles(struct real *r);
/* The loop until *cond; false: never. */
bool	 real_until(const bool *cond);
/* Descriptors it has open, but for the file store's locks. */
int	 real_fds(const struct real *r);
/* There are max of these, or fewer; false: more, for as long as a test waits
 * for anything. */
bool	 real_fds_fall(const struct real *r, int max);
long	 real_kib(const struct real *r);	/* resident; 0: not known */

#endif
