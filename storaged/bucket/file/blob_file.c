/*
 * The file backend: the embedded default.  Each request is a job of a helper
 * thread (file_io.h has the rules of the disk), unless the kernel has the
 * answer at hand; this file only carries it there and its result back to the
 * loop.  Several processes of a host may share the directory.
 */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/sandbox.h"
#include "storaged/bucket/blob_impl.h"
#include "storaged/bucket/file/file_io.h"
#include "storaged/util/helper.h"

#define THREADS		8	/* syncs that the disk may join */

enum file_verb { FILE_PUT, FILE_GET, FILE_HEAD, FILE_DEL, FILE_LIST };

struct file_request {
	struct blob_request r;		/* first */
	TAILQ_ENTRY(file_request) entry;
	struct file_store *fs;
	struct helper_job *job;
	bool		 near;		/* needs none */
	enum file_verb	 verb;
	struct file_op	 op;
	char		 key[KEY_MAX];	/* what op.key points to */
	char		 match[BLOB_ETAG_MAX];
	char		*after;		/* LIST */
	unsigned	 max;
	char		**keys;		/* DEL */
	size_t		 nkeys;
	struct piece *pieces;	/* PUT: what op.pieces points to */
	struct file_listed listed;
	blob_cb		 cb;
	blob_list_cb	 list_cb;
	void		*arg;		/* of the callback */
	bool		 cancelled;
};

struct file_store {
	struct blob_store *s;
	struct file_root root;
	struct helper_pool *pool;
	TAILQ_HEAD(file_requests, file_request) requests, near;
	struct event	*soon;		/* for those that are near */
};

static void
request_free(struct file_request *q)
{
	size_t i;

	TAILQ_REMOVE(q->near ? &q->fs->near : &q->fs->requests, q, entry);
	for (i = 0; i < q->nkeys; i++)
		free(q->keys[i]);
	free(q->keys);
	free(q->pieces);
	free(q->after);
	free(q->op.body);
	file_listed_free(&q->listed);
	free(q);
}

/* In a helper thread. */
static void
request_work(void *arg)
{
	struct file_request *q = arg;
	struct file_op *op = &q->op, one;
	size_t i;

	if (op->outcome != BLOB_DONE)
		return;			/* found bad before it was sent here */
	switch (q->verb) {
	case FILE_PUT:
		file_io_put(op);
		break;
	case FILE_GET:
		file_io_get(op);
		break;
	case FILE_HEAD:
		file_io_head(op);
		break;
	case FILE_LIST:
		file_io_list(op, q->after, q->max,
		    strlen(q->fs->s->prefix), &q->listed);
		break;
	case FILE_DEL:
		for (i = 0; i < q->nkeys; i++) {
			one = *op;
			one.key = q->keys[i];
			file_io_del(&one);
			if (one.outcome != BLOB_DONE &&
			    op->outcome == BLOB_DONE) {
				op->outcome = one.outcome;
				snprintf(op->why, sizeof(op->why), "%.90s: "
				    "%.100s", one.key, one.why);
			}
		}
		break;
	}
}

static void
request_done(void *arg)
{
	struct file_request *q = arg;
	struct blob_counts *n = &q->fs->s->counts;
	struct blob_result r = { .outcome = q->op.outcome, .etag = "" };
	size_t i;

	if (q->cancelled) {
		request_free(q);
		return;
	}
	if (r.outcome == BLOB_DONE || r.outcome == BLOB_UNCHANGED) {
		r.etag = q->op.etag;
		r.body = q->op.body;
		r.own = &q->op.body;
		r.len = q->op.len;
		r.size = q->op.size;
		n->bytes_in += q->op.len;
	}
	blob_heard(q->fs->s, r.outcome, q->op.why);
	if (q->verb == FILE_PUT) {
		n->bytes_out += q->op.fdlen;
		for (i = 0; i < q->op.npieces; i++)
			n->bytes_out += q->op.pieces[i].len;
	}
	r.date = (int64_t)time(NULL);
	r.why = q->op.why;
	if (q->verb == FILE_LIST)
		q->list_cb(&r, q->listed.v, q->listed.n, q->listed.more,
		    q->arg);
	else
		q->cb(&r, q->arg);
	request_free(q);
}

