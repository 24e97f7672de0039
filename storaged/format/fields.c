/*
 * One loop over the fields of a struct for each of encode, decode and print.
 * What a struct consists of stands in its table; what its fields mean
 * together is checked where that table is.  Defined in pail-bucket.5,
 * "Fields".
 */
#include "common/compat.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/uidset.h"
#include "storaged/format/fields.h"
#include "storaged/format/object.h"

static const void *
member(const struct field *f, const void *src)
{
	return (const uint8_t *)src + f->off;
}

static uint64_t
num_load(const struct field *f, const void *m)
{
	uint64_t	 v64;
	uint32_t	 v32;
	uint16_t	 v16;

	switch (f->size) {
	case 1:
		return *(const uint8_t *)m;
	case 2:
		memcpy(&v16, m, sizeof(v16));
		return v16;
	case 4:
		memcpy(&v32, m, sizeof(v32));
		return v32;
	default:
		memcpy(&v64, m, sizeof(v64));
		return v64;
	}
}

static void
num_store(const struct field *f, void *m, uint64_t v)
{
	uint32_t	 v32 = (uint32_t)v;
	uint16_t	 v16 = (uint16_t)v;

	switch (f->size) {
	case 1:
		*(uint8_t *)m = (uint8_t)v;
		break;
	case 2:
		memcpy(m, &v16, sizeof(v16));
		break;
	case 4:
		memcpy(m, &v32, sizeof(v32));
		break;
	default:
		memcpy(m, &v, sizeof(v));
		break;
	}
}

static int64_t
int_load(const struct field *f, const void *m)
{
	uint64_t	 v = num_load(f, m);

	return f->size == 2 ? (int16_t)v : (int64_t)v;
}

static size_t
words_count(const struct field *f, const void *src)
{
	size_t	 n;

	memcpy(&n, (const uint8_t *)src + f->count, sizeof(n));
	return n;
}

static const struct str *
words_load(const struct field *f, const void *src)
{
	const struct str	*words;

	memcpy(&words, member(f, src), sizeof(words));
	return words;
}

