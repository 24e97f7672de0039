/* sd_notify(3)'s protocol, by hand: no library of systemd's. */
#ifndef PAILD_NOTIFY_H
#define PAILD_NOTIFY_H

/* Keeps $NOTIFY_SOCKET and takes it out of the environment. */
void	 notify_init(void);
/* Sends e.g. "READY=1"; does nothing without a manager. */
void	 notify(const char *state);

#endif
