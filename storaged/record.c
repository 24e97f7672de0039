/*
 * Records to bytes and back, by a table of fields and a table of types
 * (pail-bucket.5, "Records").  It decides nothing and looks nothing up.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/msg_mbox.h"
#include "storaged/codec.h"
#include "storaged/frame.h"
#include "storaged/record.h"

#define RECORD_MAX		(16 * 1024 * 1024)
#define RECORD_RANGES_MAX	1000000
#define ZONE_MAX		(24 * 60 - 1)

enum field {			/* the numbers in the bucket */
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
	F_LAST = F_DST_FIRST
};
#define BIT(f)	((uint32_t)1 << (f))

static const struct type {
	const char	*name;
	uint32_t	 must;
	uint32_t	 may;		/* left out when zero or empty */
} types[] = {
	[RECORD_CREATE] = { "CREATE",
	    BIT(F_BOX) | BIT(F_NAME) | BIT(F_UIDVALIDITY), BIT(F_USE) },
	[RECORD_RENAME] = { "RENAME", BIT(F_BOX) | BIT(F_NAME), 0 },
	[RECORD_DELETE] = { "DELETE", BIT(F_BOX), 0 },
	[RECORD_SUBSCRIBE] = { "SUBSCRIBE", BIT(F_NAME), BIT(F_ON) },
	[RECORD_ADD] = { "ADD", BIT(F_BOX) | BIT(F_UID) | BIT(F_DATE) |
	    BIT(F_SAVEDATE) | BIT(F_SIZE) | BIT(F_MSGID) | BIT(F_THREADID) |
	    BIT(F_PLACE), BIT(F_FLAGS) | BIT(F_KEYWORDS) | BIT(F_ZONE) },
	[RECORD_COPY] = { "COPY", BIT(F_BOX) | BIT(F_UIDS) | BIT(F_DST) |
	    BIT(F_DST_FIRST) | BIT(F_SAVEDATE), 0 },
	[RECORD_FLAGS] = { "FLAGS", BIT(F_BOX) | BIT(F_UIDS),
	    BIT(F_HOW) | BIT(F_FLAGS) | BIT(F_KEYWORDS) },
	[RECORD_EXPUNGE] = { "EXPUNGE", BIT(F_BOX) | BIT(F_UIDS), 0 },
};

const char *
record_type_name(enum record_type type)
{
	if ((size_t)type >= nitems(types) || types[type].name == NULL)
		return "unknown";
	return types[type].name;
}

static uint8_t *
put_fix64(uint8_t dst[8], uint64_t v)
{
	int	 i;

	for (i = 0; i < 8; i++)
		dst[i] = (uint8_t)(v >> (8 * i));
	return dst;
}

static int
place_encode(const struct record_place *p, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	int		 ret;

	buf_put_u8(&v, p->where);
	buf_put_u8(&v, p->codec);
	if (p->where != RECORD_INLINE)
		buf_put(&v, p->object, sizeof(p->object));
	buf_put_varint(&v, p->offset);
	buf_put_varint(&v, p->stored);
	buf_put_varint(&v, p->digest_len);
	buf_put(&v, p->sha256, sizeof(p->sha256));
	ret = v.failed ? -1 : tlv_put(b, F_PLACE, true, v.data, v.len);
	buf_free(&v);
	return ret;
}

static int
keywords_encode(const struct record *r, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	size_t		 i;
	int		 ret;

	for (i = 0; i < r->nkeywords; i++)
		buf_put_bytes(&v, r->keywords[i].p, r->keywords[i].len);
	ret = v.failed ? -1 : tlv_put(b, F_KEYWORDS, true, v.data, v.len);
	buf_free(&v);
	return ret;
}

static int
uids_encode(const struct record *r, struct buf *b)
{
	struct buf	 v = BUF_INIT;
	int		 ret;

	ret = uidset_encode(&r->uids, &v);
	if (ret == 0)
		ret = tlv_put(b, F_UIDS, true, v.data, v.len);
	buf_free(&v);
	return ret;
}

static int
fix64_encode(struct buf *b, enum field f, uint64_t v)
{
	uint8_t	 fix[8];

	return tlv_put(b, f, true, put_fix64(fix, v), sizeof(fix));
}