static void
request_bad(struct file_request *q, const char *why)
{
	q->op.outcome = BLOB_ERROR;
	strlcpy(q->op.why, why, sizeof(q->op.why));
}

static struct file_request *
request_new(struct file_store *fs, enum file_verb verb, const char *key,
    blob_cb cb, void *arg)
{
	struct file_request *q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		fatal("blob_file");
	q->r.store = fs->s;
	q->fs = fs;
	q->verb = verb;
	q->cb = cb;
	q->arg = arg;
	q->op.root = &fs->root;
	q->op.fd = -1;
	q->op.key = q->key;
	q->op.outcome = BLOB_DONE;
	TAILQ_INSERT_TAIL(&fs->requests, q, entry);
	if (key_join(fs->s->prefix, key, q->key, sizeof(q->key)) == -1)
		request_bad(q, "the object's name is too long");
	else if (verb != FILE_LIST && verb != FILE_DEL &&
	    !file_name_valid(q->key))
		request_bad(q, "not a valid object name");
	return q;
}

/* One at a time: a callback may make, or cancel, others. */
static void
requests_near(evutil_socket_t fd, short what, void *arg)
{
	struct file_store *fs = arg;
	struct file_request *q = TAILQ_FIRST(&fs->near);

	(void)fd;
	(void)what;
	if (q == NULL)
		return;
	if (TAILQ_NEXT(q, entry) != NULL)
		event_active(fs->soon, EV_TIMEOUT, 0);
	request_done(q);
}

/* Its result is known; the callback is to come later all the same. */
static struct blob_request *
request_near(struct file_request *q)
{
	TAILQ_REMOVE(&q->fs->requests, q, entry);
	q->near = true;
	TAILQ_INSERT_TAIL(&q->fs->near, q, entry);
	event_active(q->fs->soon, EV_TIMEOUT, 0);
	return &q->r;
}

static struct blob_request *
request_go(struct file_request *q, enum blob_priority prio)
{
	q->job = helper_run(q->fs->pool, prio == BLOB_USER, request_work,
	    request_done, q);
	return &q->r;
}

static void
request_match(struct file_request *q, const char *etag)
{
	if (etag == NULL)
		return;
	if (strlcpy(q->match, etag, sizeof(q->match)) >= sizeof(q->match))
		request_bad(q, "the ETag is too long");
	q->op.match = q->match;
}

static struct blob_request *
file_put(void *b, const char *key, const struct piece *pieces,
    size_t npieces, int fd, uint64_t fdlen, enum blob_condition cond,
    const char *etag, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct file_request *q = request_new(b, FILE_PUT, key, cb, arg);

	/* The array may be on the caller's stack; its bytes stay. */
	if (npieces != 0) {
		q->pieces = reallocarray(NULL, npieces, sizeof(*pieces));
		if (q->pieces == NULL)
			fatal("blob_file");
		memcpy(q->pieces, pieces, npieces * sizeof(*pieces));
		q->op.pieces = q->pieces;
	}
	q->op.npieces = npieces;
	q->op.fd = fd;
	q->op.fdlen = fdlen;
	q->op.cond = cond;
	if (cond == BLOB_IF_MATCH)
		request_match(q, etag);
	return request_go(q, prio);
}

static struct blob_request *
file_get(void *b, const char *key, uint64_t offset, uint64_t len,
    size_t max_len, const char *none_match, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	struct file_request *q = request_new(b, FILE_GET, key, cb, arg);

	q->op.offset = len != 0 ? offset : 0;
	q->op.want = len;
	q->op.max_len = max_len;
	request_match(q, none_match);
	if (q->op.outcome == BLOB_DONE && file_io_unchanged(&q->op))
		return request_near(q);
	return request_go(q, prio);
}

static struct blob_request *
file_head(void *b, const char *key, enum blob_priority prio, blob_cb cb,
    void *arg)
{
	return request_go(request_new(b, FILE_HEAD, key, cb, arg), prio);
}