static bool
bytes_empty(const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Zero, or nothing in it. */
static bool
field_empty(const struct field *f, const void *src)
{
	const void	*m = member(f, src);

	switch (f->kind) {
	case FIELD_NUM:
	case FIELD_INT:
	case FIELD_FIX64:
		return num_load(f, m) == 0;
	case FIELD_STR:
	case FIELD_TEXT:
		return ((const struct str *)m)->len == 0;
	case FIELD_WORDS:
		return words_count(f, src) == 0;
	case FIELD_UIDS:
		return ((const struct uidset *)m)->n == 0;
	case FIELD_OWN:
		return f->own->empty != NULL && f->own->empty(m);
	case FIELD_NONE:
	case FIELD_NEWER:
		return true;
	case FIELD_BYTES:
		return bytes_empty(m, f->size);
	}
	return false;
}

/* The value alone of a field whose length is known only then. */
static int
long_put(const struct field *f, const void *src, struct buf *b)
{
	const struct str	*words;
	size_t			 i, n;

	switch (f->kind) {
	case FIELD_WORDS:
		words = words_load(f, src);
		n = words_count(f, src);
		for (i = 0; i < n; i++)
			buf_put_bytes(b, words[i].p, words[i].len);
		return b->failed ? -1 : 0;
	case FIELD_UIDS:
		return uidset_encode(member(f, src), b);
	case FIELD_OWN:
		return f->own->put(member(f, src), b);
	default:
		return -1;
	}
}

static int
field_put(const struct field *f, uint32_t number, const void *src,
    struct buf *b)
{
	const void		*m = member(f, src);
	const struct str	*s;
	size_t			 at;

	switch (f->kind) {
	case FIELD_NUM:
		return tlv_put_num(b, number, !f->newer, num_load(f, m));
	case FIELD_INT:
		return tlv_put_num(b, number, !f->newer,
		    zigzag(int_load(f, m)));
	case FIELD_FIX64:
		tlv_put_head(b, number, !f->newer, sizeof(uint64_t));
		return buf_put_u64(b, num_load(f, m));
	case FIELD_BYTES:
		return tlv_put(b, number, !f->newer, m, f->size);
	case FIELD_STR:
	case FIELD_TEXT:
		s = m;
		return tlv_put(b, number, !f->newer, s->p, s->len);
	default:
		at = tlv_begin(b, number, !f->newer);
		return long_put(f, src, b) == -1 ? -1 : tlv_end(b, at);
	}
}

int
fields_encode(const struct fields *fs, const void *src, struct buf *b)
{
	const struct field	*f = &fs->row[1];
	uint32_t		 number, bit = FIELD_BIT(1);

	for (number = 1; number <= fs->last; number++, f++, bit <<= 1) {
		if ((fs->must & bit) == 0 &&
		    ((fs->may & bit) == 0 || field_empty(f, src)))
			continue;
		if (field_put(f, number, src, b) == -1)
			return -1;
	}
	return 0;
}

static int
num_get(const struct field *f, struct tlv *t, void *m)
{
	uint64_t	 v = cursor_varint(&t->value), max = f->max;

	if (max == 0)
		max = UINT64_MAX >> (64 - 8 * f->size);
	if (!cursor_done(&t->value) || v < f->min || v > max)
		return FORMAT_DAMAGED;
	num_store(f, m, v);
	return 0;
}

static int
int_get(const struct field *f, struct tlv *t, void *m)
{
	int64_t	 v = cursor_zigzag(&t->value), max = (int64_t)f->max;

	if (!cursor_done(&t->value) || (max != 0 && (v < -max || v > max)))
		return FORMAT_DAMAGED;
	num_store(f, m, (uint64_t)v);
	return 0;
}

static int
bytes_get(const struct field *f, struct tlv *t, void *m)
{
	const uint8_t	*p = cursor_bytes(&t->value, f->size);

	if (p == NULL || !cursor_done(&t->value))
		return FORMAT_DAMAGED;
	memcpy(m, p, f->size);
	return 0;
}

static int
fix64_get(struct tlv *t, uint64_t *v)
{
	*v = cursor_u64(&t->value);
	return cursor_done(&t->value) ? 0 : FORMAT_DAMAGED;
}

/* Is s a text of at most max bytes (0: any)? */
static bool
text_valid(struct str s, size_t max)
{
	return s.len > 0 && (max == 0 || s.len <= max) &&
	    memchr(s.p, '\0', s.len) == NULL;
}

static int
str_get(const struct field *f, struct tlv *t, struct str *s)
{
	s->len = cursor_left(&t->value);
	s->p = (const char *)cursor_bytes(&t->value, s->len);
	if (s->p == NULL || (f->kind == FIELD_TEXT &&
	    !text_valid(*s, (size_t)f->max)))
		return FORMAT_DAMAGED;
	return f->max == 0 || s->len <= f->max ? 0 : FORMAT_DAMAGED;
}

static int
words_get(const struct field *f, struct tlv *t, void *dst, struct arena *a)
{
	struct cursor	 look = t->value;
	struct str	*words, s;
	size_t		 n = 0, i;

	while (cursor_left(&look) > 0) {
		s = cursor_str(&look);
		if (look.bad || !text_valid(s, f->word_max) || ++n > f->max)
			return FORMAT_DAMAGED;
	}
	if (n == 0)
		return FORMAT_DAMAGED;
	if ((words = arena_array(a, n, sizeof(*words))) == NULL)
		return FORMAT_NO_MEMORY;
	for (i = 0; i < n; i++)
		words[i] = cursor_str(&t->value);
	memcpy((uint8_t *)dst + f->off, &words, sizeof(words));
	memcpy((uint8_t *)dst + f->count, &n, sizeof(n));
	return 0;
}

static int
uids_get(const struct field *f, struct tlv *t, struct uidset *uids,
    struct arena *a)
{
	struct uidset	 set = UIDSET_INIT;
	int		 r = 0;

	errno = 0;
	if (uidset_decode(&set, &t->value, (size_t)f->max) == -1)
		r = errno == ENOMEM ? FORMAT_NO_MEMORY : FORMAT_DAMAGED;
	else if (!cursor_done(&t->value) || set.n == 0)
		r = FORMAT_DAMAGED;
	else if ((uids->v = arena_array(a, set.n, sizeof(*set.v))) == NULL)
		r = FORMAT_NO_MEMORY;
	else {
		memcpy(uids->v, set.v, set.n * sizeof(*set.v));
		uids->n = uids->size = set.n;
	}
	uidset_free(&set);
	return r;
}

static int
field_get(const struct field *f, struct tlv *t, void *dst, struct arena *a)
{
	void	*m = (uint8_t *)dst + f->off;

	switch (f->kind) {
	case FIELD_NUM:
		return num_get(f, t, m);
	case FIELD_INT:
		return int_get(f, t, m);
	case FIELD_FIX64:
		return fix64_get(t, m);
	case FIELD_BYTES:
		return bytes_get(f, t, m);
	case FIELD_STR:
	case FIELD_TEXT:
		return str_get(f, t, m);
	case FIELD_WORDS:
		return words_get(f, t, dst, a);
	case FIELD_UIDS:
		return uids_get(f, t, m, a);
	case FIELD_OWN:
		return f->own->get(m, &t->value);
	case FIELD_NEWER:
		return FORMAT_UNKNOWN;
	case FIELD_NONE:
		break;
	}
	return FORMAT_DAMAGED;
}

int
fields_decode(const struct fields *fs, void *dst, struct cursor *c,
    struct arena *a, struct str *rest)
{
	struct tlv	 t = { 0 };
	const uint8_t	*start;
	uint32_t	 seen = 0;
	int		 r;

	*rest = (struct str){ NULL, 0 };
	for (start = c->p; (r = tlv_next(c, &t)) == 1; start = c->p) {
		if (t.number > fs->last) {
			r = tlv_rest(c, &t, start, rest);
			break;
		}
		if (((fs->must | fs->may) & FIELD_BIT(t.number)) == 0)
			return FORMAT_DAMAGED;
		if ((r = field_get(&fs->row[t.number], &t, dst, a)) != 0)
			return r;
		seen |= FIELD_BIT(t.number);
	}
	if (r != 0)
		return r;
	return (seen & fs->must) == fs->must ? 0 : FORMAT_DAMAGED;
}

int
fields_decode_sized(const struct fields *fs, void *dst, struct cursor *c,
    size_t max, struct str *rest)
{
	struct cursor	 in;
	const uint8_t	*p;
	uint32_t	 n;

	n = cursor_u32(c);
	if (c->bad || n > max || (p = cursor_bytes(c, n)) == NULL)
		return FORMAT_DAMAGED;
	cursor_init(&in, p, n);
	return fields_decode(fs, dst, &in, NULL, rest);
}

int
fields_open(const struct fields *fs, void *dst, enum object_kind kind,
    const uint8_t *history, const void *p, size_t len, size_t max,
    struct buf *unknown)
{
	struct buf		 store = BUF_INIT;
	struct object_header	 header;
	struct cursor		 c;
	struct str		 rest;
	const uint8_t		*body;
	size_t			 n;
	int			 r;

	r = object_open(&header, kind, p, len, max, &store, &body, &n);
	if (r == 0 && history != NULL &&
	    memcmp(header.history, history, sizeof(header.history)) != 0)
		r = FORMAT_DAMAGED;
	if (r == 0) {
		cursor_init(&c, body, n);
		r = fields_decode(fs, dst, &c, NULL, &rest);
	}
	if (r == 0 && unknown != NULL &&
	    buf_put(unknown, rest.p, rest.len) == -1)
		r = FORMAT_DAMAGED;
	buf_free(&store);
	return r;
}

void
fields_print_hex(const uint8_t *p, size_t len, struct buf *b)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		buf_printf(b, "%02x", p[i]);
}