/* One field; may: leave it out when it is zero or empty. */
static int
field_encode(const struct record *r, enum field f, bool may, struct buf *b)
{
	switch (f) {
	case F_BOX:
		return fix64_encode(b, f, r->box);
	case F_NAME:
		return tlv_put(b, f, true, r->name.p, r->name.len);
	case F_UIDVALIDITY:
		return tlv_put_varint(b, f, r->uidvalidity);
	case F_USE:
		return may && r->use == 0 ? 0 : tlv_put_varint(b, f, r->use);
	case F_ON:
		return may && !r->on ? 0 : tlv_put_varint(b, f, r->on);
	case F_UID:
		return tlv_put_varint(b, f, r->uid);
	case F_HOW:
		return may && r->how == 0 ? 0 : tlv_put_varint(b, f, r->how);
	case F_FLAGS:
		return may && r->flags == 0 ? 0 :
		    tlv_put_varint(b, f, r->flags);
	case F_KEYWORDS:
		return r->nkeywords == 0 ? 0 : keywords_encode(r, b);
	case F_DATE:
		return tlv_put_zigzag(b, f, r->date);
	case F_ZONE:
		return may && r->zone == 0 ? 0 : tlv_put_zigzag(b, f, r->zone);
	case F_SAVEDATE:
		return tlv_put_zigzag(b, f, r->savedate);
	case F_SIZE:
		return tlv_put_varint(b, f, r->size);
	case F_MSGID:
		return tlv_put(b, f, true, r->msgid, sizeof(r->msgid));
	case F_THREADID:
		return fix64_encode(b, f, r->threadid);
	case F_PLACE:
		return place_encode(&r->place, b);
	case F_UIDS:
		return uids_encode(r, b);
	case F_DST:
		return fix64_encode(b, f, r->dst);
	case F_DST_FIRST:
		return tlv_put_varint(b, f, r->dst_first);
	}
	return -1;
}

int
record_encode(const struct record *r, struct buf *b)
{
	struct buf		 v = BUF_INIT;
	const struct type	*type;
	uint32_t		 f;
	int			 ret = -1;

	if ((size_t)r->type >= nitems(types) || types[r->type].name == NULL)
		return -1;
	type = &types[r->type];
	for (f = F_BOX; f <= F_LAST; f++)
		if (((type->must | type->may) & BIT(f)) != 0 &&
		    field_encode(r, f, (type->may & BIT(f)) != 0, &v) == -1)
			goto done;
	buf_put(&v, r->unknown.p, r->unknown.len);
	buf_put_varint(b, (uint64_t)r->type << 1 | 1);
	if (!v.failed)
		ret = buf_put_bytes(b, v.data, v.len);
done:
	buf_free(&v);
	return ret;
}

static int
number(struct tlv *t, uint64_t min, uint64_t max, uint64_t *v)
{
	if (tlv_varint(t, v) != 0 || *v < min || *v > max)
		return -1;
	return 0;
}

static int
fix64_decode(struct tlv *t, uint64_t *v)
{
	*v = cursor_u64(&t->value);
	return cursor_done(&t->value) ? 0 : -1;
}

static int
place_decode(struct tlv *t, struct record_place *p)
{
	struct cursor	*c = &t->value;
	const uint8_t	*q;

	p->where = cursor_u8(c);
	p->codec = cursor_u8(c);
	if (c->bad || p->where > RECORD_MSG || p->codec > CODEC_LZ4)
		return c->bad ? -1 : FORMAT_UNKNOWN;
	if (p->where != RECORD_INLINE) {
		if ((q = cursor_bytes(c, sizeof(p->object))) == NULL)
			return -1;
		memcpy(p->object, q, sizeof(p->object));
	}
	p->offset = cursor_varint(c);
	p->stored = cursor_varint(c);
	p->digest_len = cursor_varint(c);
	if ((q = cursor_bytes(c, sizeof(p->sha256))) == NULL)
		return -1;
	memcpy(p->sha256, q, sizeof(p->sha256));
	return cursor_done(c) && p->offset <= INT64_MAX &&
	    p->stored <= INT64_MAX && p->digest_len <= INT64_MAX ? 0 : -1;
}

static int
keywords_decode(struct tlv *t, struct record *r, struct arena *a)
{
	struct cursor	 look = t->value;
	struct str	 s;
	size_t		 n = 0, i;

	while (cursor_left(&look) > 0) {
		s = cursor_str(&look);
		if (look.bad || s.len == 0 || s.len > MBOX_KEYWORD_MAX ||
		    memchr(s.p, '\0', s.len) != NULL ||
		    ++n > MBOX_KEYWORDS_MAX)
			return -1;
	}
	if (n == 0 || (r->keywords = arena_array(a, n,
	    sizeof(*r->keywords))) == NULL)
		return -1;
	for (i = 0; i < n; i++)
		r->keywords[i] = cursor_str(&t->value);
	r->nkeywords = n;
	return 0;
}

