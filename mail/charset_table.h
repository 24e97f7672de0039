/*
 * From octets to code points: the tables of all charsets but Unicode's own.
 *
 * They are made by the C library's iconv(3), which sees only what we count up
 * ourselves: each single octet, each pair of a grid.  What mail holds goes
 * through our own tables, by an index that is compared with their size.  This
 * is safer: iconv's converters have internal states and buffers, and have
 * overrun them (CVE-2024-2961 in ISO-2022-CN-EXT, CVE-2021-3326 in
 * ISO-2022-JP-3, CVE-2020-27618 and CVE-2016-10228 without an end); tables in
 * the source code would be some 160,000 numbers that no one can review.
 */
#ifndef MAIL_CHARSET_TABLE_H
#define MAIL_CHARSET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grids of pairs, by what iconv knows of them. */
enum grid {
	GRID_JIS,	/* JIS X 0208 as in Shift_JIS, with CP932's more */
	GRID_CP932,
	GRID_JIS0212,
	GRID_KR,	/* CP949: KS X 1001 and more */
	GRID_GB,	/* GB 18030's pairs: GB 2312 and GBK */
	GRID_GB4,	/* its four octets, of the BMP */
	GRID_BIG5,	/* with what CP950 and HKSCS have more */
	GRID_HKSCS,
	GRIDS
};
#define GRID_JIS_COLUMNS	94
#define GRID_GB4_N		39420

#define NO_CHAR		0xfffdu		/* of what is not in a table */

/*
 * Opens the converters of all grids (which fails in an empty chroot); each is
 * used once, when its grid is first needed, then closed.
 */
void	 grids_open(void);
/* Has the C library this grid? */
bool	 grid_there(enum grid g);
/*
 * The character at index, which each grid counts in its own way: JIS, CP932 and
 * JIS0212 row * 94 + column; KR, GB, BIG5 and HKSCS by grid_pair(); GB4 as GB
 * 18030 does.  NO_CHAR: there is none.
 */
uint32_t grid_char(enum grid g, size_t index);
/* The index of a pair of KR, GB, BIG5 or HKSCS; SIZE_MAX: not in it. */
size_t	 grid_pair(enum grid g, uint8_t lead, uint8_t trail);

/* The upper half of a single-byte charset: 128 characters, NO_CHAR for none.
 * -1: unknown to the C library. */
int	 octets_table(const char *iconv_name, uint16_t v[128]);

#endif
