/* For tests: one client of LMTP at the other end of a socket, and the fake
 * engine behind it. */
#ifndef LMTPD_TEST_LMTP_RIG_H
#define LMTPD_TEST_LMTP_RIG_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

extern struct event_base *lmtp_base;
extern const char *lmtp_remote;		/* the client's address */

void	 lmtp_begin(void);		/* conf, with its defaults */
void	 lmtp_end(void);
/*
 * A whole connection: says in, in pieces of so many octets, each when the
 * suite has nothing more to do, then closes its side (unless it is closed).
 * Returns what it heard, but the greeting; until the next call.
 */
const char *lmtp_talk(const char *in, size_t len, size_t piece);

#endif
