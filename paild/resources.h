/* What a process uses, as the system says. */
#ifndef PAILD_RESOURCES_H
#define PAILD_RESOURCES_H

#include <sys/types.h>

#include <stdint.h>

struct resources {
	uint64_t	 cpu_us;	/* user and system, of all threads */
	uint64_t	 rss;		/* bytes */
	uint64_t	 vsize;		/* bytes */
	uint64_t	 fds;		/* open descriptors; 0: unknown */
	uint64_t	 threads;
};

/* -1: unknown, or not on this system. */
int	 resources_of(pid_t pid, struct resources *r);

#endif
