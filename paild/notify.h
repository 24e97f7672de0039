/* The protocol of sd_notify(3) and sd_watchdog_enabled(3), without linking to
 * libsystemd. */
#ifndef PAILD_NOTIFY_H
#define PAILD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Saves $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and removes them
 * from the environment. */
void	 notify_init(void);
/* Is there a manager that listens? */
bool	 notify_wanted(void);
/* Microseconds within which WATCHDOG=1 has to be sent again and again; 0: it
 * is not asked for. */
uint64_t notify_watchdog(void);
/*
 * Sends a state, a string literal: "READY=1".  Does nothing without a manager.
 * RELOADING=1 gets MONOTONIC_USEC, as Type=notify-reload wants it.  Does not
 * block: what the socket has no room for is sent by notify_alive().
 */
void	 notify(const char *state);
/* Sends WATCHDOG=1, if it is asked for. */
void	 notify_alive(void);
/* Sends STATUS=, a line for whoever reads systemctl status, if it is another
 * one than the last. */
void	 notify_status(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

#endif
