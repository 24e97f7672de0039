/*
 * The S3 backend: blob.h's verbs as calls of S3 (s3_request.h).  It must
 * never send a conditional PUT twice, and never say DONE before
 * verify-after-write has seen the object, where that is asked for.
 */
#include "common/compat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <openssl/evp.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "storaged/blob_s3.h"
#include "storaged/s3_list.h"
#include "storaged/s3_multipart.h"
#include "storaged/s3_request.h"

#define GATE_MAX	48	/* connections */
#define GATE_BACKGROUND	12
#define THREADS		2
#define IDLE_SECONDS	4
#define CONNECT_MS	3000
#define STALL_MS	10000
#define LIST_BYTES	((size_t)3 << 20)

struct s3_blob {
	struct blob_request r;		/* first */
	TAILQ_ENTRY(s3_blob) entry;
	struct s3	*s3;
	struct s3_call	*call;
	struct s3_multipart *multipart;
	char		 key[BLOB_KEY_MAX];	/* whole */
	struct event	*timer;		/* for what fails or ends at once */
	enum blob_outcome at_once;
	const char	*why;
	/* PUT */
	char		 etag[BLOB_ETAG_MAX];
	uint64_t	 put_len;
	int64_t		 put_date;
	enum blob_priority prio;
	uint64_t	 deadline;
	/* GET */
	uint64_t	 offset, want;
	struct buf	 xml;		/* DELETE */
	unsigned	 max;		/* LIST */
	blob_cb		 cb;
	blob_list_cb	 list_cb;
	void		*arg;
};

static void
blob_free(struct s3_blob *q)
{
	TAILQ_REMOVE(&q->s3->blobs, q, entry);
	if (q->timer != NULL)
		event_free(q->timer);
	buf_free(&q->xml);
	free(q);
}

static void
blob_over(struct s3_blob *q, const struct blob_result *r)
{
	if (q->list_cb != NULL)
		q->list_cb(r, NULL, 0, false, q->arg);
	else
		q->cb(r, q->arg);
	blob_free(q);
}

static void
over_soon(int fd, short what, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = q->at_once, .etag = "",
	    .why = q->why };

	(void)fd;
	(void)what;
	blob_over(q, &r);
}

static struct s3_blob *
blob_new(struct s3 *s3, const char *key, enum blob_priority prio, blob_cb cb,
    void *arg)
{
	struct s3_blob *q;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		fatal("blob_s3");
	q->r.store = s3->store;
	q->s3 = s3;
	q->cb = cb;
	q->arg = arg;
	q->prio = prio;
	q->deadline = clock_ms() + s3->timeout_ms;
	q->at_once = BLOB_DONE;
	TAILQ_INSERT_TAIL(&s3->blobs, q, entry);
	if (key_join(s3->store->prefix, key, q->key, sizeof(q->key)) == -1) {
		q->at_once = BLOB_ERROR;
		q->why = "the object's name is too long";
	}
	return q;
}

/* Ends at the loop's next turn with what at_once and why say. */
static struct blob_request *
blob_end(struct s3_blob *q, enum blob_outcome o, const char *why)
{
	struct timeval soon = { 0, 0 };

	q->at_once = o;
	q->why = why;
	if ((q->timer = evtimer_new(q->s3->store->base, over_soon, q)) == NULL)
		fatal("blob_s3");
	evtimer_add(q->timer, &soon);
	return &q->r;
}

