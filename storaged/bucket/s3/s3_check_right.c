/*
 * The check's requests to the bucket: a listing, which tells whether bucket,
 * region and credentials are right, and then each action that Pail needs, so
 * that each that is denied is told by its IAM name.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/sigv4.h"
#include "common/xml.h"
#include "storaged/bucket/s3/s3_check_int.h"
#include "storaged/bucket/s3/s3_list.h"
#include "storaged/format/key.h"

#define LIST_MAX	65536	/* bytes of the listing's answer */

static void	right_go(struct s3_check *);

static void
lacks(struct s3_check *c, const char *action)
{
	if (c->nlacks < CHECK_LACKS)
		c->lacks[c->nlacks++] = action;
}

/* -- the bucket -- */

/* Is it S3 that denies?  Others do so in HTML. */
static bool
denied(const struct s3_answer *a)
{
	return a->outcome == BLOB_DENIED &&
	    strcmp(a->error->code, "AccessDenied") == 0;
}

static bool
holds_bucket(const struct s3 *s3)
{
	size_t n = strlen(s3->bucket);

	return s3->url.path[0] != '\0' && strncmp(s3->url.host, s3->bucket,
	    n) == 0 && s3->url.host[n] == '.';
}

static void
listed(const struct s3_answer *a, void *arg)
{
	struct s3_check *c = arg;
	struct s3 *s3 = c->s3;
	struct s3_list l = { 0 };
	bool ok = true;

	if (a->outcome == BLOB_DONE) {
		ok = s3_list_parse(a->body, a->len, 1000, &l) == 0;
		s3_list_free(&l);
	}
	if (!ok)
		s3_check_fail(c, true, "bucket: %s does not answer like an S3 "
		    "server (store.endpoint): its listing is no "
		    "ListBucketResult", s3->url.base);
	else if (a->outcome == BLOB_ABSENT && holds_bucket(s3))
		s3_check_fail(c, true, "addressing: store.endpoint holds the "
		    "bucket's name: leave \"%s.\" out of %s", s3->bucket,
		    s3->url.base);
	else if (a->outcome == BLOB_DENIED && a->status == 403 &&
	    a->error->code[0] == '\0')
		s3_check_fail(c, false, "bucket: what answers is not the S3 "
		    "server but a proxy or a firewall that denies access: "
		    "check store.endpoint, store.proxy and store.no-proxy: "
		    "%s", a->why);
	else if (a->outcome != BLOB_DONE && !denied(a))
		s3_check_answer(c, "bucket", a);
	else {
		c->listed = a->outcome == BLOB_DONE;
		if (!c->listed)
			lacks(c, "s3:ListBucket");
		s3_check_say(c, "ok", "region: %s", s3->region);
		s3_check_say(c, "ok", "addressing: %s, %s%s", s3->url.path[0]
		    != '\0' ? "path" : "virtual", s3->url.base, s3->url.path);
		s3_check_next(c);
	}
}

void
s3_check_bucket(struct s3_check *c)
{
	char prefix[KEY_MAX], encoded[KEY_MAX * 3], query[KEY_MAX * 3 + 64];
	struct s3_call *q;

	if (key_join(c->s3->store->prefix, KEY_PROBE, prefix,
	    sizeof(prefix)) == -1 || sigv4_encode(prefix, 0, encoded,
	    sizeof(encoded)) == -1) {
		s3_check_fail(c, true, "bucket: store.key-prefix is too long");
		return;
	}
	snprintf(query, sizeof(query), "list-type=2&encoding-type=url&"
	    "max-keys=1&prefix=%s", encoded);
	q = s3_call_new(c->s3, "GET", "", query, S3_READ, BLOB_USER);
	s3_call_max_body(q, LIST_MAX);
	s3_call_start(q, listed, c);
}

/* -- the rights -- */

struct upload { char id[512]; };

static int
upload_end(const char *name, int depth, const char *text, size_t len,
    void *arg)
{
	struct upload *u = arg;

	if (depth == 2 && strcmp(name, "UploadId") == 0 &&
	    strlen(text) == len && len < sizeof(u->id))
		strlcpy(u->id, text, sizeof(u->id));
	return 0;
}

static const struct xml_ops upload_ops = { NULL, upload_end };

/* A server that cannot encrypt may take the wish, and store what is written as
 * it is. */
static void
encrypted(struct s3_check *c, const struct s3_answer *a)
{
	static const char sse[] = "x-amz-server-side-encryption";
	const struct s3 *s3 = c->s3;
	char told[100];
	bool wanted = false;
	size_t i;

	for (i = 0; i < s3->ncreates; i++)
		wanted = wanted || strcmp(s3->creates[i].name, sse) == 0;
	if (wanted && !http_header(a->http, sse, told, sizeof(told)))
		s3_check_say(c, "warn", "encryption: the server does not "
		    "confirm that it encrypts: it seems to ignore "
		    "store.server-side-encryption");
	if (s3->customer != NULL && !http_header(a->http,
	    "x-amz-server-side-encryption-customer-algorithm", told,
	    sizeof(told)))
		s3_check_say(c, "warn", "encryption: the server does not "
		    "confirm that it encrypts: it seems to ignore "
		    "store.customer-key");
}

static void
wrote(struct s3_check *c, const struct s3_answer *a)
{
	c->written = a->outcome == BLOB_DONE;
	if (c->written)
		encrypted(c, a);
	else
		lacks(c, "s3:PutObject");
}

/* Without a listing, that a key is missing is denied, too. */
static void
got(struct s3_check *c, const struct s3_answer *a)
{
	if (a->outcome == BLOB_DENIED && (c->written || c->listed))
		lacks(c, "s3:GetObject");
}

