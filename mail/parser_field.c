/*
 * Header fields on their way through the parser: only those that the digest
 * needs are held, one at a time, each cut at FIELD_MAX.
 */
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "common/fnv.h"
#include "mail/header.h"
#include "mail/lex.h"
#include "mail/param.h"
#include "mail/parser_impl.h"

#define FIELD_ENVELOPE	100
#define FIELD_REFERENCES 200

static const struct {
	const char	*name;
	int		 field;
} known[] = {
	{ "content-type", CF_TYPE },
	{ "content-transfer-encoding", CF_ENCODING },
	{ "content-id", CF_ID },
	{ "content-description", CF_DESCRIPTION },
	{ "content-md5", CF_MD5 },
	{ "content-disposition", CF_DISPOSITION },
	{ "content-language", CF_LANGUAGE },
	{ "content-location", CF_LOCATION },
	{ "date", FIELD_ENVELOPE + ENV_DATE },
	{ "subject", FIELD_ENVELOPE + ENV_SUBJECT },
	{ "from", FIELD_ENVELOPE + ENV_FROM },
	{ "sender", FIELD_ENVELOPE + ENV_SENDER },
	{ "reply-to", FIELD_ENVELOPE + ENV_REPLY_TO },
	{ "to", FIELD_ENVELOPE + ENV_TO },
	{ "cc", FIELD_ENVELOPE + ENV_CC },
	{ "bcc", FIELD_ENVELOPE + ENV_BCC },
	{ "in-reply-to", FIELD_ENVELOPE + ENV_IN_REPLY_TO },
	{ "message-id", FIELD_ENVELOPE + ENV_MESSAGE_ID },
	{ "references", FIELD_REFERENCES },
};

/* Where the value of a known field goes; NULL: not in this header. */
static struct str *
field_slot(struct mail_parser *p, int field)
{
	const struct mail_part	*part = &p->tree.v[p->tree.n - 1];
	bool			 root = part->level == 0 ||
	    p->tree.v[part->parent].kind == MAIL_MESSAGE;

	if (field < FIELD_ENVELOPE)
		return &p->hv.content[field];
	if (field < FIELD_REFERENCES)
		return root ? &p->hv.env.v[field - FIELD_ENVELOPE] : NULL;
	return part->level == 0 ? &p->hv.references : NULL;
}

void
field_reset(struct mail_parser *p)
{
	size_t	 i;

	memset(&p->hv, 0, sizeof(p->hv));
	arena_reset(p->values);
	buf_reset(&p->value);
	for (i = 0; i < ENV_FIELDS; i++)
		buf_reset(&p->joined[i]);
	p->field = -1;
	p->first_line = true;
}

/* NULL: the values of a whole header are limited as well. */
static char *
keep_value(struct mail_parser *p, struct str v)
{
	char	*copy = arena_dup(p->values, v.p, v.len);
	size_t	 i;

	for (i = 0; copy != NULL && i < v.len; i++)
		if (copy[i] == '\0' || copy[i] == '\r' || copy[i] == '\n')
			copy[i] = ' ';
	return copy;
}

/* To those of the fields of this name before it, behind a line feed. */
static void
field_join(struct mail_parser *p, int f, struct str v)
{
	struct buf	*b = &p->joined[f];
	size_t		 i;

	if (b->len > 0 && v.len > 0)
		buf_puts(b, "\n");
	if (v.len > FIELD_MAX - b->len) {
		v.len = FIELD_MAX > b->len ? FIELD_MAX - b->len : 0;
		p->hv.env.cut |= (uint32_t)1 << f;
	}
	if (buf_put(b, v.p, v.len) == -1)
		p->failed = true;
	for (i = b->len - v.len; i < b->len; i++)
		if (b->data[i] == '\0' || b->data[i] == '\r' ||
		    b->data[i] == '\n')
			b->data[i] = ' ';
	p->hv.env.v[f] = STR("");	/* until the header ends */
}

/* The values that were joined, where the others are. */
static void
joined_keep(struct mail_parser *p)
{
	const struct buf	*b;
	char			*copy;
	int			 f;

	for (f = 0; f < ENV_FIELDS; f++) {
		b = &p->joined[f];
		if (b->len == 0)
			continue;
		copy = arena_dup(p->values, b->data, b->len);
		if (copy == NULL)
			p->hv.env.cut |= (uint32_t)1 << f;
		else
			p->hv.env.v[f] = (struct str){ copy, b->len };
	}
}