/* The names that every server takes: no empty part, no "." or "..". */
static bool
name_valid(const char *key)
{
	const char *p = key;
	size_t n;

	for (;;) {
		n = strcspn(p, "/");
		if (n == 0 || (p[0] == '.' && (n == 1 ||
		    (n == 2 && p[1] == '.'))))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

static bool
blob_bad(struct s3_blob *q)
{
	if (q->at_once != BLOB_DONE)
		blob_end(q, q->at_once, q->why);
	else if (!name_valid(q->key))
		blob_end(q, BLOB_ERROR, "not a valid object name");
	else
		return false;
	return true;
}

/* -- PUT -- */

/* Quotes and a weak mark are no difference: some servers lack them. */
static bool
etag_same(const char *a, const char *b)
{
	size_t n, m;

	if (strncmp(a, "W/", 2) == 0)
		a += 2;
	if (strncmp(b, "W/", 2) == 0)
		b += 2;
	a += strspn(a, "\"");
	b += strspn(b, "\"");
	n = strcspn(a, "\"");
	m = strcspn(b, "\"");
	return n == m && memcmp(a, b, n) == 0;
}

static void
verify_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = BLOB_UNSURE, .etag = q->etag,
	    .size = q->put_len, .date = q->put_date };
	char why[800];

	q->call = NULL;
	if (a->outcome != BLOB_DONE)
		snprintf(why, sizeof(why), "verify: HEAD after the PUT: %s %s",
		    blob_outcome_name(a->outcome), a->why);
	else if (!etag_same(a->etag, q->etag))
		snprintf(why, sizeof(why), "verify: the PUT gave ETag %s, "
		    "HEAD %s", q->etag, a->etag);
	else if (a->size != q->put_len)
		snprintf(why, sizeof(why), "verify: %llu bytes were put, HEAD "
		    "says %llu", (unsigned long long)q->put_len,
		    (unsigned long long)a->size);
	else {
		r.outcome = BLOB_DONE;
		why[0] = '\0';
	}
	r.why = why;
	blob_over(q, &r);
}

static void
put_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .size = q->put_len, .date = a->date,
	    .retry_after = a->retry_after, .why = a->why };

	q->call = NULL;
	q->multipart = NULL;
	if (a->outcome == BLOB_DONE && a->etag[0] == '\0') {
		r.outcome = BLOB_UNSURE;
		r.why = "200 without an ETag, or one over 127 bytes";
	}
	if (r.outcome != BLOB_DONE || !q->s3->verify) {
		blob_over(q, &r);
		return;
	}
	strlcpy(q->etag, a->etag, sizeof(q->etag));
	q->put_date = a->date;
	q->call = s3_call_new(q->s3, "HEAD", q->key, "", S3_HEAD, q->prio);
	/* A HEAD of its own, with at least a second. */
	s3_call_deadline(q->call, q->deadline > clock_ms() + 1000 ?
	    q->deadline : clock_ms() + 1000);
	s3_call_start(q->call, verify_done, q);
}

static struct blob_request *
s3_put(void *b, const char *key, const struct blob_piece *pieces,
    size_t npieces, int fd, uint64_t fdlen, enum blob_condition cond,
    const char *etag, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = blob_new(s3, key, prio, cb, arg);
	size_t i;

	if (blob_bad(q))
		return &q->r;
	q->put_len = fdlen;
	for (i = 0; i < npieces; i++)
		q->put_len += pieces[i].len;
	if (fd != -1 && fdlen > S3_MULTIPART_MIN) {
		q->multipart = s3_multipart_start(s3, q->key, fd, fdlen, prio,
		    put_done, q);
		return &q->r;
	}
	if (cond == BLOB_IF_MATCH &&
	    (etag[0] == '\0' || strlen(etag) >= BLOB_ETAG_MAX))
		return blob_end(q, BLOB_ERROR, "the ETag is empty or too long");
	q->call = s3_call_new(s3, "PUT", q->key, "", S3_CHANGE, prio);
	s3_call_deadline(q->call, q->deadline);
	if (fd != -1)
		s3_call_body_fd(q->call, fd, 0, fdlen);
	else
		s3_call_body(q->call, pieces, npieces);
	if (cond != BLOB_ALWAYS) {
		s3_call_header(q->call, cond == BLOB_IF_MATCH ? "If-Match" :
		    "If-None-Match", cond == BLOB_IF_MATCH ? etag : "*");
		s3_call_once(q->call);
	}
	s3_call_start(q->call, put_done, q);
	return &q->r;
}

/* -- GET and HEAD -- */

