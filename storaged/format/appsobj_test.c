/* The object of app passwords: each prefix and each octet of it counts. */
#include "common/compat.h"

#include "common/test.h"
#include "storaged/format/appsobj.h"
#include "storaged/format/object.h"

int
main(void)
{
	static const uint8_t	none[16];
	struct appsobj		in = { .serial = 300, .text =
				    STR("ann:00000001:...\n"), .rest =
				    STR("\x06\x01x") }, out;
	struct buf		b = BUF_INIT, c = BUF_INIT;
	size_t			i;

	CHECK(appsobj_encode(&in, &b) == 0);
	CHECK(appsobj_decode(b.data, b.len, &out) == 0);
	CHECK(out.serial == 300 && str_eq(out.text, in.text) &&
	    str_eq(out.rest, in.rest));
	for (i = 0; i < b.len; i++)
		CHECK_ROW(appsobj_decode(b.data, i, &out) != 0, "prefix %zu",
		    i);
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 0x40;
		CHECK_ROW(appsobj_decode(b.data, b.len, &out) != 0,
		    "octet %zu", i);
		b.data[i] ^= 0x40;
	}
	/* Critical and newer; no serial; serial 0. */
	CHECK(object_seal(OBJECT_APPS, none, NULL, "\x03\x01\x01\x05\x00"
	    "\x07\x01x", 8, &c) == 0);
	CHECK(appsobj_decode(c.data, c.len, &out) == FORMAT_UNKNOWN);
	buf_reset(&c);
	CHECK(object_seal(OBJECT_APPS, none, NULL, "\x05\x00", 2, &c) == 0);
	CHECK(appsobj_decode(c.data, c.len, &out) == FORMAT_DAMAGED);
	buf_reset(&c);
	CHECK(object_seal(OBJECT_APPS, none, NULL, "\x03\x01\x00\x05\x00", 5,
	    &c) == 0);
	CHECK(appsobj_decode(c.data, c.len, &out) == FORMAT_DAMAGED);
	/* Behind the last serial. */
	buf_reset(&c);
	CHECK(object_seal(OBJECT_APPS, none, NULL, "\x03\x0a\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\x01\x05\x00", 14, &c) == 0);
	CHECK(appsobj_decode(c.data, c.len, &out) == FORMAT_DAMAGED);
	in.serial = APPSOBJ_SERIAL_MAX + 1;
	buf_reset(&c);
	CHECK(appsobj_encode(&in, &c) == -1);
	/* An empty text is one. */
	in = (struct appsobj){ .serial = 1 };
	buf_reset(&b);
	CHECK(appsobj_encode(&in, &b) == 0 && appsobj_decode(b.data, b.len,
	    &out) == 0 && out.serial == 1 && out.text.len == 0);
	buf_free(&b);
	buf_free(&c);
	return TEST_END();
}
