/* The base subject (RFC 5256 section 2.1). */
#ifndef MAIL_SUBJECT_H
#define MAIL_SUBJECT_H

#include <stdbool.h>

#include "common/buf.h"

#define SUBJECT_MAX	4096	/* octets, decoded, that count */

/*
 * value: an unfolded Subject.  Adds its base subject, at most SUBJECT_MAX
 * octets, to out, in UTF-8 and not case-folded.  *reply (may be NULL):
 * something was removed that marks a reply or a forward.
 */
void	 base_subject(struct str value, struct buf *out, bool *reply);

#endif
