/*
 * Packs: the messages of a batch that is too large for the head, one after
 * another, without a table (pail-bucket.5, "Packs").  Records say where each
 * begins.
 */
#ifndef STORAGED_PACK_H
#define STORAGED_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* Offsets in a record's place count from the start of the object. */
#define PACK_FIRST	96	/* where the first message lies: the header */

/* Appends the object: area is all messages together.  0 or -1. */
int	 pack_encode(const uint8_t history[16], const void *area, size_t len,
	    struct buf *out);

#endif
