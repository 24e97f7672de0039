/*
 * Content-Type and Content-Disposition (RFC 2045 section 5, RFC 2183) with
 * parameters; continuations (RFC 2231) are joined: as "name*" if a piece is
 * encoded, whose value is kept as charset'language'%XX, else as "name".
 */
#ifndef MAIL_PARAM_H
#define MAIL_PARAM_H

#include "common/buf.h"
#include "mail/lex.h"

#define PARAM_MAX	256		/* parameters of one field */

/*
 * Reads "; name=value" pairs up to the end and appends them to b in the format
 * of part.h; returns their number (0: nothing was appended).
 */
size_t	 params_parse(struct lex *l, struct buf *b);
/*
 * "type/subtype" into two borrowed tokens.  -1: it is not one (then RFC
 * 2045 section 5.2 says text/plain).
 */
int	 type_parse(struct lex *l, struct str *type, struct str *subtype);
/* Content-Language: tags in the form of part.h; returns their number. */
size_t	 languages_parse(struct str value, struct buf *b);

#endif
