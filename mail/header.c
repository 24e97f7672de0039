/* Header blocks.  Pure and linear. */
#include "mail/header.h"

#include <string.h>

#include "mail/lex.h"

static size_t
line_len(struct str s)
{
	const char	*nl = memchr(s.p, '\n', s.len);

	return nl == NULL ? s.len : (size_t)(nl - s.p) + 1;
}

bool
header_next(struct str *block, struct header_field *f)
{
	struct str	 s = *block;
	size_t		 n, i, end;

	memset(f, 0, sizeof(*f));
	if (s.len == 0 || s.p[0] == '\n' ||
	    (s.len > 1 && s.p[0] == '\r' && s.p[1] == '\n'))
		return false;
	n = line_len(s);
	while (n < s.len && (s.p[n] == ' ' || s.p[n] == '\t'))
		n += line_len((struct str){ s.p + n, s.len - n });
	f->raw = (struct str){ s.p, n };
	block->p += n;
	block->len -= n;
	for (i = 0; i < n && (unsigned char)s.p[i] > ' ' &&
	    (unsigned char)s.p[i] < 0x7f && s.p[i] != ':'; i++)
		;
	end = i;
	while (i < n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (end > 0 && i < n && s.p[i] == ':') {
		f->name = (struct str){ s.p, end };
		f->value = (struct str){ s.p + i + 1, n - i - 1 };
	}
	return true;
}

bool
header_whole(struct str s)
{
	return (s.len >= 2 && memcmp(s.p + s.len - 2, "\n\n", 2) == 0) ||
	    (s.len >= 3 && memcmp(s.p + s.len - 3, "\n\r\n", 3) == 0) ||
	    str_eq(s, STR("\r\n")) || str_eq(s, STR("\n"));
}

void
header_unfold(struct str v, struct buf *out)
{
	size_t	 i, n;

	v = str_trim(v);
	while (v.len > 0) {
		n = line_len(v);
		i = n;
		if (i > 0 && v.p[i - 1] == '\n')
			i--;
		if (i < n && i > 0 && v.p[i - 1] == '\r')
			i--;
		buf_put(out, v.p, i);
		v.p += n;
		v.len -= n;
	}
}

void
header_filter(struct str block, const struct str *names, size_t n, bool not,
    struct buf *out)
{
	struct header_field	 f;
	size_t			 i;

	while (header_next(&block, &f)) {
		if (f.name.len == 0)
			continue;	/* no field: in neither answer */
		for (i = 0; i < n && !str_caseeq(f.name, names[i]); i++)
			;
		if ((i < n) == !not) {
			buf_put(out, f.raw.p, f.raw.len);
			if (f.raw.p[f.raw.len - 1] != '\n')
				buf_puts(out, "\r\n");
		}
	}
	buf_puts(out, "\r\n");
}
