/*
 * May clients be sent to this node?  /readyz and the admin page give the same
 * answer.
 */
#ifndef ADMIND_KNOWN_READY_H
#define ADMIND_KNOWN_READY_H

#include <stdint.h>

#include "admind/known/state.h"
#include "common/buf.h"

/*
 * Appends a line for each reason why not; nothing: it is ready.  within:
 * seconds, how old the last proof of the store may be ("ready-within").
 */
void	 ready_say(const struct state *s, uint32_t within, struct buf *out);

#endif
