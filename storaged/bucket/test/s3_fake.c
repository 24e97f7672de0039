/* See s3_fake.h.  On libevent's HTTP server, in the test's own loop. */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/sha.h>

#include "common/hex.h"
#include "common/log.h"
#include "storaged/bucket/test/s3_fake_far.h"
#include "storaged/bucket/test/s3_fake_impl.h"

#define BACKLOG	1024

struct delayed {
	struct s3_fake	*f;
	struct evhttp_request *r;
	struct event	*ev;
	bool		 checked;	/* its condition was, when it came */
};

static void
delayed(int fd, short what, void *arg)
{
	struct delayed *d = arg;

	(void)fd;
	(void)what;
	evhttp_connection_set_closecb(evhttp_request_get_connection(d->r),
	    NULL, NULL);
	d->f->checked = d->checked;
	fake_request(d->f, d->r, NULL);
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

	if ((f->mode != FAKE_RACES_CREATE || fake_header(r, "If-None-Match") ==
	    NULL) && (f->mode != FAKE_RACES_MATCH ||
	    fake_header(r, "If-Match") == NULL))
		return false;
	fake_name(r, name, sizeof(name));
	if (evhttp_request_get_command(r) != EVHTTP_REQ_PUT ||
	    fake_refused(f, r, fake_find(f, name)) != 0)
		return false;
	later(f, r, 3, true);
	return true;
}

/* A server that replaces bytes that are being read, and a bad line. */
static bool
cuts(struct s3_fake *f, struct evhttp_request *r)
{
	const char *raced = strrchr(evhttp_request_get_uri(r), '/');

	if (evhttp_request_get_command(r) != EVHTTP_REQ_GET)
		return false;
	f->gets++;
	return (f->mode == FAKE_CUTS_SOME && f->gets % 16 == 0) ||
	    (f->mode == FAKE_CUTS_RACED && f->gets % 2 == 0 &&
	    raced != NULL && (raced[1] == 'c' || raced[1] == 'd'));
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
		fake_answer(r, s->status, s->text, NULL, 0);
		break;
	case FAKE_BODY:
		fake_answer(r, s->status, NULL, s->text, strlen(s->text));
		break;
	case FAKE_CLOSE:
		fake_shut(r, NULL);
		break;
	case FAKE_CUT:
		fake_shut(r, fake_half);
		break;
	case FAKE_CUT_HEAD:
		fake_shut(r, s->text);
		break;
	case FAKE_SLOW:
		later(f, r, s->number, false);
		break;
	case FAKE_HUGE:
		huge = calloc(1, (size_t)s->number);
		fake_answer(r, s->status, NULL, huge, (size_t)s->number);
		free(huge);
		break;
	default:
		fake_request(f, r, s);
	}
}

/* true: this one was left without an answer. */
static bool
unsure(struct s3_fake *f, struct evhttp_request *r, const char *method)
{
	static const struct fake_step lost = { "PUT", FAKE_LOST, 0, "", 0,
	    NULL, NULL };
	struct fake_unsure *u = &f->unsure;
	uint8_t letter = fake_letter(r);
	bool put = strcmp(method, "PUT") == 0;

	f->puts[letter] += put;
	if (u->n == 0 || strcmp(u->method, method) != 0 ||
	    letter != (uint8_t)u->letter ||
	    (u->header != NULL && fake_header(r, u->header) == NULL))
		return false;
	if (u->skip > 0) {
		u->skip--;
		return false;
	}
	u->n--;
	if (put && u->done)
		act(f, r, &lost);
	else
		fake_answer(r, 500, "InternalError", NULL, 0);
	return true;
}

/* Is it signed, and is its hash right? */
static bool
well_formed(struct evhttp_request *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	const char *auth = fake_header(r, "Authorization");
	const char *hash = fake_header(r, "x-amz-content-sha256");
	uint8_t md[SHA256_DIGEST_LENGTH];
	size_t len = evbuffer_get_length(in);
	char want[65];

	SHA256(len != 0 ? evbuffer_pullup(in, -1) : (const uint8_t *)"", len,
	    md);
	hex_print(md, sizeof(md), want);
	return auth != NULL && strncmp(auth, "AWS4-HMAC-SHA256 ", 17) == 0 &&
	    fake_header(r, "x-amz-date") != NULL && hash != NULL &&
	    strcmp(hash, want) == 0 && fake_header(r, "Expect") == NULL &&
	    fake_header(r, "Transfer-Encoding") == NULL;
}

