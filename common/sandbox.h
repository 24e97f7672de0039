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
 * a process opens first what it will need and could not name.
 */
struct sandbox {
	struct sandbox_path paths[SANDBOX_PATHS];
	size_t		 npaths;
	uint16_t	 ports[SANDBOX_PORTS]; /* of TCP, to connect to */
	size_t		 nports;
	bool		 any_port;
	bool		 accepts;	/* from listeners that it was given */
	bool		 executes;	/* other programs */
};

/*
 * Drop privileges: chroot (NULL or "": none), groups, gid and uid (NULL or "":
 * unchanged), irrevocably; fatal() on any failure.
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
 * Before any thread is started.
 */
void	 sandbox_enter(const struct sandbox *s);

#endif
