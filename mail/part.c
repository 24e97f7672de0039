/*
 * Small questions about parts.  No I/O and no parsing of mail here.
 */
#include "mail/part.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "common/hex.h"

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

bool
mail_param_text(struct str params, const char *name, struct buf *out)
{
	char		 star[40];
	const char	*quote;
	struct str	 v;
	size_t		 i;
	int		 n, high, low;

	if (mail_param_find(params, name, &v)) {
		(void)buf_put(out, v.p, v.len);
		return true;
	}
	if (snprintf(star, sizeof(star), "%s*", name) >= (int)sizeof(star) ||
	    !mail_param_find(params, star, &v))
		return false;
	for (n = 0; n < 2 && v.len > 0; n++) {
		quote = memchr(v.p, '\'', v.len);
		if (quote == NULL)
			break;
		v.len -= (size_t)(quote + 1 - v.p);
		v.p = quote + 1;
	}
	for (i = 0; i < v.len; i++) {
		if (v.p[i] == '%' && i + 2 < v.len &&
		    (high = hex_digit(v.p[i + 1])) != -1 &&
		    (low = hex_digit(v.p[i + 2])) != -1) {
			(void)buf_put_u8(out, (uint8_t)(high << 4 | low));
			i += 2;
		} else
			(void)buf_put_u8(out, (uint8_t)v.p[i]);
	}
	return true;
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
