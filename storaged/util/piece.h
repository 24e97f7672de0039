/* Bytes in several places that are written, hashed or compressed as a whole. */
#ifndef STORAGED_PIECE_H
#define STORAGED_PIECE_H

#include <stddef.h>

struct piece { const void *p; size_t len; };	/* borrowed */

#endif
