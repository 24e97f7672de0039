/*
 * What a process gives up before it serves, and what it may still reach; one
 * file per system (sandbox_linux.c, ...).
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/proc_kind.h"

#define SANDBOX_PATHS	24
#define SANDBOX_PORTS	8
#define SANDBOX_DNS	53	/* a port */

/* A file, or a directory with all that is below it. */
struct sandbox_path {
	const char	*path;		/* the caller's */
	bool		 write;		/* create, rename and remove, too */
};

/*
 * All that is not named here is out of reach.  What is open already stays so:
 * a process opens first what it will need and could not name.  Everything that
 * a system has to enforce it follows from this: on Linux, Landlock's rules,
 * the system calls that are allowed (sandbox_linux_calls.c), namespaces and
 * limits; on OpenBSD, unveil(2) and the promises of pledge(2).
 */
struct sandbox {
	struct sandbox_path paths[SANDBOX_PATHS];
	size_t		 npaths;
	uint16_t	 ports[SANDBOX_PORTS]; /* of TCP, to connect to */
	size_t		 nports;
	bool		 any_port;
	bool		 local;		/* connects to sockets in files */
	bool		 accepts;	/* from listeners that it was given */
	bool		 pairs;		/* makes socket pairs to give away */
	bool		 threads;	/* has some; whoever connects may, too:
					 * libcurl looks up names in one */
	/*
	 * Programs and libraries that nobody knows beforehand: no list of
	 * allowed system calls, but one of those that are refused.
	 */
	bool		 executes;
	/* Go on without what the system lacks ("sandbox: best-effort"). */
	bool		 best_effort;
};

/*
 * Drop privileges: groups, gid and uid (NULL or "": unchanged) and chroot
 * (NULL or "": none), irrevocably; fatal() on any failure.  The chroot, and
 * what rights it needs, may be left to sandbox_enter().
 */
void	 sandbox_drop(const char *user, const char *group, const char *chroot);
/* Nothing, except for what the process's row of PROC_TABLE says. */
void	 sandbox_init(struct sandbox *s, enum proc_kind kind);
/* One that is not there is none.  path must live until enter. */
void	 sandbox_reach(struct sandbox *s, const char *path, bool write);
void	 sandbox_connect(struct sandbox *s, uint16_t port);
/* What resolving the names of hosts takes. */
void	 sandbox_names(struct sandbox *s);
/*
 * No core files (so that no secret lands on a disk), no new privileges, and
 * nothing but what s names, as far as the system can see to that: for good.
 * Before any thread is started.  What must be in force and cannot be is
 * fatal(), unless s says best_effort.
 */
void	 sandbox_enter(const struct sandbox *s);
/* What is in force now, in words: "seccomp,landlock-7,netns". */
const char *sandbox_words(void);
/*
 * What this system or this build lacks of what must be in force; NULL:
 * nothing.  Asked by paild, before it starts anything.
 */
const char *sandbox_lacks(void);

#endif
