/* Windows of immutable objects, shared and counted; the least recently
 * used of those that nobody holds go first. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/session/window.h"

struct window {
	TAILQ_ENTRY(window)	 entry;
	char			*key;
	uint64_t		 off;
	size_t			 size;
	uint8_t			*data;
	size_t			 len;
	enum blob_outcome	 outcome;
	struct blob_request	*req;		/* under way, */
	struct blob_cache_read	*read;		/* or through the cache */
	bool			 keep;
	unsigned		 refs;
	TAILQ_HEAD(, window_wait) waiters;
};

static struct blob_store	*store;
static struct blob_cache	*cache;
static TAILQ_HEAD(, window) windows = TAILQ_HEAD_INITIALIZER(windows);
static size_t	 unused;	/* bytes of those without refs */
static size_t	 used;		/* bytes of those with refs, as asked */

static void	window_done(const struct blob_result *, void *);

void
windows_from(struct blob_store *s, struct blob_cache *c)
{
	store = s;
	cache = c;
}

static void
window_free(struct window *w)
{
	TAILQ_REMOVE(&windows, w, entry);
	if (w->req != NULL)
		blob_cancel(w->req);
	blob_cache_cancel(w->read);
	free(w->key);
	free(w->data);
	free(w);
}

static bool
window_busy(const struct window *w)
{
	return w->req != NULL || w->read != NULL;
}

/* Starts the read. */
static void
window_read(struct window *w)
{
	if (cache != NULL)
		w->read = blob_cache_read(cache, w->key, w->off,
		    w->size, BLOB_USER, window_done, w);
	else
		w->req = blob_get(store, w->key, w->off, w->size, w->size,
		    NULL, BLOB_USER, window_done, w);
	if (!window_busy(w))
		w->outcome = BLOB_UNAVAILABLE;
}

static void
window_trim(void)
{
	struct window	*w, *next;

	TAILQ_FOREACH_SAFE(w, &windows, entry, next) {
		if (unused <= WINDOWS_KEPT)
			return;
		if (w->refs == 0) {
			unused -= w->len;
			window_free(w);
		}
	}
}

void
windows_drop(void)
{
	struct window	*w, *next;

	TAILQ_FOREACH_SAFE(w, &windows, entry, next)
		if (w->refs == 0) {
			unused -= w->len;
			window_free(w);
		}
}

void
window_spoil(const char *key)
{
	struct window	*w, *next;

	TAILQ_FOREACH_SAFE(w, &windows, entry, next) {
		if (strcmp(w->key, key) != 0)
			continue;
		w->keep = false;
		if (w->refs == 0) {
			unused -= w->len;
			window_free(w);
		}
	}
	if (cache != NULL)
		blob_cache_forget(cache, key);
}

static void
window_unref(struct window *w)
{
	if (--w->refs > 0)
		return;
	used -= w->size;
	if (window_busy(w) || w->outcome != BLOB_DONE || !w->keep) {
		window_free(w);
		return;
	}
	unused += w->len;
	window_trim();
}

static void
window_done(const struct blob_result *r, void *arg)
{
	struct window		*w = arg;
	struct window_wait	*ww;

	w->req = NULL;
	w->read = NULL;
	w->outcome = r->outcome;
	if (r->outcome == BLOB_DONE) {
		if ((w->data = blob_take(r)) == NULL)
			w->outcome = BLOB_UNAVAILABLE;
		else
			w->len = r->len;
	} else
		log_warnx("object=%s result=%s why=\"%s\"", w->key,
		    blob_outcome_name(r->outcome), r->why);
	w->refs++;		/* stays while they are told */
	while ((ww = TAILQ_FIRST(&w->waiters)) != NULL) {
		TAILQ_REMOVE(&w->waiters, ww, entry);
		ww->waits = false;
		ww->fn(ww, ww->arg);
	}
	window_unref(w);
}

bool
window_want(struct window_wait *ww, const char *key, uint64_t off,
    size_t len, bool keep)
{
	struct window	*w;

	window_drop(ww);
	TAILQ_FOREACH(w, &windows, entry)
		if (w->off == off && w->size == len &&
		    strcmp(w->key, key) == 0)
			break;
	if (w == NULL) {
		if ((w = calloc(1, sizeof(*w))) == NULL ||
		    (w->key = strdup(key)) == NULL)
			fatal("window");
		w->off = off;
		w->size = len;
		w->keep = keep;
		TAILQ_INIT(&w->waiters);
		TAILQ_INSERT_TAIL(&windows, w, entry);
		window_read(w);
	} else {
		TAILQ_REMOVE(&windows, w, entry);
		TAILQ_INSERT_TAIL(&windows, w, entry);
		if (w->refs == 0)
			unused -= w->len;
	}
	if (w->refs++ == 0)
		used += w->size;
	ww->w = w;
	if (!window_busy(w))
		return true;
	ww->waits = true;
	TAILQ_INSERT_TAIL(&w->waiters, ww, entry);
	return false;
}

void
window_drop(struct window_wait *ww)
{
	struct window	*w = ww->w;

	if (w == NULL)
		return;
	if (ww->waits)
		TAILQ_REMOVE(&w->waiters, ww, entry);
	ww->waits = false;
	ww->w = NULL;
	window_unref(w);
}

bool
windows_crowded(void)
{
	return used >= WINDOWS_CROWD;
}

bool
window_is(const struct window_wait *ww, const char *key, uint64_t off,
    size_t len)
{
	return ww->w != NULL && !ww->waits && ww->w->off == off &&
	    ww->w->size == len && strcmp(ww->w->key, key) == 0;
}

enum blob_outcome
window_data(const struct window_wait *ww, const uint8_t **data, size_t *len)
{
	*data = ww->w->data;
	*len = ww->w->len;
	return ww->w->outcome;
}
