/*
 * Envelopes: header values to bytes, bytes to IMAP.  Decoding treats its
 * bytes as hostile.
 */
#include "mail/envelope.h"

#include <string.h>

#include "mail/header.h"
#include "mail/imap_text.h"
#include "mail/nstr.h"

static const size_t share[ENV_FIELDS] = {	/* of a field, percent */
	[ENV_DATE] = 2, [ENV_SUBJECT] = 10, [ENV_FROM] = 8,
	[ENV_SENDER] = 5, [ENV_REPLY_TO] = 7, [ENV_TO] = 28, [ENV_CC] = 26,
	[ENV_BCC] = 6, [ENV_IN_REPLY_TO] = 4, [ENV_MESSAGE_ID] = 4,
};

bool
envelope_is_list(int f)
{
	return f >= ENV_FROM && f <= ENV_BCC;
}

bool
envelope_joins(int f)
{
	return envelope_is_list(f) && f != ENV_SENDER;
}

static bool
encode_list(const struct envelope_values *v, int f, size_t max,
    struct buf *b)
{
	struct buf	 list = BUF_INIT;
	bool		 cut = false;
	size_t		 n = 0;

	if (v->v[f].p != NULL)
		n = address_parse(v->v[f], &list, max, &cut);
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
	return cut;
}

/* The most that a string may have of an envelope of max octets. */
static size_t
string_max(int f, size_t max)
{
	return max / 100 * share[f] - 12;
}

/* max 0: no limit; else each field has its share, and bits are set. */
static uint32_t
encode_fields(const struct envelope_values *v, size_t max, struct buf *b)
{
	uint32_t	 cut = 0;
	struct str	 s;
	int		 f;

	for (f = 0; f < ENV_FIELDS; f++) {
		if (envelope_is_list(f)) {
			if (encode_list(v, f, max == 0 ? SIZE_MAX / 2 :
			    max / 100 * share[f], b))
				cut |= (uint32_t)1 << f;
			continue;
		}
		s = v->v[f];
		if (max > 0 && s.len > string_max(f, max)) {
			s.len = string_max(f, max);
			cut |= (uint32_t)1 << f;
		}
		put_nstr(b, s);
	}
	return cut;
}

int
envelope_encode(const struct envelope_values *v, size_t max, struct buf *b,
    uint32_t *cut)
{
	size_t		 from = b->len;
	uint32_t	 bits;

	/* Shares only when not all of it has room. */
	bits = encode_fields(v, 0, b);
	if (max > 0 && b->len - from > max && !b->failed) {
		b->len = from;
		bits = encode_fields(v, max, b);
	}
	if (cut != NULL)
		*cut = bits | v->cut;
	return b->failed ? -1 : 0;
}

static const char *const names[ENV_FIELDS] = {
	[ENV_DATE] = "Date", [ENV_SUBJECT] = "Subject", [ENV_FROM] = "From",
	[ENV_SENDER] = "Sender", [ENV_REPLY_TO] = "Reply-To",
	[ENV_TO] = "To", [ENV_CC] = "Cc", [ENV_BCC] = "Bcc",
	[ENV_IN_REPLY_TO] = "In-Reply-To", [ENV_MESSAGE_ID] = "Message-ID",
};

const char *
envelope_name(int field)
{
	return names[field];
}

int
envelope_from_header(struct str header, struct buf *b)
{
	struct envelope_values	 v = { 0 };
	struct buf		 values[ENV_FIELDS];
	struct header_field	 h;
	size_t			 i;
	int			 f;

	memset(values, 0, sizeof(values));
	while (header_next(&header, &h)) {
		for (f = 0; f < ENV_FIELDS; f++)
			if (str_caseeq(h.name, str_from(names[f])))
				break;
		if (f == ENV_FIELDS ||
		    (v.v[f].p != NULL && !envelope_joins(f)))
			continue;
		v.v[f].p = "";			/* it is there */
		i = values[f].len;
		if (i > 0)
			buf_puts(&values[f], "\n");
		i = values[f].len;
		header_unfold(h.value, &values[f]);
		for (; i < values[f].len; i++)
			if (values[f].data[i] == '\0' ||
			    values[f].data[i] == '\r' ||
			    values[f].data[i] == '\n')
				values[f].data[i] = ' ';
	}
	for (f = 0; f < ENV_FIELDS; f++) {
		if (values[f].len > 0)
			v.v[f] = (struct str){ (char *)values[f].data,
			    values[f].len };
		b->failed = b->failed || values[f].failed;
	}
	(void)envelope_encode(&v, 0, b, NULL);
	for (f = 0; f < ENV_FIELDS; f++)
		buf_free(&values[f]);
	return b->failed ? -1 : 0;
}

bool
envelope_may_be_cut(const struct envelope_view *v, int f)
{
	if (!envelope_is_list(f))
		return v->v[f].len == string_max(f, ENVELOPE_MAX);
	return v->v[f].len > ENVELOPE_MAX / 100 * share[f] / 2;
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
		if (!envelope_is_list(f)) {
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
envelope_print(const struct envelope_view *v, struct buf *b)
{
	int	 f;

	buf_put_u8(b, '(');
	for (f = 0; f < ENV_FIELDS; f++) {
		if (f > 0)
			buf_put_u8(b, ' ');
		if (envelope_is_list(f))
			render_list(v->v[f], v->count[f], b);
		else
			imap_nstring(b, v->v[f]);
	}
	buf_put_u8(b, ')');
	return b->failed ? -1 : 0;
}

int
envelope_render(struct str enc, struct buf *b)
{
	struct envelope_view	 v;

	return envelope_decode(enc, &v) == -1 ? -1 : envelope_print(&v, b);
}
