/* Sockets in files: of the operator, and of "listen". */
#ifndef PAILD_SOCKFILE_H
#define PAILD_SOCKFILE_H

#include <sys/types.h>
#include <sys/stat.h>

#define SOCKFILE_PATH_MAX	100	/* bytes: every system has room */

struct sockfile {
	char		 path[SOCKFILE_PATH_MAX + 1];
	struct stat	 st;		/* of the file, once it is bound */
};

/*
 * Binds a socket to path; nobody can connect before the caller's listen(2),
 * when the file has its mode and group (-1: as it comes).  A socket that nobody
 * listens on is replaced.  Returns a non-blocking descriptor, and fills s; -1
 * with errno: EADDRINUSE: somebody does; EEXIST: it is no socket, which has
 * been logged, after key ("control-socket").
 */
int	 sockfile_open(struct sockfile *s, const char *key, const char *path,
	    mode_t mode, gid_t group);
/* Removes the file, unless another paild's has taken its place. */
void	 sockfile_remove(const struct sockfile *s);

#endif
