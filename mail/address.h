/*
 * Address lists (RFC 5322 section 3.4 with section 4.4's obsolete forms) in the
 * form of IMAP's envelope (RFC 3501 section 7.4.2).
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * One address.  A group begins with an entry that has no host and whose mailbox
 * is its name, and ends with one that has neither.  Quoting is removed, encoded
 * words are kept.  An address without a domain has an empty host.
 */
struct mail_address {
	struct str	 name;		/* p == NULL: absent (NIL) */
	struct str	 route;		/* "@a,@b" */
	struct str	 mailbox;
	struct str	 host;
};

/*
 * Parses a header field's unfolded value and adds each address as four nstr to
 * b, at most max bytes in all; returns how many there are.  Repeated fields
 * (RFC 5322 section 4.5.3) are passed as one value, separated by line feeds, so
 * that a malformed one does not spoil the next.  If an address does not fit, it
 * and all that follow are omitted, and *cut (may be NULL) is set to true.
 */
size_t	 address_parse(struct str value, struct buf *b, size_t max,
	    bool *cut);
void	 address_get(struct cursor *c, struct mail_address *a);

#endif
