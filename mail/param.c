/*
 * Content-Type and Content-Disposition.  Pure; whatever cannot be a
 * parameter is skipped up to the next semicolon.
 */
#include "mail/param.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"

struct param {
	struct str	 base;		/* name without *N* */
	uint32_t	 number;	/* of the piece */
	uint32_t	 order;		/* as met */
	bool		 piece;		/* had *N */
	bool		 extended;	/* had a '*' at its end */
	size_t		 off, len;	/* value in the scratch buffer */
};

/* Splits name, name*, name*N and name*N*. */
static void
param_name(struct param *p, struct str name)
{
	size_t	 star, i;
	uint64_t n = 0;

	p->base = name;
	if (name.len > 1 && name.p[name.len - 1] == '*') {
		p->extended = true;
		p->base.len = --name.len;
	}
	for (star = name.len; star > 0 && name.p[star - 1] != '*'; star--)
		;
	if (star < 2 || star == name.len || name.len - star > 4)
		return;
	for (i = star; i < name.len; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return;
		n = n * 10 + (uint64_t)(name.p[i] - '0');
	}
	p->piece = true;
	p->number = (uint32_t)n;
	p->base.len = star - 1;
}

/* One pair; false at the end of the value. */
static bool
param_scan(struct lex *l, struct param *p, struct buf *scratch)
{
	struct str	 name;

	memset(p, 0, sizeof(*p));
	p->off = scratch->len;
	lex_cfws(l, NULL);
	while (l->p < l->end && *l->p == ';') {
		l->p++;
		lex_cfws(l, NULL);
	}
	if (l->p >= l->end)
		return false;
	name = lex_token(l);
	lex_cfws(l, NULL);
	if (name.len > 0 && l->p < l->end && *l->p == '=') {
		l->p++;
		lex_cfws(l, NULL);
		if (l->p < l->end && *l->p == '"')
			lex_quoted(l, scratch);
		else
			lex_atom(l, ";", scratch);
		param_name(p, name);
		p->len = scratch->len - p->off;
	}
	/* Unquoted values with spaces, and rubbish: up to the semicolon. */
	while (l->p < l->end && *l->p != ';') {
		if (*l->p == '"')
			lex_quoted(l, NULL);
		else
			l->p++;
	}
	return true;
}

static int
param_cmp(const void *x, const void *y)
{
	const struct param	*a = x, *b = y;
	size_t			 i;
	int			 d;

	for (i = 0; i < a->base.len && i < b->base.len; i++) {
		d = (a->base.p[i] | 0x20) - (b->base.p[i] | 0x20);
		if (d != 0)
			return d;
	}
	if (a->base.len != b->base.len)
		return a->base.len < b->base.len ? -1 : 1;
	if (a->piece != b->piece)
		return a->piece ? 1 : -1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int
order_cmp(const void *x, const void *y)
{
	const struct param	*a = x, *b = y;

	return a->order < b->order ? -1 : a->order > b->order;
}

/* A piece that was not extended, within an extended value. */
static void
put_escaped(struct buf *b, const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (p[i] == '%' || p[i] <= ' ' || p[i] >= 0x7f)
			buf_printf(b, "%%%02X", p[i]);
		else
			buf_put_u8(b, p[i]);
	}
}

/*
 * v[0..n) are the pieces of one parameter; its value is put at the end of
 * scratch.  Pieces behind a gap are dropped (RFC 2231 section 3).
 */
static void
param_join(struct param *v, size_t n, struct buf *scratch)
{
	struct buf	 joined = BUF_INIT;
	bool		 ext = false;
	size_t		 i;

	for (i = 0; i < n && v[i].number == i; i++)
		ext = ext || v[i].extended;
	n = i;
	for (i = 0; i < n; i++) {
		if (i == 0 && ext && !v[0].extended)
			buf_puts(&joined, "''");
		if (v[i].len == 0)	/* scratch may hold nothing at all */
			continue;
		if (ext && !v[i].extended) {
			put_escaped(&joined, scratch->data + v[i].off,
			    v[i].len);
		} else
			buf_put(&joined, scratch->data + v[i].off, v[i].len);
	}
	v[0].off = scratch->len;
	v[0].len = joined.len;
	v[0].extended = ext;
	buf_put(scratch, joined.data, joined.len);
	buf_free(&joined);
}

/* Joins pieces in place; returns how many parameters are left. */
static size_t
params_join(struct param *v, size_t n, struct buf *scratch)
{
	size_t	 i, j, out = 0;

	qsort(v, n, sizeof(*v), param_cmp);
	for (i = 0; i < n; i = j) {
		for (j = i + 1; j < n && v[i].piece && v[j].piece &&
		    str_caseeq(v[i].base, v[j].base); j++)
			;
		if (v[i].piece && v[i].number != 0)
			continue;
		if (v[i].piece)
			param_join(v + i, j - i, scratch);
		v[out++] = v[i];
	}
	qsort(v, out, sizeof(*v), order_cmp);
	return out;
}

size_t
params_parse(struct lex *l, struct buf *b)
{
	struct param	*v;
	struct buf	 scratch = BUF_INIT;
	size_t		 i, k, n = 0;

	if ((v = calloc(PARAM_MAX, sizeof(*v))) == NULL)
		return 0;
	while (n < PARAM_MAX && param_scan(l, &v[n], &scratch)) {
		v[n].order = (uint32_t)n;
		if (v[n].base.len > 0)
			n++;
	}
	n = params_join(v, n, &scratch);
	if (n > 0)
		buf_put_varint(b, n);
	for (i = 0; i < n; i++) {
		buf_put_varint(b, v[i].base.len + v[i].extended);
		for (k = 0; k < v[i].base.len; k++)
			buf_put_u8(b, v[i].base.p[k] >= 'A' &&
			    v[i].base.p[k] <= 'Z' ?
			    (uint8_t)(v[i].base.p[k] | 0x20) :
			    (uint8_t)v[i].base.p[k]);
		if (v[i].extended)
			buf_put_u8(b, '*');
		buf_put_bytes(b, scratch.data == NULL ? NULL :
		    scratch.data + v[i].off, v[i].len);
	}
	buf_free(&scratch);
	free(v);
	return n;
}

int
type_parse(struct lex *l, struct str *type, struct str *subtype)
{
	lex_cfws(l, NULL);
	*type = lex_token(l);
	lex_cfws(l, NULL);
	if (type->len == 0 || l->p >= l->end || *l->p != '/')
		return -1;
	l->p++;
	lex_cfws(l, NULL);
	*subtype = lex_token(l);
	return subtype->len == 0 ? -1 : 0;
}

size_t
languages_parse(struct str value, struct buf *b)
{
	struct lex	 l;
	struct str	 tag;
	struct buf	 tags = BUF_INIT;
	size_t		 n = 0;

	lex_init(&l, value);
	while (l.p < l.end && n < PARAM_MAX) {
		lex_cfws(&l, NULL);
		tag = lex_token(&l);
		if (tag.len > 0) {
			buf_put_bytes(&tags, tag.p, tag.len);
			n++;
		} else if (l.p < l.end)
			l.p++;
	}
	if (n > 0) {
		buf_put_varint(b, n);
		buf_put(b, tags.data, tags.len);
	}
	buf_free(&tags);
	return n;
}
