/*
 * Connections that have not logged in, by address (common/addr_key.h): which
 * one is dropped when there is no more room, and how long one may take.  A new
 * connection replaces the oldest one that we are waiting for, from the address
 * with the most of them: an attacker thus only replaces its own.
 */
#ifndef COMMON_STRANGERS_H
#define COMMON_STRANGERS_H

#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>

struct address;

/* In each connection. */
struct stranger {
	TAILQ_ENTRY(stranger)	 entry;
	struct address		*address;	/* NULL: not among them */
};

struct strangers_ops {
	/* Whether we are waiting for it, rather than it for us: only then may
	 * it be dropped. */
	bool	(*silent)(const struct stranger *s);
	/* Sends BYE; it is no longer in the table when this returns. */
	void	(*push_out)(struct stranger *s, const char *why);
};

struct strangers_limits {
	unsigned int	 per_address;	/* in the table */
	unsigned int	 strangers;	/* nstrangers */
	unsigned int	 connections;	/* of all kinds */
	unsigned int	 timeout;	/* seconds until logged in */
};

/* All that have not logged in, including those that are not in the table. */
extern unsigned int nstrangers;

/* Counts one more for remote (numeric text).  0, or -1 on ENOMEM. */
int	 strangers_add(struct stranger *s, const char *remote);
/* It has logged in, or is closed; does nothing if it is not in the table. */
void	 strangers_remove(struct stranger *s);

/*
 * Room for one more from remote, beside so many connections: within the limits
 * drops another one if necessary.  False: none can be dropped; why is static.
 */
bool	 strangers_room(const char *remote, unsigned int connections,
	    const struct strangers_limits *limits,
	    const struct strangers_ops *ops, const char **why);

/*
 * How long one may take to log in: limits->timeout, and less if the table is
 * more than half full, down to STRANGERS_LEAST. Milliseconds.
 */
#define STRANGERS_LEAST		10	/* seconds */
int64_t	 strangers_timeout(const struct strangers_limits *limits);

#endif
