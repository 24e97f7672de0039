/*
 * The part tree as IMAP shows it.  Linear in the number of parts; recursion
 * is bounded by MAIL_DEPTH_MAX.
 */
#include "mail/structure.h"

#include "mail/envelope.h"
#include "mail/imap_text.h"

/* Parameters; text without a charset has the default of RFC 2046. */
static void
render_params(struct str params, bool text, struct buf *b)
{
	struct cursor	 c;
	struct str	 key, value;
	uint64_t	 n;
	bool		 charset = !text;

	if (params.p == NULL && !text) {
		buf_put(b, "NIL", 3);
		return;
	}
	buf_put_u8(b, '(');
	cursor_init(&c, params.p, params.len);
	for (n = params.p == NULL ? 0 : cursor_varint(&c); n > 0 && !c.bad;
	    n--) {
		key = cursor_str(&c);
		value = cursor_str(&c);
		charset = charset || str_caseeq(key, STR("charset")) ||
		    str_caseeq(key, STR("charset*"));
		if (value.len == 0)
			value.p = "";
		imap_string(b, key);
		buf_put_u8(b, ' ');
		imap_string(b, value);
		if (n > 1 || !charset)
			buf_put_u8(b, ' ');
	}
	if (!charset)
		buf_puts(b, "\"charset\" \"us-ascii\"");
	buf_put_u8(b, ')');
}

static void
render_languages(struct str enc, struct buf *b)
{
	struct cursor	 c;
	uint64_t	 n, i;

	if (enc.p == NULL) {
		buf_put(b, "NIL", 3);
		return;
	}
	cursor_init(&c, enc.p, enc.len);
	n = cursor_varint(&c);
	if (n > 1)
		buf_put_u8(b, '(');
	for (i = 0; i < n && !c.bad; i++) {
		if (i > 0)
			buf_put_u8(b, ' ');
		imap_string(b, cursor_str(&c));
	}
	if (n > 1)
		buf_put_u8(b, ')');
}

/* " disposition language location", shared by both kinds of body. */
static void
render_tail(const struct mail_part *p, struct buf *b)
{
	if (p->disposition.p == NULL)
		buf_puts(b, " NIL ");
	else {
		buf_puts(b, " (");
		imap_string(b, p->disposition);
		buf_put_u8(b, ' ');
		render_params(p->dparams, false, b);
		buf_puts(b, ") ");
	}
	render_languages(p->languages, b);
	buf_put_u8(b, ' ');
	imap_nstring(b, p->location);
}

static void render_part(const struct mail_tree *, size_t, bool, struct buf *);

static void
render_message(const struct mail_tree *t, size_t i, bool extended,
    struct buf *b)
{
	const struct mail_part	*p = &t->v[i];
	struct str		 env = t->v[i + 1].envelope;

	buf_put_u8(b, ' ');
	if (env.p == NULL || envelope_render(env, b) == -1)
		buf_puts(b, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
	buf_put_u8(b, ' ');
	render_part(t, i + 1, extended, b);
	buf_put_u8(b, ' ');
	buf_put_decimal(b, p->lines);
}

static void
render_leaf(const struct mail_tree *t, size_t i, bool extended,
    struct buf *b)
{
	const struct mail_part	*p = &t->v[i];
	bool			 text = mail_type_is(p, "text", NULL);

	imap_string(b, p->type);
	buf_put_u8(b, ' ');
	imap_string(b, p->subtype);
	buf_put_u8(b, ' ');
	render_params(p->params, text, b);
	buf_put_u8(b, ' ');
	imap_nstring(b, p->id);
	buf_put_u8(b, ' ');
	imap_nstring(b, p->description);
	buf_put_u8(b, ' ');
	if (p->encoding == MAIL_ENC_OTHER && p->encname.p != NULL)
		imap_string(b, p->encname);
	else
		imap_string(b, str_from(mail_encoding_name(
		    (enum mail_encoding)p->encoding)));
	buf_put_u8(b, ' ');
	buf_put_decimal(b, p->body_len);
	if (p->kind == MAIL_MESSAGE)
		render_message(t, i, extended, b);
	else if (text) {
		buf_put_u8(b, ' ');
		buf_put_decimal(b, p->lines);
	}
	if (!extended)
		return;
	buf_put_u8(b, ' ');
	imap_nstring(b, p->md5);
	render_tail(p, b);
}

static void
render_part(const struct mail_tree *t, size_t i, bool extended,
    struct buf *b)
{
	const struct mail_part	*p = &t->v[i];
	size_t			 c;

	buf_put_u8(b, '(');
	if (p->kind == MAIL_MULTIPART) {
		for (c = i + 1; c < p->end; c = t->v[c].end)
			render_part(t, c, extended, b);
		buf_put_u8(b, ' ');
		imap_string(b, p->subtype);
		if (extended) {
			buf_put_u8(b, ' ');
			render_params(p->params, false, b);
			render_tail(p, b);
		}
	} else
		render_leaf(t, i, extended, b);
	buf_put_u8(b, ')');
}

int
structure_render(const struct mail_tree *t, bool extended, struct buf *b)
{
	render_part(t, 0, extended, b);
	return b->failed ? -1 : 0;
}
