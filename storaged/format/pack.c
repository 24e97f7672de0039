/* Packs; pail-bucket.5, "Packs". */
#include "common/compat.h"

#include "storaged/format/object.h"
#include "storaged/format/pack.h"

_Static_assert(PACK_FIRST == OBJECT_HEADER, "messages follow the header");

int
pack_encode(const uint8_t history[16], const void *area, size_t len,
    struct buf *out)
{
	return object_seal(OBJECT_PACK, history, NULL, area, len, out);
}
