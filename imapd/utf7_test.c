/* Names of mailboxes and base64: one form each, and back. */
#include "imapd/utf7.h"

#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/base64.h"

static const struct {
	const char	*utf7;
	const char	*utf8;		/* NULL: no name */
} names[] = {
	{ "", "" },
	{ "INBOX", "INBOX" },
	{ "&-", "&" },
	{ "a&-&-b", "a&&b" },
	{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	    "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac"
	    "\xe8\xaa\x9e" },
	{ "&APw-", "\xc3\xbc" },
	{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
	{ "&AKMArA-", "\xc2\xa3\xc2\xac" },
	{ "&APw-&-", "\xc3\xbc&" },
	{ "&", NULL },
	{ "&APw", NULL },
	{ "&APw-&APw-", NULL },		/* must be one run */
	{ "&AGE-", NULL },		/* "a" is written as itself */
	{ "&ACY-", NULL },		/* and so is "&" */
	{ "&2D0-", NULL },		/* half a surrogate */
	{ "&3gA-", NULL },
	{ "&2D3YPQ-", NULL },
	{ "&APx-", NULL },		/* bits that are not zero */
	{ "&APwA-", NULL },
	{ "&A-", NULL },
	{ "&AP/-", NULL },		/* "," is the alphabet's, not "/" */
	{ "&APw=-", NULL },
	{ "a\tb", NULL },
	{ "\xc3\xbc", NULL },
};

static void
test_names(void)
{
	struct buf	 b, back;
	size_t		 i;
	int		 ret;

	for (i = 0; i < nitems(names); i++) {
		buf_init(&b, 0);
		buf_init(&back, 0);
		ret = utf7_to_utf8(str_from(names[i].utf7), &b);
		CHECK_ROW((ret == 0) == (names[i].utf8 != NULL), "%s",
		    names[i].utf7);
		if (ret == 0 && names[i].utf8 != NULL) {
			CHECK_ROW(b.len == strlen(names[i].utf8) &&
			    (b.len == 0 || memcmp(b.data, names[i].utf8,
			    b.len) == 0), "%s", names[i].utf7);
			CHECK(utf8_to_utf7(str_from(names[i].utf8),
			    &back) == 0);
			CHECK_ROW(back.len == strlen(names[i].utf7) &&
			    (back.len == 0 || memcmp(back.data,
			    names[i].utf7, back.len) == 0), "%s",
			    names[i].utf7);
		}
		buf_free(&b);
		buf_free(&back);
	}
}

static void
test_utf8(void)
{
	static const char *const bad[] = { "\xc3", "\xc0\x80", "\xe0\x80\x80",
	    "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
	    "\x80", "a\xff" };
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(bad); i++) {
		CHECK_ROW(!utf8_is_text(str_from(bad[i])), "%zu", i);
		CHECK_ROW(utf8_to_utf7(str_from(bad[i]), &b) == -1, "%zu",
		    i);
	}
	CHECK(!utf8_is_text(STR("a\nb")) && !utf8_is_text(STR("\x7f")) &&
	    !utf8_is_text(STR("\xc2\x85")));
	CHECK(utf8_is_text(STR("\xc2\xa0 b")));
	buf_free(&b);
}

static void
test_base64(void)
{
	static const struct {
		const char	*plain;
		size_t		 len;
		const char	*text;
	} good[] = {
		{ "", 0, "" },
		{ "f", 1, "Zg==" },
		{ "fo", 2, "Zm8=" },
		{ "foo", 3, "Zm9v" },
		{ "\0ann\0secret", 11, "AGFubgBzZWNyZXQ=" },
		{ "\xff\xfe\xfd", 3, "//79" },
	};
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg==Zg==",
	    "Zh==", "Zm9=", "Z===", "====", "Zm9v!", "Zm 9" };
	struct buf	 b;
	size_t		 i;

	for (i = 0; i < nitems(good); i++) {
		buf_init(&b, 0);
		CHECK(base64_encode((struct str){ good[i].plain,
		    good[i].len }, &b) == 0);
		CHECK_ROW(b.len == strlen(good[i].text) && (b.len == 0 ||
		    memcmp(b.data, good[i].text, b.len) == 0), "%s",
		    good[i].text);
		buf_reset(&b);
		CHECK(base64_decode(str_from(good[i].text), &b) == 0);
		CHECK_ROW(b.len == good[i].len && (b.len == 0 ||
		    memcmp(b.data, good[i].plain, b.len) == 0), "%s",
		    good[i].text);
		buf_free(&b);
	}
	for (i = 0; i < nitems(bad); i++) {
		buf_init(&b, 0);
		CHECK_ROW(base64_decode(str_from(bad[i]), &b) == -1, "%s",
		    bad[i]);
		buf_free(&b);
	}
}

int
main(void)
{
	test_names();
	test_utf8();
	test_base64();
	return TEST_END();
}
