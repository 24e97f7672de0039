/* Shared by charset.c (names, feeding) and charset_decode.c. */
#ifndef MAIL_CHARSET_IMPL_H
#define MAIL_CHARSET_IMPL_H

#include "mail/charset.h"
#include "mail/charset_table.h"

enum how {
	HOW_GUESS,		/* UTF-8, else ISO-8859-1 */
	HOW_UTF8,
	HOW_LATIN1,
	HOW_OCTETS,		/* a table of the upper half */
	HOW_SJIS, HOW_EUC_JP, HOW_PAIRS, HOW_GB18030,
	HOW_2022_JP, HOW_2022_KR, HOW_HZ,
	HOW_UTF7, HOW_UTF16, HOW_UTF16LE, HOW_UTF16BE
};

struct charset {
	const char	*name;		/* as iconv knows it, for HOW_OCTETS */
	const char	*aliases;	/* "a b": lower case, letters, digits */
	enum how	 how;
	enum grid	 grid;
	bool		 western;	/* ISO-8859-1 or much like it */
};

#define MORE		0		/* octets are missing */
#define SILENT		UINT32_MAX	/* not a character: a shift */

/*
 * The character at p, len > 0 octets: how many octets it occupies; its code
 * point in *cp (SILENT: none).  MORE: it is incomplete (never with last); less
 * than 0: that many octets are invalid.
 */
int	 charset_next(struct convert *c, const uint8_t *p, size_t len,
	    bool last, uint32_t *cp);
/* The length of the UTF-8 character at p; MORE, or -1: invalid (including
 * overlong forms and surrogates). */
static inline int
charset_utf8(const uint8_t *p, size_t len)
{
	static const uint32_t	 least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t		 cp;
	int			 n, i;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : p[0] >= 0xf0 ? -1 :
	    p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : -1;
	if (n == -1)
		return -1;
	cp = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((size_t)i >= len)
			return MORE;
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		cp = cp << 6 | (p[i] & 0x3f);
		/* Decided by the second byte already. */
		if (i == 1 && n == 3 && (cp < 0x20 ||
		    (cp >= 0x360 && cp <= 0x37f)))
			return -1;
		if (i == 1 && n == 4 && (cp < 0x10 || cp > 0x10f))
			return -1;
	}
	return cp < least[n] ? -1 : n;
}

#endif
