/* Spool files have no name, so that nothing is left behind. */
#include "common/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storaged/util/spool.h"

int
spool_open(const char *dir)
{
	char	 path[1024];
	int	 fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/.spool.XXXXXXXX", dir) >=
	    sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkstemp(path)) == -1)
		return -1;
	unlink(path);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}
