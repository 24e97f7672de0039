/*
 * The room of the cache: the limit, what is written and what is evicted for
 * it, a disk that is full, and one owner.
 */
#include "common/compat.h"

#include <sys/resource.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storaged/bucket/cache/test/cache_rig.h"
#include "storaged/util/spool_room.h"

static void
test_limit(void)
{
	struct blob_cache *c = open_cache(8 * (CACHE_PIECE + 4096));
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
		    9 * (CACHE_PIECE + 4096));
	}
	CHECK(check(c, "k/lru/1", 0, 10, 10) == 1);
	CHECK(blob_cache_counts(c)->evicted > 0);
	blob_cache_close(c);
	c = open_cache(2 * (CACHE_PIECE + 4096));
	CHECK(blob_cache_counts(c)->pieces <= 2);
	CHECK(each_file(".data", nothing) <= 2);
	blob_cache_close(c);
}

/* Room is made while what must go is read: that ends well, and what was
 * used is carried over; the files of what went are gone. */
static void
test_evicted_while_read(void)
{
	struct blob_cache *c;
	struct suite_result r[8] = { { 0 } };
	struct piece v = { big, BIG };
	char key[64], path[128];
	int i;

	snprintf(path, sizeof(path), "%s/0000000000000001.data", cache_dir);
	forget_all();
	c = open_cache(16 * (CACHE_PIECE + 4096));
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) == 1);
	settle(c, 4);
	for (i = 0; i < 8; i++)
		blob_cache_read(c, "k/msg/1", (uint64_t)i * 90000, 60000,
		    BLOB_USER, suite_cb, &r[i]);
	for (i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "k/pack/e%d", i);
		blob_cache_add(c, key, &v, 1);
	}
	CHECK(blob_cache_counts(c)->evicted > 0);
	for (i = 0; i < 8; i++) {
		suite_wait(base, &r[i]);
		CHECK(r[i].outcome == BLOB_DONE && r[i].len == 60000 &&
		    memcmp(r[i].body, big + (size_t)i * 90000, 60000) == 0);
		suite_result_free(&r[i]);
	}
	for (i = 0; i < LOOPS && access(path, F_OK) == 0; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(access(path, F_OK) == -1);
	/* It was among the half of the first segment that was kept. */
	CHECK(check(c, "k/msg/1", 0, 10, 10) == 0);
	blob_cache_close(c);
	c = open_cache(16 * (CACHE_PIECE + 4096));
	CHECK(check(c, "k/msg/1", 0, 10, 10) == 0);
	blob_cache_close(c);
}

static void
test_add(void)
{
	struct blob_cache *c = open_cache(64 << 20);
	struct piece v[3] = { { big, 1000 }, { big + 1000, 0 },
	    { big + 1000, BIG - 1000 } };
	uint64_t n = blob_cache_counts(c)->pieces;

	put("k/pack/1", big, BIG);
	blob_cache_add(c, "k/pack/1", v, 3);
	CHECK(check(c, "k/pack/1", 0, BIG, BIG) == 0);	/* still in memory */
	settle(c, n + 4);
	CHECK(check(c, "k/pack/1", 0, BIG, BIG) == 0);
	blob_cache_add(c, "k/pack/1", v, 3);
	CHECK(blob_cache_counts(c)->pieces == n + 4);
	blob_cache_close(c);
}

/* What the disk does not keep up with is not kept: here nothing is written
 * before all has come. */
static void
test_writing(void)
{
	const size_t len = BLOB_CACHE_WRITING / 4;
	struct blob_cache *c = open_cache((uint64_t)1 << 30);
	uint64_t before = blob_cache_counts(c)->pieces;
	struct piece v = { calloc(1, len), len };
	char key[32];
	int i;

	for (i = 0; i < 9 && v.p != NULL; i++) {
		snprintf(key, sizeof(key), "k/pack/w%d", i);
		blob_cache_add(c, key, &v, 1);
	}
	settle(c, before + 4 * len / CACHE_PIECE);
	/* Now there is room again. */
	blob_cache_add(c, "k/pack/w9", &v, 1);
	settle(c, before + 5 * len / CACHE_PIECE);
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k/pack/w%d", i);
		blob_cache_forget(c, key);
	}
	settle(c, before);
	free((void *)(uintptr_t)v.p);
	blob_cache_close(c);
}

/* A disk that takes nothing: all is served, nothing kept; it is better after
 * that. */
static void
test_no_room(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct rlimit was, none;
	uint64_t before;

	blob_cache_forget(c, "k/msg/2");
	before = blob_cache_counts(c)->pieces;
	CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0);
	none = was;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 1);
	while (check(c, "k/msg/2", 7, 10, 10) == 0)
		continue;		/* still in memory */
	CHECK(blob_cache_counts(c)->pieces == before);
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	while (check(c, "k/msg/2", 0, BIG, BIG) != 0)
		event_base_loop(base, EVLOOP_ONCE);
	settle(c, before + 4);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 0);
	blob_cache_close(c);
}

static uint64_t left_now;

static uint64_t
fake_left(void)
{
	return left_now;
}

/* What is left free of the disk is not the cache's: it keeps nothing more,
 * and what is old goes. */
static void
test_floor(void)
{
	uint64_t (*real)(void) = disk_left;
	struct blob_cache *c = open_cache(64 * ONE_SEGMENT);
	uint64_t had;
	char key[64];
	int i;

	disk_left = fake_left;
	left_now = UINT64_MAX;
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k/floor/%d", i);
		put(key, big, BIG);
		CHECK(check(c, key, 0, BIG, BIG) == 1);
		while (check(c, key, 0, 10, 10) != 0)
			event_base_loop(base, EVLOOP_ONCE);
	}
	had = blob_cache_counts(c)->bytes;
	left_now = 0;
	put("k/floor/more", big, BIG);
	CHECK(check(c, "k/floor/more", 0, BIG, BIG) == 1);
	for (i = 0; i < LOOPS && blob_cache_counts(c)->bytes >= had; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(blob_cache_counts(c)->bytes < had);
	CHECK(check(c, "k/floor/more", 0, BIG, BIG) == 1);
	CHECK(check(c, "k/floor/9", 0, BIG, BIG) == 0);
	disk_left = real;
	blob_cache_close(c);
}

/* Two processes on one directory: the second is refused. */
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

int
main(void)
{
	cache_rig_begin("cache_room_test");
	test_limit();
	test_evicted_while_read();
	test_add();
	test_writing();
	test_no_room();
	test_floor();
	test_lock();
	cache_rig_end();
	return TEST_END();
}
