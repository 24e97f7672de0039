/*
 * Charsets.  UTF-8, ASCII and ISO-8859-1 are done here, the rest by
 * iconv(3).  Never trusts a label: invalid input gives U+FFFD, not an end.
 */
#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"

enum how { HOW_GUESS, HOW_UTF8, HOW_LATIN1, HOW_ICONV };

struct charset {
	const char	*name;		/* as iconv knows it */
	const char	*aliases;	/* ",a,b,": lower case */
	enum how	 how;
};

static const struct charset charsets[] = {
	{ "US-ASCII", ",ascii,ansi_x3.4-1968,iso646-us,us,", HOW_GUESS },
	{ "UTF-8", ",utf8,unicode-1-1-utf-8,", HOW_UTF8 },
	{ "ISO-8859-1", ",latin1,iso8859-1,iso_8859-1,l1,8859-1,",
	    HOW_LATIN1 },
	{ "ISO-8859-2", ",latin2,iso8859-2,iso_8859-2,l2,", HOW_ICONV },
	{ "ISO-8859-3", ",latin3,iso8859-3,", HOW_ICONV },
	{ "ISO-8859-4", ",latin4,iso8859-4,", HOW_ICONV },
	{ "ISO-8859-5", ",cyrillic,iso8859-5,", HOW_ICONV },
	{ "ISO-8859-6", ",arabic,iso8859-6,iso-8859-6-i,", HOW_ICONV },
	{ "ISO-8859-7", ",greek,iso8859-7,", HOW_ICONV },
	{ "ISO-8859-8", ",hebrew,iso8859-8,iso-8859-8-i,", HOW_ICONV },
	{ "ISO-8859-9", ",latin5,iso8859-9,", HOW_ICONV },
	{ "ISO-8859-10", ",latin6,iso8859-10,", HOW_ICONV },
	{ "ISO-8859-13", ",latin7,iso8859-13,", HOW_ICONV },
	{ "ISO-8859-14", ",latin8,iso8859-14,", HOW_ICONV },
	{ "ISO-8859-15", ",latin-9,latin9,iso8859-15,", HOW_ICONV },
	{ "ISO-8859-16", ",latin10,iso8859-16,", HOW_ICONV },
	{ "WINDOWS-1250", ",cp1250,x-cp1250,", HOW_ICONV },
	{ "WINDOWS-1251", ",cp1251,x-cp1251,", HOW_ICONV },
	{ "WINDOWS-1252", ",cp1252,x-cp1252,", HOW_ICONV },
	{ "WINDOWS-1253", ",cp1253,", HOW_ICONV },
	{ "WINDOWS-1254", ",cp1254,", HOW_ICONV },
	{ "WINDOWS-1255", ",cp1255,", HOW_ICONV },
	{ "WINDOWS-1256", ",cp1256,", HOW_ICONV },
	{ "WINDOWS-1257", ",cp1257,", HOW_ICONV },
	{ "WINDOWS-1258", ",cp1258,", HOW_ICONV },
	{ "KOI8-R", ",koi8r,cskoi8r,", HOW_ICONV },
	{ "KOI8-U", ",koi8u,", HOW_ICONV },
	{ "IBM850", ",cp850,", HOW_ICONV },
	{ "IBM866", ",cp866,", HOW_ICONV },
	{ "MACINTOSH", ",mac,x-mac-roman,", HOW_ICONV },
	{ "TIS-620", ",windows-874,", HOW_ICONV },
	{ "ISO-2022-JP", ",csiso2022jp,", HOW_ICONV },
	{ "EUC-JP", ",x-euc-jp,eucjp,", HOW_ICONV },
	{ "SHIFT_JIS", ",sjis,shift-jis,x-sjis,", HOW_ICONV },
	{ "CP932", ",windows-31j,ms932,", HOW_ICONV },
	{ "GB18030", ",gb2312,gbk,x-gbk,cp936,euc-cn,", HOW_ICONV },
	{ "BIG5", ",big-5,x-big5,", HOW_ICONV },
	{ "BIG5-HKSCS", ",big5hkscs,", HOW_ICONV },
	{ "EUC-KR", ",ks_c_5601-1987,euckr,", HOW_ICONV },
	{ "CP949", ",ms949,uhc,windows-949,", HOW_ICONV },
	{ "UTF-16", ",utf16,", HOW_ICONV },
	{ "UTF-16LE", ",utf16le,", HOW_ICONV },
	{ "UTF-16BE", ",utf16be,", HOW_ICONV },
	{ "UTF-7", ",utf7,unicode-1-1-utf-7,", HOW_ICONV },
};

static iconv_t kept[nitems(charsets)];

void
charset_prepare(void)
{
	size_t	 i;

	for (i = 0; i < nitems(charsets); i++)
		if (charsets[i].how == HOW_ICONV && kept[i] == NULL) {
			kept[i] = iconv_open("UTF-8", charsets[i].name);
			if (kept[i] == (iconv_t)-1)
				kept[i] = NULL;
		}
}

