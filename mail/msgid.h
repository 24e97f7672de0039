/* Message ids (RFC 5322 section 3.6.4) in the fields that hold them. */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include "common/buf.h"
#include "mail/lex.h"

#define MSGID_MAX	998	/* octets of one id */

/* The id of a Message-ID field: the first of it, or a word without <>. */
bool	 msgid_only(struct str value, struct buf *id);
/*
 * In-Reply-To (in its order), then References from its end: newest first,
 * each once, at most max ids, as varint length and bytes; their number.
 */
size_t	 msgid_references(struct str in_reply_to, struct str references,
	    size_t max, struct buf *out);

#endif
