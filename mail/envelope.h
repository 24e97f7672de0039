/*
 * The envelope of a message (RFC 3501 section 7.4.2), encoded: nstr date,
 * nstr subject, six lists (from, sender, reply-to, to, cc, bcc), nstr
 * in-reply-to, nstr message-id (nstr: address.h).  A list: u8 LIST_*; for
 * LIST_HERE varint count and that many addresses of four nstr.
 */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "mail/address.h"

#define ENVELOPE_MAX	(96 * 1024)	/* octets, encoded */
#define ENVELOPE_NESTED	(16 * 1024)	/* of a message inside another */
#define ENVELOPE_WHOLE	(ENVELOPE_MAX / 100) /* no shorter field was cut */

enum envelope_list {
	LIST_NIL,
	LIST_HERE,
	LIST_AS_FROM		/* sender, reply-to: absent, so from's */
};

enum envelope_field {
	ENV_DATE, ENV_SUBJECT, ENV_FROM, ENV_SENDER, ENV_REPLY_TO, ENV_TO,
	ENV_CC, ENV_BCC, ENV_IN_REPLY_TO, ENV_MESSAGE_ID, ENV_FIELDS
};

/* Does it hold addresses? */
bool	 envelope_is_list(int field);
/*
 * Which repeated fields are combined (RFC 5322 section 4.5.3): those with
 * addresses, except Sender.  Of the others, the first is used.
 */
bool	 envelope_joins(int field);

/* "Date", ... */
const char *envelope_name(int field);

/* The unfolded values from the header; p is NULL if absent.  Values of repeated
 * fields are separated by line feeds. */
struct envelope_values {
	struct str	 v[ENV_FIELDS];
	uint32_t	 cut;		/* by ENV_*: incomplete */
	uint32_t	 more;		/* another field of the name came */
};
/*
 * At most max octets (0: no limit); what does not fit is truncated, and its bit
 * is set in *cut (may be NULL), as are those of v->cut.  0, or -1: no memory.
 */
int	 envelope_encode(const struct envelope_values *v, size_t max,
	    struct buf *b, uint32_t *cut);
/* From a header, everything that it contains.  0, or -1: no memory. */
int	 envelope_from_header(struct str header, struct buf *b);

/* A checked view of an encoded envelope; all borrowed. */
struct envelope_view {
	struct str	 v[ENV_FIELDS];	/* strings as they are; lists: the
					   encoded addresses (p NULL: NIL) */
	uint64_t	 count[ENV_FIELDS]; /* addresses of a list */
};
/* -1: invalid.  LIST_AS_FROM is resolved. */
int	 envelope_decode(struct str enc, struct envelope_view *v);

/*
 * Whether the field may have been cut, judging by its length: for digests that
 * do not say.
 */
bool	 envelope_may_be_cut(const struct envelope_view *v, int field);

/* "(...)" as IMAP has it; 0 or -1 (malformed, or b is full). */
int	 envelope_render(struct str enc, struct buf *b);
int	 envelope_print(const struct envelope_view *v, struct buf *b);

#endif
