/* See write_all.h: write(2), pwrite(2). */
#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "common/write_all.h"

#define HERE	UINT64_MAX	/* at the file's own offset */

int
write_all_at(int fd, const void *p, size_t len, uint64_t at)
{
	const uint8_t	*c = p;
	ssize_t		 n;

	while (len > 0) {
		n = at == HERE ? write(fd, c, len) :
		    pwrite(fd, c, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		c += n;
		len -= (size_t)n;
		if (at != HERE)
			at += (uint64_t)n;
	}
	return 0;
}

int
write_all(int fd, const void *p, size_t len)
{
	return write_all_at(fd, p, len, HERE);
}
