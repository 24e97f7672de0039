/*
 * Previews.  HTML is not parsed, only stripped: tags, comments, and what is
 * inside style, script, head and title.  Linear.
 */
#include "mail/preview.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "common/compat.h"
#include "mail/charset.h"
#include "mail/lex.h"

static const struct { const char *name; const char *text; } entities[] = {
	{ "amp", "&" }, { "lt", "<" }, { "gt", ">" }, { "quot", "\"" },
	{ "apos", "'" }, { "nbsp", " " }, { "zwnj", "" }, { "shy", "" },
	{ "copy", "\xc2\xa9" }, { "reg", "\xc2\xae" },
	{ "auml", "\xc3\xa4" }, { "ouml", "\xc3\xb6" },
	{ "uuml", "\xc3\xbc" }, { "Auml", "\xc3\x84" },
	{ "Ouml", "\xc3\x96" }, { "Uuml", "\xc3\x9c" },
	{ "szlig", "\xc3\x9f" }, { "eacute", "\xc3\xa9" },
	{ "egrave", "\xc3\xa8" }, { "agrave", "\xc3\xa0" },
	{ "ccedil", "\xc3\xa7" }, { "ndash", "\xe2\x80\x93" },
	{ "mdash", "\xe2\x80\x94" }, { "hellip", "\xe2\x80\xa6" },
	{ "euro", "\xe2\x82\xac" }, { "lsquo", "\xe2\x80\x98" },
	{ "rsquo", "\xe2\x80\x99" }, { "ldquo", "\xe2\x80\x9c" },
	{ "rdquo", "\xe2\x80\x9d" }, { "bull", "\xe2\x80\xa2" },
};
static const char *const hidden[] = { "style", "script", "head", "title" };

/* An entity at p ('&'): its length, 0 when it is none; its text to out. */
static size_t
entity(const char *p, size_t len, struct buf *out)
{
	uint8_t		 bytes[4];
	char		 name[12];
	size_t		 i, n;
	unsigned long	 v;

	for (n = 1; n < len && n < sizeof(name) && p[n] != ';' &&
	    p[n] != '&' && p[n] != '<' && !lex_white((unsigned char)p[n]);
	    n++)
		;
	if (n >= len || p[n] != ';' || n < 3)
		return 0;
	memcpy(name, p + 1, n - 1);
	name[n - 1] = '\0';
	if (name[0] == '#') {
		v = name[1] == 'x' || name[1] == 'X' ?
		    strtoul(name + 2, NULL, 16) :
		    strtoul(name + 1, NULL, 10);
		if (v == 0 || v > 0x10ffff ||
		    !utf8proc_codepoint_valid((utf8proc_int32_t)v))
			return n + 1;
		i = (size_t)utf8proc_encode_char((utf8proc_int32_t)v, bytes);
		buf_put(out, bytes, i);
		return n + 1;
	}
	for (i = 0; i < nitems(entities); i++)
		if (strcmp(entities[i].name, name) == 0) {
			buf_puts(out, entities[i].text);
			return n + 1;
		}
	return 0;
}

/* The end of a tag or comment that begins at p. */
static const char *
tag_end(const char *p, const char *end)
{
	const char	*q;

	if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		q = memmem(p + 4, (size_t)(end - p - 4), "-->", 3);
		return q == NULL ? end : q + 3;
	}
	q = memchr(p, '>', (size_t)(end - p));
	return q == NULL ? end : q + 1;
}

/* Which of hidden begins or, with slash, ends at p; -1: none. */
static int
hidden_tag(const char *p, const char *end, bool slash)
{
	size_t	 i, n;

	p++;
	if (slash && (p >= end || *p++ != '/'))
		return -1;
	for (i = 0; i < nitems(hidden); i++) {
		n = strlen(hidden[i]);
		if ((size_t)(end - p) > n &&
		    strncasecmp(p, hidden[i], n) == 0 &&
		    (p[n] == '>' || lex_white((unsigned char)p[n])))
			return (int)i;
	}
	return -1;
}

static void
html_strip(struct str in, struct buf *out)
{
	const char	*p = in.p, *end = in.p + in.len;
	int		 hide = -1;
	size_t		 n;

	while (p < end) {
		if (*p == '<' && end - p > 1 && (strchr("/!?", p[1]) != NULL
		    || ((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z'))) {
			if (hide != -1 && hidden_tag(p, end, true) != hide) {
				p++;
				continue;
			}
			hide = hide == -1 ? hidden_tag(p, end, false) : -1;
			p = tag_end(p, end);
			buf_puts(out, " ");
			continue;
		}
		if (hide == -1 && *p == '&' &&
		    (n = entity(p, (size_t)(end - p), out)) > 0) {
			p += n;
			continue;
		}
		if (hide == -1)
			buf_put(out, p, 1);
		p++;
	}
}

/* Space, controls, and what shows nothing. */
static bool
is_space(utf8proc_int32_t cp)
{
	return cp <= 0x20 || cp == 0x7f || (cp >= 0x80 && cp <= 0xa0) ||
	    cp == 0x2028 || cp == 0x2029 || cp == 0x3000 ||
	    (cp >= 0x2000 && cp <= 0x200f) || cp == 0xfeff;
}

static void
fold_space(const struct buf *in, struct buf *out)
{
	utf8proc_int32_t	 cp;
	utf8proc_ssize_t	 n;
	size_t			 i, chars = 0;
	bool			 space = false;

	for (i = 0; i < in->len && chars < PREVIEW_CHARS; i += (size_t)n) {
		n = utf8proc_iterate(in->data + i,
		    (utf8proc_ssize_t)(in->len - i), &cp);
		if (n <= 0) {
			n = 1;
			continue;
		}
		if (is_space(cp)) {
			space = chars > 0;
			continue;
		}
		if (space && chars++ < PREVIEW_CHARS - 1)
			buf_puts(out, " ");
		else if (space)
			break;
		space = false;
		buf_put(out, in->data + i, (size_t)n);
		chars++;
	}
}

void
preview_make(const uint8_t *p, size_t len, struct str charset, bool html,
    struct buf *out)
{
	struct convert	 c;
	struct buf	 text = BUF_INIT, plain = BUF_INIT;

	if (len == 0)
		return;
	convert_open(&c, charset_find(charset));
	convert_feed(&c, p, len, &text);
	convert_close(&c);		/* a cut character is left out */
	if (html && text.len > 0) {
		html_strip((struct str){ (char *)text.data, text.len },
		    &plain);
		fold_space(&plain, out);
	} else
		fold_space(&text, out);
	buf_free(&text);
	buf_free(&plain);
}
