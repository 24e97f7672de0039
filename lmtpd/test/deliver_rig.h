/* For tests: one message to some addresses, from RCPT to the answers. */
#ifndef LMTPD_TEST_DELIVER_RIG_H
#define LMTPD_TEST_DELIVER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lmtpd/delivery.h"

#define RIG_MOST	1000

struct rig {
	struct envelope		 e;
	size_t			 n;		/* recipients asked for */
	struct rcpt		*r[RIG_MOST];
	struct verdict		 rcpt[RIG_MOST];	/* code 0: none yet */
	size_t			 nrcpt;		/* answers to RCPT */
	/* Those that were accepted. */
	struct rcpt		*ok[RIG_MOST];
	size_t			 nok;
	struct delivery		*d;
	unsigned int		 rooms;		/* calls of room() */
	struct verdict		 v[RIG_MOST];
	size_t			 nv;		/* answers to the message */
};

extern struct event_base	*rig_base;

void	 rig_start(void);		/* configuration and fakes, anew */
void	 rig_stop(void);
/* Runs the loop until *p == want. */
void	 rig_until(const void *p, size_t want);
/* Whatever is on its way arrives. */
void	 rig_settle(void);
void	 rig_new(struct rig *t);	/* with an envelope, which may be
					   changed before rig_ask() */
void	 rig_ask(struct rig *t, const char *addresses);
/* Both; addresses: with spaces between them; waits for all answers. */
void	 rig_rcpt(struct rig *t, const char *addresses);
void	 rig_begin(struct rig *t);		/* delivery_new() */
/* As room allows, waiting for it. */
void	 rig_data(struct rig *t, const void *p, size_t len);
void	 rig_end(struct rig *t);		/* and all answers */
void	 rig_free(struct rig *t);
/* All at once: rig_rcpt() ... rig_end(). */
void	 rig_deliver(struct rig *t, const char *addresses, const char *mail);

#endif
