/* The verbs of the fake S3: what it does with its objects, and the modes in
 * which it does it wrong. */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/sha.h>

#include "common/log.h"
#include "common/sigv4.h"
#include "storaged/bucket/s3/s3_list.h"
#include "storaged/bucket/test/s3_fake_impl.h"

bool fake_dateless;

const char fake_half[] = "HTTP/1.1 200 OK\r\nContent-Length: "
    "300\r\nETag: \"cut\"\r\n\r\nhalf";

const char *
fake_method(struct evhttp_request *r)
{
	switch (evhttp_request_get_command(r)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "?";
	}
}

struct s3_object *
fake_find(struct s3_fake *f, const char *name)
{
	struct s3_object *o;

	TAILQ_FOREACH(o, &f->objects, entry) {
		if (strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

void
fake_answer(struct evhttp_request *r, int status, const char *code,
    const char *text, size_t len)
{
	struct evbuffer *b = evbuffer_new();

	evhttp_add_header(evhttp_request_get_output_headers(r),
	    "x-amz-request-id", "FAKE0123");
	if (fake_dateless)
		evhttp_add_header(evhttp_request_get_output_headers(r),
		    "Date", "");
	if (code != NULL)
		evbuffer_add_printf(b, "<?xml version=\"1.0\"?><Error><Code>"
		    "%s</Code><Message>scripted</Message></Error>", code);
	else if (len != 0)
		evbuffer_add(b, text, len);
	evhttp_send_reply(r, status, "Fake", b);
	evbuffer_free(b);
}

void
fake_shut(struct evhttp_request *r, const char *half)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(r));
	int fd = bufferevent_getfd(bev);

	if (half != NULL && send(fd, half, strlen(half), MSG_NOSIGNAL) == -1)
		log_warn("fake: send");
	shutdown(fd, SHUT_RDWR);
}

const char *
fake_header(struct evhttp_request *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r), name);
}

/* What the object's name begins with after its last slash. */
uint8_t
fake_letter(struct evhttp_request *r)
{
	const char *last = strrchr(evhttp_request_get_uri(r), '/');

	return last != NULL ? (uint8_t)last[1] : 0;
}

/* 0, or the status that the condition asks for. */
int
fake_refused(struct s3_fake *f, struct evhttp_request *r, struct s3_object *o)
{
	const char *match = fake_header(r, "If-Match");
	const char *none = fake_header(r, "If-None-Match");
	enum fake_mode mode = f->mode;

	if (f->unsure.alone && fake_letter(r) != (uint8_t)f->unsure.letter)
		mode = FAKE_TRUE;
	if ((match == NULL && none == NULL) || mode == FAKE_IGNORES)
		return 0;
	if (mode == FAKE_501)
		return 501;
	if (none != NULL)
		return o == NULL || (mode == FAKE_TWO_WIN &&
		    o->creates++ < 1) ? 0 : 412;
	if (o == NULL)
		return 404;
	if (mode == FAKE_LOSES && strcmp(match, o->before) == 0)
		return 0;
	return strcmp(match, o->etag) == 0 ? 0 : 412;
}

static void
text_mode(struct s3_object *o)
{
	size_t i, n = 0;

	for (i = 0; i < o->len; i++)
		if (o->data[i] != '\r' || i + 1 == o->len ||
		    o->data[i + 1] != '\n')
			o->data[n++] = o->data[i];
	o->len = n;
}

/* The object of that name, with this body. */
static struct s3_object *
fake_store(struct s3_fake *f, struct evbuffer *in, const char *name)
{
	struct s3_object *o = fake_find(f, name), *i;

	if (o == NULL) {
		if ((o = calloc(1, sizeof(*o))) == NULL)
			fatal("fake");
		o->name = strdup(name);
		TAILQ_FOREACH(i, &f->objects, entry) {
			if (strcmp(i->name, name) > 0)
				break;
		}
		if (i != NULL)
			TAILQ_INSERT_BEFORE(i, o, entry);
		else
			TAILQ_INSERT_TAIL(&f->objects, o, entry);
	}
	free(o->data);
	o->modified = time(NULL);
	o->len = evbuffer_get_length(in);
	o->data = malloc(o->len + 1);
	evbuffer_copyout(in, o->data, o->len);
	o->data[o->len] = '\0';
	if (f->mode == FAKE_TEXT)
		text_mode(o);
	strlcpy(o->before, o->etag, sizeof(o->before));
	snprintf(o->etag, sizeof(o->etag), "\"%032x\"",
	    f->mode == FAKE_SIZE_ETAG ? (unsigned)o->len : ++f->serial);
	return o;
}

