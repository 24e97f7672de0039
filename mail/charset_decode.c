/*
 * One character at a time, in every charset.  Never looks beyond what it is
 * given, never holds anything but the few numbers in struct convert.
 */
#include <string.h>

#include "common/compat.h"
#include "mail/charset_impl.h"

/* What ISO 2022's escapes and shifts may have chosen. */
enum { MODE_ASCII, MODE_ROMAN, MODE_KANA, MODE_JIS, MODE_JIS0212, MODE_GB,
	MODE_KR };

/* An octet as the label has it, or what stands for that. */
static int
single(const struct convert *c, uint8_t ch, uint32_t *cp)
{
	*cp = ch;
	if (ch < 0x80)
		return 1;
	if (c->cs != NULL && c->cs->how == HOW_UTF8)
		return -1;
	if (c->cs != NULL && c->cs->how == HOW_OCTETS)
		*cp = c->octets[ch - 0x80];
	return *cp == NO_CHAR ? -1 : 1;
}

static int
next_utf8(const struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	int	 n = charset_utf8(p, len), i;

	if (n == MORE && !last)
		return MORE;
	if (n <= 0)
		return single(c, p[0], cp);
	*cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++)
		*cp = *cp << 6 | (p[i] & 0x3f);
	return n;
}

/* The second octet of a pair that is none counts only if it is not ASCII:
 * it may be where text goes on. */
static int
found(uint32_t *cp, uint32_t ch, int n, uint8_t second)
{
	*cp = ch;
	if (ch != NO_CHAR)
		return n;
	return second < 0x80 ? -1 : -n;
}

static int
next_sjis(const struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	size_t	 lead, trail;

	if (p[0] >= 0xa1 && p[0] <= 0xdf) {
		*cp = 0xff61u + p[0] - 0xa1;
		return 1;
	}
	if (p[0] == 0x80 || p[0] == 0xa0 || p[0] > 0xfc)
		return -1;
	if (len < 2)
		return last ? -1 : MORE;
	lead = p[0] < 0xa0 ? p[0] - 0x81u : p[0] - 0xe0u + 31;
	if (p[1] < 0x40 || p[1] == 0x7f || p[1] > 0xfc)
		return found(cp, NO_CHAR, 2, p[1]);
	trail = p[1] < 0x7f ? p[1] - 0x40u : p[1] - 0x41u;
	return found(cp, grid_char(c->cs->grid,
	    lead * 2 * GRID_JIS_COLUMNS + trail), 2, p[1]);
}

/* A pair of octets, their upper bits set, of a grid of 94 by 94. */
static uint32_t
pair94(enum grid g, uint8_t a, uint8_t b)
{
	a |= 0x80;
	b |= 0x80;
	if (a < 0xa1 || a > 0xfe || b < 0xa1 || b > 0xfe)
		return NO_CHAR;
	if (g == GRID_KR || g == GRID_GB)
		return grid_char(g, grid_pair(g, a, b));
	return grid_char(g, (a - 0xa1u) * GRID_JIS_COLUMNS + b - 0xa1u);
}

static int
next_euc_jp(const uint8_t *p, size_t len, bool last, uint32_t *cp)
{
	size_t	 need = p[0] == 0x8f ? 3 : 2;

	if (p[0] != 0x8e && p[0] != 0x8f && (p[0] < 0xa1 || p[0] > 0xfe))
		return -1;
	if (len < need)
		return last ? -1 : MORE;
	if (p[0] == 0x8e)
		return found(cp, p[1] >= 0xa1 && p[1] <= 0xdf ? 0xff61u +
		    p[1] - 0xa1 : NO_CHAR, 2, p[1]);
	if (p[0] == 0x8f)
		return p[1] < 0xa1 || p[2] < 0xa1 ? -1 : found(cp,
		    pair94(GRID_JIS0212, p[1], p[2]), 3, p[2]);
	return found(cp, p[1] < 0x80 ? NO_CHAR : pair94(GRID_JIS, p[0], p[1]),
	    2, p[1]);
}

static int
next_pair(enum grid g, const uint8_t *p, size_t len, bool last, uint32_t *cp)
{
	size_t	 i;

	if (p[0] == 0x80 || p[0] == 0xff)
		return -1;
	if (len < 2)
		return last ? -1 : MORE;
	i = grid_pair(g, p[0], p[1]);
	return found(cp, i == SIZE_MAX ? NO_CHAR : grid_char(g, i), 2, p[1]);
}

