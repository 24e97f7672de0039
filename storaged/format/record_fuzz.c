/* Hostile records: what can be read can be written, and reads the same. */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/format/record.h"

static void
fuzz_record(const uint8_t *in, size_t len)
{
	struct arena	*a = arena_new(64 * 1024 * 1024);
	struct buf	 out = BUF_INIT, again = BUF_INIT, line = BUF_INIT;
	struct cursor	 c;
	struct record	 r;

	cursor_init(&c, in, len);
	while (cursor_left(&c) > 0 && record_decode(&r, &c, a) == 0) {
		buf_reset(&out);
		buf_reset(&again);
		FUZZ_CHECK(record_print(&r, &line) == 0);
		FUZZ_CHECK(record_encode(&r, &out) == 0);
		struct cursor	 d;
		struct record	 s;

		cursor_init(&d, out.data, out.len);
		FUZZ_CHECK(record_decode(&s, &d, a) == 0 && cursor_done(&d));
		FUZZ_CHECK(record_encode(&s, &again) == 0);
		FUZZ_CHECK(out.len == again.len &&
		    memcmp(out.data, again.data, out.len) == 0);
	}
	buf_free(&out);
	buf_free(&again);
	buf_free(&line);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_record);
}
