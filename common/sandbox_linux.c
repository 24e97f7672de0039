/*
 * Linux: no core files, no ptrace or /proc/PID/mem by others of our user,
 * no new privileges by exec.  prctl(2), setrlimit(2).  seccomp and landlock
 * will come here, by kind.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/log.h"
#include "common/sandbox.h"

void
sandbox_enter(enum proc_kind kind)
{
	static const struct rlimit none = { 0, 0 };

	(void)kind;
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit RLIMIT_CORE");
#ifndef PAIL_ASAN	/* LeakSanitizer traces its own process at exit */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_DUMPABLE");
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_NO_NEW_PRIVS");
}
