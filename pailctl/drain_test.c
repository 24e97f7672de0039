/* What paild says of a drain, and what it does not say. */
#include "common/compat.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "pailctl/drain.h"
#include "pailctl/test/terminal.h"

static int
follow(const char *said, int out)
{
	int	fds[2], r;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CHECK(write(fds[1], said, strlen(said)) == (ssize_t)strlen(said));
	close(fds[1]);
	r = drain_follow(fds[0], out);
	close(fds[0]);
	return r;
}

int
main(void)
{
	char	 got[1000] = "";
	int	 null = open("/dev/null", O_WRONLY), master, tty;

	CHECK(follow("sessions 2\nsessions 0\ndone\n", null) == 0);
	CHECK(follow("sessions 2\n", null) == -1);
	CHECK(follow("", null) == -1);
	CHECK(follow("done", null) == -1);	/* cut off: who knows */
	if ((tty = terminal_open(&master)) == -1)
		return TEST_END();
	CHECK(follow("sessions 12\nsessions \033]0;x\nnonsense\n"
	    "sessions 1\ndone\n", tty) == 0);
	terminal_hear(master, "\r\n", got, sizeof(got));
	CHECK_ROW(strcmp(got, "\rdraining: 12 sessions left\033[K"
	    "\rdraining: 1 session left\033[K\rdrained\033[K\r\n") == 0,
	    "%s", got);
	close(tty);
	return TEST_END();
}
