/* A process that is stopped, one that sleeps, and none at all. */
#include <sys/types.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/test.h"
#include "common/where.h"

int
main(void)
{
	char	text[256], small[8];
	pid_t	pid;
	int	status, i;
#ifdef __linux__
	uint64_t end = clock_ms() + TEST_PATIENCE_MS;
#endif

	if ((pid = fork()) == 0)
		for (;;)
			pause();
	CHECK(pid > 0);
#ifdef __linux__
	/* That another sleeps is told by nothing but where_is() itself. */
	while (strstr(where_is(pid, text, sizeof(text)),
	    "state=\"sleeping\"") == NULL && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	CHECK_ROW(strncmp(text, "state=\"sleeping\"", 16) == 0, "%s", text);
#endif
	kill(pid, SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	where_is(pid, text, sizeof(text));
#ifdef __linux__
	CHECK_ROW(strncmp(text, "state=\"stopped\"", 15) == 0, "%s", text);
#endif
	/* Whatever fits. */
	for (i = 1; i < (int)sizeof(small); i++)
		CHECK(strlen(where_is(pid, small, (size_t)i)) <
		    (size_t)i);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(strcmp(where_is(pid, text, sizeof(text)), "") == 0);
	return TEST_END();
}
