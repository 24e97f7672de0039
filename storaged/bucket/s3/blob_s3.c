/*
 * The S3 backend: blob.h's verbs as calls of S3 (s3_request.h).  Here is its
 * opening and closing, its keys, and what the verbs share; each has a file
 * of its own.
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
#include "common/sandbox.h"
#include "storaged/bucket/s3/blob_s3_int.h"
#include "storaged/bucket/s3/s3_metric.h"
#include "storaged/bucket/s3/s3_multipart.h"

#define THREADS		2
#define IDLE_SECONDS	4
#define NO_PROXY_MAX	(16 * 256)
#define DNS_PORT	53	/* answers that are too long for UDP */

void
s3_blob_free(struct s3_blob *q)
{
	TAILQ_REMOVE(&q->s3->blobs, q, entry);
	if (q->timer != NULL)
		event_free(q->timer);
	buf_free(&q->xml);
	free(q->pieces);
	while (q->nnames > 0)
		free(q->names[--q->nnames]);
	free(q->names);
	free(q);
}

void
s3_blob_over(struct s3_blob *q, const struct blob_result *r)
{
	if (q->list_cb != NULL)
		q->list_cb(r, NULL, 0, false, q->arg);
	else
		q->cb(r, q->arg);
	s3_blob_free(q);
}

static void
over_soon(int fd, short what, void *arg)
{
	struct s3_blob *q = arg;
	struct blob_result r = { .outcome = q->at_once, .etag = "",
	    .why = q->why };

	(void)fd;
	(void)what;
	s3_blob_over(q, &r);
}

