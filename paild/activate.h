/* Sockets that the service manager has opened for us: sd_listen_fds(3),
 * without linking to libsystemd. */
#ifndef PAILD_ACTIVATE_H
#define PAILD_ACTIVATE_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#define ACTIVATE_MAX	64	/* sockets */

/*
 * Takes what $LISTEN_FDS says, if it is for this process, and removes these
 * variables from the environment.  Before anything else is opened.  use: false
 * closes them.  -1: one of them is not a listening stream socket, or there are
 * too many; the reason has been logged.
 */
int	 activate_init(bool use);
/*
 * A duplicate of the socket that listens on this address, or of the one that
 * listens on the file path; -1: there is none.  both: only if it takes IPv4,
 * too (of ::).
 */
int	 activate_take(const struct sockaddr *sa, bool both);
int	 activate_take_file(const char *path);
/* The first that was never taken, as "name (address)" in text; false: none. */
bool	 activate_left(char *text, size_t size);
/* The sockets are the manager's and ours, until we end. */
void	 activate_free(void);

#endif
