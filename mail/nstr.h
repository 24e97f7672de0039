/* Optional strings in the encoded parts of a message. */
#ifndef MAIL_NSTR_H
#define MAIL_NSTR_H

#include "common/buf.h"

/* Varint 0 for one that is absent (p == NULL), or length + 1 and the bytes. */
int	 put_nstr(struct buf *b, struct str s);	/* -1: b is full */
/* Borrows from c; also absent if c turns bad. */
struct str get_nstr(struct cursor *c);

#endif
