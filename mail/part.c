/*
 * Small questions about parts.  No I/O and no parsing of mail here.
 */
#include "mail/part.h"

#include <string.h>
#include <strings.h>

#include "common/compat.h"

static const char *const encodings[MAIL_ENC_MAX] = {
	[MAIL_ENC_7BIT] = "7bit",
	[MAIL_ENC_8BIT] = "8bit",
	[MAIL_ENC_BINARY] = "binary",
	[MAIL_ENC_QP] = "quoted-printable",
	[MAIL_ENC_BASE64] = "base64",
	[MAIL_ENC_OTHER] = "x-unknown",
};

const char *
mail_encoding_name(enum mail_encoding e)
{
	return encodings[e < MAIL_ENC_MAX ? e : MAIL_ENC_OTHER];
}

enum mail_encoding
mail_encoding_parse(struct str name)
{
	int	 i;

	for (i = 0; i < MAIL_ENC_OTHER; i++)
		if (str_caseeq(name, str_from(encodings[i])))
			return (enum mail_encoding)i;
	return MAIL_ENC_OTHER;
}

bool
mail_type_is(const struct mail_part *p, const char *type, const char *subtype)
{
	return str_caseeq(p->type, str_from(type)) && (subtype == NULL ||
	    str_caseeq(p->subtype, str_from(subtype)));
}

bool
mail_param_find(struct str params, const char *name, struct str *value)
{
	struct cursor	 c;
	struct str	 key, val, want = str_from(name);
	uint64_t	 n;

	*value = (struct str){ NULL, 0 };
	if (params.p == NULL)
		return false;
	cursor_init(&c, params.p, params.len);
	for (n = cursor_varint(&c); n > 0 && !c.bad; n--) {
		key = cursor_str(&c);
		val = cursor_str(&c);
		if (!c.bad && str_caseeq(key, want)) {
			*value = val;
			return true;
		}
	}
	return false;
}

int
mail_child(const struct mail_tree *t, size_t i, uint32_t n, size_t *child)
{
	size_t	 c;

	if (i >= t->n || n == 0)
		return -1;
	for (c = i + 1; c < t->v[i].end; c = t->v[c].end)
		if (--n == 0) {
			*child = c;
			return 0;
		}
	return -1;
}
