/* Special uses (RFC 6154, section 2; \Important of RFC 8457). */
#include "imapd/uses.h"

#include "common/compat.h"
#include "common/msg_mbox.h"

static const struct {
	const char	*name;
	uint32_t	 bit;
} uses[] = {
	{ "\\All",	MBOX_USE_ALL },
	{ "\\Archive",	MBOX_USE_ARCHIVE },
	{ "\\Drafts",	MBOX_USE_DRAFTS },
	{ "\\Flagged",	MBOX_USE_FLAGGED },
	{ "\\Junk",	MBOX_USE_JUNK },
	{ "\\Sent",	MBOX_USE_SENT },
	{ "\\Trash",	MBOX_USE_TRASH },
	{ "\\Important", MBOX_USE_IMPORTANT },
};

int
parse_use(struct parse *p, uint32_t *bit)
{
	size_t	 i;

	for (i = 0; i < nitems(uses); i++)
		if (parse_word(p, uses[i].name) == 0) {
			*bit = uses[i].bit;
			return 0;
		}
	return -1;
}

void
put_uses(struct buf *b, uint32_t attrs)
{
	size_t	 i;

	for (i = 0; i < nitems(uses); i++) {
		if (!(attrs & uses[i].bit))
			continue;
		if (b->len > 0 && b->data[b->len - 1] != '(')
			(void)buf_put_u8(b, ' ');
		(void)buf_puts(b, uses[i].name);
	}
}
