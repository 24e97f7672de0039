/* A channel was closed: logs one line, and notifies paild. */
#ifndef COMMON_LOST_H
#define COMMON_LOST_H

#include <stdint.h>

#include "common/msg_setup.h"

/*
 * That the other process exited is reported by paild; that it was disconnected
 * for a violation, by us.  In either case paild is notified, which makes a new
 * channel if both processes are still running.
 */
void	 lost(enum proc_kind kind, uint32_t index, const char *why);

#endif
