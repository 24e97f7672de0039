/* Which user each child runs as, and which directories belong to it. */
#ifndef PAILD_IDENTITY_H
#define PAILD_IDENTITY_H

#include <sys/types.h>

#include <stdbool.h>

#include "common/msg_setup.h"
#include "paild/conf.h"

struct identity {
	char	user[64];	/* "": the user of paild */
	char	group[64];
	char	chroot[128];	/* "": none */
};

/*
 * Looks up the users, once, at startup.  If paild is not root, all processes
 * run as its own user.  If the _pail_* users do not exist, all run as nobody
 * with debug; otherwise -1, and the command that creates them is logged.
 */
int	 identity_init(bool debug);
const struct identity *identity_of(enum proc_kind kind);
/* Kills a child, or a group of them (below 0), which one of these users may
 * have: without CAP_KILL, as that user. */
void	 identity_kill(pid_t pid);
/*
 * Creates the directories that the configuration names and gives them to the
 * users that need them; checks that they can reach them, and the password
 * files.  -1: the reason has been logged.
 */
int	 identity_dirs(const struct conf *c);

#endif
