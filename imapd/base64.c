/* common/b64.h into a buf, which may hold a secret: grown at once, so that no
 * copy is left behind. */
#include "common/b64.h"
#include "imapd/base64.h"

int
base64_encode(struct str in, struct buf *out)
{
	size_t	 size = (in.len + 2) / 3 * 4 + 1;
	uint8_t	*p = buf_reserve(out, size);

	if (p == NULL || b64_encode(in.p, in.len, true, (char *)p, size) == -1)
		return -1;
	out->len += size - 1;		/* without its NUL */
	return 0;
}

int
base64_decode(struct str in, struct buf *out)
{
	uint8_t	*p;
	size_t	 max = in.len / 4 * 3, k;
	ssize_t	 n;

	for (k = 1; k <= 2 && max > 0 && in.p[in.len - k] == '='; k++)
		max--;
	if ((p = buf_reserve(out, max)) == NULL ||
	    (n = b64_decode(in, true, p, max)) == -1)
		return -1;
	out->len += (size_t)n;
	return 0;
}
