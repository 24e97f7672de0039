/* The tables of charsets, made by iconv(3) from what we count up. */
#include "mail/charset_table.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/mem.h"

#define NAMES	3
#define CODE	"UTF-32LE"	/* what iconv gives us */

struct grid_type {
	const char	*names[NAMES];	/* the first that has a character */
	size_t		 n;
	/* the octets of an index; how many */
	size_t		(*octets)(const struct grid_type *t, size_t i,
			    uint8_t *b);
	/* of pairs: trails from low to 0x7e, and from high to 0xfe */
	uint8_t		 low, high;
};

static struct {
	iconv_t		 cd[NAMES];
	bool		 open;		/* iconv was asked for it */
	bool		 made;
	uint16_t	*v;
	uint8_t		*second;	/* bits: of plane 2 */
} grids[GRIDS];

static size_t
jis_octets(const struct grid_type *t, size_t i, uint8_t *b)
{
	size_t	 lead = i / (2 * GRID_JIS_COLUMNS);
	size_t	 trail = i % (2 * GRID_JIS_COLUMNS);

	(void)t;
	b[0] = (uint8_t)(lead < 31 ? 0x81 + lead : 0xe0 + lead - 31);
	b[1] = (uint8_t)(trail < 63 ? 0x40 + trail : 0x41 + trail);
	return 2;
}

static size_t
jis0212_octets(const struct grid_type *t, size_t i, uint8_t *b)
{
	(void)t;
	b[0] = 0x8f;
	b[1] = (uint8_t)(0xa1 + i / GRID_JIS_COLUMNS);
	b[2] = (uint8_t)(0xa1 + i % GRID_JIS_COLUMNS);
	return 3;
}

static size_t
pair_octets(const struct grid_type *t, size_t i, uint8_t *b)
{
	size_t	 lows = 0x7f - (size_t)t->low;
	size_t	 trails = lows + 0xff - (size_t)t->high;

	b[0] = (uint8_t)(0x81 + i / trails);
	i %= trails;
	b[1] = (uint8_t)(i < lows ? t->low + i : t->high + (i - lows));
	return 2;
}

static size_t
gb4_octets(const struct grid_type *t, size_t i, uint8_t *b)
{
	(void)t;
	b[3] = (uint8_t)(0x30 + i % 10);
	b[2] = (uint8_t)(0x81 + i / 10 % 126);
	b[1] = (uint8_t)(0x30 + i / 1260 % 10);
	b[0] = (uint8_t)(0x81 + i / 12600);
	return 4;
}

#define PAIRS(low, high)	126 * ((0x7f - low) + (0xff - high)), \
				    pair_octets, low, high

static const struct grid_type types[GRIDS] = {
	[GRID_JIS] = { { "SHIFT_JIS", "CP932", "IBM943" },
	    120 * GRID_JIS_COLUMNS, jis_octets, 0, 0 },
	[GRID_CP932] = { { "CP932", "SHIFT_JIS", NULL },
	    120 * GRID_JIS_COLUMNS, jis_octets, 0, 0 },
	[GRID_JIS0212] = { { "EUC-JP", NULL, NULL },
	    94 * GRID_JIS_COLUMNS, jis0212_octets, 0, 0 },
	[GRID_KR] = { { "CP949", "UHC", "EUC-KR" }, PAIRS(0x41, 0x81) },
	[GRID_GB] = { { "GB18030", "GBK", "CP936" }, PAIRS(0x40, 0x80) },
	[GRID_GB4] = { { "GB18030", NULL, NULL }, GRID_GB4_N, gb4_octets,
	    0, 0 },
	[GRID_BIG5] = { { "BIG5", "CP950", "BIG5-HKSCS" },
	    PAIRS(0x40, 0xa1) },
	[GRID_HKSCS] = { { "BIG5-HKSCS", "CP950", "BIG5" },
	    PAIRS(0x40, 0xa1) },
};

static void
grid_open(enum grid g)
{
	size_t	 k;
	iconv_t	 cd;

	if (grids[g].open)
		return;
	grids[g].open = true;
	for (k = 0; k < NAMES; k++) {
		cd = types[g].names[k] == NULL ? (iconv_t)-1 :
		    iconv_open(CODE, types[g].names[k]);
		grids[g].cd[k] = cd == (iconv_t)-1 ? NULL : cd;
	}
}

void
grids_open(void)
{
	int	 g;

	for (g = 0; g < GRIDS; g++)
		grid_open((enum grid)g);
}

