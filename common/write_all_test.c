/* More than a pipe takes at once, with signals meanwhile; a place in a file;
 * what cannot be written. */
#include <sys/types.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/test.h"
#include "common/write_all.h"

#define MUCH	(4 * 1024 * 1024)

static volatile sig_atomic_t signals;

static void
on_signal(int sig)
{
	(void)sig;
	signals++;
}

static uint8_t
octet(size_t i)
{
	return (uint8_t)(i * 7 ^ i >> 9);
}

/* Slowly, in pieces of odd sizes; 0: all came, in order. */
static int
read_much(int fd)
{
	uint8_t	 piece[777];
	size_t	 at = 0;
	ssize_t	 n, i;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		for (i = 0; i < n; i++)
			if (piece[i] != octet(at++))
				return 1;
	return n == 0 && at == MUCH ? 0 : 2;
}

static void
test_pipe(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { 0 };
	uint8_t		*much = malloc(MUCH);
	size_t		 i;
	int		 fds[2], status;
	pid_t		 pid;

	CHECK(much != NULL && pipe(fds) == 0);
	for (i = 0; i < MUCH; i++)
		much[i] = octet(i);
	if ((pid = fork()) == 0) {
		close(fds[1]);
		_exit(read_much(fds[0]));
	}
	close(fds[0]);
	/* No SA_RESTART: a write that waits is interrupted. */
	CHECK(sigaction(SIGALRM, &sa, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	CHECK(write_all(fds[1], much, MUCH) == 0);
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
	close(fds[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(signals > 0);
	free(much);
}

static void
test_place(void)
{
	char	path[] = "/tmp/pail-write-test.XXXXXX", text[16] = "";
	int	fd = mkstemp(path);

	CHECK(fd != -1);
	unlink(path);
	CHECK(write_all(fd, "0123456789", 10) == 0);
	CHECK(write_all_at(fd, "abc", 3, 2) == 0);
	CHECK(write_all(fd, "X", 1) == 0);	/* the offset stayed */
	CHECK(write_all_at(fd, "", 0, 100) == 0);
	CHECK(pread(fd, text, sizeof(text), 0) == 11);
	CHECK(strcmp(text, "01abc56789X") == 0);
	close(fd);
	errno = 0;
	CHECK(write_all(fd, "x", 1) == -1 && errno == EBADF);
	errno = 0;
	CHECK(write_all_at(fd, "x", 1, 0) == -1 && errno == EBADF);
#ifdef __linux__
	fd = open("/dev/full", O_WRONLY);
	errno = 0;
	CHECK(write_all(fd, "x", 1) == -1 && errno == ENOSPC);
	close(fd);
#endif
}

int
main(void)
{
	test_pipe();
	test_place();
	return TEST_END();
}