static void
deleted(struct s3_check *c, const struct s3_answer *a)
{
	if (a->outcome == BLOB_DENIED)
		lacks(c, "s3:DeleteObject");
}

static void
aborted(const struct s3_answer *a, void *arg)
{
	struct s3_check *c = arg;

	if (denied(a))
		lacks(c, "s3:AbortMultipartUpload");
	else if (a->outcome != BLOB_DONE) {
		s3_check_answer(c, "rights: AbortMultipartUpload", a);
		return;
	}
	right_go(c);
}

static bool
began(struct s3_check *c, const struct s3_answer *a)
{
	struct upload u = { "" };
	char id[1100], query[1200];

	if (a->outcome == BLOB_DENIED) {
		if (c->written)
			lacks(c, "s3:PutObject (CreateMultipartUpload)");
		return true;
	}
	if (xml_parse(a->body, a->len, &upload_ops, &u) == -1 ||
	    u.id[0] == '\0' || sigv4_encode(u.id, 0, id, sizeof(id)) == -1) {
		s3_check_say(c, "warn", "multipart: no UploadId in the "
		    "response");
		return true;
	}
	snprintf(query, sizeof(query), "uploadId=%s", id);
	s3_call_start(s3_call_new(c->s3, "DELETE", c->object, query,
	    S3_CHANGE, BLOB_USER), aborted, c);
	return false;
}

static bool
multipart(struct s3_check *c, const struct s3_answer *a)
{
	return began(c, a);
}

/* The same key again, at once: some accept one write of it a second. */
static bool
again(struct s3_check *c, const struct s3_answer *a)
{
	if (a->status != 429 && strcmp(a->error->code, "SlowDown") != 0)
		return false;
	s3_check_say(c, "warn", "rate: the server does not accept two writes "
	    "of a key at once: write \"head-interval: 1s\" (store."
	    "head-interval)");
	return true;
}

static const struct right {
	const char	*what;		/* the operation */
	const char	*method, *query;
	enum s3_verb	 verb;
	bool		 creates;
	bool		 again;		/* of what was written */
	void		(*done)(struct s3_check *, const struct s3_answer *);
	/* Instead: false, it goes on by itself. */
	bool		(*more)(struct s3_check *, const struct s3_answer *);
} rights[] = {
	{ "PutObject", "PUT", "", S3_CHANGE, true, false, wrote, NULL },
	{ "PutObject", "PUT", "", S3_CHANGE, true, true, NULL, NULL },
	{ "GetObject", "GET", "", S3_READ, false, false, got, NULL },
	{ "CreateMultipartUpload", "POST", "uploads=", S3_CHANGE, true, false,
	    NULL, multipart },
	{ "DeleteObject", "DELETE", "", S3_CHANGE, false, false, deleted,
	    NULL },
};

static void
right_done(const struct s3_answer *a, void *arg)
{
	struct s3_check *c = arg;
	const struct right *r = &rights[c->right++];
	char what[64];

	if (a->outcome != BLOB_DONE && a->outcome != BLOB_ABSENT &&
	    !denied(a) && !(r->again && again(c, a))) {
		snprintf(what, sizeof(what), "rights: %s", r->what);
		s3_check_answer(c, what, a);
		return;
	}
	if (r->more != NULL && !r->more(c, a))
		return;
	if (r->done != NULL)
		r->done(c, a);
	right_go(c);
}

static void
rights_tell(struct s3_check *c)
{
	char list[300] = "", where[KEY_MAX + 120];
	const char *p = c->s3->store->prefix;
	unsigned i;

	if (c->nlacks == 0) {
		s3_check_say(c, "ok", "rights: s3:ListBucket, s3:GetObject, "
		    "s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload");
		s3_check_next(c);
		return;
	}
	for (i = 0; i < c->nlacks; i++) {
		strlcat(list, i > 0 ? ", " : "", sizeof(list));
		strlcat(list, c->lacks[i], sizeof(list));
	}
	snprintf(where, sizeof(where), "%s%s%s", c->s3->bucket,
	    p[0] != '\0' ? "/" : "", p);
	if (!c->listed && !c->written)
		s3_check_fail(c, false, "rights: access key %s has no rights "
		    "to %s: is the bucket of another account, or "
		    "store.key-prefix outside of the policy?  It lacks %s; "
		    "\"pailctl store check --policy\" prints the policy",
		    c->key, where, list);
	else
		s3_check_fail(c, false, "rights: access key %s lacks %s on %s: "
		    "\"pailctl store check --policy\" prints the policy",
		    c->key, list, where);
}

static void
right_go(struct s3_check *c)
{
	static const struct piece body = { "check", 5 };
	const struct right *r;
	struct s3_call *q;

	if (c->right < nitems(rights) && rights[c->right].again &&
	    !c->written)
		c->right++;
	if (c->right == nitems(rights)) {
		rights_tell(c);
		return;
	}
	r = &rights[c->right];
	q = s3_call_new(c->s3, r->method, c->object, r->query, r->verb,
	    BLOB_USER);
	if (r->creates)
		s3_call_creates(q);
	if (r->again)
		s3_call_once(q);
	if (strcmp(r->method, "PUT") == 0)
		s3_call_body(q, &body, 1);
	s3_call_start(q, right_done, c);
}

void
s3_check_rights(struct s3_check *c)
{
	uint8_t id[16];
	char name[80], hex[33];

	key_new_id(id);
	hex_print(id, sizeof(id), hex);
	snprintf(name, sizeof(name), "%s%s/check", KEY_PROBE, hex);
	if (key_join(c->s3->store->prefix, name, c->object,
	    sizeof(c->object)) == -1) {
		s3_check_fail(c, true, "rights: store.key-prefix is too long");
		return;
	}
	right_go(c);
}
