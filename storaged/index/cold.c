/* Digests by message; a cache, so that every failure only costs a read of
 * the bucket. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/msg_mbox.h"
#include "storaged/index/cold.h"

#define COLD_PLAIN	1024	/* octets: stored as it is */
#define COLD_GAPS	4	/* rows stepped over for one that is read */
#define COLD_DROP	500	/* digests dropped a turn */
#define COLD_WAIT	64	/* digests that wait to be written */
#define COLD_WAIT_MS	50

struct cold_wait {
	struct event	*due;
	uint8_t		 history[16];	/* that their numbers are of */
	size_t		 n;
	struct {
		uint64_t	 m;
		size_t		 len, datalen;
		uint8_t		 codec;
		void		*data;
	}		 v[COLD_WAIT];
};

static void	 cold_flush(struct cold *);

/* How many of m[] one statement reads: those that lie close together. */
static unsigned
cold_span(const uint64_t *m, unsigned n)
{
	unsigned	 i;

	for (i = 1; i < n && m[i] > m[i - 1] &&
	    m[i] - m[0] <= COLD_GAPS * (uint64_t)(i + 1); i++)
		;
	return i;
}

/* The row's digest: borrowed from the row, or expanded into b.  0 or -1. */
static int
cold_row(sqlite3_stmt *st, struct buf *b, struct str *digest)
{
	size_t	 len = (size_t)db_int(st, 1);
	int	 codec = db_int(st, 2);

	*digest = db_col(st, 3);
	if (len > MBOX_DIGEST_MAX)
		return -1;
	if (codec == CODEC_NONE)
		return digest->len == len ? 0 : -1;
	buf_reset(b);
	if (codec_expand((enum codec_id)codec, digest->p, digest->len, len,
	    b) == -1)
		return -1;
	*digest = (struct str){ (const char *)b->data, b->len };
	return 0;
}

static void
cold_damaged(struct cold *c, uint64_t m)
{
	log_warnx("user=%s record=%llu result=damaged why=\"the digest in the "
	    "index is damaged\"", c->user, (unsigned long long)m);
	(void)db_run(&c->ix->cold, COLD_DEL, "u", m);
}

int
cold_each(struct cold *c, const uint64_t *m, unsigned n, cold_fn *fn,
    void *arg)
{
	struct db	*db = &c->ix->cold;
	struct buf	 b = BUF_INIT;
	struct str	 digest;
	sqlite3_stmt	*st;
	unsigned	 i = 0, looked;
	uint64_t	 at;
	int		 rv, go_on = 1;

	if (index_cold_enter(c->ix) == -1)
		return -1;
	cold_flush(c);
	looked = n = cold_span(m, n);
	st = db_st(db, COLD_GET);
	if (db_bind(db, st, "uu", m[0], m[n - 1]) == -1)
		return -1;
	while ((rv = db_step(db, st)) == 1) {
		at = (uint64_t)db_int(st, 0);
		while (i < n && m[i] < at)
			i++;
		if (i == n || m[i] != at)
			continue;
		if (cold_row(st, &b, &digest) == -1)
			go_on = -1;
		else
			go_on = fn(arg, i, digest);
		if (go_on != 1) {
			looked = i + 1;
			db_reset(st);
			break;
		}
		i++;
	}
	buf_free(&b);
	if (go_on == -1)
		cold_damaged(c, m[i]);	/* the bucket has it */
	return rv == -1 ? -1 : (int)looked;
}

void
cold_init(struct cold *c, struct event_base *base, struct index *ix,
    const char *user)
{
	memset(c, 0, sizeof(*c));
	c->base = base;
	c->ix = ix;
	c->user = user;
}

struct codec_choice
cold_codec(size_t len)
{
	const struct codec_choice	 c = { len <= COLD_PLAIN ?
					    CODEC_NONE : CODEC_ZSTD, 1 };

	return c;
}

static int
cold_write(struct index *ix, uint64_t m, size_t len, uint8_t codec,
    const void *data, size_t datalen)
{
	return db_run(&ix->cold, COLD_PUT, "uiib", m, (int64_t)len,
	    (int64_t)codec, data, datalen);
}

