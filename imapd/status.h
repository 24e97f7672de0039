/* STATUS items: of STATUS, and of LIST ... RETURN (STATUS ...). */
#ifndef IMAPD_STATUS_H
#define IMAPD_STATUS_H

#include <stdint.h>

#include "common/buf.h"
#include "common/msg_mbox.h"
#include "imapd/parse.h"

/* "(MESSAGES UNSEEN)" as a mask. */
int	 parse_status_items(struct parse *p, uint32_t *items);
/* "* STATUS name (MESSAGES 3 ...)" with CRLF. */
void	 put_status(struct buf *b, const struct mbox_row *row,
	    uint32_t items, uint64_t append_limit);

#endif