static void
get_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .date = a->date, .retry_after = a->retry_after, .why = a->why };

	q->call = NULL;
	if (a->outcome == BLOB_LONG && q->want != 0)
		r.outcome = BLOB_ERROR;		/* the server ignores Range */
	if (a->outcome == BLOB_DONE) {
		r.body = a->body;
		r.len = a->len;
		r.size = a->size;
		if (a->status == 200 && q->want != 0 &&
		    (q->offset != 0 || a->len > q->want)) {
			r.outcome = BLOB_ERROR;
			r.why = "the server ignores Range";
		} else if (a->status == 206 && (a->offset != q->offset ||
		    a->len > q->want || (a->len < q->want &&
		    a->offset + a->len != a->size))) {
			r.outcome = BLOB_ERROR;
			r.why = "the answer is another range";
		} else if (q->want == 0 && a->etag[0] == '\0') {
			r.outcome = BLOB_ERROR;
			r.why = "200 without an ETag, or one over 127 bytes";
		}
		if (r.outcome != BLOB_DONE)
			r.len = 0;
	}
	blob_over(q, &r);
}

static struct blob_request *
s3_get(void *b, const char *key, uint64_t offset, uint64_t len,
    size_t max_len, const char *none_match, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = blob_new(s3, key, prio, cb, arg);
	char range[64];

	if (blob_bad(q))
		return &q->r;
	if (len != 0 && (offset > INT64_MAX || len > INT64_MAX - offset))
		return blob_end(q, BLOB_ERROR, "the range is too far");
	q->want = len;
	q->offset = len != 0 ? offset : 0;
	q->call = s3_call_new(s3, "GET", q->key, "", S3_READ, prio);
	s3_call_max_body(q->call, len != 0 ? (size_t)len : max_len);
	if (len != 0) {
		snprintf(range, sizeof(range), "bytes=%llu-%llu",
		    (unsigned long long)offset,
		    (unsigned long long)(offset + len - 1));
		s3_call_header(q->call, "Range", range);
	}
	if (none_match != NULL)
		s3_call_header(q->call, "If-None-Match", none_match);
	s3_call_start(q->call, get_done, q);
	return &q->r;
}

static void
head_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = a->etag,
	    .size = a->size, .date = a->date, .why = a->why };

	q->call = NULL;
	blob_over(q, &r);
}

static struct blob_request *
s3_head(void *b, const char *key, enum blob_priority prio, blob_cb cb,
    void *arg)
{
	struct s3_blob *q = blob_new(b, key, prio, cb, arg);

	if (blob_bad(q))
		return &q->r;
	q->call = s3_call_new(q->s3, "HEAD", q->key, "", S3_HEAD, prio);
	s3_call_start(q->call, head_done, q);
	return &q->r;
}

/* -- DELETE -- */

static void
del_done(const struct s3_answer *a, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = a->outcome, .etag = "",
	    .date = a->date, .why = a->why };
	struct s3_error e;
	char key[200], why[800];

	q->call = NULL;
	if (a->outcome == BLOB_ABSENT)
		r.outcome = BLOB_DONE;
	if (a->outcome == BLOB_DONE && q->xml.len != 0) {
		switch (s3_error_deleted(a->body, a->len, &e, key,
		    sizeof(key))) {
		case 0:
			break;
		case 1:
			r.outcome = strcmp(e.code, "AccessDenied") == 0 ?
			    BLOB_DENIED : BLOB_UNAVAILABLE;
			snprintf(why, sizeof(why), "%s: code=%s %s", key,
			    e.code, e.message);
			r.why = why;
			break;
		default:
			r.outcome = BLOB_UNSURE;
			r.why = "DeleteObjects: 200 without a result";
		}
	}
	blob_over(q, &r);
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			buf_puts(b, "&amp;");
			break;
		case '<':
			buf_puts(b, "&lt;");
			break;
		case '>':
			buf_puts(b, "&gt;");
			break;
		default:
			buf_put_u8(b, (uint8_t)*s);
		}
	}
}

