/* What "pailctl credentials" prints. */
#ifndef CREDD_REPORT_H
#define CREDD_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "credd/refresh.h"

/* Lines of text, without any secret: only the access key's ID is told.  s
 * NULL: the store needs no credentials. */
void	 report_text(const struct refresh_status *s, int64_t now, char *dst,
	    size_t size);
/* The same as members of the JSON object that is open in b. */
void	 report_json(const struct refresh_status *s, struct buf *b);

#endif
