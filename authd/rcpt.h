/*
 * Recipients of mail: the channel to one lmtpd, and each address that it asks
 * for, from RCPT_OPEN to RCPT_OK with a session that may only append, or
 * RCPT_NO.  Logins and recipients have their own turns at the workers.
 */
#ifndef AUTHD_RCPT_H
#define AUTHD_RCPT_H

#include "authd/state.h"

#define RCPT_FLIGHT_MAX	256	/* of one lmtpd; then it is not read */
#define RCPT_WAIT_MS	45000	/* for all that an address is asked */

void	 rcpts_init(struct rcpts *c, struct authd *a, uint32_t index);
/* A new lmtpd at the other end: what the old one asked is dropped.  Takes
 * fd. */
void	 rcpts_open(struct rcpts *c, int fd);
void	 rcpts_close(struct rcpts *c);
/* No more answers but that it is not known now. */
void	 rcpts_drain(struct rcpts *c);
/* What is being looked up is looked up anew: it may have been user. */
void	 rcpts_revoke(struct rcpts *c, const char *user);

#endif
