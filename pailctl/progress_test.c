/* Who waits sees for what, and afterwards nothing of it. */
#include "common/compat.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "pailctl/progress.h"
#include "pailctl/test/terminal.h"

static int	 pipes[2];

/* Writes once something is shown. */
static void *
late(void *arg)
{
	struct pollfd	 p = { .fd = *(int *)arg, .events = POLLIN };

	CHECK(poll(&p, 1, TEST_PATIENCE_MS) == 1);
	CHECK(write(pipes[1], "x", 1) == 1);
	return NULL;
}

static void
await_late(int master)
{
	pthread_t	 t;
	char		 c;

	CHECK(pthread_create(&t, NULL, late, &master) == 0);
	progress_await(pipes[0]);
	CHECK(read(pipes[0], &c, 1) == 1);
	CHECK(pthread_join(t, NULL) == 0);
}

int
main(void)
{
	char	 got[200] = "";
	int	 master, tty;

	CHECK(pipe(pipes) == 0);
	progress_await(pipes[0]);	/* nothing is waited for: at once */
	if ((tty = terminal_open(&master)) == -1)
		return TEST_END();
	progress_of("looking", pipes[1]);	/* no terminal */
	progress_await(pipes[0]);
	/* What comes within a second shows nothing. */
	CHECK(write(pipes[1], "x", 1) == 1);
	progress_of("looking", tty);
	progress_await(pipes[0]);
	CHECK(read(master, got, sizeof(got) - 1) == -1);
	CHECK(read(pipes[0], got, 1) == 1);
	got[0] = '\0';
	await_late(master);
	terminal_hear(master, "\r\033[K", got, sizeof(got));
	/* once, or more often if the thread is late */
	CHECK_ROW(strncmp(got, "\rlooking: ", 10) == 0 &&
	    strstr(got, " s\033[K\r\033[K") != NULL, "%s", got);
	progress_of(NULL, tty);
	progress_await(pipes[0]);
	close(tty);
	return TEST_END();
}
