/*
 * A recipient: authd has said who it is, and has granted a channel to append
 * over; storaged has said that there is room.
 */
#ifndef LMTPD_RCPT_H
#define LMTPD_RCPT_H

#include <stdint.h>

#include "lmtpd/verdict.h"

#define RCPT_WAIT	60	/* seconds for the answers of both */

struct rcpt;
struct envelope;
struct event_base;
struct mbox_client;

/* v (which dies with the call): 250, and r may be given to delivery_new(); or
 * why not: 550 5.1.1, 552 5.2.2, 451 4.3.0 ... */
typedef void rcpt_done_fn(void *arg, struct rcpt *r, const struct verdict *v);

/*
 * Begins the lookup of address (of RCPT TO, without the angle brackets; UTF-8;
 * copied; 553 for more than RCPT_ADDRESS_MAX bytes) for a message with this
 * envelope (not kept).  done() is called once, always from the loop, never
 * from within rcpt_new().  NULL: out of memory.
 */
struct rcpt *rcpt_new(struct event_base *base, const char *address,
	    const struct envelope *e, rcpt_done_fn *done, void *arg);
/* Before done(): cancels.  Not while a delivery has it.  NULL is fine. */
void	 rcpt_free(struct rcpt *r);
const char *rcpt_address(const struct rcpt *r);

/*
 * For the delivery, after done() said 250.
 *
 * The channel to append over; NULL: it has ended.
 */
struct mbox_client *rcpt_session(const struct rcpt *r);
/* lost(): the channel has ended (v: why); what was asked for on it is not
 * answered.  NULL: nobody wants to know. */
typedef void rcpt_lost_fn(void *arg, const struct verdict *v);
void	 rcpt_watch(struct rcpt *r, rcpt_lost_fn *lost, void *arg);
/* Looks it up again; done() as in rcpt_new(). */
void	 rcpt_again(struct rcpt *r, rcpt_done_fn *done, void *arg);
/* Neither done() nor lost() is called any more. */
void	 rcpt_stop(struct rcpt *r);
const char *rcpt_user(const struct rcpt *r);
const char *rcpt_detail(const struct rcpt *r);	/* "": none */
uint32_t rcpt_storaged(const struct rcpt *r);

#endif
