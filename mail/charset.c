/*
 * Charsets: names, and feeding in pieces.  Never trusts a label: invalid
 * input gives U+FFFD, not an end.
 */
#include "mail/charset.h"

#include <string.h>

#include "common/compat.h"
#include "common/fnv.h"
#include "mail/charset_impl.h"

#define KEY_MAX		40
#define SLOTS		1024		/* of names: a power of two */

#define OCTETS(name, aliases)	{ name, aliases, HOW_OCTETS, GRIDS, false }
#define SELF(name, aliases, how) \
	{ name, aliases, how, GRIDS, false }

static const struct charset charsets[] = {
	{ "US-ASCII", "usascii ascii ansix341968 ansix341986 iso646us "
	    "iso646irv1991 us cp367 ibm367 646", HOW_GUESS, GRIDS, true },
	SELF("UTF-8", "utf8 unicode11utf8 unicode20utf8 utf8mb4 cp65001",
	    HOW_UTF8),
	{ "ISO-8859-1", "iso88591 latin1 l1 88591 iso885911987 cp819 ibm819",
	    HOW_LATIN1, GRIDS, true },
	OCTETS("ISO-8859-2", "iso88592 latin2 l2 88592 iso885921987"),
	OCTETS("ISO-8859-3", "iso88593 latin3 l3 88593 iso885931988"),
	OCTETS("ISO-8859-4", "iso88594 latin4 l4 88594 iso885941988"),
	OCTETS("ISO-8859-5", "iso88595 cyrillic 88595 iso885951988"),
	OCTETS("ISO-8859-6", "iso88596 arabic 88596 iso885961987 asmo708 "
	    "iso88596i iso88596e"),
	OCTETS("ISO-8859-7", "iso88597 greek greek8 88597 iso885971987 "
	    "ecma118 elot928"),
	OCTETS("ISO-8859-8", "iso88598 hebrew 88598 iso885981988 iso88598i "
	    "iso88598e visual logical"),
	OCTETS("ISO-8859-9", "iso88599 latin5 l5 88599 iso885991989"),
	OCTETS("ISO-8859-10", "iso885910 latin6 l6 885910"),
	OCTETS("ISO-8859-11", "iso885911 885911"),
	OCTETS("ISO-8859-13", "iso885913 latin7 l7 885913"),
	OCTETS("ISO-8859-14", "iso885914 latin8 l8 885914"),
	{ "ISO-8859-15", "iso885915 latin9 l9 885915 latin0", HOW_OCTETS,
	    GRIDS, true },
	OCTETS("ISO-8859-16", "iso885916 latin10 l10 885916"),
	OCTETS("WINDOWS-1250", "windows1250 cp1250 win1250"),
	OCTETS("WINDOWS-1251", "windows1251 cp1251 win1251"),
	{ "WINDOWS-1252", "windows1252 cp1252 win1252 ansi", HOW_OCTETS,
	    GRIDS, true },
	OCTETS("WINDOWS-1253", "windows1253 cp1253 win1253"),
	OCTETS("WINDOWS-1254", "windows1254 cp1254 win1254"),
	OCTETS("WINDOWS-1255", "windows1255 cp1255 win1255"),
	OCTETS("WINDOWS-1256", "windows1256 cp1256 win1256"),
	OCTETS("WINDOWS-1257", "windows1257 cp1257 win1257"),
	OCTETS("WINDOWS-1258", "windows1258 cp1258 win1258"),
	OCTETS("KOI8-R", "koi8r koi8 koi"),
	OCTETS("KOI8-U", "koi8u koi8ru"),
	OCTETS("KOI8-T", "koi8t"),
	OCTETS("IBM437", "ibm437 cp437 437"),
	OCTETS("CP737", "cp737 ibm737 737"),
	OCTETS("CP775", "cp775 ibm775 775"),
	OCTETS("IBM850", "ibm850 cp850 850 dos850 pc850multilingual"),
	OCTETS("IBM852", "ibm852 cp852 852 pcp852"),
	OCTETS("IBM855", "ibm855 cp855 855"),
	OCTETS("IBM857", "ibm857 cp857 857"),
	OCTETS("CP858", "cp858 ibm858 ibm00858 ccsid00858 858"),
	OCTETS("IBM860", "ibm860 cp860 860"),
	OCTETS("IBM861", "ibm861 cp861 861 cpis"),
	OCTETS("IBM862", "ibm862 cp862 862 dos862"),
	OCTETS("IBM863", "ibm863 cp863 863"),
	OCTETS("IBM864", "ibm864 cp864 864"),
	OCTETS("IBM865", "ibm865 cp865 865"),
	OCTETS("IBM866", "ibm866 cp866 866 dos866"),
	OCTETS("IBM869", "ibm869 cp869 869 cpgr"),
	OCTETS("MACINTOSH", "macintosh mac macroman"),
	OCTETS("MAC-CYRILLIC", "maccyrillic macukrainian"),
	OCTETS("MAC-CENTRALEUROPE", "maccentraleurope macce macceltic"),
	OCTETS("TIS-620", "tis620 tis6202533 tis62025330 iso885911tis"),
	OCTETS("CP874", "cp874 windows874 ibm874 dos874"),
	OCTETS("VISCII", "viscii viscii111"),
	OCTETS("TCVN", "tcvn tcvn5712 tcvn57121 tcvn571211993"),
	OCTETS("ARMSCII-8", "armscii8"),
	OCTETS("GEORGIAN-PS", "georgianps"),
	OCTETS("HP-ROMAN8", "hproman8 roman8 r8"),
	SELF("ISO-2022-JP", "iso2022jp iso2022jp1 iso2022jp2 iso2022jp3 "
	    "iso2022jpms cp50220 cp50221 cp50222 jis7 jis",
	    HOW_2022_JP),
	SELF("EUC-JP", "eucjp eucjpms ujis cp51932 "
	    "extendedunixcodepackedformatforjapanese", HOW_EUC_JP),
	{ "SHIFT_JIS", "shiftjis sjis mskanji", HOW_SJIS, GRID_JIS, false },
	{ "CP932", "cp932 windows31j ms932 windows932", HOW_SJIS, GRID_CP932,
	    false },
	SELF("GB18030", "gb18030 gb2312 gbk cp936 ms936 windows936 euccn "
	    "gb23121980 gb231280 chinese isoir58 euccn2312 gb180302000 "
	    "gb180302005", HOW_GB18030),
	SELF("HZ-GB-2312", "hzgb2312 hz", HOW_HZ),
	{ "BIG5", "big5 bigfive cnbig5 cp950 windows950 big5eten big5tw",
	    HOW_PAIRS, GRID_BIG5, false },
	{ "BIG5-HKSCS", "big5hkscs big5hk", HOW_PAIRS, GRID_HKSCS, false },
	{ "EUC-KR", "euckr ksc56011987 ksc5601 ksc56011989 korean isoir149 "
	    "ksx1001 5601", HOW_PAIRS, GRID_KR, false },
	{ "CP949", "cp949 ms949 uhc windows949", HOW_PAIRS, GRID_KR, false },
	SELF("ISO-2022-KR", "iso2022kr", HOW_2022_KR),
	SELF("UTF-16", "utf16 ucs2 unicode iso10646ucs2", HOW_UTF16),
	SELF("UTF-16LE", "utf16le ucs2le", HOW_UTF16LE),
	SELF("UTF-16BE", "utf16be ucs2be", HOW_UTF16BE),
	SELF("UTF-7", "utf7 unicode11utf7 unicode20utf7", HOW_UTF7),
};

