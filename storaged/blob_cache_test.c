/*
 * The cache of blocks against a counting store: as few GETs as may be, one
 * for all who wait, damage fetched again, the limit, and one owner.
 */
#include "common/compat.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/blob_cache.h"
#include "storaged/blob_impl.h"
#include "storaged/blob_suite.h"
#include "storaged/cache_block.h"

#define BIG	(3 * CACHE_BLOCK + 1000)
#define ONE_SEGMENT	((uint64_t)1 << 30)	/* of all that is here */

#define LOOPS	400	/* until what is awaited did not come: 20 s */

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
forget_all(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", cache_dir);
	CHECK(system(cmd) == 0);
}

static void
tick(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
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

/* Until all fetches are written. */
static void
settle(struct blob_cache *c, uint64_t blocks)
{
	int i;

	for (i = 0; i < LOOPS && blob_cache_counts(c)->blocks != blocks; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(blob_cache_counts(c)->blocks == blocks);
}

static void
test_reads(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
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
	c = open_cache(ONE_SEGMENT);
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
	struct blob_piece v = { calloc(1, len), len };
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
	blob_cache_read(c, "k/msg/short", 0, CACHE_BLOCK, BLOB_USER, suite_cb,
	    &a);
	blob_cache_read(c, "k/msg/short", 0, 4 * CACHE_BLOCK, BLOB_USER,
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
		/* One may still meet a block that was told of wrongly. */
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
	struct blob_piece v = { big, BIG };

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
	CHECK_ROW(blob_cache_counts(c)->blocks == 1, "%llu",
	    (unsigned long long)blob_cache_counts(c)->blocks);
	CHECK(check(c, "k/msg/2", 0, 10, 10) == 1);
	blob_cache_close(c);
}

/* For each file of a kind (what its name ends with). */
static int
each_file(const char *kind, int (*f)(const char *path, size_t i))
{
	char path[400];
	struct dirent *d;
	size_t n = 0, len, end = strlen(kind);
	DIR *dp;

	CHECK((dp = opendir(cache_dir)) != NULL);
	while ((d = readdir(dp)) != NULL) {
		len = strlen(d->d_name);
		if (len < end || strcmp(d->d_name + len - end, kind) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", cache_dir, d->d_name);
		CHECK(f(path, n++) == 0);
	}
	closedir(dp);
	return (int)n;
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

/* What a crash may leave of headers: flipped, of another block, cut. */
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
	rc |= pwrite(fd, zeros, sizeof(zeros), (off_t)CACHE_BLOCK + 9000) > 0 ?
	    0 : -1;
	rc |= flip(fd, 3 * (off_t)CACHE_BLOCK + 10);
	rc |= ftruncate(fd, st.st_size - 3 * 4096);
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
	left = blob_cache_counts(c)->blocks;
	CHECK_ROW(left == 4 || left == 5, "%llu", (unsigned long long)left);
	CHECK(check(c, "k/msg/1", 0, BIG, BIG) >= 1);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) >= 1);
	CHECK(blob_cache_counts(c)->damaged >= 2);
	settle(c, 8);
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
	struct blob_piece v = { big, BIG };
	char key[64], path[128];
	int i;

	snprintf(path, sizeof(path), "%s/0000000000000001.data", cache_dir);
	forget_all();
	c = open_cache(16 * (CACHE_BLOCK + 4096));
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
	c = open_cache(16 * (CACHE_BLOCK + 4096));
	CHECK(check(c, "k/msg/1", 0, 10, 10) == 0);
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

/* A disk that takes nothing: all is served, nothing kept; it is better after
 * that. */
static void
test_no_room(void)
{
	struct blob_cache *c = open_cache(ONE_SEGMENT);
	struct rlimit was, none;
	uint64_t before;

	blob_cache_forget(c, "k/msg/2");
	before = blob_cache_counts(c)->blocks;
	CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0);
	none = was;
	none.rlim_cur = 0;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 1);
	while (check(c, "k/msg/2", 7, 10, 10) == 0)
		continue;		/* still in memory */
	CHECK(blob_cache_counts(c)->blocks == before);
	CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
	while (check(c, "k/msg/2", 0, BIG, BIG) != 0)
		event_base_loop(base, EVLOOP_ONCE);
	settle(c, before + 4);
	CHECK(check(c, "k/msg/2", 0, BIG, BIG) == 0);
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
	const struct timeval often = { 0, 50000 };
	struct event *ticks;
	struct slice *conf;
	char path[64], why[256] = "", cmd[80];

	log_init("blob_cache_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	ticks = event_new(base, -1, EV_PERSIST, tick, NULL);
	event_add(ticks, &often);
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
	test_reads();
	test_together();
	test_damage();
	test_partly_there();
	test_end_shared();
	test_sizes_disagree();
	test_forgotten_early();
	test_limit();
	test_evicted_while_read();
	test_add();
	test_writing();
	test_no_room();
	test_lock();
	blob_close(store);
	event_free(ticks);
	event_base_free(base);
	free(big);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
