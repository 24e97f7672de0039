/* BODY and BODYSTRUCTURE (RFC 3501 section 7.4.2). */
#ifndef MAIL_STRUCTURE_H
#define MAIL_STRUCTURE_H

#include <stdbool.h>

#include "common/buf.h"
#include "mail/part.h"

/*
 * Writes "(...)" of the whole tree; extended: with extension data
 * (BODYSTRUCTURE).  0, or -1 when b is full.
 */
int	 structure_render(const struct mail_tree *t, bool extended,
	    struct buf *b);

#endif
