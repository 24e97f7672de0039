/* The bucket of the commit's tests: its objects, and what it does with a
 * request. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fnv.h"
#include "common/log.h"
#include "storaged/commit/test/commit_fake_impl.h"

static size_t
hash_of(const char *key)
{
	size_t	 h = 5381;

	while (*key != '\0')
		h = h * 33 ^ (unsigned char)*key++;
	return h % 512;
}

struct fake_object *
fake_object(struct fake_world *w, const char *key)
{
	struct fake_object	*o;

	for (o = w->objects[hash_of(key)]; o != NULL; o = o->next)
		if (strcmp(o->key, key) == 0)
			return o;
	return NULL;
}

/* An old version is kept for stale reads. */
static void
object_keep(struct fake_object *o)
{
	free(o->old[FAKE_VERSIONS - 1].bytes);
	memmove(&o->old[1], &o->old[0],
	    (FAKE_VERSIONS - 1) * sizeof(o->old[0]));
	o->old[0].bytes = o->bytes;
	o->old[0].len = o->len;
	o->old[0].etag = o->etag;
	o->old[0].commit = o->commit;
}

struct fake_object *
fake_object_put(struct fake_world *w, const char *key, const void *p,
    size_t len)
{
	struct fake_object	*o = fake_object(w, key);
	size_t			 h = hash_of(key);

	if (o == NULL) {
		if ((o = calloc(1, sizeof(*o))) == NULL)
			fatal("object");
		strlcpy(o->key, key, sizeof(o->key));
		o->next = w->objects[h];
		w->objects[h] = o;
	} else
		object_keep(o);
	o->etag = ++w->etags;
	o->made = w->now;
	o->commit++;
	o->len = len;
	if ((o->bytes = malloc(len + 1)) == NULL)
		fatal("object");
	memcpy(o->bytes, p, len);
	return o;
}

void
fake_object_free(struct fake_object *o)
{
	size_t	 i;

	for (i = 0; i < FAKE_VERSIONS; i++)
		free(o->old[i].bytes);
	free(o->bytes);
	free(o);
}

void
fake_object_remove(struct fake_world *w, const char *key)
{
	struct fake_object	**at, *o;

	for (at = &w->objects[hash_of(key)]; (o = *at) != NULL;
	    at = &o->next)
		if (strcmp(o->key, key) == 0) {
			*at = o->next;
			fake_object_free(o);
			return;
		}
}

void
fake_request_unref(struct fake_request *r)
{
	if (--r->refs > 0)
		return;
	free(r->key);
	free(r->bytes);
	free(r);
}

static void
head_made(struct fake_world *w, uint64_t commit)
{
	if (commit >= w->ncommits) {
		w->ncommits = (size_t)commit * 2 + 64;
		if ((w->commits = reallocarray(w->commits, w->ncommits,
		    sizeof(*w->commits))) == NULL)
			fatal("commits");
	}
	w->commits[commit] = w->now;
}

static void
server_put(struct fake_world *w, struct fake_request *r)
{
	struct fake_object	*o = fake_object(w, r->key);

	r->outcome = BLOB_DONE;
	if (r->cond == BLOB_IF_NONE_MATCH && o != NULL)
		r->outcome = BLOB_CONFLICT;
	else if (r->cond == BLOB_IF_MATCH && o == NULL)
		r->outcome = BLOB_ABSENT;
	else if (r->cond == BLOB_IF_MATCH && o->etag != r->etag)
		r->outcome = BLOB_CONFLICT;
	else {
		o = fake_object_put(w, r->key, r->bytes, r->len);
		r->got = o->etag;
		if (r->cond != BLOB_ALWAYS)
			head_made(w, o->commit);
	}
}

static struct fake_object *
any_with(struct fake_world *w, const char *prefix)
{
	struct fake_object	*o, *found = NULL;
	size_t			 i;

	for (i = 0; i < 512; i++)
		for (o = w->objects[i]; o != NULL; o = o->next)
			if (strncmp(o->key, prefix, strlen(prefix)) == 0 &&
			    (found == NULL || strcmp(o->key, found->key) < 0))
				found = o;
	return found;
}

/* A read happens at one moment: the answer holds a copy of it. */
static void
server_get(struct fake_world *w, struct fake_request *r)
{
	struct fake_object	*o = fake_object(w, r->key);
	const uint8_t		*p;
	size_t			 len, i;

	r->outcome = BLOB_ABSENT;
	if (o == NULL)
		return;
	p = o->bytes;
	len = o->len;
	r->got = o->etag;
	if (r->fate == FATE_STALE) {
		i = fake_random(w, FAKE_VERSIONS);
		if (o->old[i].bytes != NULL &&
		    o->old[i].commit < r->n->known) {
			p = o->old[i].bytes;
			len = o->old[i].len;
			r->got = o->old[i].etag;
		}
	}
	r->outcome = BLOB_UNCHANGED;
	if (r->etag == r->got)
		return;
	r->outcome = len > r->max_len ? BLOB_LONG : BLOB_DONE;
	if ((r->bytes = malloc(len + 1)) == NULL)
		fatal("get");
	memcpy(r->bytes, p, len);
	r->len = len;
}

void
fake_server_apply(struct fake_world *w, struct fake_request *r)
{
	if (r->verb == FAKE_PUT)
		server_put(w, r);
	else if (r->verb == FAKE_GET)
		server_get(w, r);
	else
		r->outcome = BLOB_DONE;
	fake_request_unref(r);
}

void
fake_server_answer(struct fake_world *w, struct fake_request *r)
{
	struct blob_result	 res = { .outcome = r->outcome, .why = "",
	    .status = r->outcome == BLOB_CONFLICT ? 412 : 0 };
	struct blob_listed	 listed = { 0 };
	struct fake_object	*o;
	char			 etag[32] = "";

	if (r->epoch != r->n->epoch || r->cb == NULL) {
		fake_request_unref(r);
		return;
	}
	if (r->outcome == BLOB_DONE || r->outcome == BLOB_UNCHANGED)
		snprintf(etag, sizeof(etag), "\"%llu\"",
		    (unsigned long long)r->got);
	if (r->fate == FATE_REFUSED) {
		res.outcome = BLOB_UNAVAILABLE;
		res.retry_after = w->retry_after;
	} else if (r->fate == FATE_CONFLICT || r->fate == FATE_MISMATCH) {
		res.outcome = BLOB_CONFLICT;
		res.status = r->fate == FATE_MISMATCH ? 412 : 409;
	} else if (r->fate == FATE_LOST || r->fate == FATE_ANSWER_LOST ||
	    r->fate == FATE_LATE)
		res.outcome = r->verb == FAKE_PUT ? BLOB_UNSURE :
		    BLOB_UNAVAILABLE;
	res.etag = etag;
	res.date = 1700000000 + (int64_t)(w->now / 1000);
	if (r->verb == FAKE_GET && res.outcome == BLOB_DONE) {
		res.body = r->bytes;
		res.len = r->len;
		res.size = r->len;
	}
	if (r->verb == FAKE_LIST) {
		o = any_with(w, r->key);
		if (o != NULL)
			listed.key = o->key;
		r->listcb(&res, &listed, o != NULL, false, r->arg);
	} else
		r->cb(&res, r->arg);
	fake_request_unref(r);
}