static struct {
	bool		 tried;
	bool		 there;
	uint16_t	 v[128];
} upper[nitems(charsets)];

/* Names by their hash: charset + 1, and the name. */
static struct {
	const char	*name;
	uint8_t		 len;
	uint8_t		 charset;
} slots[SLOTS];
static bool	 slots_made;

_Static_assert(nitems(charsets) < 255, "slots hold their number in an octet");

static size_t
hash(const char *p, size_t len)
{
	uint32_t	 h = fnv32(p, len);

	return (h ^ h >> 15) % SLOTS;
}

static void
slots_make(void)
{
	const char	*p;
	size_t		 i, n, at;

	for (i = 0; i < nitems(charsets); i++)
		for (p = charsets[i].aliases; *p != '\0'; p += n) {
			p += *p == ' ';
			n = strcspn(p, " ");
			for (at = hash(p, n); slots[at].name != NULL;)
				at = (at + 1) % SLOTS;
			slots[at].name = p;
			slots[at].len = (uint8_t)n;
			slots[at].charset = (uint8_t)(i + 1);
		}
	slots_made = true;
}

static const uint16_t *
upper_table(const struct charset *cs)
{
	size_t	 i = (size_t)(cs - charsets);

	if (!upper[i].tried) {
		upper[i].tried = true;
		upper[i].there = octets_table(cs->name, upper[i].v) == 0;
	}
	return upper[i].there ? upper[i].v : NULL;
}

