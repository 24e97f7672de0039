/*
 * An access key's ID, for people.  Who swaps ID and secret in the
 * configuration must not find the secret in the log.
 */
#ifndef COMMON_KEYID_H
#define COMMON_KEYID_H

#include <stdbool.h>
#include <stddef.h>

/* Has it the length, or characters, that secret access keys of AWS have and
 * no ID? */
bool	 keyid_is_secret(const char *id);
/* The ID, quoted for a log value; if it is a secret, no more than that it is.
 * Returns dst. */
char	*keyid_print(char *dst, size_t size, const char *id);

#endif
