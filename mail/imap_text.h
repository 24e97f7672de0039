/* Strings as IMAP writes them (RFC 3501 sections 4.3 and 9). */
#ifndef MAIL_IMAP_TEXT_H
#define MAIL_IMAP_TEXT_H

#include "common/buf.h"

/* Quoted where that is possible, else a literal; never with a NUL, CR or
 * LF in it (they become spaces). */
int	 imap_string(struct buf *b, struct str s);
/* The same, or NIL when s.p is NULL. */
int	 imap_nstring(struct buf *b, struct str s);

#endif
