/*
 * What credd, and of secrets of its own a worker of authd, asks for while it
 * runs: files and variables that it cannot read itself, as they are now, and
 * commands (SETUP_WANT, SETUP_GIVE).
 */
#ifndef PAILD_GIVE_H
#define PAILD_GIVE_H

#include "paild/paild.h"

/*
 * Answers a SETUP_WANT of p, a command's later.  -1: it may not ask for that,
 * or makes no sense; nothing but what the configuration, paild's own
 * environment and AWS's shared files name is ever read or run for it.
 */
int	 give_answer(struct proc *p, const struct msg *m);
/* p has ended: a command that runs for it is killed. */
void	 give_gone(struct proc *p);
/* What kind asks for, but for commands, to *g, whose bytes are in b (the
 * caller's to wipe).  why holds g's reason. */
int	 give_find(const struct conf *c, enum proc_kind kind, struct str what,
	    struct setup_give *g, struct buf *b, char *why, size_t size);

#endif