const struct charset *
charset_find(struct str name)
{
	char	 key[40];
	size_t	 i;

	if (name.len == 0 || name.len > sizeof(key) - 3)
		return NULL;
	key[0] = ',';
	for (i = 0; i < name.len; i++) {
		if (name.p[i] == ',' || name.p[i] == '\0')
			return NULL;
		key[i + 1] = name.p[i] >= 'A' && name.p[i] <= 'Z' ?
		    (char)(name.p[i] | 0x20) : name.p[i];
	}
	key[name.len + 1] = ',';
	key[name.len + 2] = '\0';
	for (i = 0; i < nitems(charsets); i++)
		if (str_caseeq(name, str_from(charsets[i].name)) ||
		    strstr(charsets[i].aliases, key) != NULL)
			return &charsets[i];
	return NULL;
}

const char *
charset_name(size_t i)
{
	return i < nitems(charsets) ? charsets[i].name : NULL;
}

void
convert_open(struct convert *c, const struct charset *cs)
{
	memset(c, 0, sizeof(*c));
	c->cs = cs;
	if (cs == NULL || cs->how != HOW_ICONV)
		return;
	c->cd = iconv_open("UTF-8", cs->name);
	if (c->cd == (iconv_t)-1) {
		c->cd = NULL;
		c->cs = NULL;
	}
}

static void
put_latin1(struct buf *out, uint8_t ch)
{
	if (ch < 0x80)
		buf_put_u8(out, ch);
	else {
		buf_put_u8(out, (uint8_t)(0xc0 | ch >> 6));
		buf_put_u8(out, (uint8_t)(0x80 | (ch & 0x3f)));
	}
}

/*
 * The length of the UTF-8 character at p: 0 when more bytes are needed, -1
 * when there is none (overlong and surrogates too).
 */
static int
utf8_len(const uint8_t *p, size_t len)
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
			return 0;
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

static void
utf8_bad(struct convert *c, uint8_t ch, struct buf *out)
{
	if (c->cs != NULL && c->cs->how == HOW_UTF8)
		buf_puts(out, "\xef\xbf\xbd");
	else
		put_latin1(out, ch);
}

/* Bytes [0, len) of p; returns how many were used. */
static size_t
utf8_run(struct convert *c, const uint8_t *p, size_t len, bool last,
    struct buf *out)
{
	size_t	 i = 0, from = 0;
	int	 n;

	while (i < len) {
		if (p[i] < 0x80) {
			i++;
			continue;
		}
		n = utf8_len(p + i, len - i);
		if (n > 0) {
			i += (size_t)n;
			continue;
		}
		buf_put(out, p + from, i - from);
		from = i;
		if (n == 0 && !last)
			return i;
		utf8_bad(c, p[i], out);
		from = ++i;
	}
	buf_put(out, p + from, i - from);
	return i;
}

/* As utf8_run, by iconv. */
static size_t
iconv_run(struct convert *c, const uint8_t *p, size_t len, bool last,
    struct buf *out)
{
	char	 tmp[512], copy[512], *in, *to;
	size_t	 used = 0, left, room, n, r;

	while (used < len) {
		n = len - used < sizeof(copy) ? len - used : sizeof(copy);
		memcpy(copy, p + used, n);
		in = copy;
		left = n;
		to = tmp;
		room = sizeof(tmp);
		r = iconv(c->cd, &in, &left, &to, &room);
		buf_put(out, tmp, sizeof(tmp) - room);
		used += n - left;
		if (r != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && left < n)
			continue;	/* cut by our copy: once more */
		if (errno == EINVAL && !last && len - used < 16)
			break;		/* the rest of it is to come */
		buf_puts(out, "\xef\xbf\xbd");
		used++;
	}
	return used;
}

static size_t
convert_run(struct convert *c, const uint8_t *p, size_t len, bool last,
    struct buf *out)
{
	size_t	 i;

	if (c->cd != NULL)
		return iconv_run(c, p, len, last, out);
	if (c->cs != NULL && c->cs->how == HOW_LATIN1) {
		for (i = 0; i < len; i++)
			put_latin1(out, p[i]);
		return len;
	}
	return utf8_run(c, p, len, last, out);
}

void
convert_feed(struct convert *c, const uint8_t *in, size_t len,
    struct buf *out)
{
	size_t	 n, used;

	while (c->nheld > 0 && len > 0) {
		n = sizeof(c->held) - c->nheld;
		if (n > len)
			n = len;
		if (n > 8)
			n = 8;
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
	if (len - used > sizeof(c->held)) {
		used += convert_run(c, in + used, len - used, true, out);
		return;
	}
	c->nheld = len - used;
	memcpy(c->held, in + used, c->nheld);
}

void
convert_end(struct convert *c, struct buf *out)
{
	if (c->nheld > 0)
		convert_run(c, c->held, c->nheld, true, out);
	c->nheld = 0;
	if (c->cd != NULL)
		iconv(c->cd, NULL, NULL, NULL, NULL);
}

void
convert_close(struct convert *c)
{
	if (c->cd != NULL)
		iconv_close(c->cd);
	c->cd = NULL;
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
	if (in.len > 0)
		convert_feed(&c, (const uint8_t *)in.p, in.len, out);
	convert_end(&c, out);
	convert_close(&c);
	if (out->len > from && memmem(out->data + from, out->len - from,
	    "\xef\xbf\xbd", 3) != NULL)
		bad = -1;
	return out->failed ? -1 : bad;
}
