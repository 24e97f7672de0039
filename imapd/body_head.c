/* "varint uid, u8 state, varint number of octets": common/msg_mbox.h. */
#include "imapd/body_head.h"

#include "common/msg_mbox.h"

int
body_head(struct body_head *h, const uint8_t *p, size_t len)
{
	struct cursor	 c;
	uint64_t	 uid;
	size_t		 i, parts = 0;

	/* Cut off, or wrong?  The cursor cannot tell. */
	for (i = 0; i < len && parts < 3; i++)
		if (parts == 1 || !(p[i] & 0x80))
			parts++;
	if (parts < 3)
		return len < BODY_HEAD_MAX ? 0 : -1;
	cursor_init(&c, p, i);
	uid = cursor_varint(&c);
	h->state = cursor_u8(&c);
	h->len = cursor_varint(&c);
	if (!cursor_done(&c) || uid == 0 || uid > UINT32_MAX ||
	    h->state > MBOX_BODY_DAMAGED ||
	    (h->state != MBOX_BODY_OK && h->len != 0))
		return -1;
	h->uid = (uint32_t)uid;
	return (int)i;
}