static void
num_print(const struct field *f, uint64_t v, struct buf *b)
{
	if (f->values != NULL)
		buf_puts(b, f->values[v <= f->max ? v : 0]);
	else if (f->bits)
		buf_printf(b, "%02" PRIx64, v);
	else
		buf_printf(b, "%" PRIu64, v);
}

static void
text_print(struct str s, struct buf *b)
{
	char	 quoted[4200];

	buf_printf(b, "\"%s\"", log_quote(quoted, sizeof(quoted), s.p,
	    s.len));
}

static void
field_print(const struct field *f, const void *src, struct buf *b)
{
	const void	*m = member(f, src);
	size_t		 i;

	if (f->kind == FIELD_WORDS) {
		for (i = 0; i < words_count(f, src); i++) {
			buf_printf(b, " %s=", f->name);
			text_print(words_load(f, src)[i], b);
		}
		return;
	}
	buf_printf(b, " %s=", f->name);
	switch (f->kind) {
	case FIELD_NUM:
		num_print(f, num_load(f, m), b);
		break;
	case FIELD_INT:
		buf_printf(b, "%" PRId64, int_load(f, m));
		break;
	case FIELD_FIX64:
		buf_printf(b, "%016" PRIx64, num_load(f, m));
		break;
	case FIELD_BYTES:
		fields_print_hex(m, f->size, b);
		break;
	case FIELD_TEXT:
		text_print(*(const struct str *)m, b);
		break;
	case FIELD_UIDS:
		uidset_print(m, b);
		break;
	case FIELD_OWN:
		if (f->own->print != NULL)
			f->own->print(m, b);
		break;
	default:
		break;
	}
}

void
fields_print(const struct fields *fs, const void *src,
    const uint8_t *numbers, size_t n, struct buf *b)
{
	const struct field	*f;
	size_t			 i;

	for (i = 0; i < n; i++) {
		f = &fs->row[numbers[i]];
		if (((fs->must | fs->may) & FIELD_BIT(numbers[i])) != 0 &&
		    !(f->newer && field_empty(f, src)))
			field_print(f, src, b);
	}
}
