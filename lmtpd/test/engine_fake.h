/*
 * For tests: what a transaction is handed to, from memory.  A recipient is
 * found, or not, by his name: "nobody" is unknown, "full" over quota, "later"
 * cannot be looked up; "slow" takes three turns of the loop.  At the end of the
 * octets "defer" is answered 451, and all others 250; the last one first.
 */
#ifndef LMTPD_TEST_ENGINE_FAKE_H
#define LMTPD_TEST_ENGINE_FAKE_H

#include "common/buf.h"

struct engine_fake {
	struct buf	 log;		/* "from<a> to<b> to<c> data<...>" */
	size_t		 room;		/* octets at a time; 0: any */
	int		 rcpts;		/* that are not freed */
	int		 deliveries;
	bool		 sums;		/* do not keep the octets */
	uint64_t	 octets;
};
extern struct engine_fake efake;

void	 engine_fake_use(void);
void	 engine_fake_reset(void);	/* the log */

#endif
