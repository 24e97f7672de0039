/* Base64 and quoted-printable, whole and cut at every byte. */
#include "mail/decode.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"

static const struct {
	enum mail_encoding	 enc;
	const char		*in, *out;
} cases[] = {
	{ MAIL_ENC_BASE64, "SGVsbG8=", "Hello" },
	{ MAIL_ENC_BASE64, "SGVs\r\nbG8=\r\n", "Hello" },
	{ MAIL_ENC_BASE64, "SGVsbG8", "Hello" },
	{ MAIL_ENC_BASE64, "SGk=SGk=", "HiHi" },
	{ MAIL_ENC_BASE64, "S!G*k=", "Hi" },
	{ MAIL_ENC_BASE64, "S", "" },
	{ MAIL_ENC_BASE64, "====", "" },
	{ MAIL_ENC_QP, "a=3Db", "a=b" },
	{ MAIL_ENC_QP, "a=3db", "a=b" },
	{ MAIL_ENC_QP, "soft=\r\nbreak", "softbreak" },
	{ MAIL_ENC_QP, "soft= \t\r\nbreak", "softbreak" },
	{ MAIL_ENC_QP, "soft=\nbreak", "softbreak" },
	{ MAIL_ENC_QP, "tail  \r\nnext", "tail\r\nnext" },
	{ MAIL_ENC_QP, "in  the middle", "in  the middle" },
	{ MAIL_ENC_QP, "bad=ZZ", "bad=ZZ" },
	{ MAIL_ENC_QP, "bad=4", "bad=4" },
	{ MAIL_ENC_QP, "bad=4Z", "bad=4Z" },
	{ MAIL_ENC_QP, "==3D", "==" },
	{ MAIL_ENC_QP, "end=", "end" },
	{ MAIL_ENC_8BIT, "as=3Dis \r\n", "as=3Dis \r\n" },
	{ MAIL_ENC_OTHER, "as=3Dis", "as=3Dis" },
};

static size_t
run(enum mail_encoding enc, const char *in, size_t cut, uint8_t *out)
{
	struct decoder	 d;
	size_t		 n;

	decoder_init(&d, enc);
	n = decoder_feed(&d, (const uint8_t *)in, cut, out);
	n += decoder_feed(&d, (const uint8_t *)in + cut, strlen(in) - cut,
	    out + n);
	return n + decoder_end(&d, out + n);
}

int
main(void)
{
	struct decoder	 d;
	uint8_t		 out[1024], many[600];
	size_t		 i, cut, n;

	for (i = 0; i < nitems(cases); i++)
		for (cut = 0; cut <= strlen(cases[i].in); cut++) {
			n = run(cases[i].enc, cases[i].in, cut, out);
			CHECK_ROW(n == strlen(cases[i].out) &&
			    memcmp(out, cases[i].out, n) == 0,
			    "row %zu cut %zu", i, cut);
		}
	memset(many, ' ', sizeof(many));	/* more than is held */
	decoder_init(&d, MAIL_ENC_QP);
	n = decoder_feed(&d, many, sizeof(many), out);
	CHECK(n <= sizeof(many) && n >= sizeof(many) - DECODE_HELD);
	return TEST_END();
}
