/* See cache_segment.h. */
#include "common/compat.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storaged/bucket/cache/cache_segment.h"
#include "storaged/util/helper.h"

#define READ_HEADERS	((size_t)256)	/* at a time */
#define NAME_MAX_LEN	32

static void
name_of(uint64_t number, const char *what, char dst[NAME_MAX_LEN])
{
	snprintf(dst, NAME_MAX_LEN, "%016llx.%s", (unsigned long long)number,
	    what);
}

static void
segment_unlink(int dir, uint64_t number)
{
	char name[NAME_MAX_LEN];

	/* In this order: the headers' file is what is looked for. */
	name_of(number, "data", name);
	unlinkat(dir, name, 0);
	name_of(number, "headers", name);
	unlinkat(dir, name, 0);
}

static void
segment_close(struct cache_segment *g)
{
	if (g->headers != -1)
		close(g->headers);
	if (g->data != -1)
		close(g->data);
}

static int
segment_file(int dir, uint64_t number, const char *what, int flags)
{
	char name[NAME_MAX_LEN];

	name_of(number, what, name);
	return openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags,
	    0600);
}

/* The last of the list, which ascends; NULL: errno. */
static struct cache_segment *
segment_open(struct cache_segments *s, uint64_t number, int flags)
{
	struct cache_segment *g;
	int save;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->all = s;
	g->number = number;
	g->data = -1;
	g->headers = segment_file(s->dir, number, "headers", flags);
	if (g->headers != -1)
		g->data = segment_file(s->dir, number, "data", flags);
	if (g->headers == -1 || g->data == -1) {
		save = errno;
		segment_close(g);
		free(g);
		errno = save;
		return NULL;
	}
	TAILQ_INIT(&g->entries);
	TAILQ_INSERT_TAIL(&s->list, g, entry);
	s->next = number + 1;
	return g;
}

/* In a helper thread: to give a large file's bytes back takes a while. */
static void
segment_remove(void *arg)
{
	struct cache_segment *g = arg;

	segment_unlink(g->all->dir, g->number);
	segment_close(g);
	g->headers = g->data = -1;
}

static void
segment_removed(void *arg)
{
	struct cache_segment *g = arg;

	TAILQ_REMOVE(&g->all->gone, g, entry);
	free(g);
}

static void
segment_unheld(struct cache_segment *g)
{
	helper_run(g->all->pool, false, segment_remove, segment_removed, g);
}

static uint64_t
segment_disk(const struct cache_segment *g)
{
	return g->bytes + cache_pages(g->slots * CACHE_HEADER);
}

void
cache_segment_delete(struct cache_segment *g)
{
	TAILQ_REMOVE(&g->all->list, g, entry);
	TAILQ_INSERT_TAIL(&g->all->gone, g, entry);
	g->all->bytes -= segment_disk(g);
	g->gone = true;
	if (g->held == 0)
		segment_unheld(g);
}

/* -- places -- */

uint64_t
cache_run_disk(uint64_t len)
{
	return cache_pages(len) + cache_pieces(len) * CACHE_HEADER;
}

static void
segment_grow(struct cache_segment *g, uint64_t slots, uint64_t bytes)
{
	g->all->bytes -= segment_disk(g);
	g->slots += slots;
	g->bytes += bytes;
	g->all->bytes += segment_disk(g);
}

bool
cache_segments_reserve(struct cache_segments *s, uint64_t len,
    struct cache_place *p)
{
	struct cache_segment *g;

	g = TAILQ_LAST(&s->list, cache_segment_list);
	if ((g == NULL || g->bytes >= s->full) &&
	    (g = segment_open(s, s->next, O_CREAT | O_EXCL)) == NULL) {
		s->next++;
		return false;
	}
	*p = (struct cache_place){ g, g->headers, g->data, g->slots,
	    g->bytes };
	cache_place_hold(p);
	segment_grow(g, cache_pieces(len), cache_pages(len));
	return true;
}

void
cache_place_hold(const struct cache_place *p)
{
	p->segment->held++;
}

void
cache_place_release(struct cache_place *p)
{
	struct cache_segment *g = p->segment;

	p->segment = NULL;
	if (g != NULL && --g->held == 0 && g->gone)
		segment_unheld(g);
}

/* -- open and close -- */

