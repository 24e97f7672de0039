/*
 * A line that is written over each second, and leaves nothing behind: what the
 * command prints comes in its place.
 */
#include "common/compat.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "pailctl/progress.h"

#define EACH_MS		1000

static struct {
	const char	*what;		/* NULL: nothing is shown */
	int		 out;
	uint64_t	 since;		/* clock_ms() */
	uint64_t	 next;		/* when it is shown again */
} progress;

void
progress_of(const char *what, int out)
{
	progress.what = isatty(out) ? what : NULL;
	progress.out = out;
	progress.since = clock_ms();
	progress.next = progress.since + EACH_MS;
}

static void
show(uint64_t now)
{
	(void)dprintf(progress.out, "\r%s: %llu s\033[K", progress.what,
	    (unsigned long long)(now - progress.since) / 1000);
	progress.next = now + EACH_MS;
}

void
progress_await(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	uint64_t	 now;
	bool		 shown = false;
	int		 left;

	while (progress.what != NULL) {
		now = clock_ms();
		left = progress.next > now ? (int)(progress.next - now) : 0;
		if (poll(&p, 1, left) > 0)
			break;
		if ((now = clock_ms()) >= progress.next) {
			show(now);
			shown = true;
		}
	}
	if (shown)
		(void)dprintf(progress.out, "\r\033[K");
}
