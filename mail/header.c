/* Headers.  Pure and linear. */
#include "mail/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mail/lex.h"

static size_t
line_len(struct str s)
{
	const char	*nl = memchr(s.p, '\n', s.len);

	return nl == NULL ? s.len : (size_t)(nl - s.p) + 1;
}

bool
header_next(struct str *header, struct header_field *f)
{
	struct str	 s = *header;
	size_t		 n, i, end;

	memset(f, 0, sizeof(*f));
	if (s.len == 0 || s.p[0] == '\n' ||
	    (s.len > 1 && s.p[0] == '\r' && s.p[1] == '\n'))
		return false;
	n = line_len(s);
	while (n < s.len && (s.p[n] == ' ' || s.p[n] == '\t'))
		n += line_len((struct str){ s.p + n, s.len - n });
	f->raw = (struct str){ s.p, n };
	header->p += n;
	header->len -= n;
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

	v = str_trim(v, LEX_WHITE);
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

/* ASCII case ignored; shorter ones first. */
static int
name_cmp(const void *a, const void *b)
{
	const struct str	*x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->len == 0 ? 0 : strncasecmp(x->p, y->p, x->len);
}

void
header_names_sort(struct str *names, size_t n)
{
	if (n > 1)
		qsort(names, n, sizeof(*names), name_cmp);
}

static bool
is_named(struct str name, const struct str *names, size_t n)
{
	size_t	 i;

	if (n > HEADER_NAMES_FEW)
		return bsearch(&name, names, n, sizeof(*names), name_cmp) !=
		    NULL;
	for (i = 0; i < n; i++)
		if (str_caseeq(name, names[i]))
			return true;
	return false;
}

void
header_filter(struct str header, const struct str *names, size_t n, bool not,
    struct buf *out)
{
	struct header_field	 f;

	while (header_next(&header, &f)) {
		if (f.name.len == 0)
			continue;	/* no field: in neither answer */
		if (is_named(f.name, names, n) == !not) {
			buf_put(out, f.raw.p, f.raw.len);
			if (f.raw.p[f.raw.len - 1] != '\n')
				buf_puts(out, "\r\n");
		}
	}
	buf_puts(out, "\r\n");
}
