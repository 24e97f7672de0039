/*
 * User names as RFC 8265 prepares them (UsernameCaseMapped, of the classes of
 * RFC 8264), with the tables of utf8proc.  Names come from strangers.
 */
#ifndef COMMON_PRECIS_H
#define COMMON_PRECIS_H

#include <stddef.h>

#include "common/buf.h"

/*
 * Wide and narrow forms become ordinary ones, all letters small ones, the rest
 * NFC; the part behind the last '@' is a name of its own.  Writes it with its
 * NUL to dst.  -1: it has a code point that a name may not have (a space, a
 * symbol, one that utf8proc does not know yet), letters of both directions, an
 * empty part, or does not fit.
 *
 * Two rules need tables that utf8proc has not: a ZERO WIDTH NON-JOINER is
 * refused where it does not follow a virama, and scripts are told by blocks.
 */
int	 precis_username(struct str name, char *dst, size_t size);

#endif