void
field_end(struct mail_parser *p)
{
	struct str	*slot, v;
	char		*copy;
	uint32_t	 bit = 0;
	int		 f = p->field - FIELD_ENVELOPE;

	if (p->field == -1)
		return;
	slot = field_slot(p, p->field);
	if (p->field >= FIELD_ENVELOPE && p->field < FIELD_REFERENCES)
		bit = (uint32_t)1 << f;
	p->field = -1;
	if (slot == NULL)
		return;
	v = str_trim((struct str){ (const char *)p->value.data,
	    p->value.len }, LEX_WHITE);
	if (v.len == 0)
		v = STR("");
	if (p->value_cut && (slot->p == NULL || (bit != 0 &&
	    envelope_joins(f))))
		p->hv.env.cut |= bit;
	if (bit != 0 && envelope_joins(f)) {
		field_join(p, f, v);
		return;
	}
	if (slot->p != NULL) {		/* the first of a name counts */
		p->hv.env.more |= bit;
		return;
	}
	if ((copy = keep_value(p, v)) == NULL)
		p->hv.env.cut |= bit;
	else
		*slot = (struct str){ copy, v.len };
}

/* The length of the name, its colon at *colon; 0: no field begins here. */
static size_t
field_name(const uint8_t *data, size_t len, size_t *colon)
{
	size_t	 i, n;

	if (len > LINE_MAX_HELD)
		len = LINE_MAX_HELD;
	for (i = 0; i < len && data[i] > ' ' && data[i] < 0x7f &&
	    data[i] != ':'; i++)
		;
	n = i;
	while (i < len && (data[i] == ' ' || data[i] == '\t'))
		i++;
	if (n == 0 || i >= len || data[i] != ':')
		return 0;
	*colon = i;
	return n;
}

bool
field_looks(const uint8_t *data, size_t len)
{
	size_t	 colon;

	if (field_name(data, len, &colon) > 0)
		return true;
	return (len > 5 && memcmp(data, "From ", 5) == 0) ||
	    (len > 6 && memcmp(data, ">From ", 6) == 0);
}

bool
field_prefix(struct str s)
{
	struct header_field	 f;
	size_t			 i;

	while (header_next(&s, &f)) {
		if (f.name.len == 0 || f.raw.p[f.raw.len - 1] != '\n')
			return false;
		for (i = 0; i < nitems(known); i++)
			if (str_caseeq(f.name, str_from(known[i].name)))
				return false;
	}
	return s.len == 0;
}

static void
field_add(struct mail_parser *p, const uint8_t *data, size_t len)
{
	if (p->value.len + len > FIELD_MAX) {
		len = FIELD_MAX - p->value.len;
		p->value_cut = true;
	}
	if (len > 0 && buf_put(&p->value, data, len) == -1)
		p->failed = true;
}

void
field_line(struct mail_parser *p, const uint8_t *data, size_t len,
    bool start)
{
	size_t	 n, colon, i;

	if (len == 1 && data[0] == '\n' && !start) {
		/* The line's CR came with the piece before. */
		if (p->field != -1 && p->value.len > 0 &&
		    p->value.data[p->value.len - 1] == '\r')
			p->value.len--;
		return;
	}
	if (len > 0 && data[len - 1] == '\n') {
		len--;
		if (len > 0 && data[len - 1] == '\r')
			len--;
	}
	if (!start || (len > 0 && (data[0] == ' ' || data[0] == '\t'))) {
		if (p->field != -1)
			field_add(p, data, len);
		return;
	}
	field_end(p);
	n = field_name(data, len, &colon);
	if (n == 0 || n > FIELD_NAME_MAX)
		return;
	for (i = 0; i < nitems(known); i++)
		if (strlen(known[i].name) == n &&
		    strncasecmp(known[i].name, (const char *)data, n) == 0)
			break;
	if (i == nitems(known) || field_slot(p, known[i].field) == NULL)
		return;
	p->field = known[i].field;
	p->value_cut = false;
	buf_reset(&p->value);
	field_add(p, data + colon + 1, len - colon - 1);
}

/* A copy among the parts' strings; absent when their room is used up. */
static struct str
keep(struct mail_parser *p, struct str s)
{
	struct str	 r = { NULL, 0 };

	if (s.p == NULL)
		return r;
	r.p = arena_dup(p->strings, s.p, s.len);
	r.len = r.p == NULL ? 0 : s.len;
	return r;
}

static struct str
keep_buf(struct mail_parser *p, struct buf *b)
{
	struct str	 r = { NULL, 0 };

	if (b->failed)
		p->failed = true;
	if (b->len > 0)
		r = keep(p, (struct str){ (const char *)b->data, b->len });
	buf_free(b);
	return r;
}

