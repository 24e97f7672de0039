/*
 * The cache of pieces against a counting store: as few GETs as may be, one
 * for all who wait, and damage fetched again.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storaged/bucket/cache/test/cache_rig.h"

static void
test_reads(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct suite_result r = { 0 };

	/* One piece, then from it; then the run of the other three. */
	CHECK(check(c, "k/msg/1", 5, 100, 100) == 1);
	settle(c, 1);
	CHECK(check(c, "k/msg/1", 0, CACHE_PIECE, CACHE_PIECE) == 0);
	CHECK(check(c, "k/msg/1", 4090, 20, 20) == 0);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 1);
	settle(c, 4);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/1", CACHE_PIECE - 1, 2, 2) == 0);
	CHECK(check(c, "k/msg/1", BIG - 10, 1000, 10) == 0);
	CHECK(check(c, "k/msg/1", 7, 8 << 20, BIG - 7) == 0);
	CHECK(blob_cache_counts(c)->misses == 4);
	/* A hole in the middle: one GET on each side of what is there. */
	CHECK(check(c, "k/msg/2", CACHE_PIECE, 1, 1) == 1);
	settle(c, 5);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 2);
	settle(c, 8);
	/* Behind the end; nothing there; nothing wanted. */
	blob_cache_read(c, "k/msg/1", BIG, 1, BLOB_USER, suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_BEHIND);
	blob_cache_read(c, "k/msg/none", 0, 10, BLOB_USER, suite_cb, &r);
	r.called = false;
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_ABSENT && r.len == 0);
	blob_cache_read(c, "k/msg/1", 3, 0, BLOB_USER, suite_cb, &r);
	r.called = false;
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE && r.len == 0);
	blob_cache_read(c, "k/msg/1", UINT64_MAX - 5, 10, BLOB_USER, suite_cb,
	    &r);
	r.called = false;
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_ERROR);
	blob_cache_close(c);
	/* It survives a restart. */
	c = open_cache(ONE_SEGMENT);
	CHECK(blob_cache_counts(c)->pieces == 8);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/2", 1, BIG, BIG - 1) == 0);
	blob_cache_close(c);
	suite_result_free(&r);
}

/* Concurrent misses of one piece share a GET; cancelled ones do not hurt. */
static void
test_together(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct suite_result r[20] = { { 0 } }, gone[3] = { { 0 } };
	struct blob_cache_read *q[3];
	uint64_t before = gets();
	size_t i;

	put("k/msg/3", big, BIG);
	for (i = 0; i < 3; i++)
		q[i] = blob_cache_read(c, i < 2 ? "k/msg/3" : "k/msg/1", 0, 5,
		    BLOB_USER, suite_cb, &gone[i]);
	for (i = 0; i < 20; i++)
		blob_cache_read(c, "k/msg/3", i * 1000, 500, i % 2 ?
		    BLOB_USER : BLOB_BACKGROUND, suite_cb, &r[i]);
	for (i = 0; i < 3; i++)
		blob_cache_cancel(q[i]);
	for (i = 0; i < 20; i++) {
		suite_wait(base, &r[i]);
		CHECK(r[i].outcome == BLOB_DONE && r[i].len == 500 &&
		    memcmp(r[i].body, big + i * 1000, 500) == 0);
		suite_result_free(&r[i]);
	}
	CHECK(gets() - before == 1);
	for (i = 0; i < 3; i++)
		CHECK(!gone[i].called);
	/* Closed in the middle of things. */
	blob_cache_read(c, "k/msg/3", 0, BIG, BLOB_USER, suite_cb, &gone[0]);
	blob_cache_close(c);
	CHECK(!gone[0].called);
}

/* The first part is served at once, out of a fetch that is still written;
 * the others must be waited for. */
