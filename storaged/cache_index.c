/*
 * See cache_index.h.  Made from the files' names and times at the start;
 * the files themselves are read and written by blob_cache.c.
 */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/stat.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "storaged/cache_index.h"

#define SLOTS		4096

struct entry {				/* a block on disk */
	TAILQ_ENTRY(entry) slot, lru;
	struct cache_block b;
	time_t		 mtime;		/* only while the index is made */
};
TAILQ_HEAD(entries, entry);

struct cache_index {
	int		 dir;		/* borrowed */
	uint64_t	 limit;
	struct blob_cache_counts *counts;
	struct entries	 slots[SLOTS];
	struct entries	 lru;		/* the least recently used first */
};

static struct entries *
slot_of(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	uint32_t h;

	memcpy(&h, id, sizeof(h));
	return &x->slots[(h + number * 2654435761U) % SLOTS];
}

static struct entry *
entry_find(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct entry *e;

	TAILQ_FOREACH(e, slot_of(x, id, number), slot) {
		if (e->b.number == number && memcmp(e->b.id, id, 16) == 0)
			return e;
	}
	return NULL;
}

static void
entry_drop(struct cache_index *x, struct entry *e)
{
	char name[CACHE_NAME_MAX];

	cache_block_name(&e->b, name);
	unlinkat(x->dir, name, 0);
	x->counts->blocks--;
	x->counts->bytes -= cache_block_disk(&e->b);
	TAILQ_REMOVE(slot_of(x, e->b.id, e->b.number), e, slot);
	TAILQ_REMOVE(&x->lru, e, lru);
	free(e);
}

static struct entry *
entry_add(struct cache_index *x, const struct cache_block *b)
{
	struct entry *e = entry_find(x, b->id, b->number);

	if (e != NULL) {
		if (e->b.size == b->size)
			return e;
		entry_drop(x, e);
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->b = *b;
	TAILQ_INSERT_TAIL(slot_of(x, b->id, b->number), e, slot);
	TAILQ_INSERT_TAIL(&x->lru, e, lru);
	x->counts->blocks++;
	x->counts->bytes += cache_block_disk(b);
	return e;
}

const struct cache_block *
cache_index_find(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct entry *e = entry_find(x, id, number);

	return e != NULL ? &e->b : NULL;
}

const struct cache_block *
cache_index_use(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct entry *e = entry_find(x, id, number);

	if (e == NULL)
		return NULL;
	TAILQ_REMOVE(&x->lru, e, lru);
	TAILQ_INSERT_TAIL(&x->lru, e, lru);
	return &e->b;
}

void
cache_index_add(struct cache_index *x, const struct cache_block *b)
{
	(void)entry_add(x, b);
}

bool
cache_index_drop(struct cache_index *x, const uint8_t id[16], uint64_t number)
{
	struct entry *e = entry_find(x, id, number);

	if (e == NULL)
		return false;
	entry_drop(x, e);
	return true;
}

void
cache_index_evict(struct cache_index *x)
{
	struct entry *e;

	while (x->counts->bytes > x->limit &&
	    (e = TAILQ_FIRST(&x->lru)) != NULL) {
		entry_drop(x, e);
		x->counts->evicted++;
	}
}

static int
by_age(const void *a, const void *b)
{
	const struct entry *x = *(struct entry *const *)a;
	const struct entry *y = *(struct entry *const *)b;

	return x->mtime < y->mtime ? -1 : x->mtime > y->mtime;
}

/* One of the directories: the files that are ours; others go. */
static void
load_sub(struct cache_index *x, const char *sub)
{
	char path[300];
	struct cache_block b;
	struct dirent *d;
	struct entry *e;
	struct stat st;
	DIR *dir;
	int fd;

	fd = openat(x->dir, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", sub, d->d_name);
		if (fstatat(x->dir, path, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (cache_block_parse(d->d_name, &b) == -1 ||
		    !S_ISREG(st.st_mode) ||
		    (e = entry_add(x, &b)) == NULL)
			unlinkat(x->dir, path, 0);
		else
			e->mtime = st.st_mtim.tv_sec;
	}
	closedir(dir);
}

/* The index in the order in which the files were written. */
static int
load(struct cache_index *x)
{
	struct entry *e, **v;
	char sub[CACHE_SUB_LEN];
	size_t i, n = 0;

	for (i = 0; i < CACHE_SUBS; i++) {
		snprintf(sub, sizeof(sub), "%zx", i);
		load_sub(x, sub);
	}
	if (x->counts->blocks == 0)
		return 0;
	if ((v = calloc(x->counts->blocks, sizeof(struct entry *))) == NULL)
		return -1;
	TAILQ_FOREACH(e, &x->lru, lru)
		v[n++] = e;
	qsort(v, n, sizeof(struct entry *), by_age);
	TAILQ_INIT(&x->lru);
	for (i = 0; i < n; i++)
		TAILQ_INSERT_TAIL(&x->lru, v[i], lru);
	free(v);
	cache_index_evict(x);
	return 0;
}

struct cache_index *
cache_index_load(int dir, uint64_t limit, struct blob_cache_counts *counts)
{
	struct cache_index *x;
	size_t i;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	x->dir = dir;
	x->limit = limit;
	x->counts = counts;
	for (i = 0; i < SLOTS; i++)
		TAILQ_INIT(&x->slots[i]);
	TAILQ_INIT(&x->lru);
	if (load(x) == -1) {
		cache_index_free(x);
		return NULL;
	}
	return x;
}

void
cache_index_free(struct cache_index *x)
{
	struct entry *e;

	if (x == NULL)
		return;
	while ((e = TAILQ_FIRST(&x->lru)) != NULL) {
		TAILQ_REMOVE(&x->lru, e, lru);
		free(e);
	}
	free(x);
}
