/*
 * Internationalized domains.  Must never take two domains for one that the DNS
 * tells apart: an A-label counts as its U-label only if it is the one that the
 * U-label is written as.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/domain.h"

#define LABEL_MAX	63	/* bytes, as the DNS has it */
#define POINT_MAX	0x10ffff

/* RFC 3492, section 5. */
enum {
	BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72,
	FIRST = 128
};

struct points {
	int32_t	c[LABEL_MAX];
	size_t	n;
};

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t	k;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (k = 0; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
	return k <= bias + TMIN ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

static int
digit(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* What stands behind "xn--".  -1: it is nothing. */
static int
puny_decode(const char *p, size_t len, struct points *out)
{
	uint32_t	n = FIRST, i = 0, bias = BIAS, old, w, k, t;
	size_t		at = 0, end = len;
	int		d;

	while (end > 0 && p[end - 1] != '-')
		end--;
	for (out->n = 0; out->n + 1 < end; out->n++)
		out->c[out->n] = (unsigned char)p[out->n];
	for (at = end; at < len; i++) {
		for (old = i, w = 1, k = BASE;; k += BASE) {
			if (at == len || (d = digit(p[at++])) == -1 ||
			    (uint32_t)d > (UINT32_MAX - i) / w)
				return -1;
			i += (uint32_t)d * w;
			t = threshold(k, bias);
			if ((uint32_t)d < t)
				break;
			if (w > UINT32_MAX / (BASE - t))
				return -1;
			w *= BASE - t;
		}
		if (out->n == LABEL_MAX)
			return -1;
		bias = adapt(i - old, (uint32_t)out->n + 1, old == 0);
		if (i / (out->n + 1) > POINT_MAX - n)
			return -1;
		n += i / (uint32_t)(out->n + 1);
		i %= (uint32_t)(out->n + 1);
		memmove(out->c + i + 1, out->c + i, (out->n - i) *
		    sizeof(out->c[0]));
		out->c[i] = (int32_t)n;
		out->n++;
	}
	return out->n > 0 ? 0 : -1;
}

/* The next code point to be encoded, from n on. */
static uint32_t
lowest(const struct points *in, uint32_t n)
{
	uint32_t	m = UINT32_MAX;
	size_t		i;

	for (i = 0; i < in->n; i++)
		if ((uint32_t)in->c[i] >= n && (uint32_t)in->c[i] < m)
			m = (uint32_t)in->c[i];
	return m;
}

/* "xn--" and the rest, without a NUL: the length, or -1: longer than a label
 * can be.  At most LABEL_MAX points: delta cannot overflow. */
static int
puny_encode(const struct points *in, char dst[LABEL_MAX])
{
	static const char	digits[] =
				    "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t		n = FIRST, delta = 0, bias = BIAS, m, q, k, t;
	size_t			len = 4, done, basic, i;

	memcpy(dst, "xn--", 4);
	for (i = 0; i < in->n; i++)
		if (in->c[i] < FIRST) {
			if (len >= LABEL_MAX)
				return -1;
			dst[len++] = (char)in->c[i];
		}
	done = basic = len - 4;
	if (basic > 0 && len < LABEL_MAX)
		dst[len++] = '-';
	for (; done < in->n; delta++, n++) {
		m = lowest(in, n);
		delta += (m - n) * (uint32_t)(done + 1);
		n = m;
		for (i = 0; i < in->n; i++) {
			delta += (uint32_t)in->c[i] < n;
			if ((uint32_t)in->c[i] != n)
				continue;
			for (q = delta, k = BASE;; k += BASE) {
				t = threshold(k, bias);
				if (len == LABEL_MAX)
					return -1;
				if (q < t)
					break;
				dst[len++] = digits[t + (q - t) % (BASE - t)];
				q = (q - t) / (BASE - t);
			}
			dst[len++] = digits[q];
			bias = adapt(delta, (uint32_t)done + 1,
			    done == basic);
			delta = 0;
			done++;
		}
	}
	return (int)len;
}

/* UTF-8 to points; -1: it is none, or has what no domain has. */
static int
points_read(struct points *p, const char *s, size_t len)
{
	utf8proc_int32_t	c;
	utf8proc_ssize_t	n;

	for (p->n = 0; len > 0; s += n, len -= (size_t)n) {
		n = utf8proc_iterate((const uint8_t *)s, (utf8proc_ssize_t)len,
		    &c);
		if (n <= 0 || c <= 0x20 || c == '@' || c == '.' ||
		    (c >= 0x7f && c <= 0xa0) || p->n == LABEL_MAX)
			return -1;
		p->c[p->n++] = c;
	}
	return 0;
}

/* Lower-case, NFC: the length, or -1. */
static int
points_write(const struct points *p, char *dst, size_t size)
{
	utf8proc_uint8_t	 text[4 * LABEL_MAX], *out = NULL;
	utf8proc_ssize_t	 len = 0;
	size_t			 i;
	int			 n = -1;

	for (i = 0; i < p->n; i++)
		len += utf8proc_encode_char(utf8proc_tolower(p->c[i]),
		    text + len);
	len = utf8proc_map(text, len, &out, UTF8PROC_COMPOSE |
	    UTF8PROC_STABLE);
	if (len > 0 && (size_t)len < size) {
		memcpy(dst, out, (size_t)len);
		n = (int)len;
	}
	free(out);
	return n;
}

static bool
is_ascii(const char *s, size_t len)
{
	while (len > 0 && (s[len - 1] & 0x80) == 0)
		len--;
	return len == 0;
}

/* An A-label as what it stands for: the length, or -1: it is none. */
static int
label_decode(const char *label, size_t len, char *dst, size_t size)
{
	struct points	p, again;
	char		text[4 * LABEL_MAX + 1], ascii[LABEL_MAX];
	int		n, m;

	if (len <= 4 || len > LABEL_MAX || memcmp(label, "xn--", 4) != 0 ||
	    puny_decode(label + 4, len - 4, &p) == -1 ||
	    (n = points_write(&p, text, sizeof(text))) == -1 ||
	    (size_t)n >= size || is_ascii(text, (size_t)n) ||
	    points_read(&again, text, (size_t)n) == -1 ||
	    (m = puny_encode(&again, ascii)) == -1 || (size_t)m != len ||
	    memcmp(ascii, label, len) != 0)
		return -1;
	memcpy(dst, text, (size_t)n);
	return n;
}

static int
label_unicode(const char *label, size_t len, char *dst, size_t size)
{
	struct points	p;
	char		lower[4 * LABEL_MAX + 1];
	int		n, m;

	if (len == 0 || points_read(&p, label, len) == -1 ||
	    (n = points_write(&p, lower, sizeof(lower))) == -1)
		return -1;
	if ((m = label_decode(lower, (size_t)n, dst, size)) != -1)
		return m;
	if ((size_t)n >= size)
		return -1;
	memcpy(dst, lower, (size_t)n);
	return n;
}

static int
label_ascii(const char *label, size_t len, char *dst, size_t size)
{
	struct points	p;
	char		ascii[LABEL_MAX];
	int		n;

	if (is_ascii(label, len)) {
		if (len == 0 || len >= size)
			return -1;
		memcpy(dst, label, len);
		return (int)len;
	}
	if (points_read(&p, label, len) == -1 ||
	    (n = puny_encode(&p, ascii)) == -1 || (size_t)n >= size)
		return -1;
	memcpy(dst, ascii, (size_t)n);
	return n;
}

/* Label by label. */
static int
each(struct str domain, char *dst, size_t size,
    int (*label)(const char *, size_t, char *, size_t))
{
	size_t	at = 0, end, out = 0;
	int	n;

	if (size > DOMAIN_MAX + 1)
		size = DOMAIN_MAX + 1;
	for (;; at = end + 1) {
		for (end = at; end < domain.len && domain.p[end] != '.'; end++)
			;
		if (out >= size || (n = label(domain.p + at, end - at,
		    dst + out, size - out)) == -1)
			return -1;
		out += (size_t)n;
		if (end == domain.len)
			break;
		dst[out++] = '.';	/* label() has left room */
	}
	dst[out] = '\0';
	return 0;
}

int
domain_unicode(struct str domain, char *dst, size_t size)
{
	if (domain.len == 0 || domain.len > 4 * DOMAIN_MAX)
		return -1;
	return each(domain, dst, size, label_unicode);
}

int
domain_ascii(const char *domain, char *dst, size_t size)
{
	return each(str_from(domain), dst, size, label_ascii);
}
