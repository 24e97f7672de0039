/* XCLIENT (Postfix, XCLIENT_README): who the client of our client is. */
#ifndef LMTPD_XCLIENT_H
#define LMTPD_XCLIENT_H

#define XCLIENT_ATTRIBUTES	"NAME ADDR PORT PROTO HELO LOGIN"

#include <stdbool.h>

struct client;

/* args is behind the verb, and is changed.  True: the caller greets it anew;
 * false: it was refused. */
bool	 xclient(struct client *c, char *args);

#endif