/* The body of DeleteObjects; -1: a name that cannot be. */
static int
del_body(struct s3_blob *q, const char *const *keys, size_t n)
{
	char name[BLOB_KEY_MAX];
	size_t i;

	buf_puts(&q->xml, "<Delete xmlns="
	    "\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
	for (i = 0; i < n; i++) {
		if (key_join(q->s3->store->prefix, keys[i], name,
		    sizeof(name)) == -1 || !name_valid(name))
			return -1;
		buf_puts(&q->xml, "<Object><Key>");
		put_escaped(&q->xml, name);
		buf_puts(&q->xml, "</Key></Object>");
	}
	return buf_puts(&q->xml, "</Delete>");
}

static struct blob_request *
s3_del(void *b, const char *const *keys, size_t n, enum blob_priority prio,
    blob_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = blob_new(s3, n == 1 ? keys[0] : "", prio, cb,
	    arg);
	uint8_t md[EVP_MAX_MD_SIZE];
	char md5[32];
	struct blob_piece piece;
	unsigned mdlen;

	if (n == 0)
		return blob_end(q, BLOB_DONE, "");
	if (n == 1) {
		if (blob_bad(q))
			return &q->r;
		q->call = s3_call_new(s3, "DELETE", q->key, "", S3_CHANGE,
		    prio);
		s3_call_start(q->call, del_done, q);
		return &q->r;
	}
	if (n > BLOB_DELETE_MAX || del_body(q, keys, n) == -1)
		return blob_end(q, BLOB_ERROR,
		    "over 1,000 keys, or not a valid object name");
	if (EVP_Digest(q->xml.data, q->xml.len, md, &mdlen, EVP_md5(), NULL)
	    != 1)
		return blob_end(q, BLOB_ERROR, "no MD5 in this OpenSSL");
	EVP_EncodeBlock((uint8_t *)md5, md, (int)mdlen);
	piece = (struct blob_piece){ q->xml.data, q->xml.len };
	q->call = s3_call_new(s3, "POST", "", "delete=", S3_CHANGE, prio);
	s3_call_header(q->call, "Content-MD5", md5);
	s3_call_body(q->call, &piece, 1);
	s3_call_max_body(q->call, LIST_BYTES);
	s3_call_start(q->call, del_done, q);
	return &q->r;
}

/* -- LIST -- */

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
		blob_over(q, &r);
		return;
	}
	if (s3_list_parse(a->body, a->len, q->max, &l) == -1) {
		r.outcome = BLOB_ERROR;
		r.why = "ListObjectsV2: an answer that is none";
		blob_over(q, &r);
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
		blob_over(q, &r);
	} else {
		q->list_cb(&r, v, l.n, l.more, q->arg);
		blob_free(q);
	}
	free(v);
	s3_list_free(&l);
}

static struct blob_request *
s3_list(void *b, const char *prefix, const char *start_after, unsigned max,
    enum blob_priority prio, blob_list_cb cb, void *arg)
{
	struct s3 *s3 = b;
	struct s3_blob *q = blob_new(s3, prefix, prio, NULL, arg);
	char after[BLOB_KEY_MAX] = "", enc[2][3 * BLOB_KEY_MAX];
	char query[7 * BLOB_KEY_MAX];

