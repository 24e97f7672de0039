/*
 * Envelopes: header values to bytes, bytes to IMAP.  Decoding treats its
 * bytes as hostile.
 */
#include "mail/envelope.h"

#include <string.h>

#include "mail/imap_text.h"

static const size_t share[ENV_FIELDS] = {	/* of a field, percent */
	[ENV_DATE] = 2, [ENV_SUBJECT] = 10, [ENV_FROM] = 8,
	[ENV_SENDER] = 5, [ENV_REPLY_TO] = 7, [ENV_TO] = 28, [ENV_CC] = 26,
	[ENV_BCC] = 6, [ENV_IN_REPLY_TO] = 4, [ENV_MESSAGE_ID] = 4,
};

static bool
is_list(int f)
{
	return f >= ENV_FROM && f <= ENV_BCC;
}

static void
encode_list(const struct envelope_values *v, int f, size_t max,
    struct buf *b)
{
	struct buf	 list = BUF_INIT;
	size_t		 n = 0;

	if (v->v[f].p != NULL)
		n = address_parse(v->v[f], &list, max);
	if (n > 0) {
		buf_put_u8(b, LIST_HERE);
		buf_put_varint(b, n);
		buf_put(b, list.data, list.len);
	} else if (f == ENV_SENDER || f == ENV_REPLY_TO)
		buf_put_u8(b, LIST_AS_FROM);
	else
		buf_put_u8(b, LIST_NIL);
	if (list.failed)
		b->failed = true;
	buf_free(&list);
}

int
envelope_encode(const struct envelope_values *v, size_t max, struct buf *b)
{
	struct str	 s;
	size_t		 most;
	int		 f;

	for (f = 0; f < ENV_FIELDS; f++) {
		most = max / 100 * share[f];
		if (is_list(f)) {
			encode_list(v, f, most, b);
			continue;
		}
		s = v->v[f];
		if (s.len > most - 12)
			s.len = most - 12;
		put_nstr(b, s);
	}
	return b->failed ? -1 : 0;
}

/* Behind the kind byte LIST_HERE. */
static void
decode_list(struct cursor *c, struct str *list, uint64_t *count)
{
	struct mail_address	 a;
	uint64_t		 n;

	*count = cursor_varint(c);
	list->p = (const char *)c->p;
	if (*count == 0)
		c->bad = true;
	for (n = *count; n > 0 && !c->bad; n--)
		address_get(c, &a);
	list->len = (size_t)((const char *)c->p - list->p);
}

int
envelope_decode(struct str enc, struct envelope_view *v)
{
	struct cursor	 c;
	int		 f;

	memset(v, 0, sizeof(*v));
	cursor_init(&c, enc.p, enc.len);
	for (f = 0; f < ENV_FIELDS && !c.bad; f++) {
		if (!is_list(f)) {
			v->v[f] = get_nstr(&c);
			continue;
		}
		switch (cursor_u8(&c)) {
		case LIST_NIL:
			break;
		case LIST_HERE:
			decode_list(&c, &v->v[f], &v->count[f]);
			break;
		case LIST_AS_FROM:
			v->v[f] = v->v[ENV_FROM];
			v->count[f] = v->count[ENV_FROM];
			break;
		default:
			return -1;
		}
	}
	return cursor_done(&c) ? 0 : -1;
}

static void
render_list(struct str list, uint64_t count, struct buf *b)
{
	struct mail_address	 a;
	struct cursor		 c;

	if (list.p == NULL || count == 0) {
		buf_put(b, "NIL", 3);
		return;
	}
	cursor_init(&c, list.p, list.len);
	buf_put_u8(b, '(');
	for (; count > 0 && !c.bad; count--) {
		address_get(&c, &a);
		buf_put_u8(b, '(');
		imap_nstring(b, a.name);
		buf_put_u8(b, ' ');
		imap_nstring(b, a.route);
		buf_put_u8(b, ' ');
		imap_nstring(b, a.mailbox);
		buf_put_u8(b, ' ');
		imap_nstring(b, a.host);
		buf_put_u8(b, ')');
	}
	buf_put_u8(b, ')');
}

int
envelope_render(struct str enc, struct buf *b)
{
	struct envelope_view	 v;
	int			 f;

	if (envelope_decode(enc, &v) == -1)
		return -1;
	buf_put_u8(b, '(');
	for (f = 0; f < ENV_FIELDS; f++) {
		if (f > 0)
			buf_put_u8(b, ' ');
		if (is_list(f))
			render_list(v.v[f], v.count[f], b);
		else
			imap_nstring(b, v.v[f]);
	}
	buf_put_u8(b, ')');
	return b->failed ? -1 : 0;
}
