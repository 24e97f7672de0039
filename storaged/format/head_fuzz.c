/*
 * Hostile objects.  The first byte says which; the rest is a body that gets
 * a right header before it, so that the fuzzer need not find a SHA-256.
 */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/format/head.h"
#include "storaged/format/logobj.h"
#include "storaged/format/manifest.h"

static const uint8_t	history[16] = "fuzz";

static void
head(const struct buf *whole)
{
	struct head	 h, again;
	struct buf	 out = BUF_INIT, twice = BUF_INIT;

	if (head_decode(&h, NULL, whole->data, whole->len) == 0) {
		FUZZ_CHECK(head_encode(&h, NULL, &out) == 0);
		FUZZ_CHECK(head_decode(&again, h.user, out.data,
		    out.len) == 0);
		FUZZ_CHECK(head_encode(&again, NULL, &twice) == 0 &&
		    twice.len == out.len &&
		    memcmp(twice.data, out.data, out.len) == 0);
		head_free(&again);
		FUZZ_CHECK(head_copy(&again, &h) == 0);
		head_free(&again);
	}
	head_free(&h);
	buf_free(&out);
	buf_free(&twice);
}

static void
manifest(const struct buf *whole)
{
	struct manifest	 m, again;
	struct buf	 out = BUF_INIT, twice = BUF_INIT;

	if (manifest_decode(&m, whole->data, whole->len, history,
	    NULL) == 0) {
		FUZZ_CHECK(manifest_encode(&m, history, NULL, &out) == 0);
		FUZZ_CHECK(manifest_decode(&again, out.data, out.len,
		    history, NULL) == 0);
		FUZZ_CHECK(manifest_encode(&again, history, NULL,
		    &twice) == 0 && twice.len == out.len &&
		    memcmp(twice.data, out.data, out.len) == 0);
		manifest_free(&again);
	}
	manifest_free(&m);
	buf_free(&out);
	buf_free(&twice);
}

static void
logobj(const struct buf *whole)
{
	struct blocklist	 l;
	struct block		*k;
	uint64_t		 off, len, i;

	for (i = 0; i < 10; i++)
		if (logobj_find(whole->data, whole->len, i, &off, &len) == 0)
			FUZZ_CHECK(off >= OBJECT_HEADER);
	TAILQ_INIT(&l);
	if (logobj_decode(whole->data, whole->len, history, NULL, &l) == 0)
		TAILQ_FOREACH(k, &l, entry) {
			FUZZ_CHECK(logobj_find(whole->data, whole->len,
			    k->number, &off, &len) == 0);
			FUZZ_CHECK(len == k->messages_len &&
			    off + len <= whole->len && (len == 0 ||
			    memcmp(whole->data + off, k->messages, len) == 0));
		}
	blocklist_free(&l);
}

static void
fuzz_head(const uint8_t *in, size_t len)
{
	static const enum object_kind kinds[] = { OBJECT_HEAD, OBJECT_MANIFEST,
	    OBJECT_LOG };
	struct buf	 whole = BUF_INIT;
	unsigned	 which = len > 0 ? in[0] % 3 : 0;

	if (len > 0 && object_seal(kinds[which], history, NULL, in + 1,
	    len - 1, &whole) == 0) {
		if (which == 0)
			head(&whole);
		else if (which == 1)
			manifest(&whole);
		else
			logobj(&whole);
	}
	buf_free(&whole);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_head);
}
