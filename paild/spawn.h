/* Forks and executes a child with its setup channel, and nothing else. */
#ifndef PAILD_SPAWN_H
#define PAILD_SPAWN_H

#include <sys/types.h>

/*
 * Starts dir/name, in a session of its own and without a terminal; *setup
 * becomes our end of its setup channel, *log that of the pipe for its stdout
 * and stderr (both non-blocking).  Returns its pid, or -1 with errno.  If the
 * program cannot be executed, the child exits with status 127 and a message on
 * stderr.
 */
pid_t	 spawn(const char *dir, const char *name, int *setup, int *log);
/*
 * The next child that has exited, and how; 0: no more.  Processes that it has
 * forked have been killed.
 */
pid_t	 spawn_reap(int *status);
/*
 * The directory of the children's programs: that of our own program,
 * ../libexec/pail, or the default installation.  NULL: not found.  The caller
 * frees the result.
 */
char	*spawn_find(const char *argv0);
/* The path of a program that is next to our own, in the same way. */
char	*spawn_tool(const char *argv0, const char *name);

#endif
