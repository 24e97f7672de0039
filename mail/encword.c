/*
 * Encoded words.  Pure; linear: the name of a charset ends at the next '?',
 * and where the next "?=" is is looked for once.
 */
#include "mail/encword.h"

#include <string.h>

#include "common/hex.h"
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/lex.h"

#define WORD_MAX	2048	/* RFC 2047 says 75; people do more */

struct word {
	const struct charset	*cs;
	char			 how;	/* 'q' or 'b' */
	struct str		 text;
	size_t			 len;	/* of the whole word */
};

struct words {
	const char	*end;		/* of the value */
	const char	*close;		/* the last "?=" that was found, */
	const char	*asked;		/* from here on */
};

/* The next "?=" at p or behind it, or the end.  p never goes back. */
static const char *
word_close(struct words *ws, const char *p)
{
	if (ws->asked != NULL && ws->close >= p)
		return ws->close;
	ws->asked = p;
	for (; p < ws->end; p++) {
		p = memchr(p, '?', (size_t)(ws->end - p));
		if (p == NULL || (p + 1 < ws->end && p[1] == '='))
			break;
	}
	ws->close = p == NULL ? ws->end : p;
	return ws->close;
}

/* An encoded word at p? */
static bool
word_at(struct words *ws, const char *p, struct word *w)
{
	const char	*close;
	struct str	 name;
	size_t		 len = (size_t)(ws->end - p), i = 2, star;

	if (len < 8 || p[0] != '=' || p[1] != '?')
		return false;
	while (i < len && p[i] != '?' && !lex_white((unsigned char)p[i]))
		i++;
	if (i + 3 >= len || p[i] != '?' || p[i + 2] != '?')
		return false;
	for (star = 2; star < i && p[star] != '*'; star++)
		;			/* RFC 2231: charset*language */
	name = (struct str){ p + 2, star - 2 };
	w->how = (char)(p[i + 1] | 0x20);
	if (w->how != 'q' && w->how != 'b')
		return false;
	i += 3;
	close = word_close(ws, p + i);
	if (close == ws->end || close - p > WORD_MAX - 2)
		return false;
	w->text = (struct str){ p + i, (size_t)(close - p) - i };
	w->len = (size_t)(close - p) + 2;
	w->cs = charset_find(name);
	return w->cs != NULL;
}

static void
word_decode(const struct word *w, struct convert *conv, struct buf *out)
{
	struct decoder	 d;
	uint8_t		 tmp[WORD_MAX + DECODE_HELD + 4];
	size_t		 i, n = 0;
	const char	*p = w->text.p;

	if (w->how == 'b') {
		decoder_init(&d, MAIL_ENC_BASE64);
		n = decoder_feed(&d, (const uint8_t *)p, w->text.len, tmp);
		n += decoder_end(&d, tmp + n);
	} else for (i = 0; i < w->text.len; i++) {
		if (p[i] == '_')
			tmp[n++] = ' ';
		else if (p[i] == '=' && i + 2 < w->text.len &&
		    hex_digit(p[i + 1]) != -1 && hex_digit(p[i + 2]) != -1) {
			tmp[n++] = (uint8_t)(hex_digit(p[i + 1]) << 4 |
			    hex_digit(p[i + 2]));
			i += 2;
		} else
			tmp[n++] = (uint8_t)p[i];
	}
	convert_feed(conv, tmp, n, out);
}

static void
raw(struct str s, struct buf *out)
{
	struct convert	 c;

	if (s.len == 0)
		return;
	convert_open(&c, NULL);
	convert_feed(&c, (const uint8_t *)s.p, s.len, out);
	convert_end(&c, out);
	convert_close(&c);
}

void
encword_decode(struct str value, struct buf *out)
{
	struct word	 w;
	struct convert	 conv;
	struct words	 ws = { NULL, NULL, NULL };
	struct str	 text = { value.p, 0 };
	const char	*p = value.p, *end, *eq;
	bool		 open = false;

	end = ws.end = value.len == 0 ? p : p + value.len;
	while (p < end) {
		eq = memchr(p, '=', (size_t)(end - p));
		if (eq == NULL)
			break;
		p = eq;
		if (!word_at(&ws, p, &w)) {
			p++;
			continue;
		}
		text.len = (size_t)(p - text.p);
		if (!open || str_trim(text, LEX_WHITE).len > 0) {
			if (open) {
				convert_end(&conv, out);
				convert_close(&conv);
			}
			raw(text, out);
			convert_open(&conv, w.cs);
		} else if (conv.cs != w.cs) {
			convert_end(&conv, out);
			convert_close(&conv);
			convert_open(&conv, w.cs);
		}
		open = true;
		word_decode(&w, &conv, out);
		p += w.len;
		text.p = p;
	}
	if (open) {
		convert_end(&conv, out);
		convert_close(&conv);
	}
	text.len = text.p == NULL ? 0 : (size_t)(end - text.p);
	raw(text, out);
}
