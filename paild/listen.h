/* The listening sockets: opened here (ports below 1024), used by imapd. */
#ifndef PAILD_LISTEN_H
#define PAILD_LISTEN_H

#include "paild/paild.h"

/*
 * Opens what the configuration lists and is not open yet, and marks what it
 * no longer lists.  An address in use is waited for, patience milliseconds
 * in all (it blocks).  -1 (with a log line) leaves all as it was.
 */
int	 listen_open(struct paild *pd, const struct conf *c,
	    unsigned patience);
/* Closes what listen_open marked. */
void	 listen_prune(struct paild *pd);
/* Sends p, an imapd, all listeners. */
void	 listen_send(struct proc *p);
/* Those that listen_open opened and listen_sent has not marked yet. */
void	 listen_send_fresh(struct proc *p);
void	 listen_sent(struct paild *pd);
void	 listen_close(struct paild *pd);

#endif
