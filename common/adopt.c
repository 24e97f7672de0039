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

#ifdef __linux__
void
adopt_begin(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1)
		log_warn("prctl PR_SET_CHILD_SUBREAPER");
}

static bool
is_of(pid_t pid, uid_t uid)
{
	char		 path[64], line[256];
	unsigned	 real;
	bool		 is = false;
	FILE		*f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Uid: %u", &real) == 1) {
			is = (uid_t)real == uid;
			break;
		}
	fclose(f);
	return is;
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
		if (pid > 1 && !known(pid, arg) && is_of(pid, uid) &&
		    kill(pid, SIGKILL) == 0)
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