struct s3_blob *
s3_blob_new(struct s3 *s3, const char *key, enum blob_priority prio, blob_cb cb,
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

struct blob_request *
s3_blob_end(struct s3_blob *q, enum blob_outcome o, const char *why)
{
	struct timeval soon = { 0, 0 };

	q->at_once = o;
	q->why = why;
	if ((q->timer = evtimer_new(q->s3->store->base, over_soon, q)) == NULL)
		fatal("blob_s3");
	evtimer_add(q->timer, &soon);
	return &q->r;
}

bool
s3_name_valid(const char *key)
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

bool
s3_blob_bad(struct s3_blob *q)
{
	if (q->at_once != BLOB_DONE)
		s3_blob_end(q, q->at_once, q->why);
	else if (!s3_name_valid(q->key))
		s3_blob_end(q, BLOB_ERROR, "not a valid object name");
	else
		return false;
	return true;
}

int
s3_blob_md5(const struct s3_blob *q, char dst[32])
{
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned len;

	if (EVP_Digest(q->xml.data, q->xml.len, md, &len, EVP_md5(), NULL) !=
	    1)
		return -1;
	EVP_EncodeBlock((uint8_t *)dst, md, (int)len);
	return 0;
}

static void
s3_cancel(void *b, struct blob_request *r)
{
	struct s3_blob *q = (struct s3_blob *)r;

	(void)b;
	if (q->multipart != NULL)
		s3_multipart_cancel(q->multipart);
	s3_verify_cancel(q->verify);
	s3_call_cancel(q->call);
	s3_blob_free(q);
}

static void
s3_set_key(void *b, const struct cred_key *from)
{
	struct s3 *s3 = b;

	if (s3_keys_take(&s3->keys, from) == -1) {
		log_warnx("s3: invalid signing key from credd");
		return;
	}
	s3_wake(s3);
}

static bool
s3_ready(const void *b)
{
	const struct s3 *s3 = b;

	return *s3_keys_newest(&s3->keys) != '\0';
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
	s3_away_free(&s3->away);
	http_free(s3->wide);
	http_free(s3->http);
	helper_free(s3->pool);
	s3_keys_clear(&s3->keys);
	s3_customer_free(s3->customer);
	free(s3);
}

static void
s3_reach(const struct slice *conf, struct sandbox *box)
{
	sandbox_connect(box, s3_url_port(slice_str(conf, "store.endpoint")));
	if (*slice_str(conf, "store.proxy") != '\0')
		sandbox_connect(box, s3_url_port(slice_str(conf,
		    "store.proxy")));
	sandbox_connect(box, DNS_PORT);
}

static void
s3_creates(struct s3 *s3, const char *name, const char *value)
{
	struct s3_create *x = &s3->creates[s3->ncreates];

	if (*value == '\0' || strcmp(value, "none") == 0)
		return;
	x->name = name;
	strlcpy(x->value, value, sizeof(x->value));
	s3->ncreates++;
}

static void
s3_always(struct s3 *s3, const struct slice *conf)
{
	struct s3_always *x;
	const char *text;
	char *colon;

	while ((text = slice_at(conf, "store.request-headers.%zu",
	    s3->nalways)) != NULL && *text != '\0' &&
	    s3->nalways < S3_ALWAYS) {
		x = &s3->always[s3->nalways++];
		strlcpy(x->text, text, sizeof(x->text));
		if ((colon = strstr(x->text, ": ")) == NULL)
			fatalx("store.request-headers: no header");
		*colon = '\0';
		x->value = colon + 2;
	}
}

/* What a reload may change: it counts for requests that begin. */
static void
s3_reload(void *b, const struct slice *conf)
{
	struct s3 *s3 = b;
	const char *verify = slice_str(conf, "store.verify-after-write");

	s3->timeout_ms = (unsigned)slice_num(conf, "store.timeout") * 1000;
	s3->max_retries = (unsigned)slice_num(conf, "store.max-retries");
	s3->deletes = slice_num(conf, "store.parallel-deletes");
	s3->verify = strcmp(verify, "false") != 0;
	s3->verify_read = strcmp(verify, "read") == 0;
	s3_metric_prices(conf);
}

/* What the slice says beside where the bucket is. */
static void
s3_options(struct s3 *s3, struct slice *conf, struct http_conf *h)
{
	const char *ca = slice_str(conf, "store.tls-ca-file");

	s3_reload(s3, conf);
	h->connections = (unsigned)slice_num(conf, "store.max-connections");
	s3_gate_init(&s3->gate, h->connections, h->connections / 4);
	h->connect_ms = (unsigned)slice_num(conf, "store.connect-timeout") *
	    1000;
	if (h->connect_ms > s3->timeout_ms)
		h->connect_ms = s3->timeout_ms;
	h->stall_ms = (unsigned)slice_num(conf, "store.stall-timeout") * 1000;
	h->idle_s = IDLE_SECONDS;
	if (*ca != '\0')
		h->ca_file = ca;
	h->any_cert = slice_bool(conf, "store.allow-invalid-certs");
	if (h->any_cert)
		log_warnx("store: store.allow-invalid-certs: the endpoint's "
		    "certificate is not verified, mail can be read and forged "
		    "in transit");
	s3_always(s3, conf);
	s3_creates(s3, "x-amz-storage-class",
	    slice_str(conf, "store.storage-class"));
	s3_creates(s3, "x-amz-server-side-encryption",
	    slice_str(conf, "store.server-side-encryption"));
	s3_creates(s3, "x-amz-server-side-encryption-aws-kms-key-id",
	    slice_str(conf, "store.kms-key-id"));
}

/* The key goes out with each request: never in the clear. */
static int
s3_encryption(struct s3 *s3, struct slice *conf, char *why, size_t size)
{
	const char *key = slice_str(conf, "store.customer-key");

	if (*key == '\0')
		return 0;
	s3->customer = s3_customer_new(key, why, size);
	slice_forget(conf, "store.customer-key");
	if (s3->customer != NULL && strncmp(s3->url.base, "https:", 6) != 0) {
		snprintf(why, size, "store.customer-key needs an endpoint "
		    "with https");
		return -1;
	}
	return s3->customer != NULL ? 0 : -1;
}

static void *
s3_open(struct event_base *base, struct slice *conf, struct blob_store *s,
    char *why, size_t size)
{
	struct http_conf h = { 0 };
	char no_proxy[NO_PROXY_MAX];
	struct s3 *s3;

	if ((s3 = calloc(1, sizeof(*s3))) == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	s3->store = s;
	TAILQ_INIT(&s3->calls);
	TAILQ_INIT(&s3->blobs);
	s3_options(s3, conf, &h);
	if (slice_words(conf, "store.no-proxy", no_proxy, sizeof(no_proxy)) ==
	    -1) {
		snprintf(why, size, "store.no-proxy is too long");
		goto fail;
	}
	if (*slice_str(conf, "store.proxy") != '\0') {
		h.proxy = slice_str(conf, "store.proxy");
		h.no_proxy = no_proxy;
		s3->proxied = true;
	}
	if (s3_url_init(&s3->url, slice_str(conf, "store.endpoint"),
	    slice_str(conf, "store.region"),
	    slice_str(conf, "store.bucket"),
	    slice_str(conf, "store.addressing"), why, size) == -1)
		goto fail;
	if (s3_encryption(s3, conf, why, size) == -1)
		goto fail;
	strlcpy(s3->bucket, slice_str(conf, "store.bucket"),
	    sizeof(s3->bucket));
	strlcpy(s3->region, slice_str(conf, "store.region"),
	    sizeof(s3->region));
	if ((s3->pool = helper_new(base, THREADS)) == NULL) {
		snprintf(why, size, "helper threads: %s", strerror(errno));
		goto fail;
	}
	if ((s3->http = http_new(base, &h, why, size)) == NULL)
		goto fail;
	h.connections = S3_WIDE;
	if (slice_bool(conf, "probe") &&
	    (s3->wide = http_new(base, &h, why, size)) == NULL)
		goto fail;
	s3_watch(s3);
	return s3;
fail:
	s3_close(s3);
	return NULL;
}

const struct blob_backend blob_s3_backend = {
	.name = "s3",
	.reach = s3_reach,
	.open = s3_open,
	.close = s3_close,
	.reload = s3_reload,
	.put = blob_s3_put,
	.get = blob_s3_get,
	.head = blob_s3_head,
	.del = blob_s3_delete,
	.list = blob_s3_list,
	.copy = blob_s3_copy,
	.tag = blob_s3_tag,
	.cancel = s3_cancel,
	.set_key = s3_set_key,
	.ready = s3_ready,
};

struct s3 *
blob_s3_client(struct blob_store *s)
{
	return s->backend == &blob_s3_backend ? s->b : NULL;
}

int
blob_s3_share_key(struct blob_store *s, struct blob_store *other)
{
	struct s3 *s3 = blob_s3_client(s), *from = blob_s3_client(other);

	if (s3 == NULL || from == NULL || from->customer == NULL ||
	    s3->customer != NULL)
		return 0;
	s3->customer = s3_customer_copy(from->customer);
	return s3->customer != NULL ? 0 : -1;
}
