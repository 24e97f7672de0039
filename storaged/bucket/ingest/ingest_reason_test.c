/* Reasons: what is written is read again, and what is forged is not. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/test.h"
#include "storaged/bucket/ingest/ingest_reason.h"

#define HEAD	"{\"key\": \"in/x\", \"etag\": \"e\", \"at\": \"\", " \
	"\"why\": \"\", "

static void
test_round(void)
{
	struct ingest_answer	 v[2] = {
	    { STR("a\"n\\n\xc3\xa4@example.org"), 550, STR("5.1.1 no\nuser") },
	    { STR("bob@example.org"), 250, STR("2.0.0 stored") } };
	struct ingest_result	 res = { INGEST_FAILED, STR(""), { v, 2 } };
	struct ingest_reason	*r = ingest_reason_new(&res), *s;
	struct buf		 b;
	char			 line[200];
	uint8_t			*copy;
	size_t			 i;

	buf_init(&b, INGEST_REASON_MAX);
	strlcpy(r->key, "in/a \"b\"", sizeof(r->key));
	strlcpy(r->etag, "9a", sizeof(r->etag));
	strlcpy(r->at, "2026-11-29T08:00:00Z", sizeof(r->at));
	CHECK(ingest_reason_write(r, &b) == 0);
	s = ingest_reason_read(b.data, b.len);
	CHECK(s != NULL && s->n == 2);
	if (s != NULL) {
		CHECK(strcmp(s->key, r->key) == 0 && strcmp(s->at, r->at) == 0);
		CHECK(strcmp(s->v[0].recipient, r->v[0].recipient) == 0);
		CHECK(s->v[0].code == 550 && s->v[1].code == 250);
		CHECK(strcmp(s->v[0].text, "5.1.1 no?user") == 0);
		CHECK(strcmp(ingest_reason_line(s, line, sizeof(line)),
		    "a\"n\\n\xc3\xa4@example.org: 550 5.1.1 no?user") == 0);
	}
	ingest_reason_free(s);
	ingest_reason_free(r);
	for (i = 0; i + 1 < b.len; i++) {
		copy = malloc(i + 1);
		memcpy(copy, b.data, i);
		CHECK_ROW(ingest_reason_read(copy, i) == NULL, "prefix %zu",
		    i);
		free(copy);
	}
	buf_free(&b);
}

static void
test_forged(void)
{
	static const char *const rows[] = {
		"", "{}", "[]", HEAD "\"answers\": {}}", HEAD "\"x\": []}",
		HEAD "\"answers\": [1]}",
		HEAD "\"answers\": [{\"recipient\": \"a\", \"code\": -1, "
		    "\"text\": \"\"}]}",
		HEAD "\"answers\": [{\"recipient\": \"a\", \"code\": 600, "
		    "\"text\": \"\"}]}",
		HEAD "\"answers\": [{\"recipient\": \"a,b\", \"code\": 550, "
		    "\"text\": \"\"}]}",
		HEAD "\"answers\": [{\"recipient\": \"a\\u0000\", \"code\": "
		    "550, \"text\": \"\"}]}",
		HEAD "\"answers\": [], \"key\": \"in/y\"}",
	};
	struct ingest_reason	*r;
	struct buf		 b;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++)
		CHECK_ROW(ingest_reason_read(rows[i], strlen(rows[i])) ==
		    NULL, "%s", rows[i]);
	r = ingest_reason_read(HEAD "\"answers\": []}",
	    strlen(HEAD "\"answers\": []}"));
	CHECK(r != NULL && r->n == 0);
	ingest_reason_free(r);
	buf_init(&b, INGEST_REASON_MAX);
	buf_puts(&b, HEAD "\"answers\": [");
	for (i = 0; i <= INGEST_RECIPIENTS; i++)
		buf_printf(&b, "%s{\"recipient\": \"a\", \"code\": 550, "
		    "\"text\": \"\"}", i > 0 ? "," : "");
	buf_puts(&b, "]}");
	CHECK(ingest_reason_read(b.data, b.len) == NULL);
	buf_free(&b);
}

int
main(void)
{
	test_round();
	test_forged();
	return TEST_END();
}
