/*
 * Linux: the order of what a process gives up.  No core files, no ptrace or
 * /proc/PID/mem by others of our user, no new privileges by exec, limits;
 * then each in a file of its own: namespaces and capabilities, Landlock,
 * seccomp.  prctl(2), setrlimit(2).
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <signal.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/sandbox_impl.h"

const char *
sandbox_lacks(void)
{
	/* Version 1 forbids to rename from one directory to another. */
	if (sandbox_landlock_version() < 2)
		return "this kernel has no Landlock (Linux 5.19 or later, "
		    "with \"landlock\" among its security modules)";
	return sandbox_seccomp_lacks();
}

static void
limit(int what, const char *name)
{
	static const struct rlimit	none;

	if (setrlimit((__rlimit_resource_t)what, &none) == -1)
		fatal("setrlimit %s", name);
}

/* Not what exec'd programs need, of which we know nothing. */
static void
limits(const struct sandbox *s)
{
	if (s->executes)
		return;
	if (!sandbox_writes(s)) {
		(void)signal(SIGXFSZ, SIG_IGN);	/* EFBIG will do */
		limit(RLIMIT_FSIZE, "RLIMIT_FSIZE");
	}
#ifndef PAIL_ASAN	/* LeakSanitizer looks from a process of its own */
	if (!s->threads && !sandbox_connects(s))
		limit(RLIMIT_NPROC, "RLIMIT_NPROC");
#endif
}

void
sandbox_enter(const struct sandbox *s)
{
	const char	*lacks = sandbox_lacks();

	if (lacks != NULL && !s->best_effort)
		fatalx("sandbox: %s", lacks);
	limit(RLIMIT_CORE, "RLIMIT_CORE");
	sandbox_separate(s);
	limits(s);
#ifndef PAIL_ASAN	/* LeakSanitizer traces its own process at exit */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_DUMPABLE");
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_NO_NEW_PRIVS");
	sandbox_landlock(s);
	sandbox_seccomp(s);
}