static void
serve(struct evhttp_request *r, void *arg)
{
	struct s3_fake *f = arg;
	const char *method = fake_method(r);
	struct fake_step s;

	if (unsure(f, r, method))
		return;
	if (f->always != NULL)
		act(f, r, f->always);
	else if (f->mode == FAKE_HANGS)
		later(f, r, 3600000, false);
	else if (cuts(f, r))
		fake_shut(r, fake_half);
	else if (f->nsteps > 0 && strcmp(f->steps[0].method, method) == 0) {
		s = f->steps[0];
		memmove(f->steps, f->steps + 1,
		    --f->nsteps * sizeof(f->steps[0]));
		act(f, r, &s);
	} else if (!races(f, r))
		fake_request(f, r, NULL);
}

static struct bufferevent *
on_connection(struct event_base *base, void *arg)
{
	struct s3_fake *f = arg;

	f->connections++;
	return bufferevent_socket_new(base, -1, 0);
}

static void
on_request(struct evhttp_request *r, void *arg)
{
	struct s3_fake *f = arg;
	const char *method = fake_method(r);
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
	if (f->far != NULL)
		fake_far_hold(f->far, r);
	else
		serve(r, f);
}

/* More may come at once than libevent's listener lets wait. */
static int
listen_socket(int *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, BACKLOG) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1 ||
	    evutil_make_socket_nonblocking(fd) == -1 ||
	    evutil_make_socket_closeonexec(fd) == -1)
		fatal("s3_fake");
	*port = ntohs(sin.sin_port);
	return fd;
}

struct s3_fake *
s3_fake_new(struct event_base *base)
{
	struct s3_fake *f;

	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->http = evhttp_new(base)) == NULL ||
	    evhttp_accept_socket(f->http, listen_socket(&f->port)) == -1)
		fatal("s3_fake");
	f->base = base;
	TAILQ_INIT(&f->objects);
	evhttp_set_max_body_size(f->http, 1 << 30);
	evhttp_set_gencb(f->http, on_request, f);
	evhttp_set_bevcb(f->http, on_connection, f);
	return f;
}

void
s3_fake_free(struct s3_fake *f)
{
	struct s3_object *o;

	while ((o = TAILQ_FIRST(&f->objects)) != NULL)
		fake_remove(f, o);
	evhttp_free(f->http);
	fake_far_free(f->far);
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
	f->gets = 0;
	fake_dateless = mode == FAKE_NO_DATE;
}

void
s3_fake_script(struct s3_fake *f, const struct fake_step *steps, unsigned n)
{
	if (n != 0)
		memcpy(f->steps, steps, n * sizeof(*steps));
	f->nsteps = n;
}

void
s3_fake_always(struct s3_fake *f, const struct fake_step *step)
{
	f->always = step;
}

void
s3_fake_unsure(struct s3_fake *f, const struct fake_unsure *u)
{
	static const struct fake_unsure none;

	f->unsure = u != NULL ? *u : none;
	memset(f->puts, 0, sizeof(f->puts));
}

void
s3_fake_far(struct s3_fake *f, unsigned ms)
{
	fake_far_free(f->far);
	f->far = ms != 0 ? fake_far_new(f->base, ms, serve, f) : NULL;
	if (f->far != NULL)
		fake_far_late(f->far, f->late, f->late_at, f->late_until);
}

void
s3_fake_late(struct s3_fake *f, const char *text, unsigned at, unsigned until)
{
	f->late = text;
	f->late_at = at;
	f->late_until = until;
}

unsigned
s3_fake_connections(const struct s3_fake *f)
{
	return f->connections;
}

unsigned
s3_fake_waits(const struct s3_fake *f)
{
	return f->far != NULL ? fake_far_waits(f->far) : 0;
}

unsigned
s3_fake_puts(const struct s3_fake *f, char letter)
{
	return f->puts[(uint8_t)letter];
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
	struct s3_object *o;
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

const char *
s3_fake_body(struct s3_fake *f, const char *name)
{
	struct s3_object *o = fake_find(f, name);

	return o != NULL ? (const char *)o->data : NULL;
}

bool
s3_fake_tagged(const struct s3_fake *f, const char *name)
{
	const struct s3_object *o;

	TAILQ_FOREACH(o, &f->objects, entry)
		if (strcmp(o->name, name) == 0)
			return o->tagged;
	return false;
}

void
s3_fake_age(struct s3_fake *f, const char *name, int seconds)
{
	struct s3_object *o = fake_find(f, name);

	if (o == NULL)
		fatalx("fake: no object %s", name);
	o->modified -= seconds;
}