	q->list_cb = cb;
	q->max = max;
	if (q->at_once != BLOB_DONE)
		return blob_end(q, q->at_once, q->why);
	if (start_after != NULL && key_join(s3->store->prefix, start_after,
	    after, sizeof(after)) == -1)
		return blob_end(q, BLOB_ERROR, "start-after is too long");
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

/* -- the rest -- */

static void
s3_cancel(void *b, struct blob_request *r)
{
	struct s3_blob *q = (struct s3_blob *)r;

	(void)b;
	if (q->multipart != NULL)
		s3_multipart_cancel(q->multipart);
	s3_call_cancel(q->call);
	blob_free(q);
}

static int
copy_str(struct str s, char *dst, size_t size)
{
	if (s.len >= size || (s.len != 0 && memchr(s.p, '\0', s.len) != NULL))
		return -1;
	if (s.len != 0)
		memcpy(dst, s.p, s.len);
	dst[s.len] = '\0';
	return 0;
}

static void
s3_set_key(void *b, const struct cred_key *from)
{
	struct s3 *s3 = b;
	struct s3_key k = { .expires = from->expires };
	size_t i;

	if (copy_str(from->access_key, k.access_key,
	    sizeof(k.access_key)) == -1 ||
	    copy_str(from->token, k.token, sizeof(k.token)) == -1 ||
	    copy_str(from->region, k.region, sizeof(k.region)) == -1 ||
	    copy_str(from->service, k.service, sizeof(k.service)) == -1 ||
	    copy_str(from->date, k.date, sizeof(k.date)) == -1 ||
	    from->key.len != sizeof(k.key)) {
		log_warnx("s3: a signing key of credd that is none");
		explicit_bzero(&k, sizeof(k));
		return;
	}
	memcpy(k.key, from->key.p, sizeof(k.key));
	/* Another access key replaces the older ones at once. */
	for (i = 0; i < s3->nkeys; i++) {
		if (strcmp(s3->keys[i].access_key, k.access_key) != 0) {
			explicit_bzero(s3->keys, sizeof(s3->keys));
			s3->nkeys = s3->next_key = 0;
			break;
		}
	}
	s3->keys[s3->next_key] = k;
	s3->next_key = (s3->next_key + 1) % S3_KEYS;
	if (s3->nkeys < S3_KEYS)
		s3->nkeys++;
	explicit_bzero(&k, sizeof(k));
	s3_wake(s3);
}

static bool
s3_ready(const void *b)
{
	const struct s3 *s3 = b;

	return s3->nkeys > 0;
}

static void
s3_close(void *b)
{
	struct s3 *s3 = b;
	struct s3_blob *q;
	struct s3_call *c;

	while ((q = TAILQ_FIRST(&s3->blobs)) != NULL)
		s3_cancel(s3, &q->r);
	while ((c = TAILQ_FIRST(&s3->calls)) != NULL)
		s3_call_cancel(c);
	s3_away_free(s3);
	http_free(s3->http);
	helper_free(s3->pool);
	explicit_bzero(s3->keys, sizeof(s3->keys));
	free(s3);
}

static void *
s3_open(struct event_base *base, struct slice *conf, struct blob_store *s,
    char *why, size_t size)
{
	struct http_conf h = { CONNECT_MS, STALL_MS, IDLE_SECONDS, GATE_MAX,
	    NULL };
	const char *ca = slice_str(conf, "store.tls-ca-file", "");
	uint64_t timeout = slice_num(conf, "store.timeout", 30);
	uint64_t retries = slice_num(conf, "store.max-retries", 3);
	struct s3 *s3;

	if ((s3 = calloc(1, sizeof(*s3))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	s3->store = s;
	TAILQ_INIT(&s3->calls);
	TAILQ_INIT(&s3->blobs);
	s3_gate_init(&s3->gate, GATE_MAX, GATE_BACKGROUND);
	s3_away_init(s3);
	s3->timeout_ms = timeout == 0 || timeout > 3600 ? 30000 :
	    (unsigned)timeout * 1000;
	s3->max_retries = retries > 100 ? 100 : (unsigned)retries;
	s3->verify = slice_bool(conf, "store.verify-after-write", false);
	if (h.connect_ms > s3->timeout_ms)
		h.connect_ms = s3->timeout_ms;
	if (*ca != '\0')
		h.ca_file = ca;
	if (s3_url_init(&s3->url, slice_str(conf, "store.endpoint", ""),
	    slice_str(conf, "store.region", "us-east-1"),
	    slice_str(conf, "store.bucket", ""),
	    slice_str(conf, "store.addressing", "auto"), why, size) == -1)
		goto fail;
	if ((s3->pool = helper_new(base, THREADS)) == NULL) {
		snprintf(why, size, "helper threads: %s", strerror(errno));
		goto fail;
	}
	if ((s3->http = http_new(base, &h, why, size)) == NULL)
		goto fail;
	return s3;
fail:
	s3_close(s3);
	return NULL;
}

const struct blob_backend blob_s3_backend = {
	.name = "s3",
	.open = s3_open,
	.close = s3_close,
	.put = s3_put,
	.get = s3_get,
	.head = s3_head,
	.del = s3_del,
	.list = s3_list,
	.cancel = s3_cancel,
	.set_key = s3_set_key,
	.ready = s3_ready,
};

struct s3 *
blob_s3_client(struct blob_store *s)
{
	return s->backend == &blob_s3_backend ? s->b : NULL;
}
