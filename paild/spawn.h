/* Fork and exec of a child with its setup channel, and nothing else. */
#ifndef PAILD_SPAWN_H
#define PAILD_SPAWN_H

#include <sys/types.h>

/*
 * Starts dir/name; *setup becomes our end of its setup channel.  Returns
 * its pid, or -1 with errno.  A program that cannot be executed ends with
 * status 127 and a line on stderr.
 */
pid_t	 spawn(const char *dir, const char *name, int *setup);
/*
 * The directory of the children's programs: beside our own program, in
 * ../libexec/pail, or where they are installed by default.  NULL: nowhere.
 * The answer is the caller's to free.
 */
char	*spawn_find(const char *argv0);

#endif
