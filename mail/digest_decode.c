/* From the digest's bytes to parts: the bytes are hostile. */
#include <string.h>

#include "common/compat.h"
#include "common/digest.h"
#include "mail/digest_fields.h"

#define OFFSET_MAX	((uint64_t)1 << 48)

/* A list of part.h: per elements, n of them, nothing behind. */
static bool
list_ok(struct str s, unsigned int per)
{
	struct cursor	 c;
	uint64_t	 n;
	unsigned int	 i;

	if (s.p == NULL)
		return true;
	cursor_init(&c, s.p, s.len);
	n = cursor_varint(&c);
	if (n == 0)
		return false;
	for (; n > 0 && !c.bad; n--)
		for (i = 0; i < per; i++)
			cursor_str(&c);
	return cursor_done(&c);
}

static bool
envelope_ok(struct str s)
{
	struct envelope_view	 v;

	return s.p == NULL || envelope_decode(s, &v) == 0;
}

static int
decode_strings(struct cursor *c, struct mail_part *p)
{
	struct str	*s[] = { &p->encname, &p->params, &p->id,
		&p->description, &p->md5, &p->disposition, &p->dparams,
		&p->languages, &p->location, &p->envelope };
	uint64_t	 mask = cursor_varint(c);
	size_t		 i;

	if (mask == 0 || mask >> nitems(s) != 0)
		return -1;
	for (i = 0; i < nitems(s); i++)
		if (mask >> i & 1) {
			*s[i] = cursor_str(c);
			if (s[i]->len == 0)
				s[i]->p = "";
		}
	if (c->bad)
		return -1;
	return list_ok(p->params, 2) && list_ok(p->dparams, 2) &&
	    list_ok(p->languages, 1) && envelope_ok(p->envelope) ? 0 : -1;
}

static int
decode_type(struct cursor *c, struct mail_part *p)
{
	uint8_t	 t = cursor_u8(c);

	if (t >= digest_ntypes)
		return -1;
	if (t > 0) {
		p->type = str_from(digest_types[t].type);
		p->subtype = str_from(digest_types[t].subtype);
		return 0;
	}
	p->type = cursor_str(c);
	p->subtype = cursor_str(c);
	return c->bad || p->type.len == 0 ? -1 : 0;
}

static int
decode_part(struct cursor *c, uint64_t base, struct mail_part *p)
{
	uint64_t	 level = cursor_varint(c);
	uint8_t		 u = cursor_u8(c);

	p->kind = u & 3;
	p->encoding = u >> 2 & 7;
	p->header_off = cursor_varint(c);
	p->header_len = cursor_varint(c);
	p->body_len = cursor_varint(c);
	p->lines = cursor_varint(c);
	if (c->bad || level > MAIL_DEPTH_MAX || u >> 6 != 0 ||
	    p->kind > MAIL_MESSAGE || p->encoding >= MAIL_ENC_MAX ||
	    p->header_off > OFFSET_MAX || p->header_len > OFFSET_MAX ||
	    p->body_len > OFFSET_MAX || p->lines > p->body_len)
		return -1;
	p->level = (uint32_t)level;
	p->header_off += base;
	p->body_off = p->header_off + p->header_len;
	p->decoded = p->body_len;
	if (p->kind == MAIL_LEAF && (p->encoding == MAIL_ENC_BASE64 ||
	    p->encoding == MAIL_ENC_QP)) {
		p->decoded = cursor_varint(c);
		if (p->decoded > p->body_len)
			return -1;
	}
	if (decode_type(c, p) == -1)
		return -1;
	return u & 0x20 ? decode_strings(c, p) : c->bad ? -1 : 0;
}

/* Levels, kinds and extents agree: part i against what is before it. */
static int
place_part(struct mail_tree *t, size_t i, uint32_t *open)
{
	struct mail_part	*p = &t->v[i], *up;

	if (i == 0)
		return p->level == 0 && p->header_off == 0 ? 0 : -1;
	if (p->level == 0 || p->level > t->v[i - 1].level + 1)
		return -1;
	p->parent = open[p->level - 1];
	up = &t->v[p->parent];
	if (up->kind == MAIL_LEAF ||
	    (up->kind == MAIL_MESSAGE && p->parent != i - 1))
		return -1;
	return p->header_off >= up->body_off && p->body_off + p->body_len <=
	    up->body_off + up->body_len ? 0 : -1;
}

/* Fills in end; each part that should have children has them. */
static int
close_parts(struct mail_tree *t)
{
	struct mail_part	*p;
	size_t			 i;

	for (i = t->n; i-- > 0;) {
		p = &t->v[i];
		if (p->end == 0)
			p->end = (uint32_t)i + 1;
		if ((p->kind == MAIL_LEAF) != (p->end == i + 1))
			return -1;
		if (i > 0 && t->v[p->parent].end < p->end)
			t->v[p->parent].end = p->end;
	}
	return 0;
}

int
structure_decode(struct str enc, struct arena *a, struct mail_tree *t)
{
	struct cursor	 c;
	uint32_t	 open[MAIL_DEPTH_MAX + 1];
	uint64_t	 n, base = 0;
	size_t		 i;

	cursor_init(&c, enc.p, enc.len);
	n = cursor_varint(&c);
	/* A part takes at least seven bytes. */
	if (c.bad || n == 0 || n > MAIL_PARTS_MAX || n > cursor_left(&c) / 7)
		return -1;
	t->n = (size_t)n;
	if ((t->v = arena_array(a, t->n, sizeof(*t->v))) == NULL)
		return -1;
	for (i = 0; i < t->n; i++) {
		if (decode_part(&c, base, &t->v[i]) == -1 ||
		    place_part(t, i, open) == -1)
			return -1;
		open[t->v[i].level] = (uint32_t)i;
		base = t->v[i].body_off +
		    (t->v[i].kind == MAIL_LEAF ? t->v[i].body_len : 0);
	}
	return cursor_done(&c) ? close_parts(t) : -1;
}

int
sent_date_decode(struct str enc, int64_t *when, int64_t *zone)
{
	struct cursor	 c;
	uint64_t	 w, z;

	cursor_init(&c, enc.p, enc.len);
	w = cursor_varint(&c);
	z = cursor_varint(&c);
	*when = (int64_t)(w >> 1) ^ -(int64_t)(w & 1);
	*zone = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
	return cursor_done(&c) ? 0 : -1;
}

static int
cut_decode(struct str field, struct digest_cut *c)
{
	struct cursor	 cur;

	cursor_init(&cur, field.p, field.len);
	c->cut = (uint32_t)cursor_varint(&cur);
	c->more = (uint32_t)cursor_varint(&cur);
	c->header_len = cursor_varint(&cur);
	return cursor_done(&cur) && c->header_len <= OFFSET_MAX ? 0 : -1;
}

void
digest_cut(struct str digest, const struct envelope_view *v,
    struct digest_cut *c)
{
	struct str	 field;
	int		 f;

	memset(c, 0, sizeof(*c));
	if (digest_find(digest.p, digest.len, DIGEST_CUT, &field) &&
	    cut_decode(field, c) == 0)
		return;
	memset(c, 0, sizeof(*c));
	for (f = 0; f < ENV_FIELDS; f++)
		if (v->v[f].len >= ENVELOPE_WHOLE && envelope_may_be_cut(v, f))
			c->cut |= (uint32_t)1 << f;
}
