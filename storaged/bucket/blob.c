/*
 * The bucket's front: chooses the backend from a table, keeps the counters
 * of requests asked for, and passes everything else on.  It must never
 * repeat a conditional PUT (DESIGN, "One attempt per base").
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/bucket/blob_impl.h"

#define BLOB_AWAY	3	/* failures, without an answer between them */

static const struct blob_backend *const backends[] = {
	&blob_file_backend,
	&blob_s3_backend,
};

const char *
blob_outcome_name(enum blob_outcome o)
{
	static const char *const names[] = {
		[BLOB_DONE] = "done",
		[BLOB_UNCHANGED] = "unchanged",
		[BLOB_ABSENT] = "absent",
		[BLOB_CONFLICT] = "conflict",
		[BLOB_DENIED] = "denied",
		[BLOB_UNSURE] = "unsure",
		[BLOB_UNAVAILABLE] = "unavailable",
		[BLOB_BEHIND] = "behind",
		[BLOB_LONG] = "long",
		[BLOB_ERROR] = "error",
	};

	return (size_t)o < nitems(names) ? names[o] : "unknown";
}

bool
blob_etag_same(const char *a, const char *b)
{
	size_t	 n, m;

	a = blob_etag_bare(a, &n);
	b = blob_etag_bare(b, &m);
	return n == m && memcmp(a, b, n) == 0;
}

const char *
blob_etag_bare(const char *etag, size_t *len)
{
	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	etag += strspn(etag, "\"");
	*len = strcspn(etag, "\"");
	return etag;
}

const char *
blob_reason(const struct blob_result *r, char *dst, size_t size)
{
	const char *cause = r->cause != NULL ? r->cause : "";

	snprintf(dst, size, "%s%s%s", cause, cause[0] != '\0' ? ": " : "",
	    r->why != NULL ? r->why : "");
	return dst;
}

uint8_t *
blob_take(const struct blob_result *r)
{
	uint8_t	*p;

	if (r->own != NULL && *r->own != NULL && *r->own == r->body) {
		p = *r->own;
		*r->own = NULL;
		return p;
	}
	if ((p = malloc(r->len != 0 ? r->len : 1)) != NULL && r->len != 0)
		memcpy(p, r->body, r->len);
	return p;
}

void
blob_heard(struct blob_store *s, enum blob_outcome o, const char *why)
{
	uint64_t	 now;

	if (o == BLOB_UNSURE || o == BLOB_UNAVAILABLE || o == BLOB_ERROR ||
	    o == BLOB_DENIED)
		s->counts.errors++;
	now = clock_ms() / 1000;
	if (o == BLOB_UNSURE || o == BLOB_UNAVAILABLE) {
		if (++s->failures < BLOB_AWAY || s->away != 0)
			return;
		s->away = now != 0 ? now : 1;
		log_warnx("store: result=away why=\"%s\"", why);
		return;
	}
	s->failures = 0;
	if (s->away == 0)
		return;
	log_info("store: result=back away_s=%lld",
	    (long long)(now - s->away));
	s->away = 0;
}

static const struct blob_backend *
backend_find(const char *type)
{
	size_t	i;

	for (i = 0; i < nitems(backends); i++)
		if (strcmp(backends[i]->name, type) == 0)
			return backends[i];
	return NULL;
}

void
blob_reach(const struct slice *conf, struct sandbox *box)
{
	const struct blob_backend *b = backend_find(slice_str(conf,
				    "store.type"));

	if (b != NULL)
		b->reach(conf, box);
}

