/*
 * A message on its way to one storaged (channel PARCEL; msg_deliver.h), for all
 * recipients whose mailboxes are there.  Without a channel, and as long as
 * nothing has been sent, a parcel waits for the next channel.
 */
#ifndef LMTPD_PARCEL_H
#define LMTPD_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include "lmtpd/verdict.h"

#define PARCEL_STORAGED_MAX	256	/* processes */

struct event_base;
struct msg;
struct parcel;
struct peer;

/* From the loop; any of them may free the parcel. */
struct parcel_ops {
	/* There is more room, or none until the next channel. */
	void	(*room)(void *arg);
	/* storaged has all of it: it may be appended. */
	void	(*ready)(void *arg);
	/* It is lost, or storaged does not want it; only parcel_free() may
	 * follow. */
	void	(*gone)(void *arg, const struct verdict *v);
};

/* The channel to a storaged (PARCEL), which replaces the older one.  Takes
 * fd. */
void	 parcel_channel(struct event_base *base, uint32_t index, int fd);

/* What else comes over these channels (INGEST_*), and that one has ended; both
 * or none. */
void	 parcel_others(int (*message)(struct peer *p, struct msg *m),
	    void (*gone)(struct peer *p));

/* NULL: out of memory, or no such storaged can be.  ops is kept by
 * reference. */
struct parcel *parcel_new(uint32_t index, const struct parcel_ops *ops,
	    void *arg);
/* storaged drops it; NULL is fine. */
void	 parcel_free(struct parcel *p);
uint32_t parcel_id(const struct parcel *p);	/* 0: no channel yet */
size_t	 parcel_room(const struct parcel *p);	/* octets */
/* len <= parcel_room(). */
void	 parcel_data(struct parcel *p, const void *data, size_t len);
/* That was all: ready() or gone() follows. */
void	 parcel_end(struct parcel *p, const uint8_t sha256[32]);

#endif
