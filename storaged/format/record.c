/*
 * Records to bytes, back and as text, by the fields below and the types of
 * record.h (pail-bucket.5, "Records").  It decides nothing and looks
 * nothing up.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/format/codec.h"
#include "storaged/format/fields.h"
#include "storaged/format/object.h"
#include "storaged/format/record.h"

#define RECORD_MAX		(16 * 1024 * 1024)
#define RECORD_RANGES_MAX	1000000
#define ZONE_MAX		(24 * 60 - 1)

enum {				/* the numbers in the bucket */
	F_BOX = 1,
	F_NAME,
	F_UIDVALIDITY,
	F_USE,
	F_ON,
	F_UID,
	F_HOW,
	F_FLAGS,
	F_KEYWORDS,
	F_DATE,
	F_ZONE,
	F_SAVEDATE,
	F_SIZE,
	F_MSGID,
	F_THREADID,
	F_PLACE,
	F_UIDS,
	F_DST,
	F_DST_FIRST,
	F_MID,
	F_FORGET,
	F_KEY,
	F_LAST = F_KEY
};

static int	 place_put(const void *, struct buf *);
static int	 place_get(void *, struct cursor *);
static void	 place_print(const void *, struct buf *);

static const struct field_own	 place_own = { .put = place_put,
				    .get = place_get, .print = place_print };
static const char *const	 hows[] = { "set", "add", "remove" };
static const char *const	 wheres[] = { "inline", "pack/", "msg/" };

#define AT(m)		FIELD_AT(struct record, m)
#define WORDS_AT(m)	AT(m), .count = offsetof(struct record, n##m),	\
			    .max = MBOX_KEYWORDS_MAX,			\
			    .word_max = MBOX_KEYWORD_MAX

static const struct field rows[] = {
	[F_BOX] =	  { FIELD_FIX64, "box", AT(box) },
	[F_NAME] =	  { FIELD_TEXT, "name", AT(name),
			    .max = MBOX_NAME_MAX },
	[F_UIDVALIDITY] = { FIELD_NUM, "uidvalidity", AT(uidvalidity),
			    .min = 1 },
	[F_USE] =	  { FIELD_NUM, "use", AT(use), .bits = true },
	[F_ON] =	  { FIELD_NUM, "on", AT(on), .max = 1 },
	[F_UID] =	  { FIELD_NUM, "uid", AT(uid), .min = 1 },
	[F_HOW] =	  { FIELD_NUM, "how", AT(how),
			    .max = MBOX_STORE_REMOVE, .values = hows },
	[F_FLAGS] =	  { FIELD_NUM, "flags", AT(flags),
			    .max = MBOX_FLAGS_ALL, .bits = true },
	[F_KEYWORDS] =	  { FIELD_WORDS, "keyword", WORDS_AT(keywords) },
	[F_DATE] =	  { FIELD_INT, "date", AT(date) },
	[F_ZONE] =	  { FIELD_INT, "zone", AT(zone), .max = ZONE_MAX },
	[F_SAVEDATE] =	  { FIELD_INT, "saved", AT(savedate) },
	[F_SIZE] =	  { FIELD_NUM, "size", AT(size), .max = INT64_MAX },
	[F_MSGID] =	  { FIELD_BYTES, "msgid", AT(msgid) },
	[F_THREADID] =	  { FIELD_FIX64, "thread", AT(threadid) },
	[F_PLACE] =	  { FIELD_OWN, "place", AT(place),
			    .own = &place_own },
	[F_UIDS] =	  { FIELD_UIDS, "uids", AT(uids),
			    .max = RECORD_RANGES_MAX },
	[F_DST] =	  { FIELD_FIX64, "dst", AT(dst) },
	[F_DST_FIRST] =	  { FIELD_NUM, "first", AT(dst_first), .min = 1 },
	[F_MID] =	  { FIELD_FIX64, "mid", AT(mid), .newer = true },
	[F_FORGET] =	  { FIELD_WORDS, "forget", WORDS_AT(forget),
			    .newer = true },
	[F_KEY] =	  { FIELD_BYTES, "key", AT(key), .newer = true },
};
/* In the order of a line of pailctl dump. */
static const uint8_t shown[] = { F_BOX, F_NAME, F_UIDVALIDITY, F_USE, F_ON,
	F_UIDS, F_DST, F_DST_FIRST, F_UID, F_SIZE, F_DATE, F_ZONE, F_SAVEDATE,
	F_THREADID, F_MSGID, F_HOW, F_FLAGS, F_KEYWORDS, F_PLACE, F_MID,
	F_FORGET, F_KEY };
_Static_assert(nitems(shown) == F_LAST, "each field is shown");

