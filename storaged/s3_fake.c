/* See s3_fake.h.  On libevent's HTTP server, in the test's own loop. */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <openssl/sha.h>

#include "common/log.h"
#include "storaged/s3_fake.h"
#include "storaged/s3_list.h"
#include "storaged/s3_sign.h"

struct object {
	TAILQ_ENTRY(object) entry;	/* in the order of the names */
	char		*name;
	uint8_t		*data;
	size_t		 len;
	char		 etag[40], before[40];
	int		 creates;
};

#define VERBS	6

struct s3_fake {
	struct event_base *base;
	struct evhttp	*http;
	int		 port;
	enum fake_mode	 mode;
	TAILQ_HEAD(, object) objects;
	struct fake_step steps[S3_FAKE_STEPS];
	unsigned	 nsteps;
	struct { char method[8]; unsigned n; } counts[VERBS];
	unsigned	 bad;
	unsigned	 serial;
	unsigned	 gets;
	bool		 checked;	/* do_put(): the condition was */
};

struct delayed {
	struct s3_fake	*f;
	struct evhttp_request *r;
	struct event	*ev;
	bool		 checked;	/* its condition was, when it came */
};

static const char half_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: "
    "1000\r\nETag: \"cut\"\r\n\r\nhalf";

static const char *
method_name(struct evhttp_request *r)
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

static struct object *
find(struct s3_fake *f, const char *name)
{
	struct object *o;

	TAILQ_FOREACH(o, &f->objects, entry) {
		if (strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

static void
answer(struct evhttp_request *r, int status, const char *code,
    const char *text, size_t len)
{
	struct evbuffer *b = evbuffer_new();

	evhttp_add_header(evhttp_request_get_output_headers(r),
	    "x-amz-request-id", "FAKE0123");
	if (code != NULL)
		evbuffer_add_printf(b, "<?xml version=\"1.0\"?><Error><Code>"
		    "%s</Code><Message>scripted</Message></Error>", code);
	else if (len != 0)
		evbuffer_add(b, text, len);
	evhttp_send_reply(r, status, "Fake", b);
	evbuffer_free(b);
}

static void
shut(struct evhttp_request *r, const char *half)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(r));
	int fd = bufferevent_getfd(bev);

	if (half != NULL && send(fd, half, strlen(half), MSG_NOSIGNAL) == -1)
		log_warn("fake: send");
	shutdown(fd, SHUT_RDWR);
}

/* -- the verbs -- */

static const char *
in_header(struct evhttp_request *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r), name);
}

/* 0, or the status that the condition asks for. */
static int
put_refused(struct s3_fake *f, struct evhttp_request *r, struct object *o)
{
	const char *match = in_header(r, "If-Match");
	const char *none = in_header(r, "If-None-Match");

	if ((match == NULL && none == NULL) || f->mode == FAKE_IGNORES)
		return 0;
	if (f->mode == FAKE_501)
		return 501;
	if (none != NULL)
		return o == NULL || (f->mode == FAKE_TWO_WIN &&
		    o->creates++ < 1) ? 0 : 412;
	if (o == NULL)
		return 404;
	if (f->mode == FAKE_LOSES && strcmp(match, o->before) == 0)
		return 0;
	return strcmp(match, o->etag) == 0 ? 0 : 412;
}

static void
do_put(struct s3_fake *f, struct evhttp_request *r, const char *name,
    const struct fake_step *s)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	struct evkeyvalq *out = evhttp_request_get_output_headers(r);
	struct object *o = find(f, name), *i;
	int status;

	if (!f->checked && (status = put_refused(f, r, o)) != 0) {
		answer(r, status, status == 404 ? "NoSuchKey" : status == 501 ?
		    "NotImplemented" : "PreconditionFailed", NULL, 0);
		return;
	}
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
	o->len = evbuffer_get_length(in);
	o->data = malloc(o->len + 1);
	evbuffer_copyout(in, o->data, o->len);
	strlcpy(o->before, o->etag, sizeof(o->before));
	snprintf(o->etag, sizeof(o->etag), "\"%032x\"", ++f->serial);
	if (s != NULL && s->act == FAKE_LOST) {
		shut(r, NULL);
		return;
	}
	if (s == NULL || s->act != FAKE_NO_ETAG)
		evhttp_add_header(out, "ETag", s != NULL &&
		    s->act == FAKE_BAD_ETAG ? "\"other\"" : o->etag);
	answer(r, 200, NULL, NULL, 0);
}

