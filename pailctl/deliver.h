/* pailctl deliver: one message into a mailbox, by IMAP on paild's word. */
#ifndef PAILCTL_DELIVER_H
#define PAILCTL_DELIVER_H

#include <stddef.h>
#include <stdio.h>

#include "common/buf.h"

/* Exit statuses, as sendmail's programs have them (sysexits.h). */
#define DELIVER_DONE		0
#define DELIVER_REFUSED		1	/* trying again is of no use */
#define DELIVER_LATER		75	/* EX_TEMPFAIL */

/*
 * Speaks IMAP on fd, where a PREAUTH greeting comes: APPEND of the message
 * in f (its size is size) to mailbox (UTF-8).  Returns a DELIVER_ status,
 * for all but DONE with the server's reason in why.
 */
int	 deliver_run(int fd, const char *mailbox, FILE *f, size_t size,
	    char *why, size_t whysize);
/*
 * Copies in to out with each line end as CRLF; a leading mbox "From " line
 * is left out.  The number of bytes, or -1.
 */
long long deliver_crlf(FILE *in, FILE *out);
/* A mailbox's name as a quoted string in modified UTF-7 (RFC 3501, section
 * 5.1.3).  -1: not UTF-8, or a control character. */
int	 deliver_mailbox(const char *name, struct buf *out);

#endif
