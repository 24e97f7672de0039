/* What a node remembers of objects that are not for it now. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_seen.h"

static void
count(const char *name, const struct ingest_note *n, void *arg)
{
	(void)name;
	(void)n;
	(*(size_t *)arg)++;
}

static void
test_notes(void)
{
	struct ingest_seen	*s = ingest_seen_new();
	struct ingest_note	*n;
	size_t			 k = 0;

	CHECK(ingest_seen_find(s, "a", "e") == NULL);
	CHECK((n = ingest_seen_note(s, "a", "\"e\"")) != NULL &&
	    n->tries == 0 && n->next_ms == 0 && !n->foreign);
	n->foreign = true;
	CHECK(ingest_seen_find(s, "a", "e") == n);
	ingest_seen_each(s, count, &k);
	CHECK(k == 0);
	ingest_note_failed(n, 100, "451");
	CHECK(n->tries == 1 && !n->foreign && strcmp(n->why, "451") == 0);
	ingest_seen_each(s, count, &k);
	CHECK(k == 1);
	/* Written anew: nothing is known of it. */
	CHECK(ingest_seen_find(s, "a", "f") == NULL);
	CHECK((n = ingest_seen_note(s, "a", "f")) != NULL && n->tries == 0);
	ingest_seen_drop(s, "a");
	ingest_seen_drop(s, "b");
	CHECK(ingest_seen_find(s, "a", "f") == NULL);
	ingest_seen_free(s);
	ingest_seen_free(NULL);
}

/* What a whole listing has not shown is gone. */
static void
test_passes(void)
{
	struct ingest_seen	*s = ingest_seen_new();

	CHECK(ingest_seen_note(s, "a", "e") != NULL);
	CHECK(ingest_seen_note(s, "b", "e") != NULL);
	ingest_seen_pass(s);
	CHECK(ingest_seen_find(s, "a", "e") != NULL);
	ingest_seen_pass(s);
	CHECK(ingest_seen_find(s, "b", "e") == NULL);
	CHECK(ingest_seen_find(s, "a", "e") != NULL);
	ingest_seen_free(s);
}

static void
test_bounds(void)
{
	struct ingest_seen	*s = ingest_seen_new();
	char			 name[32];
	size_t			 i;

	for (i = 0; i < INGEST_SEEN_MAX; i++) {
		snprintf(name, sizeof(name), "mail-%zu", i);
		CHECK(ingest_seen_note(s, name, "e") != NULL);
	}
	CHECK(ingest_seen_note(s, "one more", "e") == NULL);
	CHECK(ingest_seen_note(s, "mail-7", "e") != NULL);
	ingest_seen_free(s);
}

static void
test_backoff(void)
{
	struct ingest_note	 n = { 0 };
	uint64_t		 pause = INGEST_BACKOFF_MIN;
	unsigned		 i;

	for (i = 0; i < 40; i++) {
		ingest_note_failed(&n, 1000, "x");
		CHECK_ROW(n.next_ms >= 1000 + pause / 2 &&
		    n.next_ms <= 1000 + pause, "try %u", i);
		pause = pause * 2 < INGEST_BACKOFF_MAX ? pause * 2 :
		    INGEST_BACKOFF_MAX;
	}
}

int
main(void)
{
	test_notes();
	test_passes();
	test_bounds();
	test_backoff();
	return TEST_END();
}
