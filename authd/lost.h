/* A channel has ended: one line for the log. */
#ifndef AUTHD_LOST_H
#define AUTHD_LOST_H

#include <stdint.h>

/*
 * kind: "imapd".  That the other process has gone is paild's to warn of; that
 * it was cut for what it said is ours.
 */
void	 lost(const char *kind, uint32_t index, const char *why);

#endif
