/* User ids: how they are derived from login names, and which storaged owns
 * them. */
#ifndef COMMON_USER_H
#define COMMON_USER_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define USER_ID_MAX	200	/* bytes of the id within an object name */

/*
 * DESIGN section 3: valid UTF-8 in NFC (made so), ASCII letters lower-cased,
 * no control characters, not empty.  Writes the id with its NUL to dst.
 * -1: not a valid name (or longer than USER_ID_MAX once encoded for a key).
 */
int	 user_normalize(struct str login, char *dst, size_t size);
/* The form in object names: every byte but A-Z a-z 0-9 @ + = _ - and a dot
 * that is not first becomes %XX.  -1: does not fit. */
int	 user_key(const char *user, char *dst, size_t size);
/* The first eight lower-case hex digits of the MD5 of user_key(). */
int	 user_h8(const char *user, char dst[9]);
/* Which of n storaged processes owns the user. */
uint32_t user_shard(const char *user, uint32_t n);

#endif
