/* base64 as SASL uses it (RFC 4648 section 4), strict. */
#ifndef IMAPD_BASE64_H
#define IMAPD_BASE64_H

#include "common/buf.h"

/* Appends. */
int	 base64_encode(struct str in, struct buf *out);
/* Appends; -1: not canonical base64. */
int	 base64_decode(struct str in, struct buf *out);

#endif
