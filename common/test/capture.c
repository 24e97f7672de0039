/* See capture.h. */
#include "common/compat.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/test/capture.h"

static char	out[8192];
static int	saved = -1, pipefd[2];

void
capture(void)
{
	if (pipe(pipefd) == -1)
		abort();
	saved = dup(STDERR_FILENO);
	dup2(pipefd[1], STDERR_FILENO);
	close(pipefd[1]);
}

const char *
captured(void)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipefd[0], out, sizeof(out) - 1);
	out[n < 0 ? 0 : n] = '\0';
	close(pipefd[0]);
	return out;
}