/* CopyObject: metadata is not kept. */
static void
do_copy(struct s3_fake *f, struct evhttp_request *r, const char *name,
    const char *source)
{
	static const char done[] = "<CopyObjectResult><ETag>x</ETag>"
	    "</CopyObjectResult>";
	const char *match = fake_header(r, "x-amz-copy-source-if-match");
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	char from[1024];
	struct s3_object *o;

	strlcpy(from, strncmp(source, "/bucket/", 8) == 0 ? source + 8 : "",
	    sizeof(from));
	if (s3_list_unescape(from) == -1 || (o = fake_find(f, from)) == NULL) {
		fake_answer(r, 404, "NoSuchKey", NULL, 0);
		return;
	}
	if (match != NULL && strcmp(match, o->etag) != 0) {
		fake_answer(r, 412, "PreconditionFailed", NULL, 0);
		return;
	}
	evbuffer_add(in, o->data, o->len);
	fake_store(f, in, name);
	fake_answer(r, 200, NULL, done, sizeof(done) - 1);
}

static void
do_put(struct s3_fake *f, struct evhttp_request *r, const char *name,
    const struct fake_step *s)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	struct evkeyvalq *out = evhttp_request_get_output_headers(r);
	struct s3_object *o = fake_find(f, name);
	int status;

	if (!f->checked && (status = fake_refused(f, r, o)) != 0) {
		if (f->mode == FAKE_OVERWRITES && o != NULL &&
		    fake_header(r, "If-Match") != NULL)
			(void)fake_store(f, in, name);
		if (s != NULL && s->act == FAKE_LOST)
			fake_shut(r, NULL);
		else
			fake_answer(r, status, status == 404 ? "NoSuchKey" :
			    status == 501 ? "NotImplemented" :
			    "PreconditionFailed", NULL, 0);
		return;
	}
	if (fake_header(r, "x-amz-copy-source") != NULL) {
		do_copy(f, r, name, fake_header(r, "x-amz-copy-source"));
		return;
	}
	o = fake_store(f, in, name);
	if (s != NULL && s->act == FAKE_LOST) {
		fake_shut(r, NULL);
		return;
	}
	if ((s == NULL || s->act != FAKE_NO_ETAG) &&
	    f->mode != FAKE_NO_PUT_ETAG)
		evhttp_add_header(out, "ETag", s != NULL &&
		    s->act == FAKE_BAD_ETAG ? "\"other\"" : o->etag);
	fake_answer(r, 200, NULL, NULL, 0);
}

static void
do_get(struct s3_fake *f, struct evhttp_request *r, const char *name,
    const struct fake_step *s)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(r);
	const char *none = fake_header(r, "If-None-Match");
	const char *range = fake_header(r, "Range");
	struct s3_object *o = fake_find(f, name);
	unsigned long from = 0, to;
	char v[96];
	int status = 200;
	bool head;

	if (o == NULL) {
		fake_answer(r, f->mode == FAKE_NO_LIST ? 403 : 404,
		    f->mode == FAKE_NO_LIST ? "AccessDenied" : "NoSuchKey",
		    NULL, 0);
		return;
	}
	head = evhttp_request_get_command(r) == EVHTTP_REQ_HEAD;
	snprintf(v, sizeof(v), "%s%s", f->mode == (head ? FAKE_WEAK_HEAD :
	    FAKE_WEAK_GET) ? "W/" : "", s != NULL &&
	    s->act == FAKE_BAD_ETAG ? "\"other\"" : o->etag);
	evhttp_add_header(out, "ETag", v);
	if (none != NULL && f->mode != FAKE_NO_304 &&
	    (strcmp(none, o->etag) == 0 || (f->mode == FAKE_STALE_304 &&
	    strcmp(none, o->before) == 0))) {
		fake_answer(r, 304, NULL, NULL, 0);
		return;
	}
	if (head) {
		snprintf(v, sizeof(v), "%zu", o->len);
		evhttp_add_header(out, "Content-Length", v);
		fake_answer(r, 200, NULL, NULL, 0);
		return;
	}
	to = o->len;
	if (range != NULL && (s == NULL || s->act != FAKE_WHOLE) &&
	    f->mode != FAKE_NO_RANGE &&
	    sscanf(range, "bytes=%lu-%lu", &from, &to) == 2) {
		if (from >= o->len && f->mode == FAKE_NO_416)
			from = 0;
		else if (from >= o->len) {
			fake_answer(r, 416, "InvalidRange", NULL, 0);
			return;
		}
		to = to + 1 < o->len ? to + 1 : o->len;
		snprintf(v, sizeof(v), "bytes %lu-%lu/%zu", from, to - 1,
		    o->len);
		evhttp_add_header(out, "Content-Range", v);
		status = 206;
	}
	fake_answer(r, status, NULL, (char *)o->data + from, to - from);
}