static void
test_partly_there(void)
{
	const size_t len = BLOB_CACHE_WRITING / 4;
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct piece v = { calloc(1, len), len };
	uint8_t *dirt = malloc(BIG);

	CHECK(v.p != NULL && dirt != NULL);
	put("k/partly/1", big, BIG);
	/* These are written first. */
	blob_cache_add(c, "k/pack/w0", &v, 1);
	blob_cache_add(c, "k/pack/w1", &v, 1);
	CHECK(check(c, "k/partly/1", 0, 10, 10) == 1);
	arc4random_buf(dirt, BIG);
	free(dirt);		/* not to find the bytes by chance */
	CHECK(check(c, "k/partly/1", 0, BIG, BIG) == 1);
	blob_cache_forget(c, "k/pack/w0");
	blob_cache_forget(c, "k/pack/w1");
	free((void *)(uintptr_t)v.p);
	blob_cache_close(c);
}

/* The object is shorter than what is asked for: one part of it comes out of
 * another read's fetch, the GET of the others is behind the end. */
static void
test_end_shared(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct suite_result a = { 0 }, b = { 0 };

	put("k/msg/short", big, 1000);
	blob_cache_read(c, "k/msg/short", 0, CACHE_PIECE, BLOB_USER, suite_cb,
	    &a);
	blob_cache_read(c, "k/msg/short", 0, 4 * CACHE_PIECE, BLOB_USER,
	    suite_cb, &b);
	suite_wait(base, &a);
	suite_wait(base, &b);
	CHECK(a.outcome == BLOB_DONE && a.len == 1000);
	CHECK_ROW(b.outcome == BLOB_DONE && b.len == 1000 &&
	    memcmp(b.body, big, 1000) == 0, "%s %s",
	    blob_outcome_name(b.outcome), b.why);
	suite_result_free(&a);
	suite_result_free(&b);
	blob_cache_close(c);
}

/* A store that tells wrong sizes: the caller's callback, and what is told. */
static struct lie {
	blob_cb		 cb;
	void		*arg;
	uint64_t	 size;
} lie;

static void
lie_cb(const struct blob_result *res, void *arg)
{
	struct blob_result r = *res;

	(void)arg;
	r.size = lie.size;
	lie.cb(&r, lie.arg);
}

static struct blob_request *
lie_get(void *b, const char *key, uint64_t offset, uint64_t len,
    size_t max_len, const char *none_match, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	lie.cb = cb;
	lie.arg = arg;
	return blob_file_backend.get(b, key, offset, len, max_len, none_match,
	    prio, lie_cb, NULL);
}

static void
test_sizes_disagree(void)
{
	static const uint64_t told[] = { BIG + 1, BIG - 1, BIG / 2, 0,
	    UINT64_MAX };
	const struct blob_backend *was = store->backend;
	struct blob_backend liar = *was;
	struct blob_cache *c;
	struct suite_result r = { 0 };
	size_t i;

	liar.get = lie_get;
	for (i = 0; i < nitems(told); i++) {
		forget_all();
		c = open_cache(ONE_SEGMENT);
		CHECK(check(c, "k/msg/1", 0, 10, 10) == 1);
		settle(c, 1);
		store->backend = &liar;
		lie.size = told[i];
		r.called = false;
		blob_cache_read(c, "k/msg/1", 0, BIG, BLOB_USER, suite_cb,
		    &r);
		suite_wait(base, &r);
		CHECK_ROW(r.outcome == BLOB_ERROR, "%llu: %s",
		    (unsigned long long)told[i],
		    blob_outcome_name(r.outcome));
		store->backend = was;
		/* One may still meet a piece that was told of wrongly. */
		r.called = false;
		blob_cache_read(c, "k/msg/1", 0, BIG, BLOB_USER, suite_cb,
		    &r);
		suite_wait(base, &r);
		CHECK(r.outcome == BLOB_DONE || r.outcome == BLOB_ERROR);
		(void)check(c, "k/msg/1", 0, BIG, BIG);
		blob_cache_close(c);
	}
	suite_result_free(&r);
}

/* What is forgotten while it is still to be written does not come back, nor
 * at the next start. */
