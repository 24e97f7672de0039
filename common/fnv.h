/*
 * FNV-1a, for our own hash tables.  Whoever chooses the octets can cause
 * collisions: for such data, there must be a limit, or a keyed hash.
 */
#ifndef COMMON_FNV_H
#define COMMON_FNV_H

#include <stddef.h>
#include <stdint.h>

uint32_t fnv32(const void *p, size_t len);
uint32_t fnv32_str(const char *s);
uint64_t fnv64(const void *p, size_t len);

#endif
