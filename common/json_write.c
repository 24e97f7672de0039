/* See json_write.h.  Whether a comma is due shows in the last byte: no value
 * ends in what opens one, or in the newline that a document may follow. */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/escape.h"
#include "common/json_write.h"

#define JSON_BLANK	" \t\r\n"	/* RFC 8259, section 2 */

size_t
json_char(char dst[JSON_CHAR_MAX], const char *p, size_t len, size_t *used)
{
	char		text[JSON_CHAR_MAX + 1];
	uint32_t	c = 0;
	size_t		n;

	if ((n = escape_utf8(p, len, &c)) == 0) {
		*used = 1;
		memcpy(dst, "\xef\xbf\xbd", 3);
		return 3;
	}
	*used = n;
	if (c == '"' || c == '\\') {
		dst[0] = '\\';
		dst[1] = *p;
		return 2;
	}
	if (escape_is_fit(c)) {
		memcpy(dst, p, n);
		return n;
	}
	if (c < 0x10000)
		n = (size_t)snprintf(text, sizeof(text), "\\u%04x",
		    (unsigned)c);
	else
		n = (size_t)snprintf(text, sizeof(text), "\\u%04x\\u%04x",
		    (unsigned)(0xd7c0 + (c >> 10)),
		    (unsigned)(0xdc00 | (c & 0x3ff)));
	memcpy(dst, text, n);
	return n;
}

static void
put_string(struct buf *b, struct str s)
{
	char	text[JSON_CHAR_MAX];
	size_t	i, n, used;

	buf_put_u8(b, '"');
	for (i = 0; i < s.len; i += used) {
		n = json_char(text, s.p + i, s.len - i, &used);
		buf_put(b, text, n);
	}
	buf_put_u8(b, '"');
}

static void
put_comma(struct buf *b)
{
	if (b->len > 0 && strchr("{[:\n", b->data[b->len - 1]) == NULL)
		buf_put_u8(b, ',');
}

static void
put_key(struct buf *b, const char *key)
{
	put_comma(b);
	if (key != NULL)
		buf_printf(b, "\"%s\":", key);
}

void
json_add_object(struct buf *b, const char *key)
{
	put_key(b, key);
	buf_put_u8(b, '{');
}

void
json_add_array(struct buf *b, const char *key)
{
	put_key(b, key);
	buf_put_u8(b, '[');
}

void
json_end_object(struct buf *b)
{
	buf_put_u8(b, '}');
}

void
json_end_array(struct buf *b)
{
	buf_put_u8(b, ']');
}

void
json_add_str(struct buf *b, const char *key, struct str value)
{
	put_key(b, key);
	put_string(b, value);
}

void
json_add_text(struct buf *b, const char *key, const char *value)
{
	if (value == NULL)
		json_add_null(b, key);
	else
		json_add_str(b, key, str_from(value));
}

void
json_add_number(struct buf *b, const char *key, uint64_t value)
{
	put_key(b, key);
	buf_put_decimal(b, value);
}

void
json_add_signed(struct buf *b, const char *key, int64_t value)
{
	put_key(b, key);
	buf_printf(b, "%" PRId64, value);
}

void
json_add_bool(struct buf *b, const char *key, bool value)
{
	put_key(b, key);
	buf_puts(b, value ? "true" : "false");
}

void
json_add_null(struct buf *b, const char *key)
{
	put_key(b, key);
	buf_puts(b, "null");
}

void
json_add_time(struct buf *b, const char *key, int64_t t)
{
	struct tm	tm;
	time_t		tt = (time_t)t;

	if (t == 0 || gmtime_r(&tt, &tm) == NULL || tm.tm_year < 1 - 1900 ||
	    tm.tm_year > 9999 - 1900) {
		json_add_null(b, key);
		return;
	}
	put_key(b, key);
	buf_printf(b, "\"%04d-%02d-%02dT%02d:%02d:%02dZ\"",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

void
json_add_raw(struct buf *b, const char *key, struct str value)
{
	size_t	i;

	put_key(b, key);
	value = str_trim(value, JSON_BLANK);
	/* A string in it has no newline. */
	for (i = 0; i < value.len; i++)
		if (value.p[i] != '\n')
			buf_put_u8(b, (uint8_t)value.p[i]);
}

void
json_add_members(struct buf *b, struct str object)
{
	object = str_trim(object, JSON_BLANK);
	if (object.len < 2)
		return;
	object.p++;
	object.len -= 2;
	object = str_trim(object, JSON_BLANK);
	if (object.len == 0)
		return;			/* it has none */
	put_comma(b);
	buf_put(b, object.p, object.len);
}

void
json_add_name(struct buf *b, struct str name)
{
	put_comma(b);
	put_string(b, name);
	buf_put_u8(b, ':');
}

void
json_error(struct buf *b, const char *why)
{
	json_add_object(b, NULL);
	json_add_text(b, "error", why);
	json_end_object(b);
	buf_put_u8(b, '\n');
}
