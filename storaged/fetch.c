/*
 * From a place to bytes.  Whatever does not fit (a short object, a wrong
 * checksum) is damage: said and logged, never served.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/fetch.h"
#include "storaged/logobj.h"
#include "storaged/sum.h"

#define LOGHEAD_MAX	(64 * 1024)

void
fetch_init(struct fetch *f, struct user *u, void (*ready)(void *), void *arg)
{
	memset(f, 0, sizeof(*f));
	f->user = u;
	f->wsize = WINDOW_SMALL;
	f->ready = ready;
	f->arg = arg;
}

void
fetch_free(struct fetch *f)
{
	window_drop(&f->win);
	buf_free(&f->content);
	buf_free(&f->stored);
	buf_free(&f->table);
	buf_free(&f->loghead);
	f->m = 0;
}

static void
fetch_window(struct window_wait *ww, void *arg)
{
	struct fetch	*f = arg;

	(void)ww;
	f->ready(f->arg);
}

static enum fetch_state
fetch_damaged(struct fetch *f, const struct place *p, const char *why)
{
	log_warnx("user=%s uid=%u record=%llu object=%s result=damaged "
	    "why=\"%s\"", f->user->word, p->uid, (unsigned long long)p->m,
	    f->key, why);
	f->m = 0;
	window_spoil(f->key);
	f->kind = KEY_HEAD;
	f->loghead_key[0] = '\0';
	return FETCH_DAMAGED;
}

/* Makes out hold bytes [off, off + len) of the object f->key; goes on from
 * what it holds already. */
static enum fetch_state
fetch_range(struct fetch *f, const struct place *p, uint64_t off,
    uint64_t len, size_t wsize, struct buf *out)
{
	const uint8_t	*data;
	uint64_t	 at, base;
	size_t		 n, skip;

	while (out->len < len) {
		at = off + out->len;
		base = at / wsize * wsize;
		f->win.fn = fetch_window;
		f->win.arg = f;
		if (!window_is(&f->win, f->key, base, wsize) &&
		    !window_want(&f->win, f->key, base, wsize,
		    p->at.where != RECORD_MSG))
			return FETCH_WAIT;
		switch (window_data(&f->win, &data, &n)) {
		case BLOB_DONE:
			break;
		case BLOB_ABSENT:
			window_drop(&f->win);
			return fetch_damaged(f, p, "the object is missing");
		case BLOB_BEHIND:
			window_drop(&f->win);
			return fetch_damaged(f, p, "the object is short");
		default:
			window_drop(&f->win);
			return FETCH_UNAVAILABLE;
		}
		skip = (size_t)(at - base);
		if (skip >= n)
			return fetch_damaged(f, p, "the object is short");
		n -= skip;
		if (n > len - out->len)
			n = (size_t)(len - out->len);
		if (buf_put(out, data + skip, n) == -1)
			return FETCH_UNAVAILABLE;
	}
	return FETCH_READY;
}

/* The same, borrowed: of the window at hand when that has all of it, else
 * joined in f->stored. */
static enum fetch_state
fetch_borrow(struct fetch *f, const struct place *p, uint64_t off,
    uint64_t len, size_t wsize, const uint8_t **range)
{
	enum fetch_state	 st;
	uint64_t		 base = off / wsize * wsize;
	const uint8_t		*data;
	size_t			 n;

	if (f->stored.len == 0 && window_is(&f->win, f->key, base, wsize) &&
	    window_data(&f->win, &data, &n) == BLOB_DONE &&
	    off - base <= n && len <= n - (off - base)) {
		*range = data + (off - base);
		return FETCH_READY;
	}
	st = fetch_range(f, p, off, len, wsize, &f->stored);
	*range = f->stored.data;
	return st;
}

/* Expands a small message from its stored bytes and checks it. */
static enum fetch_state
fetch_expand(struct fetch *f, const struct place *p, const uint8_t *stored)
{
	uint64_t	 want = p->at.digest_len + p->size;

	buf_reset(&f->content);
	if (codec_expand(p->at.codec, stored, (size_t)p->at.stored,
	    (size_t)want, &f->content) == -1)
		return fetch_damaged(f, p, "it does not expand");
	if (!sum_is(f->content.data + p->at.digest_len, (size_t)p->size,
	    p->at.sha256))
		return fetch_damaged(f, p, "its SHA-256 differs");
	f->content_at = 0;
	return FETCH_READY;
}