static int
next_gb18030(const uint8_t *p, size_t len, bool last, uint32_t *cp)
{
	size_t	 i;

	if (p[0] == 0x80) {		/* as GBK is used */
		*cp = 0x20ac;
		return 1;
	}
	if (p[0] == 0xff)
		return -1;
	if (len < 2)
		return last ? -1 : MORE;
	if (p[1] < 0x30 || p[1] > 0x39)
		return next_pair(GRID_GB, p, len, last, cp);
	if ((len > 2 && (p[2] < 0x81 || p[2] > 0xfe)) ||
	    (len > 3 && (p[3] < 0x30 || p[3] > 0x39)))
		return -1;
	if (len < 4)
		return last ? -1 : MORE;
	i = (((p[0] - 0x81u) * 10 + p[1] - 0x30u) * 126 + p[2] - 0x81u) * 10 +
	    p[3] - 0x30u;
	if (i < GRID_GB4_N)
		return found(cp, grid_char(GRID_GB4, i), 4, p[3]);
	*cp = (uint32_t)i - 189000 + 0x10000;
	return i >= 189000 && i <= 189000 + 0xfffff ? 4 : -1;
}

static const struct { const char *text; uint8_t mode; } escapes[] = {
	{ "(B", MODE_ASCII }, { "(J", MODE_ROMAN }, { "(I", MODE_KANA },
	{ "$@", MODE_JIS }, { "$B", MODE_JIS }, { "$(D", MODE_JIS0212 },
	{ "$A", MODE_GB }, { "$(C", MODE_KR },
	{ "$)C", MODE_ASCII },		/* ISO-2022-KR's header */
};

/* Behind ESC: octets used with it, MORE, or -1: no escape that we know. */
static int
escape(struct convert *c, const uint8_t *p, size_t len, bool last)
{
	size_t	 i, n;
	bool	 cut = false;

	for (i = 0; i < nitems(escapes); i++) {
		n = strlen(escapes[i].text);
		if (len > n && memcmp(p + 1, escapes[i].text, n) == 0) {
			c->mode = escapes[i].mode;
			return (int)n + 1;
		}
		cut = cut || (len <= n &&
		    memcmp(p + 1, escapes[i].text, len - 1) == 0);
	}
	return cut && !last ? MORE : -1;
}

/* In a mode that an escape or a shift has chosen. */
static int
next_mode(const struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	static const enum grid	 grids[] = { [MODE_JIS] = GRID_JIS,
		[MODE_JIS0212] = GRID_JIS0212, [MODE_GB] = GRID_GB,
		[MODE_KR] = GRID_KR };

	*cp = p[0];
	if (p[0] <= 0x20 || p[0] == 0x7f)
		return 1;
	switch (c->mode) {
	case MODE_ROMAN:
		if (p[0] == 0x5c || p[0] == 0x7e)
			*cp = p[0] == 0x5c ? 0xa5 : 0x203e;
		return p[0] < 0x80 ? 1 : -1;
	case MODE_KANA:
		*cp = 0xff61u + (p[0] & 0x7fu) - 0x21;
		return (p[0] & 0x7f) <= 0x5f && (p[0] & 0x7f) > 0x20 ? 1 : -1;
	default:
		if (len < 2)
			return last ? -1 : MORE;
		/* the line ends in the middle of a pair */
		if (p[1] <= 0x20)
			return -1;
		return found(cp, pair94(grids[c->mode], p[0], p[1]), 2,
		    p[1]);
	}
}

/* Escapes, shifts, and the end of a line, which ends them all. */
static int
next_2022(struct convert *c, enum how how, const uint8_t *p, size_t len,
    bool last, uint32_t *cp)
{
	int	 n;

	*cp = SILENT;
	if (p[0] == 0x1b) {
		n = escape(c, p, len, last);
		if (n != -1 || how != HOW_GUESS)
			return n;
		*cp = p[0];
		return 1;
	}
	if (how != HOW_GUESS && (p[0] == 0x0e || p[0] == 0x0f)) {
		c->mode = p[0] == 0x0f ? MODE_ASCII :
		    how == HOW_2022_KR ? MODE_KR : MODE_KANA;
		return 1;
	}
	if (p[0] == '\n' || p[0] == '\r')
		c->mode = MODE_ASCII;
	if (c->mode != MODE_ASCII)
		return next_mode(c, p, len, last, cp);
	*cp = p[0];
	if (p[0] < 0x80)
		return 1;
	if (how == HOW_2022_JP && p[0] >= 0xa1 && p[0] <= 0xdf) {
		*cp = 0xff61u + p[0] - 0xa1;
		return 1;
	}
	return how == HOW_2022_KR ? next_pair(GRID_KR, p, len, last, cp) : -1;
}

