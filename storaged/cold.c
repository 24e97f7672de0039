/* Digests by message; a cache, so that every failure only costs a read of
 * the bucket. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/host.h"
#include "common/log.h"
#include "storaged/cold.h"

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

static void	 cold_flush(struct user *);

static int
cold_meta(struct index *ix, bool clean)
{
	return db_run(&ix->cold, COLD_META_SET, "isibi",
	    (int64_t)INDEX_VERSION, str_from(host_boot()), (int64_t)clean,
	    (const void *)ix->mark.history, sizeof(ix->mark.history),
	    (int64_t)0);
}

/* Durable, as with the hot file. */
static int
cold_mark(struct index *ix, bool clean)
{
	int	 rv;

	if (db_exec(&ix->cold, "PRAGMA synchronous=FULL;") == -1)
		return -1;
	rv = cold_meta(ix, clean);
	if (rv == 0 && sqlite3_wal_checkpoint_v2(ix->cold.h, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
		rv = -1;
	if (db_exec(&ix->cold, "PRAGMA synchronous=OFF;") == -1)
		rv = -1;
	return rv;
}

static int
cold_existing(struct index *ix)
{
	sqlite3_stmt	*st;
	uint8_t		 history[16];
	bool		 clean, same, ok;

	if (access(ix->path_cold, F_OK) == -1)
		return -1;
	if (!db_whole(ix->path_cold) || db_open(&ix->cold, ix->path_cold,
	    false, false, index_cold_sql, COLD_MAX) == -1)
		goto unfit;
	st = db_st(&ix->cold, COLD_META_GET);
	if (db_step(&ix->cold, st) == 1) {
		clean = sqlite3_column_int(st, 2) != 0;
		same = str_eq(db_col(st, 1), str_from(host_boot()));
		ok = sqlite3_column_int(st, 0) == INDEX_VERSION &&
		    (clean || same) && db_col_blob(st, 3, history,
		    sizeof(history)) == 0 && memcmp(history,
		    ix->mark.history, sizeof(history)) == 0;
		sqlite3_reset(st);
		if (ok && (!clean || cold_mark(ix, false) == 0))
			return 0;
	}
 unfit:
	log_info("index: %s: of another boot or version, or damaged: begun "
	    "anew", ix->path_cold);
	db_close(&ix->cold);
	return -1;
}

static int
cold_open(struct index *ix)
{
	if (ix->cold.h != NULL && !ix->cold.failed)
		return 0;
	if (ix->cold.h != NULL && !ix->cold.damaged)
		return -1;		/* the disk is full, or such */
	if (ix->cold.h != NULL) {
		log_info("index: %s: begun anew", ix->path_cold);
		db_close(&ix->cold);
		ix->cold_held = false;
	} else if (cold_existing(ix) == 0)
		return 0;
	index_unlink(ix->path_cold);
	if (db_open(&ix->cold, ix->path_cold, true, false, index_cold_sql,
	    COLD_MAX) == -1)
		return -1;
	if (db_exec(&ix->cold, index_cold_schema) == -1 ||
	    cold_meta(ix, false) == -1) {
		db_close(&ix->cold);
		index_unlink(ix->path_cold);
		return -1;
	}
	return 0;
}

void
cold_clean(struct index *ix)
{
	if (ix->cold.h != NULL && !ix->cold.failed)
		(void)cold_mark(ix, true);
}

/* Within a slice of reads: one transaction.  0, or -1: no cold file. */
static int
cold_enter(struct index *ix)
{
	if (cold_open(ix) == -1)
		return -1;
	if (ix->held && !ix->cold_held)
		ix->cold_held = db_run(&ix->cold, COLD_BEGIN, "") == 0;
	return 0;
}

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
	size_t	 len = (size_t)sqlite3_column_int64(st, 1);
	int	 codec = sqlite3_column_int(st, 2);

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
cold_damaged(struct user *u, uint64_t m)
{
	log_warnx("user=%s record=%llu result=damaged why=\"the digest "
	    "in the index\"", u->word, (unsigned long long)m);
	(void)db_run(&u->ix->cold, COLD_DEL, "u", m);
}

int
cold_each(struct user *u, const uint64_t *m, unsigned n, cold_fn *fn,
    void *arg)
{
	struct db	*db = &u->ix->cold;
	struct buf	 b = BUF_INIT;
	struct str	 digest;
	sqlite3_stmt	*st;
	unsigned	 i = 0, looked;
	uint64_t	 at;
	int		 rv, go_on = 1;

	if (cold_enter(u->ix) == -1)
		return -1;
	cold_flush(u);
	looked = n = cold_span(m, n);
	st = db_st(db, COLD_GET);
	if (db_bind(db, st, "uu", m[0], m[n - 1]) == -1)
		return -1;
	while ((rv = db_step(db, st)) == 1) {
		at = (uint64_t)sqlite3_column_int64(st, 0);
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
			sqlite3_reset(st);
			break;
		}
		i++;
	}
	buf_free(&b);
	if (go_on == -1)
		cold_damaged(u, m[i]);	/* the bucket has it */
	return rv == -1 ? -1 : (int)looked;
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
cold_flush(struct user *u)
{
	struct cold_wait	*w = u->cold_wait;
	struct index		*ix = u->ix;
	bool			 own, ok;
	size_t			 i;

	if (w == NULL || w->n == 0)
		return;
	event_del(w->due);
	ok = memcmp(w->history, ix->mark.history, sizeof(w->history)) == 0 &&
	    cold_enter(ix) == 0;
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
cold_waits(struct user *u)
{
	struct cold_wait	*w = u->cold_wait;

	if (w == NULL && (w = calloc(1, sizeof(*w))) != NULL) {
		if ((w->due = evtimer_new(env.base, cold_due, u)) == NULL) {
			free(w);
			return NULL;
		}
		u->cold_wait = w;
	}
	return w;
}

void
cold_put_later(struct user *u, uint64_t m, size_t len, uint8_t codec,
    void *data, size_t datalen)
{
	const struct timeval	 tv = { 0, COLD_WAIT_MS * 1000 };
	struct cold_wait	*w = cold_waits(u);

	if (w == NULL) {
		free(data);
		return;
	}
	if (w->n == COLD_WAIT || (w->n > 0 && memcmp(w->history,
	    u->ix->mark.history, sizeof(w->history)) != 0))
		cold_flush(u);
	if (w->n == 0) {
		memcpy(w->history, u->ix->mark.history, sizeof(w->history));
		evtimer_add(w->due, &tv);
	}
	w->v[w->n].m = m;
	w->v[w->n].len = len;
	w->v[w->n].codec = codec;
	w->v[w->n].data = data;
	w->v[w->n++].datalen = datalen;
}

void
cold_stop(struct user *u)
{
	cold_flush(u);
	if (u->cold_wait != NULL)
		event_free(u->cold_wait->due);
	free(u->cold_wait);
	u->cold_wait = NULL;
}

void
cold_put(struct user *u, uint64_t m, const void *digest, size_t len)
{
	const struct codec_choice	 choice = cold_codec(len);
	enum codec_id			 used;
	struct buf			 b = BUF_INIT;

	if (cold_enter(u->ix) == 0 &&
	    codec_compress(&choice, digest, len, &b, &used) == 0)
		(void)cold_write(u->ix, m, len, (uint8_t)used, b.data, b.len);
	buf_free(&b);
}

static void
cold_drop(struct user *u)
{
	struct index	*ix = u->ix;
	size_t		 n = 0;

	if (u->ncold_dead == 0 || ix->cold.h == NULL || ix->cold.failed ||
	    db_run(&ix->cold, COLD_BEGIN, "") == -1)
		return;
	while (u->ncold_dead > 0 && n++ < COLD_DROP)
		if (db_run(&ix->cold, COLD_DEL, "u",
		    u->cold_dead[--u->ncold_dead]) == -1)
			break;
	(void)db_run(&ix->cold, COLD_COMMIT, "");
}

void
cold_forget(struct user *u)
{
	struct index	*ix = u->ix;
	uint64_t	*v;
	size_t		 i;

	if (ix->ndead > 0) {
		cold_flush(u);		/* one of them may wait still */
		v = reallocarray(u->cold_dead, u->ncold_dead + ix->ndead,
		    sizeof(*v));
		if (v != NULL) {
			u->cold_dead = v;
			for (i = 0; i < ix->ndead; i++)
				v[u->ncold_dead++] = ix->dead[i].m;
		}
		ix->ndead = 0;
		/* Opened only if it is there: nothing to drop else. */
		if (access(ix->path_cold, F_OK) == 0)
			(void)cold_open(ix);
	}
	cold_drop(u);
}
