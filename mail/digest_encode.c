/* From the parser's findings to the digest's bytes. */
#include <string.h>

#include "common/compat.h"
#include "common/digest.h"
#include "common/msg_mbox.h"
#include "mail/date.h"
#include "mail/digest_fields.h"
#include "mail/msgid.h"
#include "mail/parser_impl.h"
#include "mail/preview.h"
#include "mail/subject.h"

const struct digest_type digest_types[] = {
	{ "", "" },
	{ "text", "plain" }, { "text", "html" },
	{ "multipart", "mixed" }, { "multipart", "alternative" },
	{ "multipart", "related" }, { "multipart", "signed" },
	{ "multipart", "report" }, { "multipart", "digest" },
	{ "message", "rfc822" }, { "message", "delivery-status" },
	{ "text", "rfc822-headers" }, { "text", "calendar" },
	{ "application", "octet-stream" }, { "application", "pdf" },
	{ "application", "pgp-signature" },
	{ "application", "pkcs7-signature" }, { "application", "zip" },
	{ "image", "jpeg" }, { "image", "png" }, { "image", "gif" },
	{ "application", "msword" }, { "application", "ms-tnef" },
	{ "text", "csv" }, { "text", "x-vcard" }, { "text", "enriched" },
};
const size_t digest_ntypes = nitems(digest_types);

static void
encode_type(const struct mail_part *p, struct buf *b)
{
	size_t	 i;

	for (i = 1; i < digest_ntypes; i++)
		if (str_eq(p->type, str_from(digest_types[i].type)) &&
		    str_eq(p->subtype, str_from(digest_types[i].subtype))) {
			buf_put_u8(b, (uint8_t)i);
			return;
		}
	buf_put_u8(b, 0);
	buf_put_bytes(b, p->type.p, p->type.len);
	buf_put_bytes(b, p->subtype.p, p->subtype.len);
}

/* more: octets before the message, which the root's header has besides. */
static void
encode_part(const struct mail_part *p, uint64_t base, uint64_t more,
    struct buf *b)
{
	const struct str	*s[] = { &p->encname, &p->params, &p->id,
		&p->description, &p->md5, &p->disposition, &p->dparams,
		&p->languages, &p->location, &p->envelope };
	uint64_t		 mask = 0;
	size_t			 i;

	for (i = 0; i < nitems(s); i++)
		if (s[i]->p != NULL)
			mask |= (uint64_t)1 << i;
	buf_put_varint(b, p->level);
	buf_put_u8(b, (uint8_t)(p->kind | p->encoding << 2 |
	    (mask != 0 ? 0x20 : 0)));
	buf_put_varint(b, p->header_off - base);
	buf_put_varint(b, p->header_len + more);
	buf_put_varint(b, p->body_len);
	buf_put_varint(b, p->lines);
	if (p->kind == MAIL_LEAF && (p->encoding == MAIL_ENC_BASE64 ||
	    p->encoding == MAIL_ENC_QP))
		buf_put_varint(b, p->decoded);
	encode_type(p, b);
	if (mask == 0)
		return;
	buf_put_varint(b, mask);
	for (i = 0; i < nitems(s); i++)
		if (s[i]->p != NULL)
			buf_put_bytes(b, s[i]->p, s[i]->len);
}

static int
structure_encode(const struct mail_tree *t, uint64_t more, struct buf *b)
{
	const struct mail_part	*p;
	uint64_t		 base = 0;
	size_t			 i;

	buf_put_varint(b, t->n);
	for (i = 0; i < t->n; i++) {
		p = &t->v[i];
		encode_part(p, base, i == 0 ? more : 0, b);
		base = p->body_off +
		    (p->kind == MAIL_LEAF ? p->body_len : 0);
	}
	return b->failed ? -1 : 0;
}

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

/* Would a person call it an attachment? */
static bool
is_attachment(const struct mail_tree *t, const struct mail_part *p)
{
	if (p->kind == MAIL_MULTIPART || p->level == 0)
		return false;
	if (str_eq(p->disposition, STR("attachment")))
		return true;
	if (str_eq(p->disposition, STR("inline")) || p->id.p != NULL)
		return false;
	if (p->kind == MAIL_MESSAGE)
		return !mail_type_is(&t->v[p->parent], "multipart", "report");
	return !mail_type_is(p, "text", NULL) &&
	    !mail_type_is(p, "message", NULL) &&
	    !mail_type_is(p, "application", "pgp-signature") &&
	    !mail_type_is(p, "application", "pkcs7-signature") &&
	    t->v[p->parent].kind == MAIL_MULTIPART;
}

static void
put_field(struct buf *out, enum digest_field f, struct buf *b)
{
	if (b->failed)
		out->failed = true;
	digest_put(out, f, b->data, b->len);
	buf_reset(b);
}

