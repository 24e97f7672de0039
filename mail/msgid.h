/* Message ids (RFC 5322 section 3.6.4) in header fields. */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include "common/buf.h"
#include "mail/lex.h"

#define MSGID_MAX	998	/* octets of one id */

/* The id in a Message-ID field: the first one, or a word without <>. */
bool	 msgid_only(struct str value, struct buf *id);
/*
 * The ids in In-Reply-To (in order), then those in References from the end:
 * newest first, each once, at most max, as varint length and bytes.  Returns
 * how many.
 */
size_t	 msgid_references(struct str in_reply_to, struct str references,
	    size_t max, struct buf *out);

#endif