static void
do_get(struct s3_fake *f, struct evhttp_request *r, const char *name,
    const struct fake_step *s)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(r);
	const char *none = in_header(r, "If-None-Match");
	const char *range = in_header(r, "Range");
	struct object *o = find(f, name);
	unsigned long from = 0, to;
	char v[96];
	int status = 200;

	if (o == NULL) {
		answer(r, f->mode == FAKE_NO_LIST ? 403 : 404,
		    f->mode == FAKE_NO_LIST ? "AccessDenied" : "NoSuchKey",
		    NULL, 0);
		return;
	}
	evhttp_add_header(out, "ETag", s != NULL && s->act == FAKE_BAD_ETAG ?
	    "\"other\"" : o->etag);
	if (none != NULL && strcmp(none, o->etag) == 0) {
		answer(r, 304, NULL, NULL, 0);
		return;
	}
	if (evhttp_request_get_command(r) == EVHTTP_REQ_HEAD) {
		snprintf(v, sizeof(v), "%zu", o->len);
		evhttp_add_header(out, "Content-Length", v);
		answer(r, 200, NULL, NULL, 0);
		return;
	}
	to = o->len;
	if (range != NULL && (s == NULL || s->act != FAKE_WHOLE) &&
	    sscanf(range, "bytes=%lu-%lu", &from, &to) == 2) {
		if (from >= o->len) {
			answer(r, 416, "InvalidRange", NULL, 0);
			return;
		}
		to = to + 1 < o->len ? to + 1 : o->len;
		snprintf(v, sizeof(v), "bytes %lu-%lu/%zu", from, to - 1,
		    o->len);
		evhttp_add_header(out, "Content-Range", v);
		status = 206;
	}
	answer(r, status, NULL, (char *)o->data + from, to - from);
}

static void
remove_object(struct s3_fake *f, struct object *o)
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
		remove_object(f, find(f, p));
	}
	free(body);
	if (in_header(r, "Content-MD5") == NULL)
		answer(r, 400, "MissingContentMD5", NULL, 0);
	else
		answer(r, 200, NULL, done, sizeof(done) - 1);
}

/* Of "/bucket/name?query". */
static void
object_name(struct evhttp_request *r, char *name, size_t size)
{
	const char *uri = evhttp_request_get_uri(r);

	if (strlcpy(name, strncmp(uri, "/bucket/", 8) == 0 ? uri + 8 : "",
	    size) >= size)
		name[0] = '\0';
	name[strcspn(name, "?")] = '\0';
	s3_list_unescape(name);
}

static void
do_request(struct s3_fake *f, struct evhttp_request *r,
    const struct fake_step *s)
{
	const char *uri = evhttp_request_get_uri(r);
	char name[1100];

	object_name(r, name, sizeof(name));
	switch (evhttp_request_get_command(r)) {
	case EVHTTP_REQ_PUT:
		do_put(f, r, name, s);
		break;
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		if (strstr(uri, "versioning=") != NULL) {
			static const char on[] = "<VersioningConfiguration>"
			    "<Status>Enabled</Status>"
			    "</VersioningConfiguration>";

			answer(r, 200, NULL, on, sizeof(on) - 1);
		} else if (strstr(uri, "lifecycle=") != NULL)
			answer(r, 404, "NoSuchLifecycleConfiguration", NULL,
			    0);
		else
			do_get(f, r, name, s);
		break;
	case EVHTTP_REQ_DELETE:
		remove_object(f, find(f, name));
		answer(r, 204, NULL, NULL, 0);
		break;
	default:
		do_delete_many(f, r);
	}
}

/* -- the script -- */

static void
delayed(int fd, short what, void *arg)
{
	struct delayed *d = arg;

	(void)fd;
	(void)what;
	evhttp_connection_set_closecb(evhttp_request_get_connection(d->r),
	    NULL, NULL);
	d->f->checked = d->checked;
	do_request(d->f, d->r, NULL);
	d->f->checked = false;
	event_free(d->ev);
	free(d);
}

/* The client has gone before its slow answer; so has the request. */
static void
gone(struct evhttp_connection *c, void *arg)
{
	struct delayed *d = arg;

	evhttp_connection_set_closecb(c, NULL, NULL);
	event_free(d->ev);
	free(d);
}

static void
later(struct s3_fake *f, struct evhttp_request *r, long ms, bool checked)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct delayed *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		fatal("fake");
	d->f = f;
	d->r = r;
	d->checked = checked;
	d->ev = evtimer_new(f->base, delayed, d);
	evtimer_add(d->ev, &tv);
	evhttp_connection_set_closecb(evhttp_request_get_connection(r), gone,
	    d);
}

/* What a server does that looks first and writes later. */
static bool
races(struct s3_fake *f, struct evhttp_request *r)
{
	char name[1100];

	if ((f->mode != FAKE_RACES_CREATE || in_header(r, "If-None-Match") ==
	    NULL) && (f->mode != FAKE_RACES_MATCH ||
	    in_header(r, "If-Match") == NULL))
		return false;
	object_name(r, name, sizeof(name));
	if (evhttp_request_get_command(r) != EVHTTP_REQ_PUT ||
	    put_refused(f, r, find(f, name)) != 0)
		return false;
	later(f, r, 3, true);
	return true;
}

/* A server that replaces bytes that are being read, and a bad line. */
static bool
cuts(struct s3_fake *f, struct evhttp_request *r)
{
	if (evhttp_request_get_command(r) != EVHTTP_REQ_GET)
		return false;
	f->gets++;
	return (f->mode == FAKE_CUTS_SOME && f->gets % 16 == 0 &&
	    in_header(r, "Range") == NULL) ||
	    (f->mode == FAKE_CUTS_RACED && f->gets % 2 == 0 &&
	    strstr(evhttp_request_get_uri(r), "/d0") != NULL);
}

