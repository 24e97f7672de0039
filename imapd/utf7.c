/*
 * Modified UTF-7 (RFC 3501 section 5.1.3).  Strict, because two forms of
 * one name would be two mailboxes to some clients and one to others.
 */
#include "imapd/utf7.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int
value64(char ch)
{
	const char	*q;

	if (ch == '\0' || (q = strchr(alphabet, ch)) == NULL)
		return -1;
	return (int)(q - alphabet);
}

static bool
printable(uint32_t u)
{
	return u >= 0x20 && u <= 0x7e;
}

static int
put_utf8(struct buf *b, uint32_t u)
{
	uint8_t	 s[4];
	size_t	 n;

	if (u < 0x80) {
		s[0] = (uint8_t)u;
		n = 1;
	} else if (u < 0x800) {
		s[0] = (uint8_t)(0xc0 | u >> 6);
		s[1] = (uint8_t)(0x80 | (u & 0x3f));
		n = 2;
	} else if (u < 0x10000) {
		s[0] = (uint8_t)(0xe0 | u >> 12);
		s[1] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
		s[2] = (uint8_t)(0x80 | (u & 0x3f));
		n = 3;
	} else {
		s[0] = (uint8_t)(0xf0 | u >> 18);
		s[1] = (uint8_t)(0x80 | (u >> 12 & 0x3f));
		s[2] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
		s[3] = (uint8_t)(0x80 | (u & 0x3f));
		n = 4;
	}
	return buf_put(b, s, n);
}

/* One UTF-16 unit of a shifted run; *high is a surrogate that waits. */
static int
put_unit(struct buf *b, uint32_t unit, uint32_t *high)
{
	if (*high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return -1;
		unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
		*high = 0;
		return put_utf8(b, unit);
	}
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return -1;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return 0;
	}
	if (printable(unit))	/* must be written as itself */
		return -1;
	return put_utf8(b, unit);
}

/* A run of base64 without its "&" and "-". */
static int
shifted_to_utf8(const char *p, size_t len, struct buf *out)
{
	uint32_t	 acc = 0, high = 0;
	unsigned int	 bits = 0;
	size_t		 i;
	int		 v;

	for (i = 0; i < len; i++) {
		if ((v = value64(p[i])) == -1)
			return -1;
		acc = (acc << 6 | (uint32_t)v) & 0x3fffff;
		bits += 6;
		if (bits >= 16) {
			bits -= 16;
			if (put_unit(out, acc >> bits & 0xffff, &high) == -1)
				return -1;
		}
	}
	/* The rest must be the fewest bits, all zero. */
	if (high != 0 || bits >= 6 || (acc & ((1U << bits) - 1)) != 0)
		return -1;
	return 0;
}

int
utf7_to_utf8(struct str in, struct buf *out)
{
	const char	*end;
	size_t		 i = 0, n;
	bool		 after_run = false;

	while (i < in.len) {
		if (in.p[i] != '&') {
			if (!printable((unsigned char)in.p[i]) ||
			    buf_put_u8(out, (uint8_t)in.p[i]) == -1)
				return -1;
			after_run = false;
			i++;
			continue;
		}
		end = memchr(in.p + i, '-', in.len - i);
		if (end == NULL)
			return -1;
		n = (size_t)(end - (in.p + i)) - 1;
		if (n == 0) {
			if (buf_put_u8(out, '&') == -1)
				return -1;
			after_run = false;
		} else {
			/* "&AAA-&BBB-" must be one run */
			if (after_run ||
			    shifted_to_utf8(in.p + i + 1, n, out) == -1)
				return -1;
			after_run = true;
		}
		i += n + 2;
	}
	return 0;
}

/* The code point at in.p[*i], which is stepped over; -1: not UTF-8. */
static int32_t
next_utf8(struct str in, size_t *i)
{
	const unsigned char	*p = (const unsigned char *)in.p + *i;
	size_t			 left = in.len - *i, n, k;
	uint32_t		 u, least;

	if (p[0] < 0x80) {
		*i += 1;
		return p[0];
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
		u = p[0] & 0x1f;
		least = 0x80;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		u = p[0] & 0x0f;
		least = 0x800;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		u = p[0] & 0x07;
		least = 0x10000;
	} else
		return -1;
	if (left < n)
		return -1;
	for (k = 1; k < n; k++) {
		if ((p[k] & 0xc0) != 0x80)
			return -1;
		u = u << 6 | (p[k] & 0x3f);
	}
	if (u < least || u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff))
		return -1;
	*i += n;
	return (int32_t)u;
}

struct shift {
	struct buf	*out;
	bool		 on;
	uint32_t	 acc;
	unsigned int	 bits;
};

static void
shift_unit(struct shift *s, uint32_t unit)
{
	if (!s->on) {
		(void)buf_put_u8(s->out, '&');
		s->on = true;
		s->acc = 0;
		s->bits = 0;
	}
	s->acc = s->acc << 16 | unit;
	s->bits += 16;
	while (s->bits >= 6) {
		s->bits -= 6;
		(void)buf_put_u8(s->out,
		    (uint8_t)alphabet[s->acc >> s->bits & 0x3f]);
		s->acc &= (1U << s->bits) - 1;
	}
}

static void
shift_end(struct shift *s)
{
	if (!s->on)
		return;
	if (s->bits > 0)
		(void)buf_put_u8(s->out,
		    (uint8_t)alphabet[s->acc << (6 - s->bits) & 0x3f]);
	(void)buf_put_u8(s->out, '-');
	s->on = false;
}

int
utf8_to_utf7(struct str in, struct buf *out)
{
	struct shift	 s = { .out = out };
	size_t		 i = 0;
	int32_t		 u;

	while (i < in.len) {
		if ((u = next_utf8(in, &i)) == -1)
			return -1;
		if (printable((uint32_t)u)) {
			shift_end(&s);
			(void)buf_put_u8(out, (uint8_t)u);
			if (u == '&')
				(void)buf_put_u8(out, '-');
		} else if (u >= 0x10000) {
			u -= 0x10000;
			shift_unit(&s, 0xd800 + ((uint32_t)u >> 10));
			shift_unit(&s, 0xdc00 + ((uint32_t)u & 0x3ff));
		} else
			shift_unit(&s, (uint32_t)u);
	}
	shift_end(&s);
	return out->failed ? -1 : 0;
}

bool
utf8_is_text(struct str s)
{
	size_t	 i = 0;
	int32_t	 u;

	while (i < s.len) {
		u = next_utf8(s, &i);
		if (u < 0x20 || (u >= 0x7f && u < 0xa0))
			return false;
	}
	return true;
}
