/*
 * What every backend must do (blob_suite.h).  Each row of blob.h's contract
 * that a caller builds on has its check here; what only one backend has is
 * in that one's own test.
 */
#include "common/compat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "storaged/bucket/test/blob_suite_impl.h"

static void
test_objects(struct suite *t)
{
	static const char *const names[] = { "plain", "a/b/c/d", "ann@host/x",
	    "%2E%2F/x", "a+b=c_d-e/f", "many.dots.in.it", "~tilde" };
	struct suite_result r = { 0 };
	struct piece v[3] = { { "one, ", 5 }, { "", 0 }, { "two", 3 } };
	uint8_t bytes[256];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (i = 0; i < nitems(names); i++) {
		CHECK_ROW(suite_head(t, t->a, suite_key(t, names[i]),
		    &r) == BLOB_ABSENT, "%s %s: %s", t->name, names[i], r.why);
		CHECK_ROW(suite_put(t, t->a, suite_key(t, names[i]), bytes, 256,
		    BLOB_ALWAYS, NULL, &r) == BLOB_DONE, "%s %s: %s",
		    t->name, names[i], r.why);
		CHECK(r.etag[0] != '\0' && r.date > 1500000000);
		CHECK_ROW(suite_get(t, t->b, suite_key(t, names[i]), 0, 0, 256,
		    NULL, &r) == BLOB_DONE && r.len == 256 && r.size == 256 &&
		    memcmp(r.body, bytes, 256) == 0, "%s: %s", names[i],
		    r.why);
		CHECK(suite_head(t, t->b, suite_key(t, names[i]),
		    &r) == BLOB_DONE && r.size == 256);
	}
	CHECK(suite_put(t, t->a, suite_key(t, "empty"), NULL, 0, BLOB_ALWAYS,
	    NULL, &r) == BLOB_DONE);
	CHECK(suite_get(t, t->a, suite_key(t, "empty"), 0, 0, 10, NULL,
	    &r) == BLOB_DONE && r.len == 0 && r.size == 0);
	suite_result_free(&r);
	blob_put(t->a, suite_key(t, "pieces"), v, 3, BLOB_ALWAYS, NULL,
	    BLOB_USER, suite_cb, &r);
	memset(v, 0, sizeof(v));	/* only the bytes must stay */
	suite_wait(t->base, &r);
	CHECK(r.outcome == BLOB_DONE);
	CHECK(suite_get(t, t->a, suite_key(t, "pieces"), 0, 0, 10, NULL,
	    &r) == BLOB_DONE);
	CHECK(r.len == 8 && memcmp(r.body, "one, two", 8) == 0);
	CHECK(suite_get(t, t->a, suite_key(t, "nothing"), 0, 0, 10, NULL, &r) ==
	    BLOB_ABSENT);
	CHECK(suite_get(t, t->a, suite_key(t, "a"), 0, 0, 10, NULL,
	    &r) == BLOB_ABSENT);
	suite_result_free(&r);
}

static void
test_conditions(struct suite *t)
{
	char first[BLOB_ETAG_MAX], second[BLOB_ETAG_MAX];
	const char *k = suite_key(t, "u/head");
	struct suite_result r = { 0 };

	CHECK(suite_put(t, t->a, k, "1", 1, BLOB_IF_MATCH, "\"0123\"", &r) ==
	    BLOB_ABSENT);
	CHECK(suite_put(t, t->a, k, "1", 1, BLOB_IF_NONE_MATCH, NULL, &r) ==
	    BLOB_DONE);
	strlcpy(first, r.etag, sizeof(first));
	CHECK(suite_put(t, t->b, k, "2", 1, BLOB_IF_NONE_MATCH, NULL, &r) ==
	    BLOB_CONFLICT);
	CHECK(suite_head(t, t->b, k, &r) == BLOB_DONE && strcmp(r.etag,
	    first) == 0);
	CHECK(suite_put(t, t->b, k, "22", 2, BLOB_IF_MATCH, first,
	    &r) == BLOB_DONE);
	strlcpy(second, r.etag, sizeof(second));
	CHECK(strcmp(first, second) != 0);
	CHECK(suite_put(t, t->a, k, "3", 1, BLOB_IF_MATCH, first, &r) ==
	    BLOB_CONFLICT);
	CHECK(suite_get(t, t->a, k, 0, 0, 10, first, &r) == BLOB_DONE);
	CHECK(r.len == 2 && memcmp(r.body, "22", 2) == 0 &&
	    strcmp(r.etag, second) == 0);
	CHECK(suite_get(t, t->a, k, 0, 0, 10, second, &r) == BLOB_UNCHANGED &&
	    r.len == 0);
	CHECK(suite_put(t, t->a, k, "4444", 4, BLOB_IF_MATCH, second, &r) ==
	    BLOB_DONE);
	suite_result_free(&r);
}

