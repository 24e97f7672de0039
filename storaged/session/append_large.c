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

int
large_new(struct op *op, size_t item, struct str digest)
{
	struct append	*x = op->x;
	struct large	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return -1;
	l->in = x->fd;
	l->mem = x->mem;
	l->size = x->got;
	l->room = x->room;
	l->item = item;
	l->out = -1;
	x->fd = -1;
	x->room = 0;
	x->mem = BUF_INIT;
	TAILQ_INSERT_TAIL(&x->larges, l, entry);
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

/* One chunk's worth.  1: more to come, 0: all written, -1. */
static int
large_chunk(struct large *l)
{
	static uint8_t	 buf[MSGOBJ_CHUNK];
	size_t		 n = sizeof(buf);

	if (n > l->size - l->at)
		n = (size_t)(l->size - l->at);
	if (l->in == -1)
		memcpy(buf, l->mem.data + l->at, n);
	else if (file_read_at(l->in, buf, n, l->at) == -1)
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
	/* Small, but with a large digest: it was in memory so far. */
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
		op_kick(op);
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
