/*
 * A recipient: authd has said who it is, and has granted a channel to append
 * over; storaged has said that there is room.
 */
#ifndef LMTPD_RCPT_H
#define LMTPD_RCPT_H

#include <stdint.h>

#include "lmtpd/verdict.h"

struct rcpt;
struct event_base;

/* v (which dies with the call): 250, and r may be given to delivery_new(); or
 * why not: 550 5.1.1, 552 5.2.2, 451 4.3.0 ... */
typedef void rcpt_done_fn(void *arg, struct rcpt *r, const struct verdict *v);

/*
 * Begins the lookup of address (of RCPT TO, without the angle brackets; UTF-8,
 * at most RCPT_ADDRESS_MAX bytes; copied) for a message of size octets (of
 * SIZE=; 0: not known).  remote, session: the client's, for the logs.  done()
 * is called once, always from the loop, never from within rcpt_new().  NULL:
 * out of memory.
 */
struct rcpt *rcpt_new(struct event_base *base, const char *address,
	    uint64_t size, const char *remote, uint32_t session,
	    rcpt_done_fn *done, void *arg);
/* Before done(): cancels.  Not while a delivery has it.  NULL is fine. */
void	 rcpt_free(struct rcpt *r);
const char *rcpt_address(const struct rcpt *r);

/* The channel to authd (RCPT), which replaces the older one.  Takes fd. */
void	 rcpt_channel(struct event_base *base, int fd);

#endif
