/* The protocol of sd_notify(3), without linking to libsystemd. */
#ifndef PAILD_NOTIFY_H
#define PAILD_NOTIFY_H

/* Saves $NOTIFY_SOCKET and removes it from the environment. */
void	 notify_init(void);
/* Sends e.g. "READY=1"; does nothing without a manager. */
void	 notify(const char *state);

#endif
