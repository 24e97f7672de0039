/* Requests through a proxy: what a refused tunnel says of them. */
#include "common/compat.h"

#include <sys/socket.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "common/http.h"
#include "common/log.h"
#include "common/test.h"

static struct event_base	*base;
static const char		*reply;		/* to CONNECT */
static bool			 called;
static struct http_result	 got;

static void
on_written(struct bufferevent *be, void *arg)
{
	(void)arg;
	bufferevent_free(be);
}

static void
on_event(struct bufferevent *be, short what, void *arg)
{
	(void)what, (void)arg;
	bufferevent_free(be);
}

static void
on_read(struct bufferevent *be, void *arg)
{
	struct evbuffer	*in = bufferevent_get_input(be);

	if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos == -1)
		return;
	bufferevent_setcb(be, NULL, on_written, on_event, arg);
	bufferevent_write(be, reply, strlen(reply));
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	struct bufferevent	*be;

	(void)l, (void)sa, (void)len, (void)arg;
	be = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(be, on_read, NULL, on_event, NULL);
	bufferevent_enable(be, EV_READ | EV_WRITE);
}

static void
on_result(const struct http_result *r, void *arg)
{
	(void)arg;
	called = true;
	got = *r;
}

/* Before there is a tunnel, nothing of the request was sent: a change is
 * certainly not done. */
static void
test_tunnel(struct http *h)
{
	static const char *const replies[] = {
		"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",	/* and then it closes */
		"HTTP/1.1 200 O",
	};
	struct http_call	 call = { .method = "PUT",
				    .url = "https://192.0.2.1/x", .fd = -1,
				    .once = true, .max_body = 1000,
				    .timeout_ms = 20000 };
	size_t			 i;

	for (i = 0; i < nitems(replies); i++) {
		reply = replies[i];
		called = false;
		CHECK(http_start(h, &call, on_result, NULL) != NULL);
		while (!called)
			event_base_loop(base, EVLOOP_ONCE);
		CHECK_ROW(got.error == HTTP_CONNECT, "%zu: %d", i, got.error);
		CHECK_ROW(!got.sent && !got.cut, "%zu", i);
	}
}

int
main(void)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET,
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct http_conf	 conf = { .connect_ms = 10000,
				    .stall_ms = 10000, .idle_s = 10,
				    .connections = 2 };
	socklen_t		 len = sizeof(sin);
	struct evconnlistener	*l;
	struct http		*h;
	char			 url[64], why[200];

	log_init("s3_proxy_test");
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	l = evconnlistener_new_bind(base, on_accept, NULL,
	    LEV_OPT_CLOSE_ON_FREE, -1, (struct sockaddr *)&sin, sizeof(sin));
	if (base == NULL || l == NULL || getsockname(
	    evconnlistener_get_fd(l), (struct sockaddr *)&sin, &len) == -1)
		return 1;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(sin.sin_port));
	conf.proxy = url;
	h = http_new(base, &conf, why, sizeof(why));
	CHECK(h != NULL);
	test_tunnel(h);
	http_free(h);
	evconnlistener_free(l);
	event_base_free(base);
	return TEST_END();
}
