/* What pail-deliver does to a message that is somebody's own, as sendmail
 * does: its recipients, and the fields without which it is no message. */
#ifndef DELIVER_MESSAGE_H
#define DELIVER_MESSAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "common/buf.h"

struct message_fields {
	const char	*from;		/* address */
	const char	*name;		/* NULL: none */
	const char	*host;
	time_t		 now;
	bool		 recipients;	/* -t: they are in the header */
};

/*
 * Copies the message from in (with CRLF) to out, and adds what it lacks of
 * From, Date and Message-ID.  With recipients, appends the addresses in To, Cc
 * and Bcc to rcpts, each with a NUL, and leaves Bcc out.  A text without a
 * header gets one.  -1: the reason is in why; *status is the exit status.
 */
int	 message_complete(FILE *in, FILE *out, const struct message_fields *m,
	    struct buf *rcpts, int *status, char *why, size_t size);

#endif
