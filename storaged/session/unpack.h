/*
 * A run of small messages is decompressed and verified in a helper thread while
 * the loop sends the previous run: the most expensive part of a stream is done
 * in parallel.  Bounded by a number of messages and of octets.
 */
#ifndef STORAGED_UNPACK_H
#define STORAGED_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/index/index.h"

#define UNPACK_MESSAGES	64
#define UNPACK_OCTETS	(128 * 1024)	/* expanded; one may be larger */

struct helper_job;
struct helper_pool;

struct unpack_item {
	struct place	 place;
	size_t		 in;		/* where its stored bytes begin */
	size_t		 out;		/* and where its content */
	bool		 good;		/* it expanded, its SHA-256 is right */
};

struct unpack {
	struct unpack_item v[UNPACK_MESSAGES];
	unsigned	 n;
	size_t		 want;		/* octets of all contents */
	struct buf	 in, out;
	struct helper_job *job;
	bool		 done;
	void		(*ready)(void *arg);
	void		*arg;
};

/* Has it room for this message too? */
bool	 unpack_room(const struct unpack *u, const struct place *p);
/* Adds a message; its stored bytes are copied.  0 or -1 (ENOMEM). */
int	 unpack_add(struct unpack *u, const struct place *p,
	    const uint8_t *stored);
/* Starts it; ready() follows, on the loop. */
void	 unpack_run(struct unpack *u, struct helper_pool *pool,
	    void (*ready)(void *arg), void *arg);
/* The content (digest and message) of message i of a run that is done:
 * borrowed; NULL: it is damaged. */
const uint8_t *unpack_content(const struct unpack *u, unsigned i);
/* Empties it, but keeps its memory; waits for what is running. */
void	 unpack_reset(struct unpack *u);
void	 unpack_free(struct unpack *u);

#endif
