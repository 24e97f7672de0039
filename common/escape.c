/*
 * Bytes to characters (RFC 3629), and which of those a terminal may see.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/compat.h"
#include "common/escape.h"

#define CHARS	512		/* bytes that are escaped at once */

/* Unseen, or seen as an order to show others in another way. */
static const struct { uint32_t first, last; } unfit[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f },		/* controls */
	{ 0xad, 0xad },				/* soft hyphen */
	{ 0x61c, 0x61c },			/* Arabic letter mark */
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f },			/* zero width, LRM, RLM */
	{ 0x2028, 0x202e },			/* separators, embeddings */
	{ 0x2060, 0x206f },			/* joiners, isolates */
	{ 0xfeff, 0xfeff },			/* byte order mark */
	{ 0xfff9, 0xfffb },			/* interlinear notes */
	{ 0xe0000, 0xe0fff },			/* tags, variations */
};

size_t
escape_utf8(const void *src, size_t len, uint32_t *c)
{
	static const uint32_t	 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char	*p = src;
	size_t			 i, n;

	if (p[0] < 0x80)
		n = 1;
	else if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

bool
escape_is_fit(uint32_t c)
{
	size_t i;

	for (i = 0; i < nitems(unfit) && c >= unfit[i].first; i++)
		if (c <= unfit[i].last)
			return false;
	return true;
}

/* How many bytes at p are characters that need nothing. */
static size_t
plain(const unsigned char *p, size_t len, bool quote)
{
	size_t	n;

	for (n = 0; n < len && p[n] >= 0x20 && p[n] < 0x7f; n++)
		if (quote && (p[n] == '"' || p[n] == '\\'))
			break;
	return n;
}

size_t
escape_text(char *dst, size_t size, const void *src, size_t len, unsigned how)
{
	static const char	 hex[] = "0123456789abcdef";
	const unsigned char	*p = src;
	uint32_t		 c = 0;
	size_t			 i, k, n = 0, out;
	bool			 fit, quote;

	for (i = 0; i < len; i += k) {
		if ((k = plain(p + i, len - i,
		    (how & ESCAPE_QUOTE) != 0)) != 0) {
			out = size == 0 ? 0 : size - n - 1;
			memcpy(dst + n, p + i, k < out ? k : out);
			n += k < out ? k : out;
			if (k > out)
				break;
			continue;
		}
		k = escape_utf8(p + i, len - i, &c);
		fit = k != 0 && (escape_is_fit(c) || ((how & ESCAPE_LINES) !=
		    0 && (c == '\n' || c == '\t')));
		if (k == 0)
			k = 1;
		quote = fit && (how & ESCAPE_QUOTE) != 0 &&
		    (c == '"' || c == '\\');
		out = fit ? k + quote : 4 * k;
		if (n + out >= size)
			break;
		if (quote)
			dst[n++] = '\\';
		if (fit) {
			memcpy(dst + n, p + i, k);
			n += k;
			continue;
		}
		for (out = 0; out < k; out++) {
			dst[n++] = '\\';
			dst[n++] = 'x';
			dst[n++] = hex[p[i + out] >> 4];
			dst[n++] = hex[p[i + out] & 15];
		}
	}
	dst[n] = '\0';
	return n;
}

/* How many bytes at p's end begin a character that they do not end. */
static size_t
cut_char(const unsigned char *p, size_t len)
{
	size_t		n, want;
	unsigned char	c;

	for (n = 1; n <= 3 && n <= len; n++) {
		c = p[len - n];
		if ((c & 0xc0) == 0x80)
			continue;
		want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
		return n < want ? n : 0;
	}
	return 0;
}

static int
write_text(FILE *f, const unsigned char *p, size_t len)
{
	char	text[ESCAPE_MOST(CHARS) + 1];
	size_t	out;

	out = escape_text(text, sizeof(text), p, len, ESCAPE_LINES);
	return fwrite(text, 1, out, f) == out ? 0 : -1;
}

int
escape_write(struct escape_out *o, const void *src, size_t len)
{
	const unsigned char	*p = src;
	unsigned char		 piece[CHARS];
	size_t			 n, cut;

	while (len > 0) {
		memcpy(piece, o->tail, o->n);
		n = len < CHARS - o->n ? len : CHARS - o->n;
		memcpy(piece + o->n, p, n);
		p += n;
		len -= n;
		n += o->n;
		cut = cut_char(piece, n);
		o->n = cut;
		memcpy(o->tail, piece + n - cut, cut);
		if (write_text(o->f, piece, n - cut) == -1)
			return -1;
	}
	return 0;
}

int
escape_end(struct escape_out *o)
{
	size_t n = o->n;

	o->n = 0;
	if (write_text(o->f, o->tail, n) == -1)
		return -1;
	return fflush(o->f) == 0 ? 0 : -1;
}

int
escape_printf(FILE *f, const char *fmt, ...)
{
	struct escape_out	o = { .f = f };
	char			text[4096];
	va_list			ap;
	int			n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || escape_write(&o, text, strlen(text)) == -1)
		return -1;
	return escape_end(&o);
}
