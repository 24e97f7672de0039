/* See http_fake.h. */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before event2/http.h, which defines HTTP_OK. */
#include "common/net.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "common/mem.h"
#include "common/test.h"
#include "credd/test/http_fake.h"

struct source_world http_fake_world;
char http_fake_url[64];
int64_t http_fake_now = 1800000000;
enum source_outcome http_fake_outcome;
struct cred_secret http_fake_secret;
char http_fake_why[SOURCE_WHY_MAX];
unsigned http_fake_poll;

static struct evhttp	*server;
static http_fake_cb	 answer;
static bool		 over;

static struct {
	const char		*what;
	enum setup_give_outcome	 outcome;
	char			 data[4096];
} known[16];

/* The question under way: answered from the loop. */
struct question {
	uint32_t	 id;
	char		*what;
};

void
http_fake_file(const char *what, enum setup_give_outcome outcome,
    const char *data)
{
	size_t	i;

	for (i = 0; i < nitems(known) && known[i].what != NULL; i++)
		if (strcmp(known[i].what, what) == 0)
			break;
	CHECK(i < nitems(known));
	if (i == nitems(known))
		return;
	known[i].what = what;
	known[i].outcome = outcome;
	strlcpy(known[i].data, data, sizeof(known[i].data));
}

static void
on_question(evutil_socket_t fd, short what, void *arg)
{
	struct question		*q = arg;
	struct setup_give	 g = { .outcome = SETUP_GIVE_ABSENT,
				    .why = str_from(q->what) };
	size_t			 i;

	(void)fd;
	(void)what;
	for (i = 0; i < nitems(known) && known[i].what != NULL; i++)
		if (strcmp(known[i].what, q->what) == 0) {
			g.outcome = (uint8_t)known[i].outcome;
			g.data = str_from(known[i].data);
			if (g.outcome == SETUP_GIVE_FAILED)
				g.why = g.data;
		}
	files_given(http_fake_world.files, q->id, &g);
	free(q->what);
	free(q);
}

static void
fake_ask(uint32_t id, const char *what)
{
	const struct timeval	 soon = { 0, 0 };
	struct question		*q = mem_new(1, sizeof(*q));

	q->id = id;
	q->what = mem_dup(what);
	event_base_once(http_fake_world.base, -1, EV_TIMEOUT, on_question, q,
	    &soon);
}

static int64_t
fake_now(void)
{
	return http_fake_now;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	(void)arg;
	answer(req);
}

void
http_fake_begin(http_fake_cb cb)
{
	struct evhttp_bound_socket	*s;
	struct sockaddr_in		 sin = { .sin_family = AF_INET };
	socklen_t			 len = sizeof(sin);
	char				 why[256];

	answer = cb;
	http_fake_world.base = event_base_new();
	http_fake_world.now = fake_now;
	http_fake_world.files = files_new(fake_ask);
	http_fake_world.net = net_new(http_fake_world.base, "", why,
	    sizeof(why));
	CHECK(http_fake_world.net != NULL);
	server = evhttp_new(http_fake_world.base);
	evhttp_set_allowed_methods(server, EVHTTP_REQ_GET | EVHTTP_REQ_PUT |
	    EVHTTP_REQ_POST);
	evhttp_set_gencb(server, on_request, NULL);
	s = evhttp_bind_socket_with_handle(server, "127.0.0.1", 0);
	CHECK(s != NULL && getsockname(evhttp_bound_socket_get_fd(s),
	    (struct sockaddr *)&sin, &len) == 0);
	snprintf(http_fake_url, sizeof(http_fake_url),
	    "http://127.0.0.1:%u", ntohs(sin.sin_port));
}

void
http_fake_end(void)
{
	files_free(http_fake_world.files);
	net_free(http_fake_world.net);
	evhttp_free(server);
	event_base_free(http_fake_world.base);
}

void
http_fake_answer(struct evhttp_request *req, int status, const char *body)
{
	struct evbuffer	*b = evbuffer_new();

	evbuffer_add(b, body, strlen(body));
	evhttp_send_reply(req, status, "x", b);
	evbuffer_free(b);
}

const char *
http_fake_header(struct evhttp_request *req, const char *name)
{
	const char	*v = evhttp_find_header(
			    evhttp_request_get_input_headers(req), name);

	return v != NULL ? v : "";
}

static void
on_answer(const struct source_answer *a, void *arg)
{
	(void)arg;
	CHECK(!over && (a->secret != NULL) == (a->outcome == SOURCE_FOUND));
	over = true;
	http_fake_outcome = a->outcome;
	http_fake_poll = a->poll;
	memset(&http_fake_secret, 0, sizeof(http_fake_secret));
	if (a->secret != NULL)
		http_fake_secret = *a->secret;
	strlcpy(http_fake_why, a->why, sizeof(http_fake_why));
	cred_secret_free(a->secret);
}

void
http_fake_look(const struct source *s, const struct slice *conf)
{
	over = false;
	(void)source_start(s, &http_fake_world, conf, on_answer, NULL);
	while (!over)
		if (event_base_loop(http_fake_world.base,
		    EVLOOP_ONCE) != 0)
			break;
	CHECK(over);
}
