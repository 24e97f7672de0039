/*
 * Address lists (RFC 5322 section 3.4 with section 4.4's obsolete forms) in
 * the shape of IMAP's envelope (RFC 3501 section 7.4.2).
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/*
 * One address.  A group begins with host absent and mailbox its name, and
 * ends with both absent.  Quoting is removed, encoded words stay as they
 * are.  An address without a domain has an empty host.
 */
struct mail_address {
	struct str	 name;		/* p == NULL: absent (NIL) */
	struct str	 route;		/* "@a,@b" */
	struct str	 mailbox;
	struct str	 host;
};

/* Strings that may be absent: varint 0, or length + 1 and the bytes. */
int	 put_nstr(struct buf *b, struct str s);
struct str get_nstr(struct cursor *c);

/*
 * Parses a header field's unfolded value and adds each address as four
 * nstr to b, at most max bytes in all; returns how many there are.  The
 * count is whole: an address that does not fit is left out with all after
 * it.
 */
size_t	 address_parse(struct str value, struct buf *b, size_t max);
void	 address_get(struct cursor *c, struct mail_address *a);

#endif
