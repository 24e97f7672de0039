/* Encoded words (RFC 2047) in header fields. */
#ifndef MAIL_ENCWORD_H
#define MAIL_ENCWORD_H

#include "common/buf.h"

/*
 * Adds value (unfolded) to out as UTF-8, its encoded words decoded: white space
 * between two of them is dropped, characters split between two of one charset
 * are joined.  Raw 8-bit bytes: UTF-8, else ISO-8859-1.  Incomplete encoded
 * words, and those in an unknown charset, are kept.
 */
void	 encword_decode(struct str value, struct buf *out);

#endif
