/*
 * A child's slice of the configuration.  It holds every key that paild's table
 * (paild/conf_key.c) gives this kind of process, with a value that paild has
 * checked: the configured one, the default of the table, or "" for a key that
 * was left out and has none.  Children therefore have no defaults or ranges of
 * their own; a key that is missing or not of the requested type is a bug, and
 * ends the process.
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
const char *slice_str(const struct slice *s, const char *key);
uint64_t slice_num(const struct slice *s, const char *key);
bool	 slice_bool(const struct slice *s, const char *key);
/*
 * A slice of its own with the n values instead of those of s: pairs of key and
 * value; a key that s has not is new.
 */
struct slice *slice_with(const struct slice *s,
	    const char *const (*pairs)[2], size_t n);
/* For lists: slice_at(s, "auth.%u.path", 0); NULL if there is no such key. */
const char *slice_at(const struct slice *s, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Wipes the value of a key, a secret that is now elsewhere: it is "" then. */
void	 slice_forget(struct slice *s, const char *key);
/*
 * The values of a list ("key.0", "key.1", ...), separated by spaces, into dst;
 * "" for an empty list.  -1: over size bytes.
 */
int	 slice_words(const struct slice *s, const char *key, char *dst,
	    size_t size);

#endif
