/*
 * The session protocol between imapd and storaged: one table of fields for
 * each message, and the rows of META streams.  Both ends may be hostile to
 * the other.
 */
#include <string.h>

#include "common/compat.h"
#include "common/log_context.h"
#include "common/msg_mbox.h"

#define MBOX_ATTRS_ALL	0x3ff	/* enum mbox_attr */
#define MBOX_WHAT_ALL	0x7f	/* enum mbox_what */

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field mbox_list_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_list, name), MBOX_NAME_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_list, counts), 0, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_list, fresh), 0, NULL }
};
const struct wire_struct mbox_list_wire =
    WIRE_STRUCT(mbox_list, mbox_list_fields);

static const struct wire_field mbox_row_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_row, name), MBOX_NAME_MAX, NULL },
	{ WIRE_U64, offsetof(struct mbox_row, box), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, attrs), MBOX_ATTRS_ALL, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, uidvalidity), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, uidnext), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, messages), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, unseen), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, recent), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_row, deleted), 0, NULL },
	{ WIRE_U64, offsetof(struct mbox_row, size), 0, NULL },
	{ WIRE_U64, offsetof(struct mbox_row, highestmodseq), 0, NULL }
};
const struct wire_struct mbox_row_wire =
    WIRE_STRUCT(mbox_row, mbox_row_fields);

static const struct wire_field mbox_create_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_create, name), MBOX_NAME_MAX, NULL },
	{ WIRE_U32, offsetof(struct mbox_create, use), MBOX_USE_MASK, NULL }
};
const struct wire_struct mbox_create_wire =
    WIRE_STRUCT(mbox_create, mbox_create_fields);

static const struct wire_field mbox_delete_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_delete, name), MBOX_NAME_MAX, NULL }
};
const struct wire_struct mbox_delete_wire =
    WIRE_STRUCT(mbox_delete, mbox_delete_fields);

static const struct wire_field mbox_rename_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_rename, from), MBOX_NAME_MAX, NULL },
	{ WIRE_STR, offsetof(struct mbox_rename, to), MBOX_NAME_MAX, NULL }
};
const struct wire_struct mbox_rename_wire =
    WIRE_STRUCT(mbox_rename, mbox_rename_fields);

static const struct wire_field mbox_subscribe_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_subscribe, name),
	    MBOX_NAME_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_subscribe, on), 0, NULL }
};
const struct wire_struct mbox_subscribe_wire =
    WIRE_STRUCT(mbox_subscribe, mbox_subscribe_fields);

static const struct wire_field mbox_select_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_select, name), MBOX_NAME_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_select, readonly), 0, NULL }
};
const struct wire_struct mbox_select_wire =
    WIRE_STRUCT(mbox_select, mbox_select_fields);

static const struct wire_field mbox_keyword_fields[] = {
	{ WIRE_U32, offsetof(struct mbox_keyword, number), 0, NULL },
	{ WIRE_STR, offsetof(struct mbox_keyword, name),
	    MBOX_KEYWORD_MAX, NULL }
};
static const struct wire_struct mbox_keyword_wire =
    WIRE_STRUCT(mbox_keyword, mbox_keyword_fields);

static const struct wire_field mbox_selected_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_selected, box), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_selected, uidvalidity), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_selected, uidnext), 0, NULL },
	{ WIRE_U64, offsetof(struct mbox_selected, highestmodseq), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_selected, first_unseen), 0, NULL },
	{ WIRE_U32, offsetof(struct mbox_selected, recent_from), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_selected, uids),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_LIST, offsetof(struct mbox_selected, keywords),
	    MBOX_KEYWORDS_SEEN, &mbox_keyword_wire },
	{ WIRE_BOOL, offsetof(struct mbox_selected, full), 0, NULL }
};
const struct wire_struct mbox_selected_wire =
    WIRE_STRUCT(mbox_selected, mbox_selected_fields);

static const struct wire_field mbox_box_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_box, box), 0, NULL }
};
const struct wire_struct mbox_box_wire =
    WIRE_STRUCT(mbox_box, mbox_box_fields);

static const struct wire_field mbox_meta_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_meta, box), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_meta, uids), MBOX_RANGES_MAX, NULL },
	{ WIRE_U32, offsetof(struct mbox_meta, what), MBOX_WHAT_ALL, NULL },
	{ WIRE_U64, offsetof(struct mbox_meta, fields), 0, NULL }
};
const struct wire_struct mbox_meta_wire =
    WIRE_STRUCT(mbox_meta, mbox_meta_fields);

