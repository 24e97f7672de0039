/*
 * Headers as octets, with their empty line: the fields one by one, and
 * HEADER.FIELDS.  Anything is accepted.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct header_field {
	struct str	 raw;	/* the whole field with its line ends */
	struct str	 name;	/* empty: not a field at all */
	struct str	 value;	/* still folded, with its final line end */
};

/*
 * Removes the next field (or malformed line) from the header; false at its
 * empty line or end.
 */
bool	 header_next(struct str *header, struct header_field *f);
/*
 * Does the header end with its empty line?  Then it was not cut; a header
 * without one (at the end of the message) does not count as complete here.
 */
bool	 header_whole(struct str header);
/* Unfolds a value and appends it to out: line ends are removed, both ends
 * trimmed. */
void	 header_unfold(struct str value, struct buf *out);
/* Appends the named fields (or with not: all others), unchanged, and an empty
 * line.  More than HEADER_NAMES_FEW names are sorted, since a client may name
 * thousands, and a message may have as many fields. */
#define HEADER_NAMES_FEW	8
void	 header_names_sort(struct str *names, size_t n);
void	 header_filter(struct str header, const struct str *names, size_t n,
	    bool not, struct buf *out);

#endif
