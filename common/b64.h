/* Base64 (RFC 4648 section 4), as password hashes and SASL hold it: one way to
 * write each value, and no white space. */
#ifndef COMMON_B64_H
#define COMMON_B64_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"

/* NUL-terminated; -1: over size.  pad: with '='. */
int	 b64_encode(const void *p, size_t n, bool pad, char *dst, size_t size);
/* The number of bytes in dst; -1: not so written, or over max. */
ssize_t	 b64_decode(struct str text, bool pad, void *dst, size_t max);
/* The same of base64url without '=' (RFC 4648 section 5, RFC 7515). */
ssize_t	 b64url_decode(struct str text, void *dst, size_t max);

#endif
