/* Connections to Unix sockets. */
#ifndef COMMON_UNIX_CONNECT_H
#define COMMON_UNIX_CONNECT_H

#include <stdbool.h>

/* A stream to the socket at path; nonblocking: it is so before it connects, and
 * a full queue is an error at once.  -1: errno says why. */
int	 unix_connect(const char *path, bool nonblocking);

#endif
