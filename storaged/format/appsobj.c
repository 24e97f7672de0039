/*
 * App passwords of the site.  Bytes decoded here are hostile.
 */
#include "common/compat.h"

#include "storaged/format/appsobj.h"
#include "storaged/format/fields.h"

enum { F_SERIAL = 1, F_TEXT };

#define AT(m)	FIELD_AT(struct appsobj, m)
static const struct field rows[] = {
	[F_SERIAL] =	{ FIELD_NUM, "serial", AT(serial), .min = 1,
			    .max = APPSOBJ_SERIAL_MAX },
	[F_TEXT] =	{ FIELD_STR, "text", AT(text), .max = APPSOBJ_MAX },
};
static const struct fields fields = { rows, F_TEXT, FIELD_ALL(F_TEXT), 0 };
static const uint8_t none[16];		/* it is of no user's history */

int
appsobj_encode(const struct appsobj *o, struct buf *out)
{
	size_t	at = out->len;

	if (o->serial == 0 || o->serial > APPSOBJ_SERIAL_MAX ||
	    o->text.len > APPSOBJ_MAX || object_begin(out) == -1 ||
	    fields_encode(&fields, o, out) == -1 ||
	    buf_put(out, o->rest.p, o->rest.len) == -1)
		return -1;
	return object_end(OBJECT_APPS, none, out, at);
}

int
appsobj_decode(const void *p, size_t len, struct appsobj *o)
{
	struct object_header	 h;
	struct cursor		 c;
	const uint8_t		*body;
	struct buf		 store = BUF_INIT;
	size_t			 n;
	int			 r;

	memset(o, 0, sizeof(*o));
	r = object_open(&h, OBJECT_APPS, p, len, APPSOBJ_MAX + 65536, &store,
	    &body, &n);
	/* Its strings would be lost with what was decompressed. */
	if (r == 0 && h.codec != CODEC_NONE)
		r = FORMAT_UNKNOWN;
	if (r == 0) {
		cursor_init(&c, body, n);
		r = fields_decode(&fields, o, &c, NULL, &o->rest);
	}
	buf_free(&store);
	return r;
}
