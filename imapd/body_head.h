/* The header of each message in an MBOX_BODY stream. */
#ifndef IMAPD_BODY_HEAD_H
#define IMAPD_BODY_HEAD_H

#include <stddef.h>
#include <stdint.h>

struct body_head {
	uint32_t	 uid;
	uint8_t		 state;		/* enum mbox_body_state */
	uint64_t	 len;		/* octets that follow */
};
#define BODY_HEAD_MAX	21

/* How many octets of p it occupies; 0: incomplete; -1: malformed. */
int	 body_head(struct body_head *h, const uint8_t *p, size_t len);

#endif