#define HAS(f)	FIELD_BIT(F_##f)
static const struct {
	const char	*name;
	struct fields	 fields;
} types[] = {
#define X(n, NAME, name, must, may)					\
	[n] = { #NAME, { rows, F_LAST, (must), (may) } },
	RECORD_TABLE(X)
#undef X
};

const struct fields *
record_fields(enum record_type type)
{
	return (size_t)type < nitems(types) && types[type].name != NULL ?
	    &types[type].fields : NULL;
}

const char *
record_type_name(enum record_type type)
{
	return record_fields(type) == NULL ? "unknown" : types[type].name;
}

static int
place_put(const void *m, struct buf *b)
{
	const struct record_place	*p = m;

	buf_put_u8(b, p->where);
	buf_put_u8(b, p->codec);
	if (p->where != RECORD_INLINE)
		buf_put(b, p->object, sizeof(p->object));
	buf_put_varint(b, p->offset);
	buf_put_varint(b, p->stored);
	buf_put_varint(b, p->digest_len);
	return buf_put(b, p->sha256, sizeof(p->sha256));
}

static int
place_get(void *m, struct cursor *c)
{
	struct record_place	*p = m;
	const uint8_t		*q;

	p->where = cursor_u8(c);
	p->codec = cursor_u8(c);
	if (c->bad || p->where > RECORD_MSG || p->codec > CODEC_LZ4)
		return c->bad ? FORMAT_DAMAGED : FORMAT_UNKNOWN;
	if (p->where != RECORD_INLINE) {
		if ((q = cursor_bytes(c, sizeof(p->object))) == NULL)
			return FORMAT_DAMAGED;
		memcpy(p->object, q, sizeof(p->object));
	}
	p->offset = cursor_varint(c);
	p->stored = cursor_varint(c);
	p->digest_len = cursor_varint(c);
	if ((q = cursor_bytes(c, sizeof(p->sha256))) == NULL)
		return FORMAT_DAMAGED;
	memcpy(p->sha256, q, sizeof(p->sha256));
	return cursor_done(c) && p->offset <= INT64_MAX &&
	    p->stored <= INT64_MAX && p->digest_len <= INT64_MAX ? 0 :
	    FORMAT_DAMAGED;
}

static void
place_print(const void *m, struct buf *b)
{
	const struct record_place	*p = m;

	buf_puts(b, wheres[p->where <= RECORD_MSG ? p->where : RECORD_MSG]);
	if (p->where != RECORD_INLINE)
		fields_print_hex(p->object, sizeof(p->object), b);
	buf_printf(b, "@%" PRIu64 "+%" PRIu64 " codec=%s digest=%" PRIu64
	    " sha256=", p->offset, p->stored,
	    codec_name((enum codec_id)p->codec), p->digest_len);
	fields_print_hex(p->sha256, sizeof(p->sha256), b);
}

int
record_encode(const struct record *r, struct buf *b)
{
	const struct fields	*fs = record_fields(r->type);
	size_t			 start = b->len, at;

	if (fs == NULL)
		return -1;
	at = tlv_begin(b, r->type, true);
	if (fields_encode(fs, r, b) == 0 &&
	    buf_put(b, r->unknown.p, r->unknown.len) == 0 &&
	    tlv_end(b, at) == 0)
		return 0;
	b->len = start;
	return -1;
}

int
record_decode(struct record *r, struct cursor *c, struct arena *a)
{
	const struct fields	*fs;
	struct cursor		 body;
	struct str		 s;
	uint64_t		 tag;
	int			 ret;

	memset(r, 0, sizeof(*r));
	tag = cursor_varint(c);
	s = cursor_str(c);
	if (c->bad || s.len > RECORD_MAX)
		return FORMAT_DAMAGED;
	if (tag >> 1 >= nitems(types))
		return FORMAT_UNKNOWN;
	r->type = (enum record_type)(tag >> 1);
	if ((fs = record_fields(r->type)) == NULL)
		return FORMAT_UNKNOWN;
	cursor_init(&body, s.p, s.len);
	ret = fields_decode(fs, r, &body, a, &r->unknown);
	if (ret != 0)
		c->bad = true;
	return ret;
}

int
record_print(const struct record *r, struct buf *b)
{
	buf_printf(b, "%" PRIu64 " %s", r->number, record_type_name(r->type));
	if (record_fields(r->type) != NULL)
		fields_print(record_fields(r->type), r, shown, nitems(shown),
		    b);
	if (r->unknown.len > 0)
		buf_printf(b, " unknown=%zu", r->unknown.len);
	return buf_puts(b, "\n");
}
