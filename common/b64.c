/* Base64, strictly. */
#include "common/compat.h"

#include <stdint.h>

#include "common/b64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int
b64_encode(const void *p, size_t n, bool pad, char *dst, size_t size)
{
	const uint8_t	*in = p;
	size_t		 at = 0, i;
	unsigned int	 k, bits = 0, v = 0;

	for (i = 0; i < n; i++) {
		v = v << 8 | in[i];
		for (bits += 8; bits >= 6; bits -= 6) {
			if (at + 1 >= size)
				return -1;
			dst[at++] = alphabet[v >> (bits - 6) & 63];
		}
	}
	k = bits > 0 ? 1 : 0;
	if (at + k >= size)
		return -1;
	if (bits > 0)
		dst[at++] = alphabet[v << (6 - bits) & 63];
	while (pad && at % 4 != 0) {
		if (at + 1 >= size)
			return -1;
		dst[at++] = '=';
	}
	dst[at] = '\0';
	return 0;
}

static ssize_t
decode(const char *digits, struct str text, bool pad, void *dst, size_t max)
{
	uint8_t		*out = dst;
	const char	*c;
	size_t		 i, n = 0;
	unsigned int	 bits = 0, v = 0;

	if (pad) {
		if (text.len % 4 != 0)
			return -1;
		for (i = 0; i < 2 && text.len > 0 &&
		    text.p[text.len - 1] == '='; i++)
			text.len--;
	}
	if (text.len % 4 == 1)
		return -1;
	for (i = 0; i < text.len; i++) {
		if (text.p[i] == '\0' ||
		    (c = strchr(digits, text.p[i])) == NULL)
			return -1;
		v = v << 6 | (unsigned int)(c - digits);
		if ((bits += 6) < 8)
			continue;
		if (n == max)
			return -1;
		out[n++] = (uint8_t)(v >> (bits -= 8));
	}
	/* What is left over is zero, or two texts would be one value. */
	if ((v & ((1u << bits) - 1)) != 0)
		return -1;
	return (ssize_t)n;
}

ssize_t
b64_decode(struct str text, bool pad, void *dst, size_t max)
{
	return decode(alphabet, text, pad, dst, max);
}

ssize_t
b64url_decode(struct str text, void *dst, size_t max)
{
	return decode(url_alphabet, text, false, dst, max);
}