static void
act(struct s3_fake *f, struct evhttp_request *r, const struct fake_step *s)
{
	char *huge;

	if (s->header != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(r),
		    s->header, s->value);
	switch (s->act) {
	case FAKE_STATUS:
		answer(r, s->status, s->text, NULL, 0);
		break;
	case FAKE_BODY:
		answer(r, s->status, NULL, s->text, strlen(s->text));
		break;
	case FAKE_CLOSE:
		shut(r, NULL);
		break;
	case FAKE_CUT:
		shut(r, half_answer);
		break;
	case FAKE_SLOW:
		later(f, r, s->number, false);
		break;
	case FAKE_HUGE:
		huge = calloc(1, (size_t)s->number);
		answer(r, s->status, NULL, huge, (size_t)s->number);
		free(huge);
		break;
	default:
		do_request(f, r, s);
	}
}

/* Is it signed, and is its hash right? */
static bool
well_formed(struct evhttp_request *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	const char *auth = in_header(r, "Authorization");
	const char *hash = in_header(r, "x-amz-content-sha256");
	uint8_t md[SHA256_DIGEST_LENGTH];
	size_t len = evbuffer_get_length(in);
	char want[65];

	SHA256(len != 0 ? evbuffer_pullup(in, -1) : (const uint8_t *)"", len,
	    md);
	s3_hex(md, sizeof(md), want);
	return auth != NULL && strncmp(auth, "AWS4-HMAC-SHA256 ", 17) == 0 &&
	    in_header(r, "x-amz-date") != NULL && hash != NULL &&
	    strcmp(hash, want) == 0 && in_header(r, "Expect") == NULL &&
	    in_header(r, "Transfer-Encoding") == NULL;
}

static void
on_request(struct evhttp_request *r, void *arg)
{
	struct s3_fake *f = arg;
	const char *method = method_name(r);
	struct fake_step s;
	unsigned i;

	/* (s3_away.c asks the endpoint itself without a signature.) */
	if (strcmp(evhttp_request_get_uri(r), "/") != 0 && !well_formed(r))
		f->bad++;
	for (i = 0; i < VERBS; i++) {
		if (f->counts[i].n == 0)
			strlcpy(f->counts[i].method, method,
			    sizeof(f->counts[i].method));
		if (strcmp(f->counts[i].method, method) == 0) {
			f->counts[i].n++;
			break;
		}
	}
	if (f->mode == FAKE_HANGS)
		later(f, r, 3600000, false);
	else if (cuts(f, r))
		shut(r, half_answer);
	else if (f->nsteps > 0 && strcmp(f->steps[0].method, method) == 0) {
		s = f->steps[0];
		memmove(f->steps, f->steps + 1,
		    --f->nsteps * sizeof(f->steps[0]));
		act(f, r, &s);
	} else if (!races(f, r))
		do_request(f, r, NULL);
}

struct s3_fake *
s3_fake_new(struct event_base *base)
{
	struct evhttp_bound_socket *b;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct s3_fake *f;
	uint16_t port;

	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->http = evhttp_new(base)) == NULL ||
	    (b = evhttp_bind_socket_with_handle(f->http, "127.0.0.1", 0)) ==
	    NULL || getsockname(evhttp_bound_socket_get_fd(b),
	    (struct sockaddr *)&ss, &len) == -1)
		fatal("s3_fake");
	memcpy(&port, (char *)&ss + 2, sizeof(port));
	f->port = (port & 0xff) << 8 | port >> 8;
	f->base = base;
	TAILQ_INIT(&f->objects);
	evhttp_set_max_body_size(f->http, 1 << 30);
	evhttp_set_gencb(f->http, on_request, f);
	return f;
}

void
s3_fake_free(struct s3_fake *f)
{
	struct object *o;

	while ((o = TAILQ_FIRST(&f->objects)) != NULL)
		remove_object(f, o);
	evhttp_free(f->http);
	free(f);
}

int
s3_fake_port(const struct s3_fake *f)
{
	return f->port;
}

void
s3_fake_mode(struct s3_fake *f, enum fake_mode mode)
{
	f->mode = mode;
}

void
s3_fake_script(struct s3_fake *f, const struct fake_step *steps, unsigned n)
{
	if (n != 0)
		memcpy(f->steps, steps, n * sizeof(*steps));
	f->nsteps = n;
}

unsigned
s3_fake_left(const struct s3_fake *f)
{
	return f->nsteps;
}

unsigned
s3_fake_count(const struct s3_fake *f, const char *method)
{
	unsigned i, n = 0;

	for (i = 0; i < VERBS; i++) {
		if (*method == '\0' ||
		    strcmp(f->counts[i].method, method) == 0)
			n += f->counts[i].n;
	}
	return n;
}

unsigned
s3_fake_objects(const struct s3_fake *f)
{
	struct object *o;
	unsigned n = 0;

	TAILQ_FOREACH(o, &f->objects, entry)
		n++;
	return n;
}

unsigned
s3_fake_bad(const struct s3_fake *f)
{
	return f->bad;
}
