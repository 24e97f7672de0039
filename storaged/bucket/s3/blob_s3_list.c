/*
 * LIST of the S3 backend (ListObjectsV2).  No name that was not asked for is
 * ever given out, nor one whose last part begins with a dot: no object of
 * ours has such a name, but a gateway in front of a file system may list the
 * file that it is writing, and that is no sign of a user or of a store
 * (versitygw 1.8.0: ".head.sgwtmp.N").  A name of 1,024 bytes, which S3 allows
 * and which is none of ours, is left out.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/bucket/s3/blob_s3_int.h"
#include "storaged/bucket/s3/s3_list.h"

#define LIST_KEYS	1000	/* of one answer */
#define LIST_PAGES	10	/* with nothing but hidden names */

static void	list_ask(struct s3_blob *, const char *);

/* So many keys are asked for: behind hidden ones there may be more of them. */
static unsigned
list_keys(const struct s3_blob *q)
{
	return q->pages == 0 || q->max > LIST_KEYS ? q->max : LIST_KEYS;
}

static bool
is_hidden(const char *key)
{
	const char *slash = strrchr(key, '/');

	return (slash != NULL ? slash + 1 : key)[0] == '.';
}

static bool
is_too_long(struct s3_blob *q, const char *key)
{
	if (strlen(key) < KEY_MAX)
		return false;
	if (q->left_out[0] == '\0')
		strlcpy(q->left_out, key + strlen(q->s3->store->prefix),
		    sizeof(q->left_out));
	return true;
}

/* What the caller sees has no prefix; the originals stay in l.  The number of
 * names, or -1 for one that was not asked for. */
static int
list_names(struct s3_blob *q, const struct s3_list *l, struct blob_listed *v)
{
	size_t i, plen = strlen(q->s3->store->prefix);
	int n = 0;

	for (i = 0; i < l->n; i++) {
		if (strncmp(l->v[i].key, q->key, strlen(q->key)) != 0)
			return -1;
		if (is_hidden(l->v[i].key) || is_too_long(q, l->v[i].key))
			continue;
		v[n] = l->v[i];
		v[n++].key += plen;
	}
	return n;
}

static void
list_over(struct s3_blob *q, struct blob_result *r, const char *why)
{
	r->outcome = BLOB_ERROR;
	r->why = why;
	s3_blob_over(q, r);
}

static void
list_parsed(struct s3_blob *q, struct blob_result *r, const struct s3_list *l)
{
	struct blob_listed *v = calloc(l->n + 1, sizeof(*v));
	const char *last = l->n > 0 ? l->v[l->n - 1].key : "";
	int n = v != NULL ? list_names(q, l, v) : -1;
	bool cut;

	if (v == NULL)
		list_over(q, r, "out of memory");
	else if (n == -1 || (l->more && l->n == 0))
		list_over(q, r, "ListObjectsV2: keys that were not requested");
	else if (n == 0 && l->more && strcmp(last, q->after) <= 0)
		list_over(q, r, "ListObjectsV2: start-after is not honored");
	else if (n == 0 && l->more && ++q->pages == LIST_PAGES)
		list_over(q, r, "ListObjectsV2: too many temporary files, "
		    "or names that are too long");
	else if (n == 0 && l->more)
		list_ask(q, last);
	else {
		cut = (size_t)n > q->max;
		r->left_out = q->left_out[0] != '\0' ? q->left_out : NULL;
		q->list_cb(r, v, cut ? q->max : (size_t)n, cut || l->more,
		    q->arg);
		s3_blob_free(q);
	}
	free(v);
}

static void
list_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .status = a->status, .why = a->why,
	    .cause = a->cause };
	struct s3_list l;

	q->call = NULL;
	if (a->outcome != BLOB_DONE) {
		if (r.outcome == BLOB_ABSENT)
			r.outcome = BLOB_ERROR;
		s3_blob_over(q, &r);
		return;
	}
	if (s3_list_parse(a->body, a->len, list_keys(q), &l) == -1) {
		list_over(q, &r, "ListObjectsV2: invalid response");
		return;
	}
	list_parsed(q, &r, &l);
	s3_list_free(&l);
}

/* After this one, "": from the first.  After is with the prefix. */
static void
list_ask(struct s3_blob *q, const char *after)
{
	char enc[2][3 * KEY_MAX + 1], query[7 * KEY_MAX];

	strlcpy(q->after, after, sizeof(q->after));
	sigv4_encode(q->key, 0, enc[0], sizeof(enc[0]));
	sigv4_encode(q->after, 0, enc[1], sizeof(enc[1]));
	snprintf(query, sizeof(query), "list-type=2&encoding-type=url&"
	    "max-keys=%u%s%s%s%s", list_keys(q),
	    q->key[0] != '\0' ? "&prefix=" : "", enc[0],
	    q->after[0] != '\0' ? "&start-after=" : "", enc[1]);
	q->call = s3_call_new(q->s3, "GET", "", query, S3_READ, q->prio);
	s3_call_max_body(q->call, LIST_BYTES);
	s3_call_start(q->call, list_done, q);
}

struct blob_request *
blob_s3_list(void *b, const char *prefix, const char *start_after, unsigned max,
    enum blob_priority prio, blob_list_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, prefix, prio, NULL, arg);
	char after[KEY_MAX] = "";

	q->list_cb = cb;
	q->max = max;
	if (q->at_once != BLOB_DONE)
		return s3_blob_end(q, q->at_once, q->why);
	if (start_after != NULL && key_join(s3->store->prefix, start_after,
	    after, sizeof(after)) == -1)
		return s3_blob_end(q, BLOB_ERROR, "start-after is too long");
	list_ask(q, after);
	return &q->r;
}
