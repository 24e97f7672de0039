/*
 * A command of the administrator's that prints credentials: run for credd,
 * which may not start anything, as an unprivileged user, with limits on its
 * time and on what it prints.  And pailctl(8), for the admin page (desk.h).
 */
#ifndef PAILD_COMMAND_H
#define PAILD_COMMAND_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define COMMAND_OUT_MAX	(64 * 1024)	/* bytes of standard output */
#define COMMAND_MS	12000		/* then it is killed */
#define COMMAND_SAID_MAX 300		/* of standard error */

struct command;
struct event_base;

struct command_result {
	struct str	 out;		/* wiped after the call; of credd's
					 * only if why is NULL */
	/* NULL: it has exited with 0.  Else the reason, with what it said. */
	const char	*why;
	const char	*said;		/* on standard error, as one line */
};
typedef void (*command_cb)(const struct command_result *r, void *arg);

/*
 * Starts it, without a shell, in a session of its own: its words by
 * command_split.h, its program by PATH.  user: to run as ("": as we are).
 * Exactly one callback, from command_reaped(), unless it is cancelled.
 * NULL: why.
 */
struct command *command_start(struct event_base *base, const char *text,
	    const char *user, unsigned ms, command_cb cb, void *arg,
	    char *why, size_t size);
/* The same of one of our own programs, by its path and as we are, with all of
 * our environment. */
struct command_own {
	char *const	*argv;
	struct str	 input;		/* its standard input; borrowed, at
					 * most COMMAND_IN_MAX */
	size_t		 out_max;
	unsigned	 ms;
};
#define COMMAND_IN_MAX	4096	/* what any pipe takes at once */
struct command *command_run(struct event_base *base,
	    const struct command_own *own, command_cb cb, void *arg,
	    char *why, size_t size);
/* Kills it and all of its group; no callback. */
void	 command_cancel(struct command *c);	/* NULL is fine */
/* A child of ours has exited, and been collected: was it a command? */
bool	 command_reaped(pid_t pid, int status);
bool	 command_is(pid_t pid);		/* one that runs */

#endif
