/*
 * What paild says during a drain: lines "sessions N", then "done".
 */
#include "common/compat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pailctl/ctl.h"
#include "pailctl/drain.h"

/* The line is written over the one before. */
static void
show(int out, const char *line)
{
	unsigned long long	 n;
	char			*end;

	if (strncmp(line, "sessions ", 9) != 0)
		return;
	errno = 0;
	n = strtoull(line + 9, &end, 10);
	if (end == line + 9 || *end != '\0' || errno != 0)
		return;
	(void)dprintf(out, "\rdraining: %llu session%s left\033[K", n,
	    n == 1 ? "" : "s");
}

int
drain_follow(int fd, int out)
{
	char	line[80];
	size_t	n = 0;
	bool	done = false, terminal = isatty(out);

	while (ctl_read(fd, line + n, 1) == 1) {
		if (line[n] != '\n') {
			if (n < sizeof(line) - 1)
				n++;
			continue;
		}
		line[n] = '\0';
		n = 0;
		if (strcmp(line, "done") == 0)
			done = true;
		else if (terminal)
			show(out, line);
	}
	if (terminal)
		(void)dprintf(out, "\r%s\033[K\n", done ? "drained" :
		    "draining: interrupted");
	return done ? 0 : -1;
}