void
charset_prepare(void)
{
	size_t	 i;

	for (i = 0; i < nitems(charsets); i++)
		if (charsets[i].how == HOW_OCTETS)
			(void)upper_table(&charsets[i]);
	grids_open();
}

/* Has the C library what its table is made of? */
static bool
available(const struct charset *cs)
{
	switch (cs->how) {
	case HOW_OCTETS:
		return upper_table(cs) != NULL;
	case HOW_SJIS:
	case HOW_PAIRS:
		return grid_there(cs->grid);
	case HOW_EUC_JP:
	case HOW_2022_JP:
		return grid_there(GRID_JIS);
	case HOW_GB18030:
	case HOW_HZ:
		return grid_there(GRID_GB);
	case HOW_2022_KR:
		return grid_there(GRID_KR);
	default:
		return true;
	}
}

/* Letters in lower case and digits; 0: no name of a charset. */
static size_t
key_of(struct str name, char *key)
{
	size_t	 i, n = 0;
	char	 ch;

	if (name.len > 2 && (name.p[0] | 0x20) == 'x' && name.p[1] == '-') {
		name.p += 2;
		name.len -= 2;
	}
	for (i = 0; i < name.len; i++) {
		ch = name.p[i];
		if (ch >= 'A' && ch <= 'Z')
			ch |= 0x20;
		if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')) {
			if (n == KEY_MAX)
				return 0;
			key[n++] = ch;
		} else if (ch == '\0' || strchr("-_.: +'()", ch) == NULL)
			return 0;
	}
	return n;
}

static const struct charset *
lookup(const char *key, size_t len)
{
	size_t	 at;

	for (at = hash(key, len); slots[at].name != NULL;
	    at = (at + 1) % SLOTS)
		if (slots[at].len == len &&
		    memcmp(slots[at].name, key, len) == 0)
			return &charsets[slots[at].charset - 1];
	return NULL;
}

const struct charset *
charset_find(struct str name)
{
	const struct charset	*cs;
	char			 key[KEY_MAX];
	size_t			 n;

	if (!slots_made)
		slots_make();
	if (name.len == 0 || name.len > 2 * KEY_MAX ||
	    (n = key_of(name, key)) == 0)
		return NULL;
	cs = lookup(key, n);
	if (cs == NULL && n > 2 && key[0] == 'c' && key[1] == 's')
		cs = lookup(key + 2, n - 2);	/* "csKOI8R" */
	return cs != NULL && available(cs) ? cs : NULL;
}

const char *
charset_name(size_t i)
{
	return i < nitems(charsets) ? charsets[i].name : NULL;
}

