/* Texts for operators that nobody reads: few of them stay. */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"
#include "storaged/report.h"

#define LONG	(2 * 1024 * 1024)	/* more than any socket takes */
#define TEXTS	40
#define KEPT	16

static struct event_base	*base;

/* What comes of it: bytes up to the end. */
static size_t
read_all(int fd)
{
	static char	 b[65536];
	uint64_t	 end = clock_ms() + TEST_PATIENCE_MS;
	size_t		 len = 0;
	ssize_t		 n = -1;

	while (n != 0 && clock_ms() < end) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, b, sizeof(b), MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
	}
	CHECK(n == 0);
	close(fd);
	return len;
}

int
main(void)
{
	char	*text = malloc(LONG);
	int	 fds[TEXTS][2], i;

	log_init("test");
	if (text == NULL || (base = event_base_new()) == NULL)
		fatal("begin");
	memset(text, 'x', LONG - 1);
	text[LONG - 1] = '\0';
	for (i = 0; i < TEXTS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]) == -1)
			fatal("socketpair");
		report_line(base, fds[i][1], text);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	/* The last ones are whole. */
	for (i = TEXTS; i-- > 0; )
		CHECK_ROW((read_all(fds[i][0]) == LONG) == (i >= TEXTS - KEPT),
		    "%d", i);
	/* What is read at once leaves nothing. */
	for (i = 0; i < TEXTS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]) == -1)
			fatal("socketpair");
		report_line(base, fds[i][1], "short");
		CHECK(read_all(fds[i][0]) == 6);
	}
	event_base_free(base);
	free(text);
	return TEST_END();
}
