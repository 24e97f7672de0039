/* Claims: what is written is read again, and what makes no sense is held. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_hold.h"

static const uint8_t	 node[8] = "a node!";

static bool
is(const char *s, const char *want)
{
	return want == NULL ? s == NULL : s != NULL && strcmp(s, want) == 0;
}

static void
round_trip(enum ingest_hold_state state, const char *left,
    const char *envelope, const char *sender)
{
	struct ingest_hold	 h = { state, NULL, NULL, NULL }, got;
	struct buf		 b, other;
	size_t			 n;

	h.left = left != NULL ? strdup(left) : NULL;
	h.envelope = envelope != NULL ? strdup(envelope) : NULL;
	h.sender = sender != NULL ? strdup(sender) : NULL;
	buf_init(&b, 0);
	buf_init(&other, 0);
	CHECK(ingest_hold_write(&h, node, &b) == 0);
	CHECK(ingest_hold_write(&h, node, &other) == 0);
	CHECK(b.len == other.len && memcmp(b.data, other.data, b.len) != 0);
	ingest_hold_read(&got, b.data, b.len);
	CHECK(got.state == state && is(got.left, left) && is(got.envelope,
	    envelope) && is(got.sender, sender));
	ingest_hold_free(&got);
	/* Each part of it is somebody's. */
	for (n = 0; n + 2 < b.len; n++) {
		char	*part = malloc(n + 1);

		memcpy(part + 1, b.data, n);
		ingest_hold_read(&got, part + 1, n);
		CHECK(got.state == INGEST_HELD && got.left == NULL);
		ingest_hold_free(&got);
		free(part);
	}
	buf_free(&b);
	buf_free(&other);
	ingest_hold_free(&h);
}

static char *
quotes(size_t n)
{
	char	*s = calloc(1, n + 1);

	memset(s, '"', n);
	return s;
}

/* storaged ends if a claim cannot be written, and strangers choose names. */
static void
test_longest(void)
{
	struct ingest_hold	 h = { INGEST_HELD, quotes(INGEST_ONLY_MAX),
				    quotes(INGEST_ENVELOPE_MAX),
				    quotes(INGEST_ADDRESS_MAX) }, got;
	struct buf		 b;

	buf_init(&b, INGEST_HOLD_MAX);
	CHECK(ingest_hold_write(&h, node, &b) == 0);
	ingest_hold_read(&got, b.data, b.len);
	CHECK(is(got.left, h.left) && is(got.envelope, h.envelope) &&
	    is(got.sender, h.sender));
	ingest_hold_free(&got);
	ingest_hold_free(&h);
	buf_free(&b);
}

static void
test_foreign(void)
{
	static const struct {
		const char		*text, *left;
		enum ingest_hold_state	 state;
	} rows[] = {
		/* As nodes of before wrote them. */
		{ "{\"node\": \"00\", \"nonce\": \"11\"}\n", NULL,
		  INGEST_HELD },
		{ "{\"state\": \"free\"}", NULL, INGEST_FREE },
		{ "{\"state\": \"done\"}", NULL, INGEST_DONE },
		{ "{\"state\": \"lost\"}", NULL, INGEST_HELD },
		{ "{\"state\": 1}", NULL, INGEST_HELD },
		{ "{\"state\": \"free\", \"state\": \"done\"}", NULL,
		  INGEST_HELD },
		{ "{\"state\": \"free\", \"left\": \"a\\nb\"}", NULL,
		  INGEST_FREE },
		{ "{\"state\": \"free\", \"left\": [\"a\"]}", NULL,
		  INGEST_FREE },
		{ "{\"state\": \"free\", \"left\": \"a,b\"}", "a,b",
		  INGEST_FREE },
	};
	struct ingest_hold	 h;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		ingest_hold_read(&h, rows[i].text, strlen(rows[i].text));
		CHECK_ROW(h.state == rows[i].state && is(h.left, rows[i].left),
		    "%s", rows[i].text);
		ingest_hold_free(&h);
	}
}

int
main(void)
{
	round_trip(INGEST_HELD, NULL, NULL, NULL);
	round_trip(INGEST_FREE, "ann@example.org,b\"\\o@x", "c@x", "d@x");
	round_trip(INGEST_DONE, NULL, "c@x", NULL);
	test_longest();
	test_foreign();
	return TEST_END();
}
