/*
 * A child's slice of the configuration: keys and values that paild has
 * checked.  A missing key gives the default named in the call.
 */
#ifndef COMMON_SLICE_H
#define COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice;

/* From the payload of SETUP_CONF or CTL_RELOAD; NULL if it is malformed. */
struct slice *slice_new(const void *p, size_t len);
void	 slice_free(struct slice *s);		/* wipes; NULL is fine */
/* NUL-terminated, valid as long as the slice; values may hold a PEM. */
const char *slice_str(const struct slice *s, const char *key,
	    const char *fallback);
uint64_t slice_num(const struct slice *s, const char *key, uint64_t fallback);
bool	 slice_bool(const struct slice *s, const char *key, bool fallback);
/* For lists: slice_at(s, "auth.%u.path", 0). */
const char *slice_at(const struct slice *s, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/*
 * The values of the list key ("key.0", "key.1", ...) in dst, with a space
 * between them; without the list the fallback.  -1: over size bytes.
 */
int	 slice_words(const struct slice *s, const char *key,
	    const char *fallback, char *dst, size_t size);

#endif
