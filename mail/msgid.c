/* Message ids.  Pure; what is no id is skipped. */
#include "mail/msgid.h"

#include <string.h>

#define REFERENCES_SEEN	1024	/* ids of one field that are looked at */

/*
 * The next id between '<' and '>', without white space, added to id (which
 * is emptied first); false when there is none.
 */
static bool
msgid_next(struct lex *l, struct buf *id)
{
	const char	*from, *p;

	for (;;) {
		while (l->p < l->end && *l->p != '<')
			l->p++;
		if (l->p >= l->end)
			return false;
		from = ++l->p;
		while (l->p < l->end && *l->p != '>' && *l->p != '<')
			l->p++;
		if (l->p >= l->end)
			return false;
		if (*l->p == '<')
			continue;
		buf_reset(id);
		for (p = from; p < l->p; p++)
			if (!lex_white((unsigned char)*p))
				buf_put(id, p, 1);
		l->p++;
		if (id->len > 0 && id->len <= MSGID_MAX)
			return true;
	}
}

bool
msgid_only(struct str value, struct buf *id)
{
	struct lex	 l;
	size_t		 i;

	lex_init(&l, value);
	if (msgid_next(&l, id))
		return true;
	value = str_trim(value, LEX_WHITE);
	for (i = 0; i < value.len; i++)
		if (lex_white((unsigned char)value.p[i]) ||
		    value.p[i] == '<' || value.p[i] == '>')
			return false;
	buf_reset(id);
	if (value.len == 0 || value.len > MSGID_MAX)
		return false;
	buf_put(id, value.p, value.len);
	return true;
}

static bool
seen(const struct buf *out, size_t from, struct str id)
{
	struct cursor	 c;
	struct str	 s;

	if (out->len == from)
		return false;
	cursor_init(&c, out->data + from, out->len - from);
	while (cursor_left(&c) > 0) {
		s = cursor_str(&c);
		if (c.bad)
			break;
		if (str_eq(s, id))
			return true;
	}
	return false;
}

/* The beginnings of the last REFERENCES_SEEN ids. */
static size_t
starts(struct str value, const char **v)
{
	size_t	 i, n = 0;

	for (i = value.len; i > 0 && n < REFERENCES_SEEN; i--)
		if (value.p[i - 1] == '<')
			v[n++] = value.p + i - 1;
	return n;
}

/* The id that begins at p, before end. */
static size_t
add(const char *p, const char *end, struct buf *id, size_t from,
    struct buf *out)
{
	struct lex	 l = { p, end };
	struct str	 s;

	if (!msgid_next(&l, id))
		return 0;
	s = (struct str){ (const char *)id->data, id->len };
	if (seen(out, from, s))
		return 0;
	buf_put_bytes(out, s.p, s.len);
	return 1;
}

size_t
msgid_references(struct str in_reply_to, struct str references, size_t max,
    struct buf *out)
{
	const char	*v[REFERENCES_SEEN], *end;
	struct buf	 id = BUF_INIT;
	size_t		 i, k, n = 0, from = out->len;

	/* Each ends before the next begins: none is looked through twice. */
	k = starts(in_reply_to, v);
	for (i = k; i > 0 && n < max / 2; i--) {
		end = i > 1 ? v[i - 2] : in_reply_to.p + in_reply_to.len;
		n += add(v[i - 1], end, &id, from, out);
	}
	k = starts(references, v);
	for (i = 0; i < k && n < max; i++) {
		end = i > 0 ? v[i - 1] : references.p + references.len;
		n += add(v[i], end, &id, from, out);
	}
	buf_free(&id);
	return n;
}
