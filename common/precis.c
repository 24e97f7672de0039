/*
 * PRECIS: RFC 8264 section 8 (which code points a name may have), RFC 5892
 * appendix A (what must stand beside some of them), RFC 5893 section 2
 * (direction), RFC 8265 section 3.3 (what is done in which order).
 */
#include "common/compat.h"

#include <stdbool.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "common/precis.h"

#define PRECIS_MAX	256	/* code points of a name */

enum verdict { PRECIS_NO, PRECIS_YES, PRECIS_CONTEXT };

struct range {
	int32_t		first, last;
	enum verdict	verdict;
};

/* RFC 5892 section 2.6, and 2.9 (OldHangulJamo), which come first. */
static const struct range exceptions[] = {
	{ 0x00b7, 0x00b7, PRECIS_CONTEXT },	/* MIDDLE DOT */
	{ 0x00df, 0x00df, PRECIS_YES },
	{ 0x0375, 0x0375, PRECIS_CONTEXT },	/* GREEK LOWER NUMERAL SIGN */
	{ 0x03c2, 0x03c2, PRECIS_YES },
	{ 0x05f3, 0x05f4, PRECIS_CONTEXT },	/* HEBREW GERESH(AYIM) */
	{ 0x0640, 0x0640, PRECIS_NO },
	{ 0x0660, 0x0669, PRECIS_CONTEXT },	/* ARABIC-INDIC DIGITS */
	{ 0x06f0, 0x06f9, PRECIS_CONTEXT },	/* EXTENDED ones */
	{ 0x06fd, 0x06fe, PRECIS_YES },
	{ 0x07fa, 0x07fa, PRECIS_NO },
	{ 0x0f0b, 0x0f0b, PRECIS_YES },
	{ 0x1100, 0x11ff, PRECIS_NO },
	{ 0x200c, 0x200d, PRECIS_CONTEXT },	/* ZERO WIDTH (NON-)JOINER */
	{ 0x3007, 0x3007, PRECIS_YES },
	{ 0x302e, 0x302f, PRECIS_NO },
	{ 0x3031, 0x3035, PRECIS_NO },
	{ 0x303b, 0x303b, PRECIS_NO },
	{ 0x30fb, 0x30fb, PRECIS_CONTEXT },	/* KATAKANA MIDDLE DOT */
	{ 0xa960, 0xa97f, PRECIS_NO },
	{ 0xd7b0, 0xd7ff, PRECIS_NO },
};

/* Hiragana, Katakana, Han. */
static const struct range japanese[] = {
	{ 0x3005, 0x3007, PRECIS_YES }, { 0x3041, 0x309f, PRECIS_YES },
	{ 0x30a1, 0x30fa, PRECIS_YES }, { 0x30fd, 0x30ff, PRECIS_YES },
	{ 0x31f0, 0x31ff, PRECIS_YES }, { 0x3400, 0x4dbf, PRECIS_YES },
	{ 0x4e00, 0x9fff, PRECIS_YES }, { 0xf900, 0xfaff, PRECIS_YES },
	{ 0x20000, 0x3ffff, PRECIS_YES },
};

struct points {
	int32_t	c[PRECIS_MAX];
	size_t	n;
};

static const struct range *
in_ranges(const struct range *r, size_t n, int32_t c)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return &r[i];
	return NULL;
}

/* What a code point becomes by NFKC: is it another? */
static bool
has_compat(int32_t c)
{
	utf8proc_uint8_t	 one[5], *out = NULL;
	utf8proc_ssize_t	 n, m;
	bool			 differs;

	n = utf8proc_encode_char(c, one);
	m = utf8proc_map(one, n, &out, UTF8PROC_STABLE | UTF8PROC_COMPOSE |
	    UTF8PROC_COMPAT);
	differs = m != n || memcmp(one, out, (size_t)n) != 0;
	free(out);
	return differs;
}

/* IdentifierClass. */
static enum verdict
verdict_of(int32_t c)
{
	const struct range	*r;
	const utf8proc_property_t *p = utf8proc_get_property(c);

	if ((r = in_ranges(exceptions, nitems(exceptions), c)) != NULL)
		return r->verdict;
	if (c >= 0x21 && c <= 0x7e)
		return PRECIS_YES;
	if (c < 0x80 || p->ignorable || has_compat(c))
		return PRECIS_NO;
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ND:
		return PRECIS_YES;
	default:
		return PRECIS_NO;	/* also what is not assigned yet */
	}
}

static bool
any_between(const struct points *p, int32_t first, int32_t last)
{
	size_t	i;

	for (i = 0; i < p->n; i++)
		if (p->c[i] >= first && p->c[i] <= last)
			return true;
	return false;
}

/* May the code point stand where it does?  RFC 5892, appendix A. */
static bool
in_context(const struct points *p, size_t i)
{
	int32_t	before = i > 0 ? p->c[i - 1] : 0;
	int32_t	after = i + 1 < p->n ? p->c[i + 1] : 0;
	size_t	k;

	switch (p->c[i]) {
	case 0x200c:
	case 0x200d:
		return i > 0 &&
		    utf8proc_get_property(before)->combining_class == 9;
	case 0x00b7:
		return before == 'l' && after == 'l';
	case 0x0375:
		return (after >= 0x370 && after <= 0x3ff) ||
		    (after >= 0x1f00 && after <= 0x1fff);
	case 0x05f3:
	case 0x05f4:
		return before >= 0x0591 && before <= 0x05f4;
	case 0x30fb:
		for (k = 0; k < p->n; k++)
			if (in_ranges(japanese, nitems(japanese), p->c[k]) !=
			    NULL)
				return true;
		return false;
	default:		/* digits, of one kind */
		return p->c[i] <= 0x0669 ? !any_between(p, 0x06f0, 0x06f9) :
		    !any_between(p, 0x0660, 0x0669);
	}
}

