/*
 * Header blocks as octets: the fields one by one, and HEADER.FIELDS.  A
 * block is a header with its empty line; anything is accepted.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct header_field {
	struct str	 raw;	/* the whole field with its line ends */
	struct str	 name;	/* empty: not a field at all */
	struct str	 value;	/* folded as it is, with its last line end */
};

/*
 * Takes the next field (or malformed line) off the block; false at its
 * empty line or end.
 */
bool	 header_next(struct str *block, struct header_field *f);
/*
 * Does the block end with its empty line?  Then it was not cut; a header
 * that has none (the message ends with it) is not whole by this.
 */
bool	 header_whole(struct str block);
/* Unfolds a value: line ends go, both ends are trimmed; added to out. */
void	 header_unfold(struct str value, struct buf *out);
/* Adds the fields named (or with not: the others), each as it stands, and
 * an empty line. */
void	 header_filter(struct str block, const struct str *names, size_t n,
	    bool not, struct buf *out);

#endif