static void
list_stamp(const struct s3_object *o, char stamp[32])
{
	struct tm tm;

	gmtime_r(&o->modified, &tm);
	strftime(stamp, 32, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
}

/* ListObjectsV2.  Names are escaped as far as tests need it. */
static void
do_list(struct s3_fake *f, struct evhttp_request *r)
{
	struct evbuffer *b = evbuffer_new();
	struct evkeyvalq q;
	const char *prefix, *after, *max, *c;
	struct s3_object *o;
	char stamp[32];
	int n = 0, most;

	evhttp_parse_query_str(evhttp_uri_get_query(
	    evhttp_request_get_evhttp_uri(r)), &q);
	prefix = evhttp_find_header(&q, "prefix");
	after = evhttp_find_header(&q, "start-after");
	max = evhttp_find_header(&q, "max-keys");
	most = max != NULL ? (int)strtol(max, NULL, 10) : 1000;
	evbuffer_add_printf(b, "<ListBucketResult><EncodingType>url"
	    "</EncodingType>");
	TAILQ_FOREACH(o, &f->objects, entry) {
		if ((prefix != NULL && strncmp(o->name, prefix,
		    strlen(prefix)) != 0) ||
		    (after != NULL && strcmp(o->name, after) <= 0) ||
		    f->mode == FAKE_LISTS_LATE)
			continue;
		if (n++ == most)
			break;
		evbuffer_add_printf(b, "<Contents><Key>");
		for (c = o->name; *c != '\0'; c++)
			evbuffer_add_printf(b, *c == '%' || *c == '+' ||
			    (*c > 0 && *c < ' ') ? "%%%02X" : "%c", *c);
		list_stamp(o, stamp);
		evbuffer_add_printf(b, "</Key><Size>%zu</Size><ETag>%s</ETag>"
		    "<LastModified>%s</LastModified></Contents>", o->len,
		    o->etag, stamp);
	}
	evbuffer_add_printf(b, "<IsTruncated>%s</IsTruncated>"
	    "</ListBucketResult>", n > most ? "true" : "false");
	fake_answer(r, 200, NULL, (char *)evbuffer_pullup(b, -1),
	    evbuffer_get_length(b));
	evbuffer_free(b);
	evhttp_clear_headers(&q);
}

void
fake_remove(struct s3_fake *f, struct s3_object *o)
{
	if (o == NULL)
		return;
	TAILQ_REMOVE(&f->objects, o, entry);
	free(o->name);
	free(o->data);
	free(o);
}

/* DeleteObjects: the names between <Key> and </Key>. */
static void
do_delete_many(struct s3_fake *f, struct evhttp_request *r)
{
	static const char done[] = "<DeleteResult></DeleteResult>";
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	size_t len = evbuffer_get_length(in);
	char *body = malloc(len + 1), *p, *end;

	evbuffer_copyout(in, body, len);
	body[len] = '\0';
	for (p = body; (p = strstr(p, "<Key>")) != NULL; p = end + 1) {
		p += 5;
		if ((end = strstr(p, "</Key>")) == NULL)
			break;
		*end = '\0';
		fake_remove(f, fake_find(f, p));
	}
	free(body);
	if (fake_header(r, "Content-MD5") == NULL)
		fake_answer(r, 400, "MissingContentMD5", NULL, 0);
	else
		fake_answer(r, 200, NULL, done, sizeof(done) - 1);
}

/* PutObjectTagging: only that there are tags is kept. */
static void
do_tag(struct s3_fake *f, struct evhttp_request *r, const char *name)
{
	struct s3_object *o = fake_find(f, name);

	if (o == NULL) {
		fake_answer(r, 404, "NoSuchKey", NULL, 0);
		return;
	}
	o->tagged = true;
	fake_answer(r, 200, NULL, NULL, 0);
}

/* Of "/bucket/name?query". */
void
fake_name(struct evhttp_request *r, char *name, size_t size)
{
	const char *uri = evhttp_request_get_uri(r);

	if (strlcpy(name, strncmp(uri, "/bucket/", 8) == 0 ? uri + 8 : "",
	    size) >= size)
		name[0] = '\0';
	name[strcspn(name, "?")] = '\0';
	s3_list_unescape(name);
}

void
fake_request(struct s3_fake *f, struct evhttp_request *r,
    const struct fake_step *s)
{
	const char *uri = evhttp_request_get_uri(r);
	char name[1100];

	fake_name(r, name, sizeof(name));
	switch (evhttp_request_get_command(r)) {
	case EVHTTP_REQ_PUT:
		if (strstr(uri, "?tagging=") != NULL)
			do_tag(f, r, name);
		else
			do_put(f, r, name, s);
		break;
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		if (strstr(uri, "versioning=") != NULL) {
			static const char on[] = "<VersioningConfiguration>"
			    "<Status>Enabled</Status>"
			    "</VersioningConfiguration>";

			fake_answer(r, 200, NULL, on, sizeof(on) - 1);
		} else if (strstr(uri, "lifecycle=") != NULL)
			fake_answer(r, 404, "NoSuchLifecycleConfiguration",
			    NULL, 0);
		else if (strstr(uri, "list-type=") != NULL)
			do_list(f, r);
		else
			do_get(f, r, name, s);
		break;
	case EVHTTP_REQ_DELETE:
		fake_remove(f, fake_find(f, name));
		fake_answer(r, 204, NULL, NULL, 0);
		break;
	default:
		do_delete_many(f, r);
	}
}