#define BIDI(c)	(1UL << UTF8PROC_BIDI_CLASS_##c)

/* RFC 5893, section 2. */
static bool
one_direction(const struct points *p)
{
	static const unsigned long rtl = BIDI(R) | BIDI(AL) | BIDI(AN);
	static const unsigned long both = BIDI(EN) | BIDI(ES) | BIDI(CS) |
	    BIDI(ET) | BIDI(ON) | BIDI(BN) | BIDI(NSM);
	unsigned long	all = 0, first, last = 0, bit;
	size_t		i;

	for (i = 0; i < p->n; i++) {
		bit = 1UL << utf8proc_get_property(p->c[i])->bidi_class;
		all |= bit;
		if (bit != BIDI(NSM))
			last = bit;
	}
	if ((all & rtl) == 0)
		return true;
	first = 1UL << utf8proc_get_property(p->c[0])->bidi_class;
	if ((first & BIDI(L)) != 0)
		return (all & ~(BIDI(L) | both)) == 0 &&
		    (last & (BIDI(L) | BIDI(EN))) != 0;
	return (first & (BIDI(R) | BIDI(AL))) != 0 &&
	    (all & ~(rtl | both)) == 0 && (last & (rtl | BIDI(EN))) != 0 &&
	    ((all & BIDI(EN)) == 0 || (all & BIDI(AN)) == 0);
}

/* A wide or narrow form is what it is a form of. */
static int
add_point(struct points *p, int32_t c)
{
	const utf8proc_property_t *prop = utf8proc_get_property(c);
	utf8proc_int32_t	one[4];
	utf8proc_ssize_t	n = 1, i;
	int			boundclass = 0;

	one[0] = c;
	if (prop->decomp_type == UTF8PROC_DECOMP_TYPE_WIDE ||
	    prop->decomp_type == UTF8PROC_DECOMP_TYPE_NARROW)
		n = utf8proc_decompose_char(c, one, (utf8proc_ssize_t)
		    nitems(one), UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
		    &boundclass);
	if (n < 1 || (size_t)n > nitems(one) ||
	    p->n + (size_t)n > PRECIS_MAX)
		return -1;
	for (i = 0; i < n; i++)
		p->c[p->n++] = one[i];
	return 0;
}

static int
read_points(struct str s, struct points *p)
{
	utf8proc_int32_t	c;
	utf8proc_ssize_t	n;
	size_t			i;

	p->n = 0;
	for (i = 0; i < s.len; i += (size_t)n) {
		n = utf8proc_iterate((const uint8_t *)s.p + i,
		    (utf8proc_ssize_t)(s.len - i), &c);
		if (n <= 0 || add_point(p, c) == -1)
			return -1;
	}
	return p->n == 0 ? -1 : 0;
}

/* NFC, and its code points, which are few enough. */
static int
compose(struct points *p, char *dst, size_t size)
{
	utf8proc_uint8_t	 text[4 * PRECIS_MAX], *out = NULL;
	utf8proc_ssize_t	 n = 0;
	size_t			 i;
	int			 r = -1;

	for (i = 0; i < p->n; i++)
		n += utf8proc_encode_char(p->c[i], text + n);
	n = utf8proc_map(text, n, &out, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n > 0 && (size_t)n < size) {
		memcpy(dst, out, (size_t)n);
		dst[n] = '\0';
		r = read_points((struct str){ dst, (size_t)n }, p);
	}
	free(out);
	return r;
}

static int
precis_part(struct str part, char *dst, size_t size)
{
	struct points	p;
	size_t		i;
	int		round;

	if (part.len > 4 * PRECIS_MAX || read_points(part, &p) == -1)
		return -1;
	for (i = 0; i < p.n; i++)
		if (verdict_of(p.c[i]) == PRECIS_NO)
			return -1;
	/* A small letter may compose with a mark that its capital does not
	 * take; then it is done again. */
	for (round = 0; round < 2; round++) {
		for (i = 0; i < p.n; i++)
			p.c[i] = utf8proc_tolower(p.c[i]);
		if (compose(&p, dst, size) == -1)
			return -1;
	}
	for (i = 0; i < p.n; i++)
		switch (verdict_of(p.c[i])) {
		case PRECIS_NO:
			return -1;
		case PRECIS_CONTEXT:
			if (!in_context(&p, i))
				return -1;
			break;
		case PRECIS_YES:
			break;
		}
	return one_direction(&p) ? 0 : -1;
}

int
precis_username(struct str name, char *dst, size_t size)
{
	size_t	i = name.len, n;

	while (i > 0 && name.p[i - 1] != '@')
		i--;
	if (i == 0)
		return precis_part(name, dst, size);
	if (precis_part((struct str){ name.p, i - 1 }, dst, size) == -1)
		return -1;
	n = strlen(dst);
	if (n + 1 >= size)
		return -1;
	dst[n++] = '@';
	return precis_part((struct str){ name.p + i, name.len - i }, dst + n,
	    size - n);
}
