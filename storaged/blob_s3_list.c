/*
 * LIST of the S3 backend (ListObjectsV2).  No name that was not asked for is
 * ever given out.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/blob_s3_int.h"
#include "storaged/s3_list.h"

static void
list_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .why = a->why };
	size_t i, plen = strlen(q->s3->store->prefix);
	struct blob_listed *v;
	struct s3_list l;

	q->call = NULL;
	if (a->outcome != BLOB_DONE) {
		if (r.outcome == BLOB_ABSENT)
			r.outcome = BLOB_ERROR;
		s3_blob_over(q, &r);
		return;
	}
	if (s3_list_parse(a->body, a->len, q->max, &l) == -1) {
		r.outcome = BLOB_ERROR;
		r.why = "ListObjectsV2: an answer that is none";
		s3_blob_over(q, &r);
		return;
	}
	/* What the caller sees has no prefix; the originals stay in l. */
	v = calloc(l.n + 1, sizeof(*v));
	for (i = 0; v != NULL && i < l.n; i++) {
		v[i] = l.v[i];
		if (strncmp(v[i].key, q->key, strlen(q->key)) != 0)
			break;
		v[i].key += plen;
	}
	if (v == NULL || i < l.n || (l.more && l.n == 0)) {
		r.outcome = BLOB_ERROR;
		r.why = "ListObjectsV2: names that were not asked for";
		s3_blob_over(q, &r);
	} else {
		q->list_cb(&r, v, l.n, l.more, q->arg);
		s3_blob_free(q);
	}
	free(v);
	s3_list_free(&l);
}

struct blob_request *
blob_s3_list(void *b, const char *prefix, const char *start_after, unsigned max,
    enum blob_priority prio, blob_list_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = s3_blob_new(s3, prefix, prio, NULL, arg);
	char after[BLOB_KEY_MAX] = "", enc[2][3 * BLOB_KEY_MAX];
	char query[7 * BLOB_KEY_MAX];

	q->list_cb = cb;
	q->max = max;
	if (q->at_once != BLOB_DONE)
		return s3_blob_end(q, q->at_once, q->why);
	if (start_after != NULL && key_join(s3->store->prefix, start_after,
	    after, sizeof(after)) == -1)
		return s3_blob_end(q, BLOB_ERROR, "start-after is too long");
	s3_encode(q->key, 0, enc[0], sizeof(enc[0]));
	s3_encode(after, 0, enc[1], sizeof(enc[1]));
	snprintf(query, sizeof(query), "list-type=2&encoding-type=url&"
	    "max-keys=%u%s%s%s%s", max, q->key[0] != '\0' ? "&prefix=" : "",
	    enc[0], after[0] != '\0' ? "&start-after=" : "", enc[1]);
	q->call = s3_call_new(s3, "GET", "", query, S3_READ, prio);
	s3_call_max_body(q->call, LIST_BYTES);
	s3_call_start(q->call, list_done, q);
	return &q->r;
}
