/*
 * Manifests: the immutable list of a user's log objects, later the
 * checkpoint, and the garbage (pail-bucket.5, "Manifests").
 */
#ifndef STORAGED_MANIFEST_H
#define STORAGED_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/codec.h"
#include "storaged/format/logref.h"

#define MANIFEST_MAX	(256 * 1024 * 1024)	/* bytes, decompressed */

struct manifest {
	uint64_t		 commit;	/* of the head it was made of */
	struct loglist		 logs;
	struct garbagelist	 garbage;
	struct buf		 unknown;	/* fields to be copied */
};

void	 manifest_init(struct manifest *m);
void	 manifest_free(struct manifest *m);
/* Appends the object.  0 or -1. */
int	 manifest_encode(const struct manifest *m, const uint8_t history[16],
	    const struct codec_choice *codec, struct buf *out);
/*
 * sha256: from the head (NULL: not compared).  *m must be freed by the caller,
 * even on failure.  0, FORMAT_DAMAGED or FORMAT_UNKNOWN.
 */
int	 manifest_decode(struct manifest *m, const void *p, size_t len,
	    const uint8_t history[16], const uint8_t *sha256);

#endif
