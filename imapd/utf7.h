/*
 * Modified UTF-7 of mailbox names (RFC 3501 section 5.1.3), strict: each
 * name has exactly one form, so decode(encode(x)) and encode(decode(y))
 * are identities.
 */
#ifndef IMAPD_UTF7_H
#define IMAPD_UTF7_H

#include <stdbool.h>

#include "common/buf.h"

/* Appends.  -1: not well-formed, or not the shortest form. */
int	 utf7_to_utf8(struct str in, struct buf *out);
/* -1: not valid UTF-8. */
int	 utf8_to_utf7(struct str in, struct buf *out);
/* Valid UTF-8 without surrogates, overlong forms and control characters. */
bool	 utf8_is_text(struct str s);

#endif
