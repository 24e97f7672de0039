/* pailctl deliver: stores one message, over an IMAP connection that paild
 * vouches for. */
#ifndef PAILCTL_DELIVER_H
#define PAILCTL_DELIVER_H

#include <stddef.h>
#include <stdio.h>

#include "common/buf.h"

/* Exit statuses, as mailers expect them (sysexits.h). */
#define DELIVER_DONE		0
#define DELIVER_REFUSED		1	/* trying again is of no use */
#define DELIVER_LATER		75	/* EX_TEMPFAIL */

/*
 * Speaks IMAP on fd, where a PREAUTH greeting is expected: appends the message
 * in f (of size bytes) to mailbox (UTF-8).  Returns a DELIVER_ status; unless
 * it is DONE, the server's reason is in why.
 */
int	 deliver_run(int fd, const char *mailbox, FILE *f, size_t size,
	    char *why, size_t whysize);
/* A mailbox's name as a quoted string in modified UTF-7 (RFC 3501, section
 * 5.1.3).  -1: not UTF-8, or a control character. */
int	 deliver_mailbox(const char *name, struct buf *out);

#endif
