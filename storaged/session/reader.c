/*
 * From a place to bytes.  Whatever does not fit (a short object, a wrong
 * checksum) is damage: said and logged, never served.
 */
#include "common/compat.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "common/sum.h"
#include "storaged/format/logobj.h"
#include "storaged/session/reader.h"

#define LOGHEAD_MAX	(64 * 1024)

void
reader_init(struct reader *f, struct user *u, void (*ready)(void *), void *arg)
{
	memset(f, 0, sizeof(*f));
	f->user = u;
	f->wsize = WINDOW_SMALL;
	f->ready = ready;
	f->arg = arg;
}

void
reader_free(struct reader *f)
{
	window_drop(&f->win);
	buf_free(&f->content);
	buf_free(&f->stored);
	buf_free(&f->table);
	buf_free(&f->loghead);
	f->m = 0;
}

static void
reader_window(struct window_wait *ww, void *arg)
{
	struct reader	*f = arg;

	(void)ww;
	f->ready(f->arg);
}

static enum reader_state
reader_damaged(struct reader *f, const struct place *p, const char *why)
{
	log_warnx("user=%s uid=%u record=%llu object=%s result=damaged "
	    "why=\"%s\"", f->user->word, p->uid, (unsigned long long)p->m,
	    f->key, why);
	f->m = 0;
	window_spoil(f->key);
	f->kind = KEY_HEAD;
	f->loghead_key[0] = '\0';
	return READER_DAMAGED;
}

/* Makes out hold bytes [off, off + len) of the object f->key; goes on from
 * what it holds already. */
static enum reader_state
reader_range(struct reader *f, const struct place *p, uint64_t off,
    uint64_t len, size_t wsize, struct buf *out)
{
	const uint8_t	*data;
	uint64_t	 at, base;
	size_t		 n, skip;

	while (out->len < len) {
		at = off + out->len;
		base = at / wsize * wsize;
		f->win.fn = reader_window;
		f->win.arg = f;
		if (!window_is(&f->win, f->key, base, wsize) &&
		    !window_want(&f->win, f->key, base, wsize,
		    p->at.where != RECORD_MSG))
			return READER_WAIT;
		switch (window_data(&f->win, &data, &n)) {
		case BLOB_DONE:
			break;
		case BLOB_ABSENT:
			window_drop(&f->win);
			return reader_damaged(f, p, "the object is missing");
		case BLOB_BEHIND:
			window_drop(&f->win);
			return reader_damaged(f, p, "the object is too short");
		default:
			window_drop(&f->win);
			return READER_UNAVAILABLE;
		}
		skip = (size_t)(at - base);
		if (skip >= n)
			return reader_damaged(f, p, "the object is too short");
		n -= skip;
		if (n > len - out->len)
			n = (size_t)(len - out->len);
		if (buf_put(out, data + skip, n) == -1)
			return READER_UNAVAILABLE;
	}
	return READER_READY;
}

/* The same, borrowed: of the window at hand when that has all of it, else
 * joined in f->stored. */
static enum reader_state
reader_borrow(struct reader *f, const struct place *p, uint64_t off,
    uint64_t len, size_t wsize, const uint8_t **range)
{
	enum reader_state	 st;
	uint64_t		 base = off / wsize * wsize;
	const uint8_t		*data;
	size_t			 n;

	if (f->stored.len == 0 && window_is(&f->win, f->key, base, wsize) &&
	    window_data(&f->win, &data, &n) == BLOB_DONE &&
	    off - base <= n && len <= n - (off - base)) {
		*range = data + (off - base);
		return READER_READY;
	}
	st = reader_range(f, p, off, len, wsize, &f->stored);
	*range = f->stored.data;
	return st;
}

/* Expands a small message from its stored bytes and checks it. */
static enum reader_state
reader_expand(struct reader *f, const struct place *p, const uint8_t *stored)
{
	uint64_t	 want = p->at.digest_len + p->size;

	buf_reset(&f->content);
	errno = 0;
	if (codec_expand(p->at.codec, stored, (size_t)p->at.stored,
	    (size_t)want, &f->content) == -1)
		return errno == ENOMEM ? READER_UNAVAILABLE :
		    reader_damaged(f, p, "decompression failed");
	if (!sum_is(f->content.data + p->at.digest_len, (size_t)p->size,
	    p->at.sha256))
		return reader_damaged(f, p, "the SHA-256 does not match");
	f->content_at = 0;
	return READER_READY;
}

