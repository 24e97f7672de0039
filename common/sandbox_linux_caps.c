/*
 * Linux: namespaces of its own for a process that has no business with the
 * network (an empty one: what is open, such as listeners, goes on working) and
 * none with others' memory segments; then the chroot, and no capability left.
 * capabilities(7), namespaces(7), user_namespaces(7).
 *
 * CAP_SYS_ADMIN makes them.  Who has not that, but may make a namespace of
 * users, makes them in one; which is impossible in a chroot, which is
 * therefore left to sandbox_separate().  Namespaces and the chroot are a wall
 * behind seccomp and Landlock, each of which refuses every path to who has no
 * use for any: where they are forbidden, as in our systemd unit, it goes on
 * without.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/sandbox_impl.h"

#define CAP(n)	(1U << (n))	/* both of ours are below 32 */

static char	root[PATH_MAX];	/* the chroot that is to come */
static bool	kept;		/* capabilities, beyond the user's change */

static int
caps_get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct	head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};

	memset(data, 0, 2 * sizeof(data[0]));
	return (int)syscall(SYS_capget, &head, data);
}

/* From now on these of those we have, and no others. */
static void
caps_keep(uint32_t permitted, uint32_t effective)
{
	struct __user_cap_header_struct	head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	data[2];

	if (caps_get(data) == -1)
		fatal("capget");
	permitted &= data[0].permitted;
	memset(data, 0, sizeof(data));
	data[0].permitted = permitted;
	data[0].effective = permitted & effective;
	if (syscall(SYS_capset, &head, data) == -1)
		fatal("capset");
}

bool
sandbox_drop_before(const char *dir)
{
	if (strlcpy(root, dir, sizeof(root)) >= sizeof(root))
		fatalx("chroot %s: the path is too long", dir);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1)
		fatal("prctl PR_SET_KEEPCAPS");
	return true;
}

/* Until sandbox_separate() none is in effect. */
void
sandbox_drop_after(void)
{
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1)
		fatal("prctl PR_SET_KEEPCAPS");
	caps_keep(CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_CHROOT), 0);
	kept = true;
}

/* What s has no use for. */
static int
spaces(const struct sandbox *s)
{
	if (s->executes)	/* which might */
		return 0;
	return CLONE_NEWIPC | (sandbox_connects(s) ? 0 : CLONE_NEWNET);
}

static bool
separate(const struct sandbox *s, int flags)
{
	if (flags == 0)
		return false;
	if (unshare(flags) == 0)
		return true;
	/*
	 * In a namespace of users all others look alike, which may confuse who
	 * looks at the owners of files; and for memory segments alone it is
	 * not worth it.
	 */
	return flags & CLONE_NEWNET && s->npaths == 0 &&
	    unshare(CLONE_NEWUSER | flags) == 0;
}

/* A unit may forbid the chroot, but only to who will have no path at all. */
static void
change_root(const struct sandbox *s)
{
	if (chroot(root) == 0) {
		if (chdir("/") == -1)
			fatal("chdir /");
		sandbox_word("chroot");
		return;
	}
	if (errno != EPERM || s->npaths != 0 || s->executes ||
	    sandbox_lacks() != NULL || chdir(root) == -1)
		fatal("chroot %s", root);
	log_debug("sandbox: the chroot is forbidden");
}

void
sandbox_separate(const struct sandbox *s)
{
	int	flags = spaces(s);

	if (kept)
		caps_keep(UINT32_MAX, UINT32_MAX);
	if (separate(s, flags))
		sandbox_word(flags & CLONE_NEWNET ? "netns,ipcns" : "ipcns");
	else if (flags != 0)
		log_debug("sandbox: no namespaces of its own: %s",
		    strerror(errno));
	if (root[0] != '\0')
		change_root(s);
	if (kept || geteuid() != 0)
		caps_keep(0, 0);
}
