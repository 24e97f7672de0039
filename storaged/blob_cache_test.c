/*
 * The cache of blocks against a counting store: as few GETs as may be, one
 * for all who wait, damage fetched again, the limit, and one owner.
 */
#include "common/compat.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/blob_cache.h"
#include "storaged/blob_suite.h"
#include "storaged/cache_block.h"

#define BIG	(3 * CACHE_BLOCK + 1000)

static struct event_base *base;
static struct blob_store *store;
static char dir[] = "/tmp/cache_test.XXXXXX";
static char cache_dir[64];
static uint8_t *big;

static struct blob_cache *
open_cache(uint64_t limit)
{
	struct blob_cache *c;
	char why[256] = "";

	c = blob_cache_open(base, store, cache_dir, limit, why, sizeof(why));
	CHECK_ROW(c != NULL, "%s", why);
	return c;
}

static void
put(const char *key, const void *p, size_t len)
{
	struct blob_piece piece = { p, len };
	struct suite_result r = { 0 };

	blob_put(store, key, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE);
	suite_result_free(&r);
}

static uint64_t
gets(void)
{
	return blob_counts(store)->get;
}

/* Reads and compares with big; returns the GETs that it took. */
static uint64_t
check(struct blob_cache *c, const char *key, uint64_t offset, size_t len,
    size_t want)
{
	struct suite_result r = { 0 };
	uint64_t before = gets();

	blob_cache_read(c, key, offset, len, BLOB_USER, suite_cb, &r);
	CHECK(!r.called);
	suite_wait(base, &r);
	CHECK_ROW(r.outcome == BLOB_DONE && r.len == want &&
	    memcmp(r.body, big + offset, want) == 0 && r.size == BIG,
	    "%llu+%zu: %s %s len %zu size %llu", (unsigned long long)offset,
	    len, blob_outcome_name(r.outcome), r.why, r.len,
	    (unsigned long long)r.size);
	suite_result_free(&r);
	return gets() - before;
}

/* Until the files of all fetches are written. */
static void
settle(struct blob_cache *c, uint64_t blocks)
{
	int i;

	for (i = 0; i < 1000 && blob_cache_counts(c)->blocks != blocks; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(blob_cache_counts(c)->blocks == blocks);
}

static void
test_reads(void)
{
	struct blob_cache *c = open_cache(64 << 20);
	struct suite_result r = { 0 };

	/* One block, then from it; then the run of the other three. */
	CHECK(check(c, "k/msg/1", 5, 100, 100) == 1);
	settle(c, 1);
	CHECK(check(c, "k/msg/1", 0, CACHE_BLOCK, CACHE_BLOCK) == 0);
	CHECK(check(c, "k/msg/1", 4090, 20, 20) == 0);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 1);
	settle(c, 4);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/1", CACHE_BLOCK - 1, 2, 2) == 0);
	CHECK(check(c, "k/msg/1", BIG - 10, 1000, 10) == 0);
	CHECK(check(c, "k/msg/1", 7, 8 << 20, BIG - 7) == 0);
	CHECK(blob_cache_counts(c)->misses == 4);
	/* A hole in the middle: one GET on each side of what is there. */
	CHECK(check(c, "k/msg/2", CACHE_BLOCK, 1, 1) == 1);
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
	c = open_cache(64 << 20);
	CHECK(blob_cache_counts(c)->blocks == 8);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/2", 1, BIG, BIG - 1) == 0);
	blob_cache_close(c);
	suite_result_free(&r);
}

/* Concurrent misses of one block share a GET; cancelled ones do not hurt. */
static void
test_together(void)
{
	struct blob_cache *c = open_cache(64 << 20);
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

static int
each_file(int (*f)(const char *path, size_t i))
{
	char sub[128], path[400];
	struct dirent *d;
	size_t i, n = 0;
	DIR *dp;

	for (i = 0; i < CACHE_SUBS; i++) {
		snprintf(sub, sizeof(sub), "%s/%zx", cache_dir, i);
		if ((dp = opendir(sub)) == NULL)
			continue;
		while ((d = readdir(dp)) != NULL) {
			if (d->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", sub, d->d_name);
			CHECK(f(path, n++) == 0);
		}
		closedir(dp);
	}
	return (int)n;
}

/* What a crash may leave: cut, zeroed, flipped, of another block. */
static int
damage(const char *path, size_t i)
{
	uint8_t byte, zeros[4096] = { 0 };
	int fd = open(path, O_RDWR), rc = -1;

	switch (i % 4) {
	case 0:
		rc = ftruncate(fd, 1500);
		break;
	case 1:
		rc = pwrite(fd, zeros, sizeof(zeros), 2000) > 0 ? 0 : -1;
		break;
	case 2:
		rc = pread(fd, &byte, 1, 900) == 1 ? 0 : -1;
		byte ^= 1;
		rc |= pwrite(fd, &byte, 1, 900) == 1 ? 0 : -1;
		break;
	case 3:
		rc = pwrite(fd, "x", 1, 9) == 1 ? 0 : -1;
		break;
	}
	close(fd);
	return rc;
}

static int
nothing(const char *path, size_t i)
{
	(void)path;
	(void)i;
	return 0;
}

static void
test_damage(void)
{
	struct blob_cache *c;
	char path[128];
	int n, fd;

	n = each_file(damage);
	CHECK(n >= 8);
	/* Strange files in it are no harm, and go. */
	snprintf(path, sizeof(path), "%s/0", cache_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/0/strange", cache_dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	c = open_cache(64 << 20);
	CHECK(access(path, F_OK) == -1);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) >= 1);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) >= 1);
	CHECK(blob_cache_counts(c)->damaged > 4);
	settle(c, (uint64_t)n);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 0);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 0);
	blob_cache_close(c);
}

