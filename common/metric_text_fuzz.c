/*
 * Hostile labels of metrics: what can be read can be written again, and reads
 * as the same.  Any octets as a value come back as one value.
 */
#include "common/fuzz.h"
#include "common/metric_text.h"

static void
fuzz_metric_text(const uint8_t *in, size_t len)
{
	struct str	 text = { (const char *)in, len }, key, rest;
	struct buf	 b = BUF_INIT;
	char		 value[1024], again[1024];
	size_t		 left = text.len;
	int		 r;

	while ((r = metric_text_next(&text, &key, value,
	    sizeof(value))) == 1) {
		FUZZ_CHECK(text.len < left && key.len > 0);
		left = text.len;
	}
	FUZZ_CHECK((r == 0) == (text.len == 0) || r == -1);
	metric_text_put(&b, "a", (struct str){ (const char *)in, len });
	metric_text_put(&b, "b", STR("c"));
	rest = (struct str){ (const char *)b.data, b.len };
	FUZZ_CHECK(metric_text_next(&rest, &key, value, sizeof(value)) == 1 &&
	    str_eq(key, STR("a")));
	FUZZ_CHECK(metric_text_next(&rest, &key, again, sizeof(again)) == 1 &&
	    str_eq(key, STR("b")) && strcmp(again, "c") == 0 &&
	    rest.len == 0);
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_metric_text);
}
