/* Strings as IMAP writes them (RFC 3501 sections 4.3 and 9). */
#ifndef MAIL_IMAP_TEXT_H
#define MAIL_IMAP_TEXT_H

#include "common/buf.h"

/* What precedes len octets: "{len}" and CRLF. */
void	 imap_literal(struct buf *b, uint64_t len);
/* Quoted if possible, else a literal; never contains a NUL, CR or LF (they
 * become spaces). */
int	 imap_string(struct buf *b, struct str s);
/*
 * A literal cannot contain a NUL (RFC 3501 section 4.3, without literal8 of RFC
 * 3516): each becomes 0x80, so that lengths do not change.
 */
#define IMAP_NUL	0x80
void	 imap_clean(uint8_t *p, size_t len);
/* imap_string(), or NIL if s.p is NULL. */
int	 imap_nstring(struct buf *b, struct str s);

#endif