/* One sequence of our own; NO_CHAR when it is none.  Of several characters
 * (HKSCS has four such) the first. */
static uint32_t
convert(iconv_t cd, const uint8_t *octets, size_t len)
{
	char	 in[4], out[16], *from = in, *to = out;
	size_t	 left = len, room = sizeof(out), r;
	uint32_t cp;

	memcpy(in, octets, len);
	(void)iconv(cd, NULL, NULL, NULL, NULL);
	r = iconv(cd, &from, &left, &to, &room);
	if (r == (size_t)-1 || left > 0 ||
	    iconv(cd, NULL, NULL, &to, &room) == (size_t)-1 ||
	    sizeof(out) - room < 4)
		return NO_CHAR;
	cp = (uint32_t)(uint8_t)out[0] | (uint32_t)(uint8_t)out[1] << 8 |
	    (uint32_t)(uint8_t)out[2] << 16 | (uint32_t)(uint8_t)out[3] << 24;
	return cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ? NO_CHAR : cp;
}

/* The first converter that has a character; one for private use only when
 * no other has a real one. */
static uint32_t
first(enum grid g, const uint8_t *octets, size_t len)
{
	uint32_t	 cp, own = NO_CHAR;
	size_t		 k;

	for (k = 0; k < NAMES; k++) {
		if (grids[g].cd[k] == NULL)
			continue;
		cp = convert(grids[g].cd[k], octets, len);
		if (cp >= 0xe000 && cp <= 0xf8ff)
			own = own == NO_CHAR ? cp : own;
		else if (cp <= 0xffff ? cp != NO_CHAR : cp >> 16 == 2)
			return cp;
	}
	return own;
}

static void
grid_make(enum grid g)
{
	const struct grid_type	*t = &types[g];
	uint8_t			 b[4];
	uint32_t		 cp;
	size_t			 i, k;

	grid_open(g);
	grids[g].made = true;
	grids[g].v = mem_new(t->n, sizeof(*grids[g].v));
	grids[g].second = mem_new(t->n / 8 + 1, 1);
	for (i = 0; i < t->n; i++) {
		cp = first(g, b, t->octets(t, i, b));
		grids[g].v[i] = (uint16_t)cp;
		if (cp > 0xffff)
			grids[g].second[i / 8] |= (uint8_t)(1 << i % 8);
	}
	for (k = 0; k < NAMES; k++)
		if (grids[g].cd[k] != NULL)
			(void)iconv_close(grids[g].cd[k]);
	memset(grids[g].cd, 0, sizeof(grids[g].cd));
}

bool
grid_there(enum grid g)
{
	size_t	 k;

	if (grids[g].made)
		return grids[g].v != NULL;
	grid_open(g);
	for (k = 0; k < NAMES; k++)
		if (grids[g].cd[k] != NULL)
			return true;
	return false;
}

uint32_t
grid_char(enum grid g, size_t i)
{
	if (!grids[g].made)
		grid_make(g);
	if (grids[g].v == NULL || i >= types[g].n)
		return NO_CHAR;
	return grids[g].v[i] |
	    (grids[g].second[i / 8] >> i % 8 & 1 ? 0x20000u : 0);
}

size_t
grid_pair(enum grid g, uint8_t lead, uint8_t trail)
{
	const struct grid_type	*t = &types[g];
	size_t			 lows = 0x7f - (size_t)t->low;
	size_t			 trails = lows + 0xff - (size_t)t->high;

	if (lead < 0x81 || lead > 0xfe)
		return SIZE_MAX;
	if (trail >= t->low && trail <= 0x7e)
		return (lead - 0x81u) * trails + (trail - (size_t)t->low);
	if (trail >= t->high && trail <= 0xfe)
		return (lead - 0x81u) * trails + lows +
		    (trail - (size_t)t->high);
	return SIZE_MAX;
}

int
octets_table(const char *iconv_name, uint16_t v[128])
{
	iconv_t	 cd = iconv_open(CODE, iconv_name);
	uint32_t cp;
	uint8_t	 b;
	int	 i;

	if (cd == (iconv_t)-1)
		return -1;
	for (i = 0; i < 128; i++) {
		b = (uint8_t)(0x80 + i);
		cp = convert(cd, &b, 1);
		v[i] = (uint16_t)(cp > 0xffff ? NO_CHAR : cp);
	}
	(void)iconv_close(cd);
	return 0;
}
