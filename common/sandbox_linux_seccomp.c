/*
 * seccomp(2), by libseccomp: what sandbox_linux_calls.c allows, and nothing
 * else.  All other calls kill the process; in a build for development
 * (PAIL_NAME_CALLS, and that with sanitizers) it says first which one it was.
 */
#include "common/compat.h"

#include "libs.h"

#include <sys/prctl.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/sandbox_impl.h"

#ifndef PAIL_SECCOMP

const char *
sandbox_seccomp_lacks(void)
{
	return "this program was built without libseccomp";
}

void
sandbox_seccomp(const struct sandbox *s)
{
	(void)s;
}

#else

#include <sys/syscall.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "common/sandbox_linux_calls.h"

#if defined(PAIL_ASAN) && !defined(PAIL_NAME_CALLS)
#define PAIL_NAME_CALLS
#endif

/*
 * Calls that are newer than the table (Linux 5.17 and later; the numbers are
 * the same everywhere): whoever asks for one has another way, too, for kernels
 * that do not have it.
 */
#define NEWER		450
#define NEWER_END	512

const char *
sandbox_seccomp_lacks(void)
{
	uint32_t	action = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == -1)
		return "this kernel has no seccomp (Linux 4.14 or later)";
	return NULL;
}

#ifdef PAIL_NAME_CALLS
#define NAMES	600

static char	*names[NAMES];		/* made before they are needed */

/* Writes the name as a line of the log, and ends as it would have. */
static void
on_violation(int sig, siginfo_t *si, void *arg)
{
	static const struct sigaction	by_default;
	char				line[128];
	int				n, nr = si->si_syscall;
	sigset_t			set;

	(void)arg;
	n = snprintf(line, sizeof(line), "seccomp: forbidden system call %s "
	    "(%d)\n", nr >= 0 && nr < NAMES && names[nr] != NULL ?
	    names[nr] : "?", nr);
	(void)!write(STDERR_FILENO, line, (size_t)n);
	(void)sigaction(sig, &by_default, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (;;)
		(void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static uint32_t
violation(void)
{
	struct sigaction	sa = { .sa_sigaction = on_violation,
				    .sa_flags = SA_SIGINFO };
	int			i;

	for (i = 0; i < NAMES; i++)
		names[i] = seccomp_syscall_resolve_num_arch(
		    seccomp_arch_native(), i);
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL) == -1)
		fatal("sigaction");
	return SCMP_ACT_TRAP;
}
#else
static uint32_t
violation(void)
{
	return SCMP_ACT_KILL_PROCESS;
}
#endif

static void
need(int r, const char *what)
{
	if (r < 0) {
		errno = -r;
		fatal("seccomp: %s", what);
	}
}

static void
add(scmp_filter_ctx ctx, const struct call *c, uint32_t action)
{
	struct scmp_arg_cmp	cmp[CALL_ARGS];
	size_t			i;
	int			nr = seccomp_syscall_resolve_name(c->name);

	/* Of another architecture, or unknown to this libseccomp. */
	if (nr < 0)
		return;
	for (i = 0; i < c->nargs; i++)
		cmp[i] = (struct scmp_arg_cmp){ c->args[i].arg,
		    SCMP_CMP_MASKED_EQ, c->args[i].mask, c->args[i].value };
	need(seccomp_rule_add_array(ctx, action, nr, (unsigned)c->nargs,
	    cmp), c->name);
}

/* Is a call allowed to these classes, whatever its arguments? */
static bool
is_free(const char *name, unsigned classes)
{
	size_t	i;

	for (i = 0; i < calls_n; i++)
		if (calls[i].classes & classes && calls[i].nargs == 0 &&
		    calls[i].error == 0 && strcmp(calls[i].name, name) == 0)
			return true;
	return false;
}

/* Does a row before the one at end allow just what that does? */
static bool
is_same(size_t end, unsigned classes)
{
	const struct call	*c = &calls[end];
	size_t			 i;

	for (i = 0; i < end; i++)
		if (calls[i].classes & classes && calls[i].nargs == c->nargs &&
		    strcmp(calls[i].name, c->name) == 0 &&
		    memcmp(calls[i].args, c->args, sizeof(c->args)) == 0)
			return true;
	return false;
}

static void
allow(scmp_filter_ctx ctx, unsigned classes)
{
	const struct call	*c;
	size_t			 i;

	for (i = 0; i < calls_n; i++) {
		c = &calls[i];
		if (!(c->classes & classes) || is_same(i, classes) ||
		    ((c->nargs > 0 || c->error != 0) &&
		    is_free(c->name, classes)))
			continue;
		add(ctx, c, c->error != 0 ? SCMP_ACT_ERRNO((uint32_t)c->error) :
		    SCMP_ACT_ALLOW);
	}
}

/* abort(3) and raise(3). */
static void
allow_own_signals(scmp_filter_ctx ctx, unsigned classes)
{
	const struct call	c = { "tgkill", 0, 1, { { 0, UINT32_MAX,
				    (uint32_t)getpid() } }, 0 };

	if (!is_free(c.name, classes))
		add(ctx, &c, SCMP_ACT_ALLOW);
}

static void
refuse_newer(scmp_filter_ctx ctx)
{
	int	nr;

	for (nr = NEWER; nr < NEWER_END; nr++)
		need(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), nr, 0),
		    "newer calls");
}

void
sandbox_seccomp(const struct sandbox *s)
{
	scmp_filter_ctx	 ctx;
	unsigned	 classes = call_classes(s);
	size_t		 i;

	if (sandbox_seccomp_lacks() != NULL) {
		log_debug("sandbox: %s", sandbox_seccomp_lacks());
		return;
	}
	if ((ctx = seccomp_init(s->executes ? SCMP_ACT_ALLOW :
	    violation())) == NULL)
		fatalx("seccomp_init");
	need(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS), "architecture");
	if (s->executes)
		for (i = 0; i < calls_never_n; i++)
			add(ctx, &calls_never[i],
			    SCMP_ACT_ERRNO((uint32_t)calls_never[i].error));
	else {
		allow(ctx, classes);
		allow_own_signals(ctx, classes);
		refuse_newer(ctx);
	}
	/* A tree instead of a list. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	sandbox_word("seccomp%s", s->executes ? "-deny" : "");
	need(seccomp_load(ctx), "load");
	seccomp_release(ctx);
}

#endif
