/* Splitting pieces off a set of UIDs. */
#ifndef IMAPD_SETCUT_H
#define IMAPD_SETCUT_H

#include "common/uidset.h"

/* How much is requested from storaged at a time, if a command can be split. */
#define SET_PIECE	65536

/* Moves the first n UIDs of from to to (which has none above them).  0, or -1
 * on ENOMEM. Linear in the ranges of from. */
int	 set_cut(struct uidset *from, uint64_t n, struct uidset *to);

#endif
