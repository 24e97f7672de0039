/* The operator's socket: pailctl(8) talks to paild here. */
#ifndef PAILD_CONTROL_H
#define PAILD_CONTROL_H

#include "paild/paild.h"

/*
 * Protocol: the client sends one line, "COMMAND[ ARGUMENT]\n", of at most
 * CONTROL_LINE_MAX bytes.  The answer begins with "ok\n" or with
 * "error: TEXT\n"; text follows until the end of the connection.  After the
 * ok of "deliver USER" the connection is an IMAP session of that user.
 */
#define CONTROL_LINE_MAX	512
#define CONTROL_CLIENTS_MAX	32
#define CONTROL_SECONDS		10	/* for the line to come */

/* Opens the socket; -1 with a log line. */
int	 control_open(struct paild *pd);
/* No more clients; those that wait for our end keep their connection. */
void	 control_close(struct paild *pd);

#endif
