/* Packs; pail-bucket.5, "Packs". */
#include "common/compat.h"

#include "storaged/frame.h"
#include "storaged/pack.h"

_Static_assert(PACK_FIRST == FRAME_HEADER, "messages follow the frame");

int
pack_encode(const uint8_t history[16], const void *area, size_t len,
    struct buf *out)
{
	return frame_seal(FRAME_PACK, history, NULL, area, len, out);
}