/* As at the beginning of a text. */
static void
convert_begin(struct convert *c)
{
	enum how	 how = c->cs == NULL ? HOW_GUESS : c->cs->how;

	c->utf8 = how == HOW_GUESS || how == HOW_UTF8;
	c->guessing = !c->strict && (how == HOW_LATIN1 || how == HOW_OCTETS);
	c->mode = 0;
	c->high = 0;
	c->nheld = c->nsample = 0;
}

void
convert_open(struct convert *c, const struct charset *cs)
{
	memset(c, 0, offsetof(struct convert, sample));
	if (cs != NULL && cs->how == HOW_OCTETS &&
	    (c->octets = upper_table(cs)) == NULL)
		cs = NULL;
	c->cs = cs;
	convert_begin(c);
}

#define PIECE		512	/* octets that are added to a buffer at once */

/* cp to b, which has room; how many octets. */
static size_t
encode(uint8_t *b, uint32_t cp)
{
	size_t	 n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;

	if (n == 1) {
		b[0] = (uint8_t)cp;
		return 1;
	}
	for (i = n - 1; i > 0; i--, cp >>= 6)
		b[i] = (uint8_t)(0x80 | (cp & 0x3f));
	b[0] = (uint8_t)(0xf0 << (4 - n) | cp);
	return n;
}

/* An escape, a shift, or not ASCII. */
static bool
special(uint8_t ch)
{
	return ch >= 0x80 || ch == 0x1b || ch == 0x0e || ch == 0x0f;
}

/* How many octets are ASCII and none of those. */
static size_t
ascii_run(const uint8_t *p, size_t len)
{
	const uint64_t	 high = 0x8080808080808080u;
	uint64_t	 w;
	size_t		 i = 0, k;

	for (; i + sizeof(w) <= len; i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		/* none above 0x7f, none below a space */
		if (((w | ((w - 0x2020202020202020u) & ~w)) & high) == 0)
			continue;
		for (k = 0; k < sizeof(w); k++)
			if (special(p[i + k]))
				return i + k;
	}
	while (i < len && !special(p[i]))
		i++;
	return i;
}

/* Octets that are UTF-8 as they stand, up to the next that may not be. */
static size_t
plain_run(const struct convert *c, const uint8_t *p, size_t len)
{
	enum how	 how = c->cs == NULL ? HOW_GUESS : c->cs->how;
	size_t		 i = 0;
	int		 n;

	if (c->mode != 0 || how > HOW_2022_KR)
		return 0;
	for (;;) {
		if (i < len && p[i] < 0x80)
			i += ascii_run(p + i, len - i);
		if (i == len || !c->utf8 || p[i] < 0x80 ||
		    (n = charset_utf8(p + i, len - i)) < 2)
			return i;
		i += (size_t)n;
	}
}

/* Bytes [0, len) of p; returns how many were used: all with last. */
static size_t
convert_run(struct convert *c, const uint8_t *p, size_t len, bool last,
    struct buf *out)
{
	uint8_t		 piece[PIECE];
	uint32_t	 cp;
	size_t		 i = 0, run, k = 0;
	int		 n;

	while (i < len) {
		if ((run = plain_run(c, p + i, len - i)) > 0) {
			(void)buf_put(out, piece, k);
			(void)buf_put(out, p + i, run);
			k = 0;
			i += run;
			continue;
		}
		cp = NO_CHAR;
		n = charset_next(c, p + i, len - i, last, &cp);
		if (n == MORE && !last)
			break;
		if (n <= 0) {
			cp = NO_CHAR;
			n = n == MORE ? 1 : -n;
		}
		if (cp != SILENT)
			k += encode(piece + k, cp);
		if (k > sizeof(piece) - 4) {
			(void)buf_put(out, piece, k);
			k = 0;
		}
		i += (size_t)n;
	}
	(void)buf_put(out, piece, k);
	return i;
}