static void
test_forgotten_early(void)
{
	struct blob_cache *c;
	struct piece v = { big, BIG };

	forget_all();
	c = open_cache(ONE_SEGMENT);
	blob_cache_add(c, "k/msg/1", &v, 1);
	blob_cache_forget(c, "k/msg/1");
	CHECK(check(c, "k/msg/1", 0, 10, 10) == 1);
	settle(c, 1);
	blob_cache_add(c, "k/msg/2", &v, 1);
	settle(c, 5);
	blob_cache_forget(c, "k/msg/2");
	blob_cache_close(c);
	c = open_cache(ONE_SEGMENT);
	CHECK_ROW(blob_cache_counts(c)->pieces == 1, "%llu",
	    (unsigned long long)blob_cache_counts(c)->pieces);
	CHECK(check(c, "k/msg/2", 0, 10, 10) == 1);
	blob_cache_close(c);
}

static int
flip(int fd, off_t at)
{
	uint8_t byte;

	if (pread(fd, &byte, 1, at) != 1)
		return -1;
	byte ^= 1;
	return pwrite(fd, &byte, 1, at) == 1 ? 0 : -1;
}

/* What a crash may leave of headers: flipped, of another piece, cut. */
static int
damage_headers(const char *path, size_t i)
{
	int fd = open(path, O_RDWR), rc;

	(void)i;
	rc = flip(fd, 9);
	rc |= flip(fd, 2 * (off_t)CACHE_HEADER + 100);
	rc |= ftruncate(fd, 7 * (off_t)CACHE_HEADER + 10);
	close(fd);
	return rc;
}

/* And of bytes: zeroed, flipped, cut. */
static int
damage_data(const char *path, size_t i)
{
	uint8_t zeros[4096] = { 0 };
	struct stat st;
	int fd = open(path, O_RDWR), rc;

	(void)i;
	rc = fstat(fd, &st);
	rc |= pwrite(fd, zeros, sizeof(zeros), (off_t)CACHE_PIECE + 9000) > 0 ?
	    0 : -1;
	rc |= flip(fd, 3 * (off_t)CACHE_PIECE + 10);
	rc |= ftruncate(fd, st.st_size - 3 * 4096);
	close(fd);
	return rc;
}

static void
test_damage(void)
{
	struct blob_cache *c;
	char path[128];
	uint64_t left;
	int fd;

	CHECK(each_file(".headers", damage_headers) == 1);
	CHECK(each_file(".data", damage_data) == 1);
	/* Strange files in it are no harm, and go; so do segments that are
	 * none. */
	snprintf(path, sizeof(path), "%s/00000000000000aa.headers", cache_dir);
	CHECK(symlink("nowhere", path) == 0);
	snprintf(path, sizeof(path), "%s/00000000000000ab.headers", cache_dir);
	CHECK(close(open(path, O_WRONLY | O_CREAT, 0600)) == 0);
	snprintf(path, sizeof(path), "%s/00000000000000ac.data", cache_dir);
	CHECK(close(open(path, O_WRONLY | O_CREAT, 0600)) == 0);
	snprintf(path, sizeof(path), "%s/strange", cache_dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	c = open_cache(ONE_SEGMENT);
	CHECK(access(path, F_OK) == -1);
	CHECK(each_file(".headers", nothing) == 1);
	CHECK(each_file(".data", nothing) == 1);
	/* Of the headers the first and the third are damaged, those behind
	 * the seventh are cut off; one more may have lost its bytes. */
	left = blob_cache_counts(c)->pieces;
	CHECK_ROW(left == 4 || left == 5, "%llu", (unsigned long long)left);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) >= 1);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) >= 1);
	CHECK(blob_cache_counts(c)->damaged >= 2);
	settle(c, 8);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 0);
	blob_cache_close(c);
}

int
main(void)
{
	cache_rig_begin("blob_cache_test");
	test_reads();
	test_together();
	test_damage();
	test_partly_there();
	test_end_shared();
	test_sizes_disagree();
	test_forgotten_early();
	cache_rig_end();
	return TEST_END();
}
