/* pailctl drain: waits for the end of a drain, and shows how it goes on. */
#ifndef PAILCTL_DRAIN_H
#define PAILCTL_DRAIN_H

#define DRAIN_USAGE	"drain [--no-wait]\n"

/*
 * Reads what paild says on fd until it ends; out: with a terminal, a line that
 * says how many sessions are left.  0: all have ended; -1: paild is gone, but
 * did not say so.
 */
int	 drain_follow(int fd, int out);

#endif