static struct str
keep_lower(struct mail_parser *p, struct str s, const char *otherwise)
{
	char	*copy;
	size_t	 i;

	if (s.len > 255 || (copy = arena_dup(p->strings, s.p, s.len)) == NULL)
		return str_from(otherwise);
	for (i = 0; i < s.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] |= 0x20;
	return (struct str){ copy, s.len };
}

/* type/subtype; the common ones take no room. */
static void
apply_type(struct mail_parser *p, struct mail_part *part, struct str value)
{
	struct lex	 l;
	struct str	 type, subtype;
	struct buf	 b = BUF_INIT;

	lex_init(&l, value);
	if (value.p == NULL || type_parse(&l, &type, &subtype) == -1)
		return;
	part->type = keep_lower(p, type, "application");
	part->subtype = keep_lower(p, subtype, "octet-stream");
	params_parse(&l, &b);
	part->params = keep_buf(p, &b);
}

static void
apply_encoding(struct mail_parser *p, struct mail_part *part,
    struct str value)
{
	struct lex	 l;
	struct str	 token;

	if (value.p == NULL)
		return;
	lex_init(&l, value);
	lex_cfws(&l, NULL);
	token = lex_token(&l);
	if (token.len == 0)
		return;
	part->encoding = (uint8_t)mail_encoding_parse(token);
	if (part->encoding == MAIL_ENC_OTHER)
		part->encname = keep_lower(p, token, "x-unknown");
}

static void
apply_disposition(struct mail_parser *p, struct mail_part *part,
    struct str value)
{
	struct lex	 l;
	struct str	 token;
	struct buf	 b = BUF_INIT;

	if (value.p == NULL)
		return;
	lex_init(&l, value);
	lex_cfws(&l, NULL);
	token = lex_token(&l);
	if (token.len == 0)
		return;
	part->disposition = keep_lower(p, token, "attachment");
	params_parse(&l, &b);
	part->dparams = keep_buf(p, &b);
}

/* Spaces at its end are no part of a boundary (RFC 2046 section 5.1.1). */
static void
apply_boundary(struct mail_part *part, struct level *level)
{
	struct buf	 b = BUF_INIT;
	size_t		 n;

	level->blen = 0;
	if (!mail_type_is(part, "multipart", NULL) ||
	    !mail_param_text(part->params, "boundary", &b) ||
	    b.len > BOUNDARY_MAX) {
		buf_free(&b);
		return;
	}
	for (n = b.len; n > 0 && lex_white(b.data[n - 1]); n--)
		;
	if (n > 0) {
		memcpy(level->boundary, b.data, b.len);
		level->blen = (uint16_t)n;
		level->full = (uint16_t)b.len;
		level->hash = fnv64(b.data, n);
		level->digest = mail_type_is(part, "multipart", "digest");
	}
	buf_free(&b);
}

/* A message inside may have half of what is left for all strings. */
static size_t
nested_max(const struct mail_parser *p)
{
	size_t	 used = arena_used(p->strings), most;

	most = used < STRINGS_MAX ? (STRINGS_MAX - used) / 2 : 0;
	return most < ENVELOPE_NESTED ? ENVELOPE_NESTED :
	    most < ENVELOPE_MAX ? most : ENVELOPE_MAX;
}

void
field_apply(struct mail_parser *p, struct mail_part *part,
    bool digest_default, struct level *level)
{
	const struct header_values	*hv = &p->hv;
	struct buf			 b = BUF_INIT;

	joined_keep(p);
	part->type = digest_default ? STR("message") : STR("text");
	part->subtype = digest_default ? STR("rfc822") : STR("plain");
	if (part->level > 0 &&
	    p->tree.v[part->parent].kind == MAIL_MESSAGE) {
		if (envelope_encode(&hv->env, nested_max(p), &b,
		    NULL) == -1)
			p->failed = true;
		part->envelope = keep_buf(p, &b);
	}
	apply_type(p, part, hv->content[CF_TYPE]);
	apply_encoding(p, part, hv->content[CF_ENCODING]);
	part->id = keep(p, hv->content[CF_ID]);
	part->description = keep(p, hv->content[CF_DESCRIPTION]);
	part->md5 = keep(p, hv->content[CF_MD5]);
	apply_disposition(p, part, hv->content[CF_DISPOSITION]);
	if (hv->content[CF_LANGUAGE].p != NULL) {
		languages_parse(hv->content[CF_LANGUAGE], &b);
		part->languages = keep_buf(p, &b);
	}
	part->location = keep(p, hv->content[CF_LOCATION]);
	apply_boundary(part, level);
}
