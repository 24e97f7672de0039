/* Labels and figures of metrics as text; one writer, one reader. */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/compat.h"
#include "common/escape.h"
#include "common/metric_text.h"

int
metric_text_put(struct buf *b, const char *key, struct str value)
{
	char	 safe[ESCAPE_MOST(METRIC_VALUE) + 1], *p = safe;
	size_t	 n = value.len < METRIC_VALUE ? value.len : METRIC_VALUE;
	size_t	 i, len = 0;

	/* Newlines stay what they are; all else that controls does not. */
	while (len < n) {
		i = len;
		while (i < n && value.p[i] != '\n')
			i++;
		p += escape_text(p, sizeof(safe) - (size_t)(p - safe),
		    value.p + len, i - len, 0);
		if (i < n)
			*p++ = '\n';
		len = i + 1;
	}
	*p = '\0';
	if (b->len > 0)
		buf_put_u8(b, ',');
	buf_puts(b, key);
	buf_put_u8(b, '=');
	for (p = safe; *p != '\0'; p++) {
		if (*p == ',' || *p == '=' || *p == '\\' || *p == '\n')
			buf_put_u8(b, '\\');
		buf_put_u8(b, *p == '\n' ? 'n' : (uint8_t)*p);
	}
	return b->failed ? -1 : 0;
}

static bool
is_key(struct str s)
{
	size_t	i;

	for (i = 0; i < s.len; i++)
		if (!islower((unsigned char)s.p[i]) && s.p[i] != '_' &&
		    (i == 0 || !isdigit((unsigned char)s.p[i])))
			return false;
	return s.len > 0;
}

/* What a backslash and c stand for; 0: nothing. */
static char
meant(char c)
{
	if (c == 'n')
		return '\n';
	return c == ',' || c == '=' || c == '\\' ? c : '\0';
}

int
metric_text_next(struct str *text, struct str *key, char *value, size_t size)
{
	const char	*p = text->p, *end = p + text->len, *eq;
	size_t		 n = 0;
	char		 c;

	if (text->len == 0)
		return 0;
	if ((eq = memchr(p, '=', text->len)) == NULL)
		return -1;
	key->p = p;
	key->len = (size_t)(eq - p);
	if (!is_key(*key))
		return -1;
	for (p = eq + 1; p < end && *p != ','; p++) {
		c = *p;
		if (c == '=' || c == '\n' || c == '\0')
			return -1;
		if (c == '\\' && (++p == end || (c = meant(*p)) == '\0'))
			return -1;
		if (n + 1 >= size)
			return -1;
		value[n++] = c;
	}
	if (p < end && ++p == end)		/* a comma, and no more */
		return -1;
	value[n] = '\0';
	text->p = p;
	text->len = (size_t)(end - p);
	return 1;
}

static int
digits_of(uint32_t scale)
{
	int	n = 0;

	for (; scale >= 10 && scale % 10 == 0; scale /= 10)
		n++;
	return scale == 1 ? n : 0;
}

char *
metric_text_value(char *dst, size_t size, uint64_t value, uint32_t scale)
{
	int	n = digits_of(scale), w;
	size_t	len;

	if (n == 0) {
		snprintf(dst, size, "%" PRIu64, value);
		return dst;
	}
	w = snprintf(dst, size, "%" PRIu64 ".%0*" PRIu64, value / scale, n,
	    value % scale);
	if (w < 0 || (size_t)w >= size)
		return dst;
	len = (size_t)w;
	while (dst[len - 1] == '0')
		dst[--len] = '\0';
	if (dst[len - 1] == '.')
		dst[--len] = '\0';
	return dst;
}

char *
metric_text_signed(char *dst, size_t size, uint64_t value, uint32_t scale)
{
	if (value <= INT64_MAX)
		return metric_text_value(dst, size, value, scale);
	dst[0] = '-';
	metric_text_value(dst + 1, size - 1, 0 - value, scale);
	return dst;
}
