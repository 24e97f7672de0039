/* See file_at.h. */
#include "common/compat.h"

#include <errno.h>
#include <unistd.h>

#include "storaged/util/file_at.h"

int
file_read_at(int fd, void *p, size_t len, uint64_t at)
{
	uint8_t	*c = p;
	ssize_t	 n;

	while (len > 0) {
		n = pread(fd, c, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EBADMSG;
		if (n <= 0)
			return -1;
		c += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}