struct blob_store *
blob_open(struct event_base *base, struct slice *conf, char *why, size_t size)
{
	const char *type = slice_str(conf, "store.type"), *bad;
	struct blob_store *s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	s->base = base;
	if (key_prefix(slice_str(conf, "store.key-prefix"), s->prefix,
	    sizeof(s->prefix), &bad) == -1) {
		snprintf(why, size, "store.%s", bad);
		free(s);
		return NULL;
	}
	if ((s->backend = backend_find(type)) == NULL)
		snprintf(why, size,
		    "store.type: unknown store type \"%s\"", type);
	else
		s->b = s->backend->open(base, conf, s, why, size);
	if (s->b == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
blob_reload(struct blob_store *s, const struct slice *conf)
{
	s->backend->reload(s->b, conf);
}

void
blob_close(struct blob_store *s)
{
	if (s == NULL)
		return;
	s->backend->close(s->b);
	free(s);
}

struct blob_request *
blob_put(struct blob_store *s, const char *key,
    const struct piece *pieces, size_t npieces, enum blob_condition cond,
    const char *etag, enum blob_priority prio, blob_cb cb, void *arg)
{
	s->counts.put++;
	return s->backend->put(s->b, key, pieces, npieces, -1, 0, cond, etag,
	    prio, cb, arg);
}

struct blob_request *
blob_put_file(struct blob_store *s, const char *key, int fd, uint64_t len,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	s->counts.put++;
	return s->backend->put(s->b, key, NULL, 0, fd, len, BLOB_ALWAYS, NULL,
	    prio, cb, arg);
}

struct blob_request *
blob_get(struct blob_store *s, const char *key, uint64_t offset, uint64_t len,
    size_t max_len, const char *none_match, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	s->counts.get++;
	return s->backend->get(s->b, key, offset, len, max_len, none_match,
	    prio, cb, arg);
}

struct blob_request *
blob_head(struct blob_store *s, const char *key, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	s->counts.head++;
	return s->backend->head(s->b, key, prio, cb, arg);
}

struct blob_request *
blob_delete(struct blob_store *s, const char *const *keys, size_t n,
    enum blob_priority prio, blob_cb cb, void *arg)
{
	s->counts.del++;
	return s->backend->del(s->b, keys, n, prio, cb, arg);
}

struct blob_request *
blob_list(struct blob_store *s, const char *prefix, const char *start_after,
    unsigned max, enum blob_priority prio, blob_list_cb cb, void *arg)
{
	s->counts.list++;
	if (max == 0 || max > BLOB_LIST_MAX)
		max = BLOB_LIST_MAX;
	return s->backend->list(s->b, prefix, start_after, max, prio, cb, arg);
}

struct blob_request *
blob_copy(struct blob_store *s, const char *key, const char *etag,
    const char *to, enum blob_priority prio, blob_cb cb, void *arg)
{
	if (s->backend->copy == NULL)
		fatalx("blob_copy: a %s store cannot", s->backend->name);
	s->counts.put++;
	return s->backend->copy(s->b, key, etag, to, prio, cb, arg);
}

struct blob_request *
blob_tag(struct blob_store *s, const char *key, const char *name,
    const char *value, enum blob_priority prio, blob_cb cb, void *arg)
{
	if (s->backend->tag == NULL)
		fatalx("blob_tag: a %s store cannot", s->backend->name);
	s->counts.put++;
	return s->backend->tag(s->b, key, name, value, prio, cb, arg);
}

void
blob_cancel(struct blob_request *r)
{
	if (r != NULL)
		r->store->backend->cancel(r->store->b, r);
}

void
blob_set_key(struct blob_store *s, const struct cred_key *key)
{
	if (s->backend->set_key != NULL)
		s->backend->set_key(s->b, key);
}

void
blob_on_refused(struct blob_store *s, void (*cb)(const char *access_key,
    const char *why, void *arg), void *arg)
{
	s->refused = cb;
	s->refused_arg = arg;
}

bool
blob_ready(const struct blob_store *s)
{
	return s->backend->ready == NULL || s->backend->ready(s->b);
}

bool
blob_local(const struct blob_store *s)
{
	return s->backend->local;
}

const struct blob_counts *
blob_counts(const struct blob_store *s)
{
	return &s->counts;
}
