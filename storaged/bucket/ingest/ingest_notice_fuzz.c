/* Any bytes as a notification: what is read of it is within its limits. */
#include "common/compat.h"

#include "common/fuzz.h"
#include "storaged/bucket/ingest/ingest_notice.h"
#include "storaged/format/key.h"

static void
fuzz_notice(const uint8_t *in, size_t len)
{
	struct str		 text = { (const char *)in, len };
	struct ingest_notice	*n;
	char			 why[INGEST_NOTICE_WHY];
	size_t			 i;

	if ((n = ingest_notice_read(text, why)) == NULL) {
		FUZZ_CHECK(why[0] != '\0');
		return;
	}
	FUZZ_CHECK(n->n <= INGEST_NOTICE_OBJECTS);
	for (i = 0; i < n->n; i++) {
		FUZZ_CHECK(n->v[i].bucket[0] != '\0' &&
		    strlen(n->v[i].bucket) < 64);
		FUZZ_CHECK(strlen(n->v[i].key) < KEY_MAX);
	}
	if (n->recipients != NULL)
		FUZZ_CHECK(strlen(n->recipients) <= INGEST_ENVELOPE_MAX);
	ingest_notice_free(n);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_notice);
}