static void
read_headers(struct cache_segment *g, uint64_t size,
    void (*found)(const struct cache_piece *, const struct cache_place *,
    void *), void *arg)
{
	struct cache_place p = { g, g->headers, g->data, 0, 0 };
	struct cache_piece b;
	uint8_t *v;
	size_t i;
	ssize_t n;

	if ((v = malloc(READ_HEADERS * CACHE_HEADER)) == NULL)
		return;
	while ((n = pread(g->headers, v, READ_HEADERS * CACHE_HEADER,
	    (off_t)(p.slot * CACHE_HEADER))) >= (ssize_t)CACHE_HEADER) {
		for (i = 0; i < (size_t)n / CACHE_HEADER; i++, p.slot++) {
			if (cache_header_parse(v + i * CACHE_HEADER, &b,
			    &p.at) == 0 && p.at < size &&
			    cache_piece_len(&b) <= size - p.at)
				found(&b, &p, arg);
		}
	}
	free(v);
}

/* What a crash has left: sizes tell where to go on. */
static int
segment_load(struct cache_segments *s, uint64_t number,
    void (*found)(const struct cache_piece *, const struct cache_place *,
    void *), void *arg)
{
	struct cache_segment *g = segment_open(s, number, 0);
	struct stat h, d;

	s->next = number + 1;
	if (g == NULL && (errno == ENOMEM || errno == EMFILE ||
	    errno == ENFILE))
		return -1;
	if (g == NULL) {
		segment_unlink(s->dir, number);
		return 0;
	}
	if (fstat(g->headers, &h) == -1 || fstat(g->data, &d) == -1)
		return -1;
	segment_grow(g, ((uint64_t)h.st_size + CACHE_HEADER - 1) /
	    CACHE_HEADER, cache_pages((uint64_t)d.st_size));
	read_headers(g, (uint64_t)d.st_size, found, arg);
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The number of a file of headers; 0: of no such.  What is not of a segment
 * goes, also bytes without headers. */
static uint64_t
number_of(int dir, const char *name)
{
	char back[NAME_MAX_LEN];
	unsigned long long n;
	bool has;

	if (name[0] == '.')
		return 0;
	n = strtoull(name, NULL, 16);
	if (n != 0 && n < UINT64_MAX / 2) {
		name_of(n, "headers", back);
		if (strcmp(name, back) == 0)
			return n;
		has = faccessat(dir, back, F_OK, 0) == 0;
		name_of(n, "data", back);
		if (strcmp(name, back) == 0 && has)
			return 0;
	}
	unlinkat(dir, name, 0);
	return 0;
}

/* Those that are there, ascending; *v is malloc'd.  -1: errno. */
static ssize_t
numbers(int dir, uint64_t **v)
{
	struct dirent *e;
	uint64_t k, *more;
	ssize_t n = 0;
	DIR *d;
	int fd;

	*v = NULL;
	if ((fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		if ((k = number_of(dir, e->d_name)) == 0)
			continue;
		if ((more = reallocarray(*v, (size_t)n + 1,
		    sizeof(**v))) == NULL) {
			closedir(d);
			return -1;
		}
		*v = more;
		more[n++] = k;
	}
	closedir(d);
	if (n > 0)
		qsort(*v, (size_t)n, sizeof(**v), by_number);
	return n;
}

int
cache_segments_open(struct cache_segments *s, int dir,
    struct helper_pool *pool, uint64_t full,
    void (*found)(const struct cache_piece *, const struct cache_place *,
    void *), void *arg)
{
	uint64_t *v;
	ssize_t i, n;
	int rc = 0;

	*s = (struct cache_segments){ .pool = pool, .dir = dir, .full = full,
	    .next = 1 };
	TAILQ_INIT(&s->list);
	TAILQ_INIT(&s->gone);
	n = numbers(dir, &v);
	for (i = 0; i < n && rc == 0; i++)
		rc = segment_load(s, v[i], found, arg);
	free(v);
	return n == -1 ? -1 : rc;
}

void
cache_segments_close(struct cache_segments *s)
{
	struct cache_segment *g;

	while ((g = TAILQ_FIRST(&s->list)) != NULL) {
		TAILQ_REMOVE(&s->list, g, entry);
		segment_close(g);
		free(g);
	}
	while ((g = TAILQ_FIRST(&s->gone)) != NULL) {
		TAILQ_REMOVE(&s->gone, g, entry);
		if (g->headers != -1)
			segment_remove(g);
		free(g);
	}
}