static const struct wire_field mbox_body_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_body, box), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_body, uids), MBOX_RANGES_MAX, NULL },
	{ WIRE_U64, offsetof(struct mbox_body, offset), 0, NULL },
	{ WIRE_U64, offsetof(struct mbox_body, length), 0, NULL }
};
const struct wire_struct mbox_body_wire =
    WIRE_STRUCT(mbox_body, mbox_body_fields);

static const struct wire_field mbox_word_fields[] = {
	{ WIRE_STR, offsetof(struct mbox_word, word), MBOX_KEYWORD_MAX, NULL }
};
const struct wire_struct mbox_word_wire =
    WIRE_STRUCT(mbox_word, mbox_word_fields);

static const struct wire_field mbox_store_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_store, box), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_store, uids), MBOX_RANGES_MAX, NULL },
	{ WIRE_U8, offsetof(struct mbox_store, how), MBOX_STORE_REMOVE, NULL },
	{ WIRE_U8, offsetof(struct mbox_store, flags), MBOX_FLAGS_ALL, NULL },
	{ WIRE_LIST, offsetof(struct mbox_store, keywords),
	    MBOX_KEYWORDS_MAX, &mbox_word_wire },
	{ WIRE_U64, offsetof(struct mbox_store, unchangedsince), 0, NULL }
};
const struct wire_struct mbox_store_wire =
    WIRE_STRUCT(mbox_store, mbox_store_fields);

static const struct wire_field mbox_copy_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_copy, box), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_copy, uids), MBOX_RANGES_MAX, NULL },
	{ WIRE_STR, offsetof(struct mbox_copy, to), MBOX_NAME_MAX, NULL }
};
const struct wire_struct mbox_copy_wire =
    WIRE_STRUCT(mbox_copy, mbox_copy_fields);

static const struct wire_field mbox_expunge_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_expunge, box), 0, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_expunge, only), 0, NULL },
	{ WIRE_SET, offsetof(struct mbox_expunge, uids),
	    MBOX_RANGES_MAX, NULL }
};
const struct wire_struct mbox_expunge_wire =
    WIRE_STRUCT(mbox_expunge, mbox_expunge_fields);

static const struct wire_field mbox_idle_fields[] = {
	{ WIRE_BOOL, offsetof(struct mbox_idle, on), 0, NULL }
};
const struct wire_struct mbox_idle_wire =
    WIRE_STRUCT(mbox_idle, mbox_idle_fields);

static const struct wire_field append_open_fields[] = {
	{ WIRE_STR, offsetof(struct append_open, name), MBOX_NAME_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct append_open, early), 0, NULL }
};
const struct wire_struct append_open_wire =
    WIRE_STRUCT(append_open, append_open_fields);

static const struct wire_field append_msg_fields[] = {
	{ WIRE_U8, offsetof(struct append_msg, flags), MBOX_FLAGS_ALL, NULL },
	{ WIRE_LIST, offsetof(struct append_msg, keywords),
	    MBOX_KEYWORDS_MAX, &mbox_word_wire },
	{ WIRE_BOOL, offsetof(struct append_msg, dated), 0, NULL },
	{ WIRE_I64, offsetof(struct append_msg, date), 0, NULL },
	{ WIRE_I64, offsetof(struct append_msg, zone), MBOX_ZONE_MAX, NULL },
	{ WIRE_U64, offsetof(struct append_msg, size), 0, NULL },
	{ WIRE_BYTES, offsetof(struct append_msg, digest),
	    MBOX_DIGEST_MAX, NULL }
};
const struct wire_struct append_msg_wire =
    WIRE_STRUCT(append_msg, append_msg_fields);

static const struct wire_field data_credit_fields[] = {
	{ WIRE_U32, offsetof(struct data_credit, bytes), 0, NULL }
};
const struct wire_struct data_credit_wire =
    WIRE_STRUCT(data_credit, data_credit_fields);

static const struct wire_field mbox_more_fields[] = {
	{ WIRE_BOOL, offsetof(struct mbox_more, more), 0, NULL }
};
const struct wire_struct mbox_more_wire =
    WIRE_STRUCT(mbox_more, mbox_more_fields);

static const struct wire_field mbox_trace_fields[] = {
	{ WIRE_FIX64, offsetof(struct mbox_trace, session), 0, NULL },
	{ WIRE_BOOL, offsetof(struct mbox_trace, traced), 0, NULL },
	{ WIRE_ID16, offsetof(struct mbox_trace, trace), 0, NULL },
	{ WIRE_FIX64, offsetof(struct mbox_trace, span), 0, NULL }
};
const struct wire_struct mbox_trace_wire =
    WIRE_STRUCT(mbox_trace, mbox_trace_fields);