/* In one transaction, unless reads have one open. */
static void
cold_flush(struct cold *c)
{
	struct cold_wait	*w = c->wait;
	struct index		*ix = c->ix;
	bool			 own, ok;
	size_t			 i;

	if (w == NULL || w->n == 0)
		return;
	event_del(w->due);
	ok = memcmp(w->history, ix->mark.history, sizeof(w->history)) == 0 &&
	    index_cold_enter(ix) == 0;
	own = ok && !ix->cold_held && db_run(&ix->cold, COLD_BEGIN, "") == 0;
	for (i = 0; i < w->n; i++) {
		ok = ok && cold_write(ix, w->v[i].m, w->v[i].len,
		    w->v[i].codec, w->v[i].data, w->v[i].datalen) == 0;
		free(w->v[i].data);
	}
	w->n = 0;
	if (own)
		(void)db_run(&ix->cold, COLD_COMMIT, "");
}

static void
cold_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	cold_flush(arg);
}

static struct cold_wait *
cold_waits(struct cold *c)
{
	struct cold_wait	*w = c->wait;

	if (w == NULL && (w = calloc(1, sizeof(*w))) != NULL) {
		if ((w->due = evtimer_new(c->base, cold_due, c)) == NULL) {
			free(w);
			return NULL;
		}
		c->wait = w;
	}
	return w;
}

void
cold_put_later(struct cold *c, uint64_t m, size_t len, uint8_t codec,
    void *data, size_t datalen)
{
	const struct timeval	 tv = { 0, COLD_WAIT_MS * 1000 };
	struct cold_wait	*w = cold_waits(c);

	if (w == NULL) {
		free(data);
		return;
	}
	if (w->n == COLD_WAIT || (w->n > 0 && memcmp(w->history,
	    c->ix->mark.history, sizeof(w->history)) != 0))
		cold_flush(c);
	if (w->n == 0) {
		memcpy(w->history, c->ix->mark.history, sizeof(w->history));
		evtimer_add(w->due, &tv);
	}
	w->v[w->n].m = m;
	w->v[w->n].len = len;
	w->v[w->n].codec = codec;
	w->v[w->n].data = data;
	w->v[w->n++].datalen = datalen;
}

void
cold_stop(struct cold *c)
{
	cold_flush(c);
	if (c->wait != NULL)
		event_free(c->wait->due);
	free(c->wait);
	c->wait = NULL;
}

void
cold_free(struct cold *c)
{
	cold_stop(c);
	free(c->dead);
	memset(c, 0, sizeof(*c));
}

void
cold_put(struct cold *c, uint64_t m, const void *digest, size_t len)
{
	const struct codec_choice	 choice = cold_codec(len);
	enum codec_id			 used;
	struct buf			 b = BUF_INIT;

	if (index_cold_enter(c->ix) == 0 &&
	    codec_compress(&choice, digest, len, &b, &used) == 0)
		(void)cold_write(c->ix, m, len, (uint8_t)used, b.data, b.len);
	buf_free(&b);
}

static void
cold_drop(struct cold *c)
{
	struct index	*ix = c->ix;
	size_t		 n = 0;

	if (c->ndead == 0 || ix->cold.h == NULL || ix->cold.failed ||
	    db_run(&ix->cold, COLD_BEGIN, "") == -1)
		return;
	while (c->ndead > 0 && n++ < COLD_DROP)
		if (db_run(&ix->cold, COLD_DEL, "u",
		    c->dead[--c->ndead]) == -1)
			break;
	(void)db_run(&ix->cold, COLD_COMMIT, "");
}

void
cold_forget(struct cold *c)
{
	struct index	*ix = c->ix;
	uint64_t	*v;
	size_t		 i;

	if (ix->ndead > 0) {
		cold_flush(c);		/* one of them may wait still */
		v = reallocarray(c->dead, c->ndead + ix->ndead,
		    sizeof(*v));
		if (v != NULL) {
			c->dead = v;
			for (i = 0; i < ix->ndead; i++)
				v[c->ndead++] = ix->dead[i].m;
		}
		ix->ndead = 0;
		/* Opened only if it is there: nothing to drop else. */
		if (access(ix->path_cold, F_OK) == 0)
			(void)index_cold_open(ix);
	}
	cold_drop(c);
}