/* f->key names the object of that id. */
static int
reader_object(struct reader *f, enum key_kind kind, const uint8_t id[16])
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
static enum reader_state
reader_log_area(struct reader *f, const struct place *p, uint64_t size)
{
	enum reader_state	 st;
	uint64_t		 want = size < LOGHEAD_MAX ? size :
				    LOGHEAD_MAX;

	if (strcmp(f->loghead_key, f->key) != 0) {
		buf_reset(&f->loghead);
		f->loghead_mark = (struct logobj_mark){ 0 };
		st = reader_range(f, p, 0, want, f->wsize, &f->loghead);
		if (st != READER_READY)
			return st;
		strlcpy(f->loghead_key, f->key, sizeof(f->loghead_key));
	}
	if (logobj_find_on(f->loghead.data, f->loghead.len, p->commit,
	    &f->loghead_mark, &f->area, &f->area_len) != 0)
		return reader_damaged(f, p,
		    "the log object's table is damaged");
	f->kind = KEY_LOG;
	f->commit = p->commit;
	return READER_READY;
}

/*
 * f->key, f->area and f->area_len of the commit of the message p; READY with
 * head: its messages are in the head, at head.
 */
static enum reader_state
reader_commit(struct reader *f, const struct place *p, const uint8_t **head)
{
	struct commit_place	 where;

	*head = NULL;
	if (f->kind == KEY_LOG && f->commit == p->commit)
		return READER_READY;
	f->kind = KEY_HEAD;
	switch (commit_locate(f->user->commit, p->commit, &where)) {
	case COMMIT_IN_HEAD:
		strlcpy(f->key, "head", sizeof(f->key));
		*head = where.p;
		f->area = 0;
		f->area_len = where.len;
		return READER_READY;
	case COMMIT_IN_LOG:
		strlcpy(f->key, where.key, sizeof(f->key));
		return reader_log_area(f, p, where.size);
	case COMMIT_NOWHERE:
		if (!f->user->follow.opened)
			return READER_UNAVAILABLE;
		strlcpy(f->key, "-", sizeof(f->key));
		return reader_damaged(f, p,
		    "no log object contains its commit");
	case COMMIT_AHEAD:
		return READER_UNAVAILABLE;
	}
	return READER_UNAVAILABLE;
}

/* Where the stored bytes of a small message are: borrowed. */
static enum reader_state
reader_bytes(struct reader *f, const struct place *p, const uint8_t **stored)
{
	enum reader_state	 st;
	const uint8_t		*head;

	if (p->at.digest_len > READER_SMALL_MAX || p->size > READER_SMALL_MAX ||
	    p->at.stored > READER_SMALL_MAX)
		return reader_damaged(f, p, "its record is invalid");
	if (p->at.where == RECORD_PACK) {
		if (reader_object(f, KEY_PACK, p->at.object) == -1)
			return READER_UNAVAILABLE;
		return reader_borrow(f, p, p->at.offset, p->at.stored,
		    f->wsize, stored);
	}
	if ((st = reader_commit(f, p, &head)) != READER_READY)
		return st;
	if (p->at.offset > f->area_len ||
	    p->at.stored > f->area_len - p->at.offset)
		return reader_damaged(f, p,
		    "its position is outside its commit");
	if (head != NULL) {
		*stored = head + p->at.offset;
		return READER_READY;
	}
	return reader_borrow(f, p, f->area + p->at.offset, p->at.stored,
	    f->wsize, stored);
}

static enum reader_state
reader_small(struct reader *f, const struct place *p)
{
	const uint8_t		*stored;
	enum reader_state	 st;

	st = reader_bytes(f, p, &stored);
	return st == READER_READY ? reader_expand(f, p, stored) : st;
}

