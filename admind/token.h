/* The token of "metrics-token", of which only a hash is known here. */
#ifndef ADMIND_TOKEN_H
#define ADMIND_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define TOKEN_HASH	32		/* SHA-256 */

/* From the hash as hex digits, in lower case.  0, or -1: it is none. */
int	 token_read(const char *hex, uint8_t hash[TOKEN_HASH]);
/* Authorization: "Bearer TOKEN" (RFC 6750, section 2.1).  Takes equally long
 * for all tokens of a length. */
bool	 token_matches(struct str authorization,
	    const uint8_t hash[TOKEN_HASH]);

#endif
