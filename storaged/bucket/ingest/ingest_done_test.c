/* Mails that are known to be delivered, and forgotten when they are gone. */
#include "common/compat.h"

#include <stdio.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_done.h"

static struct ingest_id
id(unsigned n)
{
	struct ingest_id	 i;
	char			 name[20];

	snprintf(name, sizeof(name), "%u", n);
	ingest_id(&i, "bucket", "in/", name, "etag");
	return i;
}

int
main(void)
{
	struct ingest_done	*d = ingest_done_new();
	struct ingest_id	 x;
	unsigned		 n, found = 0, other = 0;

	for (n = 0; n < 10000; n++) {
		x = id(n);
		CHECK(!ingest_done_has(d, &x));
		ingest_done_add(d, &x);
		ingest_done_add(d, &x);
	}
	/* Half of them are listed again. */
	ingest_done_pass(d);
	for (n = 0; n < 5000; n++) {
		x = id(n);
		found += ingest_done_has(d, &x);
	}
	CHECK(found == 5000);
	ingest_done_pass(d);
	for (n = 0; n < 10000; n++) {
		x = id(n);
		other += ingest_done_has(d, &x);
	}
	CHECK_ROW(other == 5000, "%u", other);
	ingest_done_pass(d);
	ingest_done_pass(d);
	x = id(1);
	CHECK(!ingest_done_has(d, &x));
	ingest_done_free(d);
	return TEST_END();
}
