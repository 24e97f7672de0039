/* JSON that we write: read back it is the same, and a terminal is safe. */
#include "common/compat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_write.h"
#include "common/test.h"

static void
check_strings(void)
{
	static const struct {
		struct str	 text;
		const char	*json;
	} rows[] = {
		{ STR(""), "\"\"" },
		{ STR("ann"), "\"ann\"" },
		{ STR("a\"b\\c/"), "\"a\\\"b\\\\c/\"" },
		{ STR("\n\t\0\x1b[2J\x7f"),
		  "\"\\u000a\\u0009\\u0000\\u001b[2J\\u007f\"" },
		{ STR("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80"),
		  "\"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		/* C1, RLO, BOM, a tag */
		{ STR("\xc2\x9b" "1\xe2\x80\xae\xef\xbb\xbf\xf3\xa0\x81\x81"),
		  "\"\\u009b1\\u202e\\ufeff\\udb40\\udc41\"" },
		/* no UTF-8: alone, cut, too long, a surrogate, too high */
		{ STR("\xff" "a"), "\"\xef\xbf\xbd" "a\"" },
		{ STR("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR("\xed\xa0\x80"),
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR("\xf4\x90"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	struct buf	b = BUF_INIT;
	size_t		i;

	for (i = 0; i < nitems(rows); i++) {
		json_add_str(&b, NULL, rows[i].text);
		CHECK_ROW(str_eq((struct str){ (char *)b.data, b.len },
		    str_from(rows[i].json)), "%zu: %.*s", i, (int)b.len,
		    (char *)b.data);
		buf_reset(&b);
	}
	buf_free(&b);
}

/* Every code point comes back, and none is seen that should not be. */
static void
check_points(void)
{
	struct buf	 b = BUF_INIT;
	char		 text[5], *back;
	uint32_t	 c;
	size_t		 len, n, bad = 0;

	for (c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 0xb) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		n = 0;
		if (c < 0x80)
			text[n++] = (char)c;
		else if (c < 0x800)
			text[n++] = (char)(0xc0 | c >> 6);
		else if (c < 0x10000) {
			text[n++] = (char)(0xe0 | c >> 12);
			text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		} else {
			text[n++] = (char)(0xf0 | c >> 18);
			text[n++] = (char)(0x80 | (c >> 12 & 0x3f));
			text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		}
		if (c >= 0x80)
			text[n++] = (char)(0x80 | (c & 0x3f));
		json_add_str(&b, NULL, (struct str){ text, n });
		back = json_dup((struct str){ (char *)b.data, b.len }, &len);
		bad += back == NULL || len != n || memcmp(back, text, n) != 0;
		free(back);
		buf_reset(&b);
	}
	CHECK(bad == 0);
	buf_free(&b);
}

static void
check_document(void)
{
	static const char	want[] = "{\"a\":1,\"b\":[],\"c\":[{},"
	    "{\"x\":-5}],\"d\":null,\"e\":true,\"f\":\"{\",\"g\":"
	    "\"2026-11-28T20:00:00Z\",\"h\":null,\"i\":[1,2],"
	    "\"j\":18446744073709551615,\"k\":{\"na\\u000ame\":7},"
	    "\"m\":1,\"n\":\"}\",\"o\":null}";
	struct buf		b = BUF_INIT;

	json_add_object(&b, NULL);
	json_add_number(&b, "a", 1);
	json_add_array(&b, "b");
	json_end_array(&b);
	json_add_array(&b, "c");
	json_add_object(&b, NULL);
	json_end_object(&b);
	json_add_object(&b, NULL);
	json_add_signed(&b, "x", -5);
	json_end_object(&b);
	json_end_array(&b);
	json_add_text(&b, "d", NULL);
	json_add_bool(&b, "e", true);
	json_add_text(&b, "f", "{");
	json_add_time(&b, "g", 1795896000);
	json_add_time(&b, "h", 0);
	json_add_raw(&b, "i", STR(" [1\n,2\n]\n"));
	json_add_number(&b, "j", UINT64_MAX);
	json_add_object(&b, "k");
	json_add_name(&b, STR("na\nme"));
	json_add_number(&b, NULL, 7);
	json_end_object(&b);
	json_add_members(&b, STR(" { \"m\":1,\"n\":\"}\" } \n"));
	json_add_members(&b, STR(" { } \n"));
	json_add_members(&b, STR("{}"));
	json_add_time(&b, "o", INT64_MAX);
	json_end_object(&b);
	CHECK_ROW(str_eq((struct str){ (char *)b.data, b.len }, STR(want)),
	    "%.*s", (int)b.len, (char *)b.data);
	CHECK(json_check(b.data, b.len) == 0);
	buf_reset(&b);
	json_add_object(&b, NULL);
	json_add_members(&b, STR("{\"a\":1}"));
	json_end_object(&b);
	CHECK(str_eq((struct str){ (char *)b.data, b.len },
	    STR("{\"a\":1}")));
	buf_reset(&b);
	buf_puts(&b, "ok\n");
	json_error(&b, "");
	CHECK(str_eq((struct str){ (char *)b.data, b.len },
	    STR("ok\n{\"error\":\"\"}\n")));
	buf_reset(&b);
	json_error(&b, "a\nb");
	CHECK(str_eq((struct str){ (char *)b.data, b.len },
	    STR("{\"error\":\"a\\u000ab\"}\n")));
	buf_free(&b);
}

int
main(void)
{
	check_strings();
	check_points();
	check_document();
	return TEST_END();
}
