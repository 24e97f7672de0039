/*
 * Any octets as a header field's value, in all the decoders of header
 * fields.  The first octet chooses the charset for the conversion and the
 * transfer encoding, the rest is the value; the parts of it that a zero
 * octet separates are In-Reply-To and References.
 */
#include "common/compat.h"

#include <string.h>
#include <utf8proc.h>

#include "common/arena.h"
#include "common/fuzz.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/decode.h"
#include "mail/encword.h"
#include "mail/envelope.h"
#include "mail/header.h"
#include "mail/imap_text.h"
#include "mail/match.h"
#include "mail/msgid.h"
#include "mail/param.h"
#include "mail/preview.h"
#include "mail/search.h"
#include "mail/subject.h"

static bool
utf8_valid(const uint8_t *p, size_t len)
{
	utf8proc_ssize_t	 n;
	utf8proc_int32_t	 c;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = utf8proc_iterate(p, (utf8proc_ssize_t)len, &c)) <= 0)
			return false;
	return true;
}

static void
words(struct str v)
{
	struct buf	 out = BUF_INIT, base = BUF_INIT;
	bool		 reply;

	encword_decode(v, &out);
	FUZZ_CHECK(!out.failed && utf8_valid(out.data, out.len));
	base_subject(v, &base, &reply);
	FUZZ_CHECK(utf8_valid(base.data, base.len));
	buf_reset(&out);
	FUZZ_CHECK(imap_string(&out, v) == 0);
	buf_free(&out);
	buf_free(&base);
}

static void
addresses(struct str v)
{
	struct mail_address	 a;
	struct cursor		 c;
	struct buf		 b = BUF_INIT;
	size_t			 n;

	n = address_parse(v, &b, 8192, NULL);
	FUZZ_CHECK(b.len <= 8192);
	cursor_init(&c, b.data, b.len);
	for (; n > 0 && cursor_left(&c) > 0; n--)
		address_get(&c, &a);
	FUZZ_CHECK(cursor_done(&c));
	buf_free(&b);
}

static void
structured(struct str v)
{
	struct lex	 l;
	struct str	 type, subtype, two;
	struct buf	 b = BUF_INIT, text = BUF_INIT;
	const char	*zero = memchr(v.p, '\0', v.len);
	int64_t		 when;
	int		 zone;

	lex_init(&l, v);
	if (type_parse(&l, &type, &subtype) == 0)
		FUZZ_CHECK(type.len > 0 && subtype.len > 0);
	params_parse(&l, &b);
	lex_init(&l, v);
	buf_reset(&b);
	params_parse(&l, &b);
	(void)mail_param_text((struct str){ (char *)b.data, b.len },
	    "boundary", &text);
	FUZZ_CHECK(text.len <= b.len);
	buf_free(&text);
	buf_reset(&b);
	languages_parse(v, &b);
	if (mail_date_parse(v, &when, &zone) == 0)
		FUZZ_CHECK(zone > -100 * 60 && zone < 100 * 60);
	buf_reset(&b);
	if (msgid_only(v, &b))
		FUZZ_CHECK(b.len <= MSGID_MAX);
	two = v;
	if (zero != NULL) {
		v.len = (size_t)(zero - v.p);
		two.p = zero + 1;
		two.len -= v.len + 1;
	}
	buf_reset(&b);
	FUZZ_CHECK(msgid_references(v, two, 100, &b) <= 100);
	buf_free(&b);
}

/* As a header, and as the body of a text part in any charset. */
static void
text(uint8_t which, struct str v)
{
	const struct str	 names[] = { STR("Subject"), STR("x") };
	struct header_field	 f;
	struct search_scratch	 scratch = { BUF_INIT, BUF_INIT };
	struct str		 header = v;
	struct needle		 needle;
	struct arena		*a = arena_new(0);
	struct buf		 out = BUF_INIT;
	const char		*name;
	size_t			 n = 0, i;

	while (header_next(&header, &f))
		n += f.raw.len;
	FUZZ_CHECK(n <= v.len);
	header_filter(v, names, 2, which & 1, &out);
	FUZZ_CHECK(out.len <= v.len + 4);
	FUZZ_CHECK(needle_make(&needle, STR("\303\244b"), a) == 0);
	(void)search_header(&scratch, &needle, v, names[0]);
	search_scratch_free(&scratch);
	for (i = 0; charset_name(i) != NULL; i++)
		;
	name = charset_name(which % (i + 1));
	buf_reset(&out);
	preview_make((const uint8_t *)v.p, v.len,
	    name == NULL ? STR("") : str_from(name), which & 0x80, &out);
	FUZZ_CHECK(utf8_valid(out.data, out.len));
	if (name != NULL) {
		buf_reset(&out);
		if (charset_to_utf8(charset_find(str_from(name)), v,
		    &out) == 0)
			FUZZ_CHECK(utf8_valid(out.data, out.len));
	}
	buf_free(&out);
	arena_free(a);
}

static void
decoded(uint8_t which, struct str v)
{
	struct decoder	 d;
	uint8_t		*out = malloc(v.len + 2 * (DECODE_HELD + 4));
	uint8_t		 bit[1 + DECODE_HELD + 4];
	size_t		 n, i, k, at = 0;

	FUZZ_CHECK(out != NULL);
	decoder_init(&d, which & 1 ? MAIL_ENC_QP : MAIL_ENC_BASE64);
	n = decoder_feed(&d, (const uint8_t *)v.p, v.len, out);
	FUZZ_CHECK(n <= v.len + DECODE_HELD + 4);
	n += decoder_end(&d, out + n);
	/* an octet at a time: the same */
	decoder_init(&d, which & 1 ? MAIL_ENC_QP : MAIL_ENC_BASE64);
	for (i = 0; i <= v.len; i++) {
		k = i < v.len ? decoder_feed(&d, (const uint8_t *)v.p + i, 1,
		    bit) : decoder_end(&d, bit);
		FUZZ_CHECK(k <= n - at && (k == 0 ||
		    memcmp(out + at, bit, k) == 0));
		at += k;
	}
	FUZZ_CHECK(at == n);
	free(out);
}

static void
envelope(struct str v)
{
	struct envelope_view	 view;
	struct buf		 b = BUF_INIT;

	if (envelope_decode(v, &view) == 0)
		FUZZ_CHECK(envelope_render(v, &b) == 0);
	buf_reset(&b);
	FUZZ_CHECK(envelope_from_header(v, &b) == 0);
	FUZZ_CHECK(envelope_decode((struct str){ (char *)b.data, b.len },
	    &view) == 0);
	buf_free(&b);
}

static void
fuzz_header(const uint8_t *in, size_t len)
{
	struct str	 v;

	if (len == 0)
		return;
	v = (struct str){ (const char *)in + 1, len - 1 };
	words(v);
	addresses(v);
	structured(v);
	text(in[0], v);
	decoded(in[0], v);
	envelope(v);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_header);
}