void
mbox_trace_from(struct mbox_trace *t, const struct log_context *c)
{
	memset(t, 0, sizeof(*t));
	t->session = c->session;
	if (!c->traced)
		return;
	t->traced = true;
	memcpy(t->trace, c->trace, sizeof(t->trace));
	t->span = c->span;
}

void
mbox_trace_to(const struct mbox_trace *t, struct log_context *c)
{
	memset(c, 0, sizeof(*c));
	c->session = t->session;
	c->traced = t->traced;
	memcpy(c->trace, t->trace, sizeof(c->trace));
	c->span = t->span;
}

static const struct wire_field session_ready_fields[] = {
	{ WIRE_U64, offsetof(struct session_ready, appendlimit), 0, NULL }
};
const struct wire_struct session_ready_wire =
    WIRE_STRUCT(session_ready, session_ready_fields);

static const struct wire_field session_end_fields[] = {
	{ WIRE_U8, offsetof(struct session_end, code),
	    MBOX_CODE_MAX - 1, NULL },
	{ WIRE_STR, offsetof(struct session_end, text), MBOX_TEXT_MAX, NULL }
};
const struct wire_struct session_end_wire =
    WIRE_STRUCT(session_end, session_end_fields);

static const struct wire_field reply_ok_fields[] = {
	{ WIRE_U32, offsetof(struct reply_ok, uidvalidity), 0, NULL },
	{ WIRE_U32, offsetof(struct reply_ok, count), 0, NULL },
	{ WIRE_SET, offsetof(struct reply_ok, src),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_SET, offsetof(struct reply_ok, dst),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_SET, offsetof(struct reply_ok, modified),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_U64, offsetof(struct reply_ok, modseq), 0, NULL },
	{ WIRE_U64, offsetof(struct reply_ok, box), 0, NULL },
	{ WIRE_BOOL, offsetof(struct reply_ok, full), 0, NULL },
	{ WIRE_BOOL, offsetof(struct reply_ok, known), 0, NULL }
};
const struct wire_struct reply_ok_wire =
    WIRE_STRUCT(reply_ok, reply_ok_fields);

static const struct wire_field reply_no_fields[] = {
	{ WIRE_U8, offsetof(struct reply_no, code), MBOX_CODE_MAX - 1, NULL },
	{ WIRE_STR, offsetof(struct reply_no, text), MBOX_TEXT_MAX, NULL }
};
const struct wire_struct reply_no_wire =
    WIRE_STRUCT(reply_no, reply_no_fields);

static const struct wire_field ev_added_fields[] = {
	{ WIRE_U64, offsetof(struct ev_added, box), 0, NULL },
	{ WIRE_SET, offsetof(struct ev_added, uids),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct ev_added, recent), 0, NULL },
	{ WIRE_U64, offsetof(struct ev_added, modseq), 0, NULL },
	{ WIRE_U32, offsetof(struct ev_added, cause), 0, NULL }
};
const struct wire_struct ev_added_wire =
    WIRE_STRUCT(ev_added, ev_added_fields);

static const struct wire_field ev_flags_fields[] = {
	{ WIRE_U64, offsetof(struct ev_flags, box), 0, NULL },
	{ WIRE_SET, offsetof(struct ev_flags, uids),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_U64, offsetof(struct ev_flags, modseq), 0, NULL },
	{ WIRE_U32, offsetof(struct ev_flags, cause), 0, NULL }
};
const struct wire_struct ev_flags_wire =
    WIRE_STRUCT(ev_flags, ev_flags_fields);

static const struct wire_field ev_expunged_fields[] = {
	{ WIRE_U64, offsetof(struct ev_expunged, box), 0, NULL },
	{ WIRE_SET, offsetof(struct ev_expunged, uids),
	    MBOX_VIEW_RANGES_MAX, NULL },
	{ WIRE_U64, offsetof(struct ev_expunged, modseq), 0, NULL },
	{ WIRE_U32, offsetof(struct ev_expunged, cause), 0, NULL }
};
const struct wire_struct ev_expunged_wire =
    WIRE_STRUCT(ev_expunged, ev_expunged_fields);

static const struct wire_field ev_keywords_fields[] = {
	{ WIRE_U64, offsetof(struct ev_keywords, box), 0, NULL },
	{ WIRE_LIST, offsetof(struct ev_keywords, keywords),
	    MBOX_KEYWORDS_SEEN, &mbox_keyword_wire },
	{ WIRE_BOOL, offsetof(struct ev_keywords, full), 0, NULL },
	{ WIRE_U32, offsetof(struct ev_keywords, cause), 0, NULL }
};
const struct wire_struct ev_keywords_wire =
    WIRE_STRUCT(ev_keywords, ev_keywords_fields);

