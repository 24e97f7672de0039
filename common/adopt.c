/*
 * Linux: prctl(2) PR_SET_CHILD_SUBREAPER, and /proc/PID/task/PID/children,
 * proc(5).  Elsewhere nothing is adopted: init(8) has them.
 */
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/adopt.h"
#include "common/log.h"

int
adopt_signal(uid_t uid, pid_t pid, int sig)
{
	uid_t	own = geteuid();
	int	r;

	if (seteuid(uid) == -1)
		return -1;
	r = kill(pid, sig);
	if (seteuid(own) == -1)
		fatal("seteuid");
	return r;
}

#ifdef __linux__
void
adopt_begin(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1)
		log_warn("prctl PR_SET_CHILD_SUBREAPER");
}

size_t
adopt_kill(uid_t uid, bool (*known)(pid_t, void *), void *arg)
{
	char	 path[64];
	size_t	 n = 0;
	FILE	*f;
	int	 pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)getpid(), (int)getpid());
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fscanf(f, "%d", &pid) == 1)
		if (pid > 1 && !known(pid, arg) &&
		    adopt_signal(uid, pid, SIGKILL) == 0)
			n++;
	fclose(f);
	return n;
}
#else
void
adopt_begin(void)
{
}

size_t
adopt_kill(uid_t uid, bool (*known)(pid_t, void *), void *arg)
{
	(void)uid;
	(void)known;
	(void)arg;
	return 0;
}
#endif
