/* See cache_rig.h. */
#include "common/compat.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "storaged/bucket/cache/test/cache_rig.h"
#include "storaged/test/store_slice.h"

struct event_base *base;
struct blob_store *store;
char cache_dir[64];
uint8_t *big;

static char dir[] = "/tmp/cache_test.XXXXXX";
static struct event *ticks;

struct blob_cache *
open_cache(uint64_t limit)
{
	struct blob_cache *c;
	char why[256] = "";

	c = blob_cache_open(base, store, cache_dir, limit, why, sizeof(why));
	CHECK_ROW(c != NULL, "%s", why);
	return c;
}

void
forget_all(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", cache_dir);
	CHECK(system(cmd) == 0);
}

void
put(const char *key, const void *p, size_t len)
{
	struct piece piece = { p, len };
	struct suite_result r = { 0 };

	blob_put(store, key, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(base, &r);
	CHECK(r.outcome == BLOB_DONE);
	suite_result_free(&r);
}

uint64_t
gets(void)
{
	return blob_counts(store)->get;
}

uint64_t
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

void
settle(struct blob_cache *c, uint64_t pieces)
{
	int i;

	for (i = 0; i < LOOPS && blob_cache_counts(c)->pieces != pieces; i++)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(blob_cache_counts(c)->pieces == pieces);
}

int
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

int
nothing(const char *path, size_t i)
{
	(void)path;
	(void)i;
	return 0;
}

static void
tick(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
cache_rig_begin(const char *name)
{
	const struct timeval often = { 0, 50000 };
	struct slice *conf;
	char path[64], why[256] = "";

	log_init(name);
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	ticks = event_new(base, -1, EV_PERSIST, tick, NULL);
	event_add(ticks, &often);
	big = malloc(BIG);
	arc4random_buf(big, BIG);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/store", dir);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", dir);
	conf = store_slice("store.type", "file", "store.path", path, NULL);
	store = blob_open(base, conf, why, sizeof(why));
	CHECK_ROW(store != NULL, "%s", why);
	slice_free(conf);
	put("k/msg/1", big, BIG);
	put("k/msg/2", big, BIG);
}

void
cache_rig_end(void)
{
	char cmd[80];

	blob_close(store);
	event_free(ticks);
	event_base_free(base);
	free(big);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
}
