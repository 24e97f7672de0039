/* What a process gives up, one file per system (sandbox_linux.c, ...). */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include "common/msg_setup.h"

/*
 * Drop privileges: chroot (NULL or "": none), groups, gid and uid (NULL or
 * "": stay), never to be had back; fatal() on any failure.
 */
void	 sandbox_drop(const char *user, const char *group, const char *chroot);
/* No core files (so that no secret lands on a disk), no new privileges;
 * later: seccomp and landlock, or pledge. */
void	 sandbox_enter(enum proc_kind kind);

#endif
