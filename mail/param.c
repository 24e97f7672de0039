/*
 * Content-Type and Content-Disposition.  Pure and linear.  Names of files
 * and boundaries are often not quoted though they hold spaces or brackets:
 * the whole of them is taken (RFC 2045 would end them there).  Whatever
 * cannot be a parameter is skipped up to the next semicolon.
 */
#include "mail/param.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"

#define OPEN_TRIES	8	/* at comments without an end */

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

/* What one field's reader remembers, so that nothing is read twice. */
struct param_reader {
	struct lex	*l;
	const char	*start;
	struct buf	*scratch;	/* values */
	bool		 noquotes;	/* one was never closed */
	unsigned int	 tries;		/* brackets that were no comments */
};

/* Behind white space, such a word and '=' begin a parameter, though its
 * semicolon is missing. */
static const char *const known[] = {
	"boundary", "charset", "filename", "name", "format", "delsp", "type",
	"size", "protocol", "micalg", "report-type", "start",
};
/* Their values may be several words, though nobody quoted them. */
static const char *const wordy[] = { "boundary", "filename", "name" };

static bool
listed(struct str name, const char *const *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (str_caseeq(name, str_from(v[i])))
			return true;
	return false;
}

static void
skip_white(struct lex *l)
{
	while (l->p < l->end && lex_white((unsigned char)*l->p))
		l->p++;
}

/* At a '(': a comment?  With last: and nothing of the value behind it. */
static bool
comment(struct param_reader *r, bool last)
{
	struct lex	 try = *r->l;

	if (r->tries == OPEN_TRIES)
		return false;
	if (lex_comment(&try, NULL) == 0) {
		skip_white(&try);
		if (!last || try.p == try.end || *try.p == ';') {
			*r->l = try;
			return true;
		}
	}
	r->tries++;
	return false;
}

/* White space and whole comments. */
static void
skip(struct param_reader *r)
{
	skip_white(r->l);
	while (r->l->p < r->l->end && *r->l->p == '(' && comment(r, false))
		skip_white(r->l);
}

/* At a '"': a quoted string, or false: it does not end. */
static bool
quoted(struct param_reader *r)
{
	struct lex	 start = *r->l;
	size_t		 len = r->scratch->len;

	if (!r->noquotes && lex_quoted(r->l, r->scratch))
		return true;
	r->noquotes = true;
	*r->l = start;
	r->scratch->len = len;
	return false;
}

/* Does a parameter begin here, behind white space? */
static bool
begins(const struct param_reader *r)
{
	struct lex	 l = *r->l;
	struct str	 name;

	if (l.p == r->start || l.p >= l.end ||
	    !lex_white((unsigned char)l.p[-1]) ||
	    lex_white((unsigned char)*l.p))
		return false;
	name = lex_token(&l);
	while (name.len > 0 && (name.p[name.len - 1] == '*' ||
	    (name.p[name.len - 1] >= '0' && name.p[name.len - 1] <= '9')))
		name.len--;
	skip_white(&l);
	return l.p < l.end && *l.p == '=' &&
	    listed(name, known, nitems(known));
}

/*
 * Words up to the semicolon, as people write them who do not quote: only a
 * comment at the end, behind white space, is not part of them.
 */
static void
read_words(struct param_reader *r)
{
	struct lex	*l = r->l;
	size_t		 end = r->scratch->len, from = end;

	while (l->p < l->end && *l->p != ';') {
		if (lex_white((unsigned char)*l->p)) {
			buf_put(r->scratch, l->p++, 1);
			if ((l->p < l->end && *l->p == '(' &&
			    comment(r, true)) || begins(r))
				break;
			continue;
		}
		if (*l->p != '"' || end == from || !quoted(r))
			buf_put(r->scratch, l->p++, 1);
		end = r->scratch->len;
	}
	r->scratch->len = end;
}

/* Unquoted values with spaces, and rubbish: up to the semicolon. */
static void
skip_rest(struct param_reader *r)
{
	struct lex	*l = r->l;

	while (l->p < l->end && *l->p != ';' && !begins(r)) {
		if (*l->p == '"' && !r->noquotes)
			r->noquotes = !lex_quoted(l, NULL);
		else
			l->p++;
	}
}

/* One pair; false at the end of the value. */
static bool
param_scan(struct param_reader *r, struct param *p)
{
	struct lex	*l = r->l;
	struct str	 name;

	memset(p, 0, sizeof(*p));
	p->off = r->scratch->len;
	skip(r);
	while (l->p < l->end && *l->p == ';') {
		l->p++;
		skip(r);
	}
	if (l->p >= l->end)
		return false;
	name = lex_token(l);
	skip(r);
	if (name.len > 0 && l->p < l->end && *l->p == '=') {
		l->p++;
		skip_white(l);
		param_name(p, name);
		if (l->p < l->end && *l->p == '"' && quoted(r))
			;
		else {
			/* a quote that does not end */
			if (l->p < l->end && *l->p == '"')
				l->p++;
			if (listed(p->base, wordy, nitems(wordy)))
				read_words(r);
			else
				lex_atom(l, ";", r->scratch);
		}
		p->len = r->scratch->len - p->off;
	}
	skip_rest(r);
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
	struct param_reader r = { .l = l, .start = l->p,
	    .scratch = &scratch };
	size_t		 i, k, n = 0;

	if ((v = calloc(PARAM_MAX, sizeof(*v))) == NULL)
		return 0;
	while (n < PARAM_MAX && param_scan(&r, &v[n])) {
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
