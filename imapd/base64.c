/* base64, strict: padding must be there, unused bits zero. */
#include "imapd/base64.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
base64_encode(struct str in, struct buf *out)
{
	const uint8_t	*p = (const uint8_t *)in.p;
	uint32_t	 v;
	size_t		 i, n;

	for (i = 0; i < in.len; i += 3) {
		n = in.len - i;
		v = (uint32_t)p[i] << 16;
		if (n > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		(void)buf_put_u8(out, (uint8_t)alphabet[v >> 18]);
		(void)buf_put_u8(out, (uint8_t)alphabet[v >> 12 & 63]);
		(void)buf_put_u8(out,
		    n > 1 ? (uint8_t)alphabet[v >> 6 & 63] : '=');
		(void)buf_put_u8(out,
		    n > 2 ? (uint8_t)alphabet[v & 63] : '=');
	}
	return out->failed ? -1 : 0;
}

int
base64_decode(struct str in, struct buf *out)
{
	const char	*q;
	uint32_t	 v;
	size_t		 i, k, pad;

	if (in.len % 4 != 0)
		return -1;
	for (i = 0; i < in.len; i += 4) {
		v = 0;
		pad = 0;
		for (k = 0; k < 4; k++) {
			v <<= 6;
			if (in.p[i + k] == '=' && k >= 2 &&
			    i + 4 == in.len) {
				pad++;
				continue;
			}
			if (pad > 0 || in.p[i + k] == '\0' ||
			    (q = strchr(alphabet, in.p[i + k])) == NULL)
				return -1;
			v |= (uint32_t)(q - alphabet);
		}
		if ((pad == 1 && v & 0xff) || (pad == 2 && v & 0xffff))
			return -1;
		(void)buf_put_u8(out, v >> 16 & 0xff);
		if (pad < 2)
			(void)buf_put_u8(out, v >> 8 & 0xff);
		if (pad < 1)
			(void)buf_put_u8(out, v & 0xff);
	}
	return out->failed ? -1 : 0;
}