/* f->key names the object of that id. */
static int
fetch_object(struct fetch *f, enum key_kind kind, const uint8_t id[16])
{
	if (f->kind == kind && memcmp(f->id, id, sizeof(f->id)) == 0)
		return 0;
	f->kind = KEY_HEAD;
	if (key_object(commit_prefix(f->user->commit), kind, id, f->key,
	    sizeof(f->key)) == -1)
		return -1;
	f->kind = kind;
	memcpy(f->id, id, sizeof(f->id));
	return 0;
}

/* Where the commit's message area begins in the log object f->key. */
static enum fetch_state
fetch_log_area(struct fetch *f, const struct place *p, uint64_t size)
{
	enum fetch_state	 st;
	uint64_t		 want = size < LOGHEAD_MAX ? size :
				    LOGHEAD_MAX;

	if (strcmp(f->loghead_key, f->key) != 0) {
		buf_reset(&f->loghead);
		st = fetch_range(f, p, 0, want, f->wsize, &f->loghead);
		if (st != FETCH_READY)
			return st;
		strlcpy(f->loghead_key, f->key, sizeof(f->loghead_key));
	}
	if (logobj_find(f->loghead.data, f->loghead.len, p->commit, &f->area,
	    &f->area_len) != 0)
		return fetch_damaged(f, p, "the log object's table");
	f->kind = KEY_LOG;
	f->commit = p->commit;
	return FETCH_READY;
}

/*
 * f->key, f->area and f->area_len of the commit of the message p; READY with
 * head: its messages are in the head, at head.
 */
static enum fetch_state
fetch_commit(struct fetch *f, const struct place *p, const uint8_t **head)
{
	struct commit_place	 where;

	*head = NULL;
	if (f->kind == KEY_LOG && f->commit == p->commit)
		return FETCH_READY;
	f->kind = KEY_HEAD;
	switch (commit_locate(f->user->commit, p->commit, &where)) {
	case COMMIT_IN_HEAD:
		strlcpy(f->key, "head", sizeof(f->key));
		*head = where.p;
		f->area = 0;
		f->area_len = where.len;
		return FETCH_READY;
	case COMMIT_IN_LOG:
		strlcpy(f->key, where.key, sizeof(f->key));
		return fetch_log_area(f, p, where.size);
	case COMMIT_NOWHERE:
		if (!f->user->opened)
			return FETCH_UNAVAILABLE;
		strlcpy(f->key, "-", sizeof(f->key));
		return fetch_damaged(f, p, "its commit is in no log object");
	case COMMIT_AHEAD:
		return FETCH_UNAVAILABLE;
	}
	return FETCH_UNAVAILABLE;
}

/* Where the stored bytes of a small message are: borrowed. */
static enum fetch_state
fetch_bytes(struct fetch *f, const struct place *p, const uint8_t **stored)
{
	enum fetch_state	 st;
	const uint8_t		*head;

	if (p->at.digest_len > FETCH_SMALL_MAX || p->size > FETCH_SMALL_MAX ||
	    p->at.stored > FETCH_SMALL_MAX)
		return fetch_damaged(f, p, "its record makes no sense");
	if (p->at.where == RECORD_PACK) {
		if (fetch_object(f, KEY_PACK, p->at.object) == -1)
			return FETCH_UNAVAILABLE;
		return fetch_borrow(f, p, p->at.offset, p->at.stored,
		    f->wsize, stored);
	}
	if ((st = fetch_commit(f, p, &head)) != FETCH_READY)
		return st;
	if (p->at.offset > f->area_len ||
	    p->at.stored > f->area_len - p->at.offset)
		return fetch_damaged(f, p, "outside its commit");
	if (head != NULL) {
		*stored = head + p->at.offset;
		return FETCH_READY;
	}
	return fetch_borrow(f, p, f->area + p->at.offset, p->at.stored,
	    f->wsize, stored);
}

static enum fetch_state
fetch_small(struct fetch *f, const struct place *p)
{
	const uint8_t		*stored;
	enum fetch_state	 st;

	st = fetch_bytes(f, p, &stored);
	return st == FETCH_READY ? fetch_expand(f, p, stored) : st;
}