int
mbox_meta_row_encode(const struct mbox_meta_row *row, uint32_t what,
    struct buf *b)
{
	size_t i;

	if (row->uid == 0 || (what & ~(uint32_t)MBOX_WHAT_ALL) != 0)
		return -1;
	buf_put_varint(b, row->uid);
	if ((what & MBOX_WHAT_FLAGS) != 0) {
		if (row->nkeywords > MBOX_KEYWORDS_MAX)
			return -1;
		buf_put_u8(b, row->flags);
		buf_put_varint(b, row->nkeywords);
		for (i = 0; i < row->nkeywords; i++)
			buf_put_varint(b, row->keywords[i]);
	}
	if ((what & MBOX_WHAT_MODSEQ) != 0)
		buf_put_varint(b, row->modseq);
	if ((what & MBOX_WHAT_DATE) != 0) {
		buf_put_zigzag(b, row->date);
		buf_put_zigzag(b, row->zone);
	}
	if ((what & MBOX_WHAT_SIZE) != 0)
		buf_put_varint(b, row->size);
	if ((what & MBOX_WHAT_SAVEDATE) != 0)
		buf_put_zigzag(b, row->savedate);
	if ((what & MBOX_WHAT_IDS) != 0) {
		buf_put(b, row->msgid, sizeof(row->msgid));
		buf_put_u64(b, row->threadid);
	}
	if ((what & MBOX_WHAT_DIGEST) != 0) {
		if (row->digest.len > MBOX_DIGEST_MAX)
			return -1;
		buf_put_bytes(b, row->digest.p, row->digest.len);
	}
	return b->failed ? -1 : 0;
}

static uint32_t
get_u32(struct cursor *c)
{
	uint64_t v = cursor_varint(c);

	if (v > UINT32_MAX)
		c->bad = true;
	return (uint32_t)v;
}

static int
get_flags(struct mbox_meta_row *row, struct cursor *c, struct arena *a)
{
	uint32_t	*keywords;
	uint64_t	 n;
	size_t		 i;

	row->flags = cursor_u8(c);
	n = cursor_varint(c);
	if (c->bad || (row->flags & ~MBOX_FLAGS_ALL) != 0 ||
	    n > MBOX_KEYWORDS_MAX || n > cursor_left(c))
		return -1;
	if (n == 0)
		return 0;
	if (a == NULL || (keywords = arena_array(a, (size_t)n,
	    sizeof(keywords[0]))) == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		keywords[i] = get_u32(c);
		if (c->bad || (i != 0 && keywords[i] <= keywords[i - 1]))
			return -1;
	}
	row->keywords = keywords;
	row->nkeywords = (size_t)n;
	return 0;
}

int
mbox_meta_row_decode(struct mbox_meta_row *row, uint32_t what, const void *p,
    size_t len, struct arena *a)
{
	struct cursor	 c;
	const uint8_t	*id;
	int64_t		 zone;

	memset(row, 0, sizeof(*row));
	cursor_init(&c, p, len);
	row->uid = get_u32(&c);
	if ((what & MBOX_WHAT_FLAGS) != 0 && get_flags(row, &c, a) == -1)
		return -1;
	if ((what & MBOX_WHAT_MODSEQ) != 0)
		row->modseq = cursor_varint(&c);
	if ((what & MBOX_WHAT_DATE) != 0) {
		row->date = cursor_zigzag(&c);
		zone = cursor_zigzag(&c);
		if (zone < -MBOX_ZONE_MAX || zone > MBOX_ZONE_MAX)
			return -1;
		row->zone = (int16_t)zone;
	}
	if ((what & MBOX_WHAT_SIZE) != 0)
		row->size = get_u32(&c);
	if ((what & MBOX_WHAT_SAVEDATE) != 0)
		row->savedate = cursor_zigzag(&c);
	if ((what & MBOX_WHAT_IDS) != 0) {
		if ((id = cursor_bytes(&c, sizeof(row->msgid))) == NULL)
			return -1;
		memcpy(row->msgid, id, sizeof(row->msgid));
		row->threadid = cursor_u64(&c);
	}
	if ((what & MBOX_WHAT_DIGEST) != 0) {
		row->digest = cursor_str(&c);
		if (row->digest.len > MBOX_DIGEST_MAX)
			return -1;
	}
	return cursor_done(&c) && row->uid != 0 ? 0 : -1;
}
