/* As whom each child runs, and which directories are its own. */
#ifndef PAILD_IDENTITY_H
#define PAILD_IDENTITY_H

#include <stdbool.h>

#include "common/msg_setup.h"
#include "paild/conf.h"

struct identity {
	char	user[64];	/* "": stay what paild is */
	char	group[64];
	char	chroot[128];	/* "": none */
};

/*
 * Finds the users, once, at start.  Without root all are paild's own; as
 * root without the _pail_* users all are nobody when debug, else -1 with a
 * log line that names the command which makes them.
 */
int	 identity_init(bool debug);
const struct identity *identity_of(enum proc_kind kind);
/*
 * Makes the directories that the configuration names and hands them to
 * those who need them; checks that they and the users' files can be
 * reached.  -1 with a log line.
 */
int	 identity_dirs(const struct conf *c);

#endif