static struct blob_request *
file_del(void *b, const char *const *keys, size_t n, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	struct file_request *q = request_new(b, FILE_DEL, "", cb, arg);
	char name[KEY_MAX];
	size_t i;

	if (n > BLOB_DELETE_MAX) {
		request_bad(q, "more than 1,000 keys");
		return request_go(q, prio);
	}
	if ((q->keys = calloc(n + 1, sizeof(*q->keys))) == NULL)
		fatal("blob_file");
	for (i = 0; i < n; i++) {
		if (key_join(q->fs->s->prefix, keys[i], name, sizeof(name)) ==
		    -1 || !file_name_valid(name)) {
			request_bad(q, "not a valid object name");
			break;
		}
		if ((q->keys[i] = strdup(name)) == NULL)
			fatal("blob_file");
		q->nkeys++;
	}
	return request_go(q, prio);
}

static struct blob_request *
file_list(void *b, const char *prefix, const char *start_after, unsigned max,
    enum blob_priority prio, blob_list_cb cb, void *arg)
{
	struct file_request *q = request_new(b, FILE_LIST, prefix, NULL, arg);
	char name[KEY_MAX];

	q->list_cb = cb;
	q->max = max;
	if (start_after != NULL) {
		if (key_join(q->fs->s->prefix, start_after, name,
		    sizeof(name)) == -1)
			request_bad(q, "start-after is too long");
		if ((q->after = strdup(name)) == NULL)
			fatal("blob_file");
	}
	return request_go(q, prio);
}

static void
file_cancel(void *b, struct blob_request *r)
{
	struct file_request *q = (struct file_request *)r;

	(void)b;
	if (q->verb != FILE_PUT) {
		q->cancelled = true;	/* it works on nothing of others */
		return;
	}
	helper_cancel(q->job);
	request_free(q);
}

static void
file_close(void *b)
{
	struct file_store *fs = b;
	struct file_request *q;

	helper_free(fs->pool);
	while ((q = TAILQ_FIRST(&fs->requests)) != NULL ||
	    (q = TAILQ_FIRST(&fs->near)) != NULL)
		request_free(q);
	if (fs->soon != NULL)
		event_free(fs->soon);
	file_io_close(&fs->root);
	free(fs);
}

/* Made here if need be: what is not there cannot be named to the kernel. */
static void
file_reach(const struct slice *conf, struct sandbox *box)
{
	const char *path = slice_str(conf, "store.path");

	(void)mkdir(path, 0700);	/* file_open() says why it is not */
	sandbox_reach(box, path, true);
}

static void
file_reload(void *b, const struct slice *conf)
{
	struct file_store *fs = b;

	fs->root.timeout_ms = 1000 * (unsigned)slice_num(conf,
	    "store.timeout");
}

static void *
file_open(struct event_base *base, struct slice *conf, struct blob_store *s,
    char *why, size_t size)
{
	const char *path = slice_str(conf, "store.path");
	struct file_store *fs;

	if (*path == '\0') {
		snprintf(why, size, "store.path is missing");
		return NULL;
	}
	if ((fs = calloc(1, sizeof(*fs))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	fs->s = s;
	TAILQ_INIT(&fs->requests);
	TAILQ_INIT(&fs->near);
	if (file_io_open(&fs->root, path, why, size) == -1) {
		free(fs);
		return NULL;
	}
	file_reload(fs, conf);
	if ((fs->pool = helper_new(base, THREADS)) == NULL ||
	    (fs->soon = evtimer_new(base, requests_near, fs)) == NULL) {
		snprintf(why, size, "helper threads: %s", strerror(errno));
		file_close(fs);
		return NULL;
	}
	return fs;
}

const struct blob_backend blob_file_backend = {
	.name = "file",
	.reach = file_reach,
	.local = true,
	.open = file_open,
	.close = file_close,
	.reload = file_reload,
	.put = file_put,
	.get = file_get,
	.head = file_head,
	.del = file_del,
	.list = file_list,
	.cancel = file_cancel,
};