static int
uids_decode(struct tlv *t, struct record *r, struct arena *a)
{
	struct uidset	 set = UIDSET_INIT;
	int		 ret = -1;

	if (uidset_decode(&set, &t->value, RECORD_RANGES_MAX) == 0 &&
	    cursor_done(&t->value) && set.n > 0 &&
	    (r->uids.v = arena_array(a, set.n, sizeof(*set.v))) != NULL) {
		memcpy(r->uids.v, set.v, set.n * sizeof(*set.v));
		r->uids.n = r->uids.size = set.n;
		ret = 0;
	}
	uidset_free(&set);
	return ret;
}

static int
name_decode(struct tlv *t, struct record *r)
{
	size_t	 n = cursor_left(&t->value);

	r->name.len = n;
	r->name.p = (const char *)cursor_bytes(&t->value, n);
	return n > 0 && n <= MBOX_NAME_MAX && r->name.p != NULL &&
	    memchr(r->name.p, '\0', n) == NULL ? 0 : -1;
}

static int
zone_decode(struct tlv *t, struct record *r)
{
	int64_t	 v;

	if (tlv_zigzag(t, &v) != 0 || v < -ZONE_MAX || v > ZONE_MAX)
		return -1;
	r->zone = (int16_t)v;
	return 0;
}

static int
field_decode(struct record *r, struct tlv *t, struct arena *a)
{
	uint64_t	 v = 0;
	int		 ret;

	switch ((enum field)t->number) {
	case F_BOX:
		return fix64_decode(t, &r->box);
	case F_NAME:
		return name_decode(t, r);
	case F_UIDVALIDITY:
		ret = number(t, 1, UINT32_MAX, &v);
		r->uidvalidity = (uint32_t)v;
		return ret;
	case F_USE:
		ret = number(t, 0, UINT32_MAX, &v);
		r->use = (uint32_t)v;
		return ret;
	case F_ON:
		ret = number(t, 0, 1, &v);
		r->on = v != 0;
		return ret;
	case F_UID:
		ret = number(t, 1, UINT32_MAX, &v);
		r->uid = (uint32_t)v;
		return ret;
	case F_HOW:
		ret = number(t, 0, MBOX_STORE_REMOVE, &v);
		r->how = (uint8_t)v;
		return ret;
	case F_FLAGS:
		ret = number(t, 0, MBOX_FLAGS_ALL, &v);
		r->flags = (uint8_t)v;
		return ret;
	case F_KEYWORDS:
		return keywords_decode(t, r, a);
	case F_DATE:
		return tlv_zigzag(t, &r->date);
	case F_ZONE:
		return zone_decode(t, r);
	case F_SAVEDATE:
		return tlv_zigzag(t, &r->savedate);
	case F_SIZE:
		return number(t, 0, INT64_MAX, &r->size);
	case F_MSGID:
		return tlv_copy(t, r->msgid, sizeof(r->msgid));
	case F_THREADID:
		return fix64_decode(t, &r->threadid);
	case F_PLACE:
		return place_decode(t, &r->place);
	case F_UIDS:
		return uids_decode(t, r, a);
	case F_DST:
		return fix64_decode(t, &r->dst);
	case F_DST_FIRST:
		ret = number(t, 1, UINT32_MAX, &v);
		r->dst_first = (uint32_t)v;
		return ret;
	}
	return -1;
}

/* The fields of one record; body holds exactly them. */
static int
fields_decode(struct record *r, const struct type *type, struct cursor *body,
    struct arena *a)
{
	struct tlv	 t = { 0 };
	uint32_t	 seen = 0;
	const uint8_t	*start;
	int		 ret;

	for (start = body->p; (ret = tlv_next(body, &t)) == 1;
	    start = body->p) {
		if (t.number > F_LAST) {
			ret = tlv_rest(body, &t, start, &r->unknown);
			break;
		}
		if (((type->must | type->may) & BIT(t.number)) == 0)
			return FORMAT_DAMAGED;
		if ((ret = field_decode(r, &t, a)) != 0)
			return ret;
		seen |= BIT(t.number);
	}
	if (ret != 0)
		return ret;
	return (seen & type->must) == type->must ? 0 : FORMAT_DAMAGED;
}

int
record_decode(struct record *r, struct cursor *c, struct arena *a)
{
	struct cursor	 body;
	struct str	 s;
	uint64_t	 tag;
	int		 ret;

	memset(r, 0, sizeof(*r));
	tag = cursor_varint(c);
	s = cursor_str(c);
	if (c->bad || s.len > RECORD_MAX)
		return FORMAT_DAMAGED;
	if (tag >> 1 >= nitems(types) || types[tag >> 1].name == NULL)
		return FORMAT_UNKNOWN;
	r->type = (enum record_type)(tag >> 1);
	cursor_init(&body, s.p, s.len);
	ret = fields_decode(r, &types[r->type], &body, a);
	if (ret != 0)
		c->bad = true;
	return ret;
}