static enum fetch_state
fetch_large(struct fetch *f, const struct place *p, uint64_t at)
{
	uint64_t		 content = p->at.digest_len + p->size, off;
	struct msgobj		 mo;
	enum fetch_state	 st;
	const uint8_t		*packed;
	size_t			 frame = (size_t)(at / MSGOBJ_FRAME);
	uint32_t		 stored;

	if (fetch_object(f, KEY_MSG, p->at.object) == -1 ||
	    commit_history(f->user->commit) == NULL)
		return FETCH_UNAVAILABLE;
	st = fetch_range(f, p, 0, msgobj_start(content), WINDOW_LARGE,
	    &f->table);
	if (st != FETCH_READY)
		return st;
	if (msgobj_open(&mo, f->table.data, f->table.len,
	    commit_history(f->user->commit)) != 0 || mo.content != content)
		return fetch_damaged(f, p, "its table");
	if (msgobj_frame(&mo, frame, &off, &stored) != 0)
		return fetch_damaged(f, p, "its table has no such frame");
	st = fetch_borrow(f, p, off, stored, WINDOW_LARGE, &packed);
	if (st != FETCH_READY)
		return st;
	buf_reset(&f->content);
	if (msgobj_expand(&mo, frame, packed, stored, &f->content) != 0)
		return fetch_damaged(f, p, "a frame of it");
	buf_reset(&f->stored);
	f->content_at = (uint64_t)frame * MSGOBJ_FRAME;
	return FETCH_READY;
}

/* What was read is of the message p, or nothing. */
static void
fetch_turn(struct fetch *f, const struct place *p)
{
	if (f->m == p->m)
		return;
	f->m = p->m;
	buf_reset(&f->content);
	buf_reset(&f->stored);
	buf_reset(&f->table);
	f->content_at = 0;
}

enum fetch_state
fetch_stored(struct fetch *f, const struct place *p, const uint8_t **stored)
{
	enum fetch_state	 st;

	fetch_turn(f, p);
	st = fetch_bytes(f, p, stored);
	if (st != FETCH_READY && st != FETCH_WAIT)
		f->m = 0;
	return st;
}

enum fetch_state
fetch_at(struct fetch *f, const struct place *p, uint64_t at,
    const uint8_t **data, size_t *len)
{
	enum fetch_state	 st = FETCH_READY;

	fetch_turn(f, p);
	if (at < f->content_at || at - f->content_at >= f->content.len)
		st = p->at.where == RECORD_MSG ? fetch_large(f, p, at) :
		    fetch_small(f, p);
	if (st == FETCH_WAIT)
		return st;
	if (st == FETCH_READY && (at < f->content_at ||
	    at - f->content_at >= f->content.len))
		st = fetch_damaged(f, p, "it is short");
	if (st != FETCH_READY) {
		f->m = 0;
		return st;
	}
	*data = f->content.data + (at - f->content_at);
	*len = f->content.len - (size_t)(at - f->content_at);
	return FETCH_READY;
}

bool
fetch_together(const struct place *a, const struct place *b, size_t wsize)
{
	if (a->at.where != b->at.where)
		return false;
	return a->at.where == RECORD_INLINE ? a->commit == b->commit :
	    a->at.offset / wsize == b->at.offset / wsize &&
	    memcmp(a->at.object, b->at.object, sizeof(a->at.object)) == 0;
}

int
fetch_where(const struct fetch *f, const struct place *p,
    char key[BLOB_KEY_MAX], uint64_t *base, size_t *len)
{
	struct commit_place	 where;

	*base = 0;
	*len = f->wsize;
	if (p->at.where == RECORD_PACK) {
		*base = p->at.offset / f->wsize * f->wsize;
		return key_object(commit_prefix(f->user->commit), KEY_PACK,
		    p->at.object, key, BLOB_KEY_MAX);
	}
	if (p->at.where == RECORD_MSG || commit_locate(f->user->commit,
	    p->commit, &where) != COMMIT_IN_LOG)
		return -1;
	strlcpy(key, where.key, BLOB_KEY_MAX);
	if (where.size < *len)
		*len = (size_t)where.size;
	return 0;	/* its head is needed first, and most are one window */
}