static void
test_limit(void)
{
	struct blob_cache *c = open_cache(8 * (CACHE_BLOCK + 4096));
	char key[64];
	int i;

	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k/lru/%d", i);
		put(key, big, BIG);
		CHECK(check(c, key, 0, 10, 10) == 1);
		/* The first is used again and again: it stays. */
		if (i > 0)
			CHECK_ROW(check(c, "k/lru/0", 1, 10, 10) == 0, "%d",
			    i);
		CHECK(blob_cache_counts(c)->bytes <=
		    9 * (CACHE_BLOCK + 4096));
	}
	CHECK(check(c, "k/lru/1", 0, 10, 10) == 1);
	CHECK(blob_cache_counts(c)->evicted > 0);
	blob_cache_close(c);
	c = open_cache(2 * (CACHE_BLOCK + 4096));
	CHECK(blob_cache_counts(c)->blocks <= 2);
	CHECK(each_file(nothing) <= 2);
	blob_cache_close(c);
}

static void
test_add(void)
{
	struct blob_cache *c = open_cache(64 << 20);
	struct blob_piece v[3] = { { big, 1000 }, { big + 1000, 0 },
	    { big + 1000, BIG - 1000 } };
	uint64_t n = blob_cache_counts(c)->blocks;

	put("k/pack/1", big, BIG);
	blob_cache_add(c, "k/pack/1", v, 3);
	CHECK(check(c, "k/pack/1", 0, BIG, BIG) == 0);	/* still in memory */
	settle(c, n + 4);
	CHECK(check(c, "k/pack/1", 0, BIG, BIG) == 0);
	blob_cache_add(c, "k/pack/1", v, 3);
	CHECK(blob_cache_counts(c)->blocks == n + 4);
	blob_cache_close(c);
}

/* Two processes on one directory: the second is refused. */
/* What the disk does not keep up with is not kept: here nothing is written
 * before all has come. */
static void
test_writing(void)
{
	const size_t len = BLOB_CACHE_WRITING / 4;
	struct blob_cache *c = open_cache((uint64_t)1 << 30);
	uint64_t before = blob_cache_counts(c)->blocks;
	struct blob_piece v = { calloc(1, len), len };
	char key[32];
	int i;

	for (i = 0; i < 9 && v.p != NULL; i++) {
		snprintf(key, sizeof(key), "k/pack/w%d", i);
		blob_cache_add(c, key, &v, 1);
	}
	settle(c, before + 4 * len / CACHE_BLOCK);
	/* Now there is room again. */
	blob_cache_add(c, "k/pack/w9", &v, 1);
	settle(c, before + 5 * len / CACHE_BLOCK);
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k/pack/w%d", i);
		blob_cache_forget(c, key);
	}
	settle(c, before);
	free((void *)(uintptr_t)v.p);
	blob_cache_close(c);
}

static void
test_lock(void)
{
	struct blob_cache *c = open_cache(64 << 20), *d;
	char why[256];

	d = blob_cache_open(base, store, cache_dir, 1 << 20, why,
	    sizeof(why));
	CHECK(d == NULL && strstr(why, "in use") != NULL);
	blob_cache_close(c);
}

static void
test_names(void)
{
	struct cache_block b = { { 0xab, 1 }, 3, BIG }, back;
	char name[CACHE_NAME_MAX];

	cache_block_name(&b, name);
	CHECK(strcmp(name, "a/ab010000000000000000000000000000-3-c03e8") ==
	    0);
	CHECK(cache_block_parse(name + CACHE_SUB_LEN, &back) == 0 &&
	    back.number == 3 && back.size == BIG &&
	    memcmp(back.id, b.id, 16) == 0);
	CHECK(cache_block_len(&b) == 1000);
	CHECK(cache_block_parse("ab010000000000000000000000000000-4-c03e8",
	    &back) == -1);		/* behind the end */
	CHECK(cache_block_parse("ab010000000000000000000000000000-03-c03e8",
	    &back) == -1);
	CHECK(cache_block_parse("ab010000000000000000000000000000-3-c03e8x",
	    &back) == -1);
	CHECK(cache_block_parse("AB010000000000000000000000000000-3-c03e8",
	    &back) == -1);
	CHECK(cache_block_parse("ab01-3-c03e8", &back) == -1);
}

int
main(void)
{
	struct slice *conf;
	char path[64], why[256] = "", cmd[80];

	log_init("blob_cache_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	big = malloc(BIG);
	arc4random_buf(big, BIG);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/store", dir);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", dir);
	conf = suite_slice("store.type", "file", "store.path", path, NULL);
	store = blob_open(base, conf, why, sizeof(why));
	CHECK_ROW(store != NULL, "%s", why);
	slice_free(conf);
	put("k/msg/1", big, BIG);
	put("k/msg/2", big, BIG);
	test_names();
	test_reads();
	test_together();
	test_damage();
	test_limit();
	test_add();
	test_writing();
	test_lock();
	blob_close(store);
	event_base_free(base);
	free(big);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