static void
test_ranges(struct suite *t)
{
	static const struct {
		uint64_t offset, len; size_t max;
		enum blob_outcome outcome; uint64_t from, got;
	} rows[] = {
		{ 0, 0, 100000, BLOB_DONE, 0, 100000 },
		{ 0, 0, 99999, BLOB_LONG, 0, 0 },
		{ 0, 1, 1, BLOB_DONE, 0, 1 },
		{ 99999, 1, 1, BLOB_DONE, 99999, 1 },
		{ 99990, 100, 100, BLOB_DONE, 99990, 10 },
		{ 40000, 20000, 20000, BLOB_DONE, 40000, 20000 },
		{ 0, 100000, 100000, BLOB_DONE, 0, 100000 },
		{ 0, 200000, 200000, BLOB_DONE, 0, 100000 },
		{ 100000, 1, 1, BLOB_BEHIND, 0, 0 },
		{ 200000, 5, 5, BLOB_BEHIND, 0, 0 },
	};
	struct suite_result r = { 0 };
	uint8_t *p = malloc(100000);
	size_t i;

	arc4random_buf(p, 100000);
	CHECK(suite_put(t, t->a, suite_key(t, "r"), p, 100000, BLOB_ALWAYS,
	    NULL, &r) == BLOB_DONE);
	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(suite_get(t, t->a, suite_key(t, "r"), rows[i].offset,
		    rows[i].len, rows[i].max, NULL, &r) == rows[i].outcome,
		    "%s row %zu: %s %s", t->name, i,
		    blob_outcome_name(r.outcome), r.why);
		if (rows[i].outcome != BLOB_DONE)
			continue;
		CHECK_ROW(r.size == 100000 && r.len == rows[i].got &&
		    memcmp(r.body, p + rows[i].from, r.len) == 0,
		    "%s row %zu", t->name, i);
	}
	free(p);
	suite_result_free(&r);
}

