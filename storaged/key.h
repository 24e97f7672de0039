/*
 * Every object name is made here (pail-bucket.5, "Object names"); names are
 * without the key-prefix, which the blob layer adds.
 */
#ifndef STORAGED_KEY_H
#define STORAGED_KEY_H

#include <stddef.h>
#include <stdint.h>

#define KEY_STORE	"pail"
#define KEY_NAME_MAX	128	/* the part behind <h8>/<user>/, with NUL */

enum key_kind {
	KEY_MANIFEST	= 1,	/* manifest/<id> */
	KEY_LOG		= 2,	/* log/<first>-<last>-<id> */
	KEY_PACK	= 3,	/* pack/<id> */
	KEY_MSG		= 4,	/* msg/<id> */
	KEY_INDEX	= 5	/* index/<id> */
};

/* <h8>/<user>/; 0, or -1: the user's id fits no key. */
int	 key_user(const char *user, char *dst, size_t size);
/* prefix (by key_user()) + "head". */
int	 key_head(const char *prefix, char *dst, size_t size);
/* All kinds but KEY_LOG. */
int	 key_object(const char *prefix, enum key_kind kind,
	    const uint8_t id[16], char *dst, size_t size);
/* first and last: commit numbers, 16 lower-case hex digits each. */
int	 key_log(const char *prefix, uint64_t first, uint64_t last,
	    const uint8_t id[16], char *dst, size_t size);
/* Is it the name (behind the user's prefix) of an immutable object? */
int	 key_name_valid(const char *name);

#endif
