/*
 * Running the paild that was installed with us.
 */
#include "common/compat.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/host.h"
#include "pailctl/ctl.h"
#include "pailctl/run_paild.h"

void
run_paild(const char *program, const char *report, const char *file)
{
	char	 what[512], path[PATH_MAX], conf[PATH_MAX], *self, *slash;
	char	 name[] = "paild", dash_c[] = "-C", dash_f[] = "-f";
	char	*args[] = { name, dash_c, what, dash_f, conf, NULL };

	strlcpy(what, report, sizeof(what));
	strlcpy(conf, file, sizeof(conf));
	if ((self = host_program(program)) != NULL &&
	    (slash = strrchr(self, '/')) != NULL) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s/paild", self);
		execv(path, args);
		snprintf(path, sizeof(path), "%s/../sbin/paild", self);
		execv(path, args);
	}
	free(self);
	execvp("paild", args);
}

/* The child ends with 127 if it cannot become paild. */
static pid_t
start(const char *program, const char *report, const char *file,
    const sigset_t *mask, bool logs, int out[2])
{
	pid_t	pid;

	if (pipe(out) == -1)
		return -1;
	if ((pid = fork()) == 0) {
		signal(SIGPIPE, SIG_DFL);
		sigprocmask(SIG_SETMASK, mask, NULL);
		if (dup2(out[1], STDOUT_FILENO) != -1 &&
		    (!logs || dup2(out[1], STDERR_FILENO) != -1)) {
			close(out[0]);
			close(out[1]);
			run_paild(program, report, file);
		}
		_exit(127);
	}
	close(out[1]);
	if (pid == -1)
		close(out[0]);
	return pid;
}

int
run_paild_read(const char *program, const char *report, const char *file,
    const sigset_t *mask, bool logs, struct buf *out, bool *good, char *why,
    size_t size)
{
	char	text[4096];
	long	n;
	pid_t	pid;
	int	fds[2], status = 0;

	if ((pid = start(program, report, file, mask, logs, fds)) == -1) {
		snprintf(why, size, "paild: %s", strerror(errno));
		return -1;
	}
	while ((n = ctl_read(fds[0], text, sizeof(text))) > 0)
		buf_put(out, text, (size_t)n);
	close(fds[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		snprintf(why, size, "paild cannot be found next to pailctl, "
		    "nor in PATH.");
		return -1;
	}
	*good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return 0;
}