static void
test_delete(struct suite *t)
{
	struct suite_result r = { 0 };
	const char *keys[4];
	int i;

	for (i = 0; i < 4; i++) {
		keys[i] = suite_key(t, i == 0 ? "d/0" : i == 1 ? "d/1&<x>" :
		    i == 2 ? "d/never" : "d/2");
		if (i != 2)
			CHECK(suite_put(t, t->a, keys[i], "x", 1, BLOB_ALWAYS,
			    NULL, &r) == BLOB_DONE);
	}
	suite_result_free(&r);
	blob_delete(t->a, keys, 3, BLOB_USER, suite_cb, &r);
	suite_wait(t->base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s: %s", t->name, r.why);
	CHECK(suite_head(t, t->a, keys[0], &r) == BLOB_ABSENT);
	CHECK(suite_head(t, t->a, keys[1], &r) == BLOB_ABSENT);
	CHECK(suite_head(t, t->a, keys[3], &r) == BLOB_DONE);
	suite_result_free(&r);
	blob_delete(t->a, keys + 3, 1, BLOB_USER, suite_cb, &r);
	suite_wait(t->base, &r);
	CHECK(r.outcome == BLOB_DONE);
	CHECK(suite_head(t, t->a, keys[3], &r) == BLOB_ABSENT);
	suite_result_free(&r);
}

static void
list_check(struct suite *t, const char *prefix, const char *after,
    unsigned max, const char *want, bool more)
{
	struct suite_result r = { 0 };
	char got[2048] = "";
	char *start = after != NULL ? suite_key(t, after) : NULL;
	size_t i;

	CHECK_ROW(suite_list(t, suite_key(t, prefix), start, max,
	    &r) == BLOB_DONE, "%s", r.why);
	for (i = 0; i < r.n; i++) {
		CHECK(strncmp(r.keys[i], t->root, strlen(t->root)) == 0);
		strlcat(got, r.keys[i] + strlen(t->root) + 1, sizeof(got));
		strlcat(got, " ", sizeof(got));
		CHECK(r.sizes[i] == strlen(r.keys[i]));
	}
	CHECK_ROW(strcmp(got, want) == 0, "%s %s after %s: \"%s\"", t->name,
	    prefix, after != NULL ? after : "-", got);
	CHECK_ROW(r.more == more, "%s %s", t->name, prefix);
	suite_result_free(&r);
}

static void
test_list(struct suite *t)
{
	static const char *const names[] = { "l/a-b", "l/a/2", "l/a/1", "l/a0",
	    "l/b/x", "l/c+d=@%2E&<", "lm/z", "l/a/3/4" };
	struct suite_result r = { 0 };
	size_t i;
	char *k;

	for (i = 0; i < nitems(names); i++) {
		k = suite_key(t, names[i]);
		CHECK(suite_put(t, t->a, k, k, strlen(k), BLOB_ALWAYS, NULL,
		    &r) == BLOB_DONE);
	}
	list_check(t, "l/", NULL, 100,
	    "l/a-b l/a/1 l/a/2 l/a/3/4 l/a0 l/b/x l/c+d=@%2E&< ", false);
	list_check(t, "l", NULL, 0, "l/a-b l/a/1 l/a/2 l/a/3/4 l/a0 l/b/x "
	    "l/c+d=@%2E&< lm/z ", false);
	list_check(t, "l/a", NULL, 100, "l/a-b l/a/1 l/a/2 l/a/3/4 l/a0 ",
	    false);
	list_check(t, "l/a/", NULL, 2, "l/a/1 l/a/2 ", true);
	list_check(t, "l/a/", NULL, 3, "l/a/1 l/a/2 l/a/3/4 ", false);
	list_check(t, "l/a/", "l/a/1", 1, "l/a/2 ", true);
	list_check(t, "l/", "l/a/2", 100, "l/a/3/4 l/a0 l/b/x l/c+d=@%2E&< ",
	    false);
	list_check(t, "l/", "l/a0", 1, "l/b/x ", true);
	list_check(t, "l/", "l/c+d=@%2E&<", 1, "", false);
	list_check(t, "none/", NULL, 1, "", false);
	suite_result_free(&r);
}

static void
test_file(struct suite *t)
{
	char path[] = "/tmp/blob_suite.XXXXXX";
	struct suite_result r = { 0 };
	uint8_t *p = malloc(300000);
	int fd = mkstemp(path);

	arc4random_buf(p, 300000);
	unlink(path);
	CHECK(write(fd, p, 300000) == 300000);
	blob_put_file(t->a, suite_key(t, "spooled"), fd, 299999, BLOB_USER,
	    suite_cb, &r);
	suite_wait(t->base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE, "%s: %s", t->name, r.why);
	CHECK(suite_get(t, t->a, suite_key(t, "spooled"), 0, 0, 300000, NULL,
	    &r) == BLOB_DONE && r.len == 299999 && memcmp(r.body, p,
	    299999) == 0);
	close(fd);
	free(p);
	suite_result_free(&r);
}

static void
test_bad(struct suite *t)
{
	struct suite_result r = { 0 };
	char longer[1200];

	memset(longer, 'k', sizeof(longer));
	longer[1100] = '\0';
	CHECK(suite_put(t, t->a, longer, "x", 1, BLOB_ALWAYS, NULL, &r) ==
	    BLOB_ERROR);
	CHECK(suite_get(t, t->a, longer, 0, 0, 1, NULL, &r) == BLOB_ERROR);
	CHECK(suite_head(t, t->a, longer, &r) == BLOB_ERROR);
	CHECK(suite_list(t, longer, NULL, 1, &r) == BLOB_ERROR);
	longer[300] = '\0';
	CHECK(suite_put(t, t->a, longer, "x", 1, BLOB_IF_MATCH, longer, &r) ==
	    BLOB_ERROR);
	CHECK(suite_put(t, t->a, "", "x", 1, BLOB_ALWAYS, NULL,
	    &r) == BLOB_ERROR);
	CHECK(suite_put(t, t->a, "a/../b", "x", 1, BLOB_ALWAYS, NULL, &r) ==
	    BLOB_ERROR);
	CHECK(suite_get(t, t->a, "a//b", 0, 0, 10, NULL, &r) == BLOB_ERROR);
	suite_result_free(&r);
}

static void
test_clean(struct suite *t)
{
	struct suite_result r = { 0 }, d = { 0 };
	const char *keys[KEY_MAX];
	size_t i;

	CHECK(suite_list(t, t->root, NULL, 0, &r) == BLOB_DONE && r.n > 20);
	for (i = 0; i < r.n; i++)
		keys[i] = r.keys[i];
	blob_delete(t->a, keys, r.n, BLOB_BACKGROUND, suite_cb, &d);
	suite_wait(t->base, &d);
	CHECK_ROW(d.outcome == BLOB_DONE, "%s", d.why);
	CHECK(suite_list(t, t->root, NULL, 0, &r) == BLOB_DONE && r.n == 0);
	suite_result_free(&r);
	suite_result_free(&d);
}

void
blob_suite(struct event_base *base, struct blob_store *a,
    struct blob_store *b, const char *name)
{
	struct suite t = { base, a, b, name, "" };
	const struct blob_counts *n = blob_counts(a);

	snprintf(t.root, sizeof(t.root), "suite-%08x", arc4random());
	test_objects(&t);
	test_conditions(&t);
	test_ranges(&t);
	test_delete(&t);
	test_list(&t);
	test_file(&t);
	suite_race_create(&t);
	/* With verify-after-write a won race is often UNSURE. */
	if (strstr(name, "verify") == NULL)
		suite_race_match(&t);
	suite_cancel(&t);
	test_bad(&t);
	test_clean(&t);
	CHECK(n->put > 20 && n->get > 20 && n->head > 10 && n->list > 5 &&
	    n->del >= 3 && n->bytes_in > 500000 && n->bytes_out > 400000);
}
