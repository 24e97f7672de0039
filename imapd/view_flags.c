/*
 * Flags and keywords as a client reads them: of one message, and what there
 * are in a mailbox (RFC 3501 sections 2.3.2, 7.1 and 7.2.6).
 */
#include "imapd/view.h"

#include "common/buf.h"

static const struct {
	uint8_t		 bit;
	const char	*name;
} flag_names[] = {
	{ MBOX_ANSWERED,	"\\Answered" },
	{ MBOX_FLAGGED,		"\\Flagged" },
	{ MBOX_DELETED,		"\\Deleted" },
	{ MBOX_SEEN,		"\\Seen" },
	{ MBOX_DRAFT,		"\\Draft" },
};

static void
put_word(struct buf *b, const char *word)
{
	if (b->len > 0 && b->data[b->len - 1] != '(')
		(void)buf_put_u8(b, ' ');
	(void)buf_puts(b, word);
}

void
view_print_flags(const struct view *v, struct buf *b,
    const struct mbox_meta_row *row)
{
	const char	*name;
	size_t		 i;

	(void)buf_put_u8(b, '(');
	for (i = 0; i < nitems(flag_names); i++)
		if (row->flags & flag_names[i].bit)
			put_word(b, flag_names[i].name);
	if (view_is_recent(v, row->uid))
		put_word(b, "\\Recent");
	for (i = 0; i < row->nkeywords; i++)
		if ((name = view_keyword(v, row->keywords[i])) != NULL)
			put_word(b, name);
	(void)buf_put_u8(b, ')');
}

static void
put_all_flags(const struct view *v, struct buf *b)
{
	size_t	 i;

	for (i = 0; i < nitems(flag_names); i++)
		put_word(b, flag_names[i].name);
	for (i = 0; i < v->nkeywords; i++)
		put_word(b, v->keywords[i].name);
}

void
view_print_keywords(const struct view *v, struct buf *b)
{
	(void)buf_puts(b, "* FLAGS (");
	put_all_flags(v, b);
	(void)buf_puts(b, ")\r\n* OK [PERMANENTFLAGS (");
	if (!v->readonly) {
		put_all_flags(v, b);
		if (!v->full)
			put_word(b, "\\*");
	}
	(void)buf_puts(b, v->readonly ? ")] Read-only mailbox\r\n" :
	    ")] Flags permitted\r\n");
}
