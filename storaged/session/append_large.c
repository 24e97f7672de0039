/*
 * Large messages: written as chunks into a second spool, one chunk a turn
 * of the loop, and uploaded before the intent that names them is
 * submitted.  Memory holds one chunk, whatever the message.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "storaged/session/append.h"
#include "storaged/util/file_at.h"
#include "storaged/util/spool.h"

/* Of a parcel, only what is before it stays in memory. */
static int
large_parcel(struct append *x, struct large *l)
{
	l->parcel = x->parcel;
	x->parcel = NULL;
	sum_begin(&l->sum);
	return buf_put(&l->mem, x->mem.data, x->prefix);
}

int
large_new(struct op *op, size_t item, struct str digest)
{
	struct append	*x = op->x;
	struct large	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -1;
	l->in = x->fd;
	l->size = x->got;
	l->room = x->room;
	l->item = item;
	l->out = -1;
	x->fd = -1;
	x->room = 0;
	TAILQ_INSERT_TAIL(&x->larges, l, entry);
	if (x->parcel != NULL) {
		if (large_parcel(x, l) == -1)
			return -1;
	} else {
		l->mem = x->mem;
		x->mem = BUF_INIT;
	}
	return buf_put(&l->digest, digest.p, digest.len);
}

void
large_free(struct append *x, struct large *l)
{
	TAILQ_REMOVE(&x->larges, l, entry);
	if (l->put != NULL)
		blob_cancel(l->put);
	if (l->writing)
		msgobj_writer_free(&l->writer);
	if (l->in != -1)
		close(l->in);
	if (l->out != -1)
		close(l->out);
	parcel_let(l->parcel);
	spool_give(&x->hold, l->room);
	buf_free(&l->mem);
	buf_free(&l->digest);
	free(l);
}

static void
large_put_done(const struct blob_result *r, void *arg)
{
	struct op	*op = arg;
	struct append	*x = op->x;
	struct large	*l = TAILQ_FIRST(&x->larges);
	struct append_item *it = &x->v[l->item];

	l->put = NULL;
	if (r->outcome != BLOB_DONE) {
		log_warnx("user=%s cmd=APPEND result=no upload=%s why=\"%s\"",
		    op->user->word, blob_outcome_name(r->outcome), r->why);
		commit_upload_drop(op->user->commit, l->id);
		op_no(op, MBOX_UNAVAILABLE,
		    "The mail store is temporarily unavailable, try again "
		    "later");
		return;
	}
	it->large = true;
	memcpy(it->place.object, l->id, sizeof(l->id));
	large_free(x, l);
	append_next(op);
}

/* All chunks are written: upload. */
static int
large_upload(struct op *op, struct large *l)
{
	const struct env	*env = op->user->env;
	struct append		*x = op->x;
	struct record_place	*p = &x->v[l->item].place;
	char			 prefix[KEY_MAX], key[KEY_MAX];

	if (msgobj_end(&l->writer, &p->stored) == -1)
		return -1;
	msgobj_writer_free(&l->writer);
	l->writing = false;
	if (l->parcel != NULL) {
		sum_end(&l->sum, p->sha256);
		parcel_let(l->parcel);
		l->parcel = NULL;
	}
	p->where = RECORD_MSG;
	p->codec = (uint8_t)env->codec.id;
	p->digest_len = l->digest.len;
	if (key_user(op->user->id, prefix, sizeof(prefix)) == -1 ||
	    commit_upload_begin(op->user->commit, l->id) == -1)
		return -1;
	if (key_object(prefix, KEY_MSG, l->id, key, sizeof(key)) == -1)
		return -1;
	l->put = blob_put_file(env->blob, key, l->out, p->stored, BLOB_USER,
	    large_put_done, op);
	if (l->put == NULL) {
		commit_upload_drop(op->user->commit, l->id);
		return -1;
	}
	return 0;
}

/* The next n octets. */
static int
large_read(struct large *l, uint8_t *p, size_t n)
{
	size_t	 own = 0;

	if (l->in != -1)
		return file_read_at(l->in, p, n, l->at);
	if (l->at < l->mem.len) {
		own = l->mem.len - (size_t)l->at;
		if (own > n)
			own = n;
		memcpy(p, l->mem.data + l->at, own);
	}
	if (l->parcel == NULL)
		return 0;
	if (own < n && parcel_read(l->parcel, p + own, n - own,
	    l->at + own - l->mem.len) == -1)
		return -1;
	sum_add(&l->sum, p, n);
	return 0;
}

/* One chunk's worth.  1: more to come, 0: all written, -1. */
static int
large_chunk(struct large *l)
{
	static uint8_t	 buf[MSGOBJ_CHUNK];
	size_t		 n = sizeof(buf);

	if (n > l->size - l->at)
		n = (size_t)(l->size - l->at);
	if (large_read(l, buf, n) == -1)
		return -1;
	if (msgobj_write(&l->writer, buf, n) == -1)
		return -1;
	l->at += n;
	return l->at < l->size;
}

bool
large_work(struct op *op)
{
	const struct env	*env = op->user->env;
	struct append		*x = op->x;
	struct large		*l = TAILQ_FIRST(&x->larges);
	const uint8_t		*history;
	int			 rv = 1;

	if (l == NULL || l->put != NULL)
		return true;
	/* Small, but with a large digest: it was in memory so far.  A parcel's
	 * own room is the parcel's. */
	if (!l->writing && l->room == 0 && !append_room(op,
	    l->digest.len + l->size, &l->room))
		return false;
	if (!l->writing) {
		history = commit_history(op->user->commit);
		if (history == NULL || (l->out = spool_open(env->cache)) ==
		    -1 || msgobj_begin(&l->writer, l->out, history,
		    &env->codec, l->digest.len + l->size) == -1)
			goto fail;
		l->writing = true;
		if (l->digest.len > 0 && msgobj_write(&l->writer,
		    l->digest.data, l->digest.len) == -1)
			goto fail;
		rv = l->size > 0;
	} else
		rv = large_chunk(l);
	if (rv == 1) {
		op_later(op);
		return true;
	}
	if (rv == 0 && large_upload(op, l) == 0)
		return true;
 fail:
	log_warn("user=%s cmd=APPEND spool", op->user->word);
	op_no(op, MBOX_UNAVAILABLE,
	    "The message cannot be stored now, try again later");
	return false;
}
