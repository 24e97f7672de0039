/*
 * A long line to a server: what goes through arrives later, both ways, and
 * nothing else happens to it.  For tests that measure time (lib/long_line.py):
 * hundreds of requests at once take next to none of this machine's.
 *
 *	long_line PORT SERVER-PORT	(both of 127.0.0.1)
 *
 * Commands on stdin, answered with a line "done": "way MS", "away" (connections
 * are refused), "back".  On stdout, too: the method and the target of each
 * request.  A connection is taken though the server is gone, as by a load
 * balancer: it ends after what the refusal takes.  Ends with stdin.
 */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/resource.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "common/clock.h"

#define BACKLOG	1024
#define FIRST	1024	/* bytes of a request that its target is looked for
			   in */

struct line {
	TAILQ_ENTRY(line) entry;
	struct bufferevent *near, *far;	/* NULL: not yet, or not any more */
	unsigned	 held;
};

/* What is on its way: bytes, or an end. */
struct item {
	TAILQ_ENTRY(item) entry;
	struct line	*line;
	bool		 to_far, end;
	uint64_t	 due;		/* ms */
	struct evbuffer	*data;
};

static struct event_base *base;
static struct event *timer;
static struct evconnlistener *listener;
static struct sockaddr_in here, server;
static uint64_t way;			/* ms */
static TAILQ_HEAD(, line) lines = TAILQ_HEAD_INITIALIZER(lines);
static TAILQ_HEAD(, item) items = TAILQ_HEAD_INITIALIZER(items);

static void
line_free(struct line *l)
{
	if (l->near != NULL || l->far != NULL || l->held > 0)
		return;
	TAILQ_REMOVE(&lines, l, entry);
	free(l);
}

static void
end_free(struct bufferevent **bev)
{
	if (*bev != NULL)
		bufferevent_free(*bev);
	*bev = NULL;
}

/* -- what is on its way -- */

static void
await_next(void)
{
	struct item *it = TAILQ_FIRST(&items);
	uint64_t now = clock_ms(), ms;
	struct timeval tv;

	if (it == NULL)
		return;
	ms = it->due > now ? it->due - now : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	evtimer_add(timer, &tv);
}

/* Both are as far: so the first is always due first. */
static void
hold(struct line *l, bool to_far, struct bufferevent *from)
{
	struct item *it = calloc(1, sizeof(*it));

	if (it == NULL || (it->data = evbuffer_new()) == NULL)
		err(1, "memory");
	it->line = l;
	it->to_far = to_far;
	it->end = from == NULL;
	it->due = clock_ms() + way;
	if (from != NULL)
		bufferevent_read_buffer(from, it->data);
	l->held++;
	if (TAILQ_EMPTY(&items)) {
		TAILQ_INSERT_TAIL(&items, it, entry);
		await_next();
	} else
		TAILQ_INSERT_TAIL(&items, it, entry);
}

static void
far_read(struct bufferevent *bev, void *arg)
{
	hold(arg, false, bev);
}

/* It is gone, or has refused. */
static void
far_event(struct bufferevent *bev, short what, void *arg)
{
	struct line *l = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;
	end_free(&l->far);
	hold(l, false, NULL);
}

static void
set_nodelay(struct bufferevent *bev)
{
	const int on = 1;

	(void)setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY,
	    &on, sizeof(on));
}

static void
far_connect(struct line *l)
{
	l->far = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE |
	    BEV_OPT_DEFER_CALLBACKS);
	if (l->far == NULL)
		err(1, "memory");
	bufferevent_setcb(l->far, far_read, NULL, far_event, l);
	bufferevent_enable(l->far, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(l->far, (struct sockaddr *)&server,
	    sizeof(server)) == -1)
		err(1, "connect");
	set_nodelay(l->far);
}

/* What was written before it goes out first. */
static void
near_written(struct bufferevent *bev, void *arg)
{
	struct line *l = arg;

	(void)bev;
	end_free(&l->near);
	line_free(l);
}

static void
near_end(struct line *l)
{
	if (evbuffer_get_length(bufferevent_get_output(l->near)) == 0)
		end_free(&l->near);
	else
		bufferevent_setcb(l->near, NULL, near_written, NULL, l);
}

