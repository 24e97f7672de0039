/* See form.h. */
#include "common/compat.h"

#include <string.h>

#include "admind/web/form.h"
#include "common/escape.h"
#include "common/hex.h"

void
form_init(struct form *f)
{
	f->n = 0;
	buf_init_secret(&f->text, 0);
}

void
form_free(struct form *f)
{
	f->n = 0;
	buf_freezero(&f->text);
}

static bool
is_utf8(struct str s)
{
	uint32_t	 c;
	size_t		 i, n;

	for (i = 0; i < s.len; i += n)
		if ((n = escape_utf8(s.p + i, s.len - i, &c)) == 0)
			return false;
	return true;
}

/* Appends what raw stands for; there is room for it. */
static int
decode(struct buf *b, struct str raw, struct str *out)
{
	size_t	 i;
	int	 c, high, low;

	out->p = (const char *)b->data + b->len;
	for (i = 0; i < raw.len; i++) {
		c = (unsigned char)raw.p[i];
		if (c == '+')
			c = ' ';
		else if (c == '%') {
			if (raw.len - i < 3 ||
			    (high = hex_digit(raw.p[i + 1])) == -1 ||
			    (low = hex_digit(raw.p[i + 2])) == -1)
				return -1;
			c = high << 4 | low;
			i += 2;
		}
		if (c == '\0')
			return -1;
		buf_put_u8(b, (uint8_t)c);
	}
	out->len = (size_t)((const char *)b->data + b->len - out->p);
	return b->failed || !is_utf8(*out) ? -1 : 0;
}

static int
add(struct form *f, struct str part)
{
	struct str	 name = part, value = { "", 0 };

	if (f->n == FORM_FIELDS)
		return -1;
	if (str_split(&part, '=', &name))
		value = part;
	if (decode(&f->text, name, &f->fields[f->n].name) == -1 ||
	    decode(&f->text, value, &f->fields[f->n].value) == -1)
		return -1;
	f->n++;
	return 0;
}

int
form_parse(struct form *f, struct str raw)
{
	struct str	 part;
	bool		 more;

	/* Decoded, it is never longer: what is borrowed stays in place. */
	if (raw.len > FORM_MAX || buf_reserve(&f->text, raw.len + 1) == NULL)
		return -1;
	do {
		more = str_split(&raw, '&', &part);
		if (!more)
			part = raw;
		if (part.len != 0 && add(f, part) == -1) {
			form_free(f);
			form_init(f);
			return -1;
		}
	} while (more);
	return 0;
}

bool
form_get(const struct form *f, const char *name, struct str *value)
{
	struct str	 want = str_from(name);
	size_t		 i, n = 0;

	*value = STR("");
	for (i = 0; i < f->n; i++)
		if (str_eq(f->fields[i].name, want) && n++ == 0)
			*value = f->fields[i].value;
	if (n != 1)
		*value = STR("");
	return n == 1;
}