/* RFC 1843: "~{" and "~}". */
static int
next_hz(struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	*cp = p[0];
	if (p[0] == '~') {
		if (len < 2)
			return last ? 1 : MORE;
		*cp = p[1] == '~' ? '~' : SILENT;
		if (p[1] == '{' || p[1] == '}')
			c->mode = p[1] == '{' ? MODE_GB : MODE_ASCII;
		else if (p[1] != '~' && p[1] != '\n')
			return -1;
		return 2;
	}
	if (p[0] == '\n')
		c->mode = MODE_ASCII;
	if (c->mode != MODE_ASCII)
		return next_mode(c, p, len, last, cp);
	return p[0] < 0x80 ? 1 : -1;
}

/* A unit of UTF-16: a character, or its first half, kept. */
static bool
unit(struct convert *c, uint32_t u, uint32_t *cp)
{
	uint32_t	 high = c->high;

	c->high = 0;
	if (u >= 0xd800 && u <= 0xdbff) {
		c->high = u;
		*cp = high != 0 ? NO_CHAR : SILENT;
	} else if (u >= 0xdc00 && u <= 0xdfff)
		*cp = high == 0 ? NO_CHAR :
		    0x10000 + ((high - 0xd800) << 10) + (u - 0xdc00);
	else
		*cp = u;
	return *cp != NO_CHAR;
}

static int
next_utf16(struct convert *c, enum how how, const uint8_t *p, size_t len,
    bool last, uint32_t *cp)
{
	uint32_t	 u;

	if (len < 2)
		return last ? -1 : MORE;
	if (how == HOW_UTF16 && c->mode == 0) {
		/* 1: little-endian, as without a mark; 2: big-endian */
		c->mode = p[0] == 0xfe && p[1] == 0xff ? 2 : 1;
		if (c->mode == 2 || (p[0] == 0xff && p[1] == 0xfe)) {
			*cp = SILENT;
			return 2;
		}
	}
	u = how == HOW_UTF16BE || c->mode == 2 ?
	    (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
	return unit(c, u, cp) ? 2 : -2;
}

static int
base64(uint8_t ch)
{
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A';
	if (ch >= 'a' && ch <= 'z')
		return ch - 'a' + 26;
	if (ch >= '0' && ch <= '9')
		return ch - '0' + 52;
	return ch == '+' ? 62 : ch == '/' ? 63 : -1;
}

/* RFC 2152.  mode 1: between '+' and what ends it. */
static int
next_utf7(struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	int	 v = base64(p[0]);

	*cp = p[0];
	if (c->mode == 1 && v != -1) {
		*cp = SILENT;
		c->bits = c->bits << 6 | (uint32_t)v;
		c->nbits = (uint8_t)(c->nbits + 6);
		if (c->nbits < 16)
			return 1;
		c->nbits = (uint8_t)(c->nbits - 16);
		return unit(c, c->bits >> c->nbits & 0xffff, cp) ? 1 : -1;
	}
	if (c->mode == 1) {
		c->mode = 0;
		c->high = 0;
		if (p[0] == '-') {
			*cp = SILENT;
			return 1;
		}
	}
	if (p[0] != '+')
		return p[0] < 0x80 ? 1 : -1;
	if (len < 2 && !last)
		return MORE;
	if (len > 1 && p[1] == '-') {
		*cp = '+';
		return 2;
	}
	c->mode = 1;
	c->bits = 0;
	c->nbits = 0;
	*cp = SILENT;
	return 1;
}

int
charset_next(struct convert *c, const uint8_t *p, size_t len, bool last,
    uint32_t *cp)
{
	enum how	 how = c->cs == NULL ? HOW_GUESS : c->cs->how;

	switch (how) {
	case HOW_2022_JP:
	case HOW_2022_KR:
		return next_2022(c, how, p, len, last, cp);
	case HOW_HZ:
		return next_hz(c, p, len, last, cp);
	case HOW_UTF7:
		return next_utf7(c, p, len, last, cp);
	case HOW_UTF16:
	case HOW_UTF16LE:
	case HOW_UTF16BE:
		return next_utf16(c, how, p, len, last, cp);
	default:
		break;
	}
	/* ISO-2022-JP that nobody named */
	if (!c->strict && (p[0] == 0x1b || c->mode != MODE_ASCII) &&
	    how <= HOW_OCTETS)
		return next_2022(c, HOW_GUESS, p, len, last, cp);
	*cp = p[0];
	if (p[0] < 0x80)
		return 1;
	switch (how) {
	case HOW_SJIS:
		return next_sjis(c, p, len, last, cp);
	case HOW_EUC_JP:
		return next_euc_jp(p, len, last, cp);
	case HOW_PAIRS:
		return next_pair(c->cs->grid, p, len, last, cp);
	case HOW_GB18030:
		return next_gb18030(p, len, last, cp);
	default:
		return c->utf8 ? next_utf8(c, p, len, last, cp) :
		    single(c, p[0], cp);
	}
}
