/* What storaged's slice says of the store, in tests. */
#ifndef STORAGED_TEST_STORE_SLICE_H
#define STORAGED_TEST_STORE_SLICE_H

#include "common/slice.h"

/*
 * A slice from "key", "value", ..., NULL; the store's other keys have what
 * paild's table says, but that PUTs are not verified, and there is no path.
 */
struct slice *store_slice(const char *key, ...) __attribute__((sentinel));

#endif