static void
arrive(struct item *it)
{
	struct line *l = it->line;

	/* A client that is gone gets nothing, and sends nothing more. */
	if (l->near == NULL)
		end_free(&l->far);
	else if (!it->to_far && it->end)
		near_end(l);
	else if (!it->to_far)
		bufferevent_write_buffer(l->near, it->data);
	else {
		if (l->far == NULL)
			far_connect(l);
		bufferevent_write_buffer(l->far, it->data);
	}
	l->held--;
	line_free(l);
}

static void
due(evutil_socket_t fd, short what, void *arg)
{
	struct item *it;
	uint64_t now = clock_ms();

	(void)fd;
	(void)what;
	(void)arg;
	while ((it = TAILQ_FIRST(&items)) != NULL && it->due <= now) {
		TAILQ_REMOVE(&items, it, entry);
		arrive(it);
		evbuffer_free(it->data);
		free(it);
	}
	await_next();
}

/* -- clients -- */

static void
tell_target(struct bufferevent *bev)
{
	static const char *const methods[] = { "GET ", "PUT ", "HEAD ",
	    "POST ", "DELETE " };
	char first[FIRST + 1];
	ev_ssize_t n = evbuffer_copyout(bufferevent_get_input(bev), first,
	    FIRST);
	char *end;
	size_t i;

	first[n > 0 ? n : 0] = '\0';
	for (i = 0; i < nitems(methods); i++) {
		if (strncmp(first, methods[i], strlen(methods[i])) != 0)
			continue;
		end = strchr(first + strlen(methods[i]), ' ');
		if (end != NULL)
			printf("%.*s\n", (int)(end - first), first);
	}
}

static void
near_read(struct bufferevent *bev, void *arg)
{
	tell_target(bev);
	hold(arg, true, bev);
}

static void
near_event(struct bufferevent *bev, short what, void *arg)
{
	struct line *l = arg;

	(void)bev;
	(void)what;
	end_free(&l->near);
	end_free(&l->far);
	line_free(l);
}

static void
accepted(struct evconnlistener *from, evutil_socket_t fd,
    struct sockaddr *sa, int len, void *arg)
{
	struct line *l = calloc(1, sizeof(*l));

	(void)from;
	(void)sa;
	(void)len;
	(void)arg;
	if (l == NULL || (l->near = bufferevent_socket_new(base, fd,
	    BEV_OPT_CLOSE_ON_FREE)) == NULL)
		err(1, "memory");
	set_nodelay(l->near);
	TAILQ_INSERT_TAIL(&lines, l, entry);
	bufferevent_setcb(l->near, near_read, NULL, near_event, l);
	bufferevent_enable(l->near, EV_READ | EV_WRITE);
}

/* -- commands -- */

static void
back(void)
{
	if (listener == NULL && (listener = evconnlistener_new_bind(base,
	    accepted, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE |
	    LEV_OPT_CLOSE_ON_EXEC, BACKLOG, (struct sockaddr *)&here,
	    sizeof(here))) == NULL)
		err(1, "listen");
}

static void
away(void)
{
	struct line *l, *next;

	if (listener != NULL)
		evconnlistener_free(listener);
	listener = NULL;
	for (l = TAILQ_FIRST(&lines); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		near_event(NULL, 0, l);
	}
}

static void
commanded(struct bufferevent *bev, void *arg)
{
	char *text;

	(void)arg;
	while ((text = evbuffer_readln(bufferevent_get_input(bev), NULL,
	    EVBUFFER_EOL_LF)) != NULL) {
		if (strcmp(text, "away") == 0)
			away();
		else if (strcmp(text, "back") == 0)
			back();
		else if (strncmp(text, "way ", 4) == 0)
			way = strtoul(text + 4, NULL, 10);
		else
			errx(1, "%s: no such command", text);
		free(text);
		printf("done\n");
	}
}

static void
stdin_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	(void)arg;
	event_base_loopbreak(base);
}

static struct sockaddr_in
address(const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sin;
}

int
main(int argc, char **argv)
{
	struct bufferevent *in;
	struct rlimit rl;

	if (argc != 3)
		errx(1, "usage: long_line PORT SERVER-PORT");
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	here = address(argv[1]);
	server = address(argv[2]);
	if ((base = event_base_new()) == NULL || (timer = evtimer_new(base,
	    due, NULL)) == NULL || (in = bufferevent_socket_new(base, 0,
	    0)) == NULL)
		err(1, "event");
	evutil_make_socket_nonblocking(0);
	bufferevent_setcb(in, commanded, NULL, stdin_event, NULL);
	bufferevent_enable(in, EV_READ);
	event_base_dispatch(base);
	return 0;
}
