/* Special uses of mailboxes (RFC 6154). */
#ifndef IMAPD_USES_H
#define IMAPD_USES_H

#include <stdint.h>

#include "common/buf.h"
#include "imapd/parse.h"

/* "\Sent" and the like, as a bit of enum mbox_attr. */
int	 parse_use(struct parse *p, uint32_t *bit);
/* Appends " \Sent" for each bit (the space only after another word). */
void	 put_uses(struct buf *b, uint32_t attrs);

#endif