static void
put_subject_date(const struct mail_parser *p, struct buf *out, struct buf *b)
{
	const struct str	*v = p->root.env.v;
	int64_t			 when;
	int			 zone;

	if (v[ENV_SUBJECT].p != NULL) {
		base_subject(v[ENV_SUBJECT], b, NULL);
		put_field(out, DIGEST_BASE_SUBJECT, b);
	}
	if (v[ENV_DATE].p != NULL &&
	    mail_date_parse(v[ENV_DATE], &when, &zone) == 0) {
		buf_put_varint(b, zigzag(when));
		buf_put_varint(b, zigzag(zone));
		put_field(out, DIGEST_SENT_DATE, b);
	}
}

static void
put_ids(const struct mail_parser *p, struct buf *out, struct buf *b)
{
	const struct str	*v = p->root.env.v;

	if (v[ENV_MESSAGE_ID].p != NULL && msgid_only(v[ENV_MESSAGE_ID], b))
		put_field(out, DIGEST_MESSAGE_ID, b);
	buf_reset(b);
	if (msgid_references(v[ENV_IN_REPLY_TO], p->root.references,
	    DIGEST_REFERENCES_MAX, b) > 0 && b->len <= 32768)
		put_field(out, DIGEST_REFERENCES, b);
	buf_reset(b);
}

static void
put_preview(const struct mail_parser *p, struct buf *out, struct buf *b)
{
	struct buf	 charset = BUF_INIT;

	if (p->text_part != -1) {
		(void)mail_param_text(p->tree.v[p->text_part].params,
		    "charset", &charset);
		preview_make(p->text.data, p->text.len, (struct str){
		    (char *)charset.data, charset.len }, false, b);
	}
	if (b->len == 0 && p->html_part != -1) {
		buf_reset(&charset);
		(void)mail_param_text(p->tree.v[p->html_part].params,
		    "charset", &charset);
		preview_make(p->html.data, p->html.len, (struct str){
		    (char *)charset.data, charset.len }, true, b);
	}
	buf_free(&charset);
	put_field(out, DIGEST_PREVIEW, b);
}

/* Only if there is something to tell, or a reader could think so. */
static void
put_cut(const struct mail_parser *p, uint32_t cut, struct str envelope,
    uint64_t more, struct buf *out, struct buf *b)
{
	struct envelope_view	 v;
	bool			 tell = cut != 0 || p->root.env.more != 0;
	int			 f;

	if (!tell && envelope_decode(envelope, &v) == 0)
		for (f = 0; f < ENV_FIELDS; f++)
			tell = tell || envelope_may_be_cut(&v, f);
	if (!tell)
		return;
	buf_put_varint(b, cut);
	buf_put_varint(b, p->root.env.more);
	buf_put_varint(b, p->tree.v[0].header_len + more);
	put_field(out, DIGEST_CUT, b);
}

/* The first len octets of prefix and the root's header. */
static void
put_header(const struct mail_parser *p, struct str prefix, size_t len,
    struct buf *out)
{
	size_t	 n = len < prefix.len ? len : prefix.len;

	buf_put_varint(out, DIGEST_HEADER);
	buf_put_varint(out, len);
	buf_put(out, prefix.p, n);
	buf_put(out, p->header.data, len - n);
}

int
digest_make(const struct mail_parser *p, struct str prefix, struct buf *out)
{
	struct buf	 b = BUF_INIT, structure = BUF_INIT;
	struct buf	 envelope = BUF_INIT;
	size_t		 i, len, from = out->len;
	uint32_t	 cut;
	uint8_t		 mark = 0;

	digest_begin(out);
	envelope_encode(&p->root.env, ENVELOPE_MAX, &envelope, &cut);
	digest_put(out, DIGEST_ENVELOPE, envelope.data, envelope.len);
	structure_encode(&p->tree, prefix.len, &structure);
	/* The header takes what is left, with room for the rest. */
	len = MBOX_DIGEST_MAX - 65536 - (out->len - from);
	len = structure.len < len ? len - structure.len : 0;
	if (len > MAIL_HEADER_MAX)
		len = MAIL_HEADER_MAX;
	if (len > prefix.len + p->header.len)
		len = prefix.len + p->header.len;
	put_field(out, DIGEST_STRUCTURE, &structure);
	put_header(p, prefix, len, out);
	put_subject_date(p, out, &b);
	put_ids(p, out, &b);
	put_preview(p, out, &b);
	for (i = 0; i < p->tree.n; i++)
		if (is_attachment(&p->tree, &p->tree.v[i]))
			mark = 1;
	digest_put(out, DIGEST_ATTACHMENT, &mark, 1);
	put_cut(p, cut, (struct str){ (char *)envelope.data, envelope.len },
	    prefix.len, out, &b);
	out->failed = out->failed || envelope.failed;
	buf_free(&b);
	buf_free(&structure);
	buf_free(&envelope);
	return out->failed ? -1 : 0;
}