static enum reader_state
reader_large(struct reader *f, const struct place *p, uint64_t at)
{
	uint64_t		 content = p->at.digest_len + p->size, off;
	struct msgobj		 mo;
	enum reader_state	 st;
	const uint8_t		*packed;
	size_t			 chunk = (size_t)(at / MSGOBJ_CHUNK);
	uint32_t		 stored;
	int			 e;

	if (reader_object(f, KEY_MSG, p->at.object) == -1 ||
	    commit_history(f->user->commit) == NULL)
		return READER_UNAVAILABLE;
	st = reader_range(f, p, 0, msgobj_start(content), WINDOW_LARGE,
	    &f->table);
	if (st != READER_READY)
		return st;
	if (msgobj_open(&mo, f->table.data, f->table.len,
	    commit_history(f->user->commit)) != 0 || mo.content != content)
		return reader_damaged(f, p, "its table is damaged");
	if (msgobj_chunk(&mo, chunk, &off, &stored) != 0)
		return reader_damaged(f, p, "its table lacks a chunk");
	st = reader_borrow(f, p, off, stored, WINDOW_LARGE, &packed);
	if (st != READER_READY)
		return st;
	buf_reset(&f->content);
	e = msgobj_expand(&mo, chunk, packed, stored, &f->content);
	if (e == FORMAT_NO_MEMORY)
		return READER_UNAVAILABLE;
	if (e != 0)
		return reader_damaged(f, p, "one of its chunks is damaged");
	buf_reset(&f->stored);
	f->content_at = (uint64_t)chunk * MSGOBJ_CHUNK;
	return READER_READY;
}

/* What was read is of the message p, or nothing. */
static void
reader_turn(struct reader *f, const struct place *p)
{
	if (f->m == p->m)
		return;
	f->m = p->m;
	buf_reset(&f->content);
	buf_reset(&f->stored);
	buf_reset(&f->table);
	f->content_at = 0;
}

enum reader_state
reader_stored(struct reader *f, const struct place *p, const uint8_t **stored)
{
	enum reader_state	 st;

	reader_turn(f, p);
	st = reader_bytes(f, p, stored);
	if (st != READER_READY && st != READER_WAIT)
		f->m = 0;
	return st;
}

enum reader_state
reader_at(struct reader *f, const struct place *p, uint64_t at,
    const uint8_t **data, size_t *len)
{
	enum reader_state	 st = READER_READY;

	reader_turn(f, p);
	if (at < f->content_at || at - f->content_at >= f->content.len)
		st = p->at.where == RECORD_MSG ? reader_large(f, p, at) :
		    reader_small(f, p);
	if (st == READER_WAIT)
		return st;
	if (st == READER_READY && (at < f->content_at ||
	    at - f->content_at >= f->content.len))
		st = reader_damaged(f, p, "the message is too short");
	if (st != READER_READY) {
		f->m = 0;
		return st;
	}
	*data = f->content.data + (at - f->content_at);
	*len = f->content.len - (size_t)(at - f->content_at);
	return READER_READY;
}

bool
reader_together(const struct place *a, const struct place *b, size_t wsize)
{
	if (a->at.where != b->at.where)
		return false;
	return a->at.where == RECORD_INLINE ? a->commit == b->commit :
	    a->at.offset / wsize == b->at.offset / wsize &&
	    memcmp(a->at.object, b->at.object, sizeof(a->at.object)) == 0;
}

int
reader_where(const struct reader *f, const struct place *p,
    char key[KEY_MAX], uint64_t *base, size_t *len)
{
	struct commit_place	 where;

	*base = 0;
	*len = f->wsize;
	if (p->at.where == RECORD_PACK) {
		*base = p->at.offset / f->wsize * f->wsize;
		return key_object(commit_prefix(f->user->commit), KEY_PACK,
		    p->at.object, key, KEY_MAX);
	}
	if (p->at.where == RECORD_MSG || commit_locate(f->user->commit,
	    p->commit, &where) != COMMIT_IN_LOG)
		return -1;
	strlcpy(key, where.key, KEY_MAX);
	if (where.size < *len)
		*len = (size_t)where.size;
	return 0;	/* its head is needed first, and most are one window */
}