static void
feed(struct convert *c, const uint8_t *in, size_t len, struct buf *out)
{
	size_t	 n, used;

	while (c->nheld > 0 && len > 0) {
		n = sizeof(c->held) - c->nheld;
		if (n > len)
			n = len;
		memcpy(c->held + c->nheld, in, n);
		c->nheld += n;
		in += n;
		len -= n;
		used = convert_run(c, c->held, c->nheld, false, out);
		c->nheld -= used;
		memmove(c->held, c->held + used, c->nheld);
	}
	if (len == 0)
		return;
	used = convert_run(c, in, len, false, out);
	if (len - used > sizeof(c->held) / 2)	/* no character has so many */
		used += convert_run(c, in + used, len - used, true, out);
	c->nheld = len - used;
	memcpy(c->held, in + used, c->nheld);
}

/*
 * Is the sample UTF-8, though the name says otherwise?  All of it has to
 * be; and one character that hardly anybody writes as those octets in the
 * charset of the name: of three octets or more, or of the letters of Latin,
 * Greek, Cyrillic, Hebrew and Arabic ("CAFE" with an acute and a quotation
 * mark behind is none in ISO-8859-1).  Four in charsets that have letters
 * where the second octets are.
 */
static bool
is_utf8(const struct convert *c, bool last)
{
	static const uint8_t	 leads[] = { 0xc2, 0xc3, 0xc4, 0xc5, 0xce,
		0xcf, 0xd0, 0xd1, 0xd7, 0xd8, 0xd9 };
	size_t			 i, clear = 0;
	int			 n;

	for (i = 0; i < c->nsample; i += (size_t)n) {
		n = charset_utf8(c->sample + i, c->nsample - i);
		if (n == -1 || (n == MORE && last))
			return false;
		if (n == MORE)
			break;
		if (n > 2 || (n == 2 && memchr(leads, c->sample[i],
		    sizeof(leads)) != NULL))
			clear++;
	}
	return clear >= (c->cs->western ? 1 : 4);
}

static void
decide(struct convert *c, bool last, struct buf *out)
{
	size_t	 n = c->nsample;

	c->guessing = false;
	c->utf8 = is_utf8(c, last);
	c->nsample = 0;
	feed(c, c->sample, n, out);
}

void
convert_feed(struct convert *c, const uint8_t *in, size_t len,
    struct buf *out)
{
	size_t	 n;

	if (c->guessing && c->nsample == 0) {
		for (n = 0; n < len && in[n] < 0x80; n++)
			;
		feed(c, in, n, out);
		in += n;
		len -= n;
	}
	if (c->guessing && len > 0) {
		n = sizeof(c->sample) - c->nsample;
		if (n > len)
			n = len;
		memcpy(c->sample + c->nsample, in, n);
		c->nsample += n;
		in += n;
		len -= n;
		if (c->nsample == sizeof(c->sample))
			decide(c, false, out);
	}
	if (!c->guessing)
		feed(c, in, len, out);
}

void
convert_end(struct convert *c, struct buf *out)
{
	if (c->guessing && c->nsample > 0)
		decide(c, true, out);
	if (c->nheld > 0)
		(void)convert_run(c, c->held, c->nheld, true, out);
	convert_begin(c);
}

void
convert_close(struct convert *c)
{
	c->nheld = c->nsample = 0;
}

int
charset_to_utf8(const struct charset *cs, struct str in, struct buf *out)
{
	struct convert	 c;
	size_t		 from = out->len, i;
	int		 bad = 0;

	if (cs != NULL && cs->how == HOW_GUESS)
		for (i = 0; i < in.len; i++)
			if ((uint8_t)in.p[i] >= 0x80)
				bad = -1;
	convert_open(&c, cs);
	c.strict = true;
	convert_begin(&c);
	if (in.len > 0)
		convert_feed(&c, (const uint8_t *)in.p, in.len, out);
	convert_end(&c, out);
	convert_close(&c);
	if (out->len > from && memmem(out->data + from, out->len - from,
	    "\xef\xbf\xbd", 3) != NULL)
		bad = -1;
	return out->failed ? -1 : bad;
}
