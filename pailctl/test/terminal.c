#include "common/compat.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pailctl/test/terminal.h"

int
terminal_open(int *master)
{
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (*master == -1 || grantpt(*master) == -1 ||
	    unlockpt(*master) == -1)
		return -1;
	return open(ptsname(*master), O_RDWR | O_NOCTTY);
}

static bool
ends(const char *s, size_t len, const char *end)
{
	size_t	n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

void
terminal_hear(int master, const char *end, char *got, size_t size)
{
	struct pollfd	 p = { .fd = master, .events = POLLIN };
	size_t		 len = strlen(got);
	ssize_t		 n;

	while (!ends(got, len, end) && len < size - 1 &&
	    poll(&p, 1, 10000) == 1) {
		if ((n = read(master, got + len, size - 1 - len)) <= 0)
			return;
		len += (size_t)n;
		got[len] = '\0';
	}
}
