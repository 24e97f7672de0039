/* The listening sockets: opened here (ports below 1024), used by imapd,
 * lmtpd and admind. */
#ifndef PAILD_LISTEN_H
#define PAILD_LISTEN_H

#include "paild/paild.h"

/*
 * Opens the configured listeners that are not open yet, and marks those that
 * are no longer configured.  Waits for addresses in use, up to patience
 * milliseconds in total (it blocks).  -1: nothing has changed; the reason has
 * been logged.
 */
int	 listen_open(struct paild *pd, const struct conf *c,
	    unsigned patience);
/* Closes what listen_open marked. */
void	 listen_prune(struct paild *pd);
/* Sends p all listeners of its protocols. */
void	 listen_send(struct proc *p);
/* The same, before pd->open: p need not be sent them then. */
void	 listen_send_early(struct proc *p);
/* To all that run, those that nobody was sent yet; none before pd->open. */
void	 listen_hand_out(struct paild *pd);
/* Calls cb for each listener that none of the running kinds serves. */
void	 listen_unserved(struct paild *pd, void (*cb)(const char *url));
void	 listen_close(struct paild *pd);
/* All but those of admind. */
void	 listen_close_mail(struct paild *pd);

#endif
