/*
 * Folding and matching.  Linear in the text, whatever the needle.
 */
#include "mail/match.h"

#include <string.h>
#include <utf8proc.h>

#define FOLD_MAX	32	/* code points that one may become */

static void
fold_char(utf8proc_int32_t cp, struct buf *out)
{
	utf8proc_int32_t	 to[FOLD_MAX];
	utf8proc_uint8_t	 bytes[4];
	utf8proc_ssize_t	 n, i, k;
	int			 last = 0;

	n = utf8proc_decompose_char(cp, to, FOLD_MAX, UTF8PROC_CASEFOLD |
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last);
	if (n < 0 || n > FOLD_MAX) {
		to[0] = cp;
		n = 1;
	}
	for (i = 0; i < n; i++) {
		k = utf8proc_encode_char(to[i], bytes);
		buf_put(out, bytes, (size_t)k);
	}
}

void
fold_utf8(const uint8_t *p, size_t len, struct buf *out)
{
	utf8proc_int32_t	 cp;
	utf8proc_ssize_t	 n;
	uint8_t			*to;
	size_t			 i, run;

	while (len > 0) {
		for (run = 0; run < len && p[run] < 0x80; run++)
			;
		if (run > 0) {
			if ((to = buf_reserve(out, run)) == NULL)
				return;
			for (i = 0; i < run; i++)
				to[i] = (uint8_t)(p[i] >= 'A' && p[i] <= 'Z' ?
				    p[i] | 0x20 : p[i]);
			out->len += run;
			p += run;
			len -= run;
			continue;
		}
		n = utf8proc_iterate(p, (utf8proc_ssize_t)len, &cp);
		if (n <= 0) {
			n = 1;
			cp = 0xfffd;
		}
		fold_char(cp, out);
		p += n;
		len -= (size_t)n;
	}
}

int
needle_make(struct needle *n, struct str utf8, struct arena *a)
{
	struct buf	 b = BUF_INIT;
	utf8proc_int32_t cp;
	utf8proc_ssize_t r;
	size_t		 i;
	uint32_t	 k = 0;

	for (i = 0; i < utf8.len; i += (size_t)r) {
		r = utf8proc_iterate((const uint8_t *)utf8.p + i,
		    (utf8proc_ssize_t)(utf8.len - i), &cp);
		if (r <= 0)
			return -1;
	}
	fold_utf8((const uint8_t *)utf8.p, utf8.len, &b);
	n->text.len = b.len;
	n->text.p = arena_dup(a, b.len == 0 ? "" : (char *)b.data, b.len);
	n->fail = arena_array(a, b.len + 1, sizeof(*n->fail));
	buf_free(&b);
	if (n->text.p == NULL || n->fail == NULL)
		return -1;
	/* fail[i]: the longest proper border of the first i bytes */
	for (i = 1; i < n->text.len; i++) {
		while (k > 0 && n->text.p[i] != n->text.p[k])
			k = n->fail[k];
		if (n->text.p[i] == n->text.p[k])
			k++;
		n->fail[i + 1] = k;
	}
	return 0;
}

bool
needle_in(const struct needle *n, const void *p, size_t len)
{
	if (n->text.len == 0)
		return true;
	return len >= n->text.len &&
	    memmem(p, len, n->text.p, n->text.len) != NULL;
}

void
match_init(struct match *m, const struct needle *n)
{
	m->needle = n;
	m->state = 0;
	m->found = n->text.len == 0;
}

void
match_reset(struct match *m)
{
	m->state = 0;
}

bool
match_feed(struct match *m, const uint8_t *p, size_t len)
{
	const struct needle	*n = m->needle;
	const uint8_t		*first;
	size_t			 i;
	uint32_t		 k = m->state;

	if (m->found)
		return true;
	for (i = 0; i < len; i++) {
		if (k == 0) {		/* skip to what may begin it */
			first = memchr(p + i, (uint8_t)n->text.p[0], len - i);
			if (first == NULL)
				break;
			i = (size_t)(first - p);
		}
		while (k > 0 && p[i] != (uint8_t)n->text.p[k])
			k = n->fail[k];
		if (p[i] == (uint8_t)n->text.p[k])
			k++;
		if (k == n->text.len) {
			m->found = true;
			return true;
		}
	}
	m->state = k;
	return false;
}
