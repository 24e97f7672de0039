/*
 * Accepting, within the limits that strangers.c keeps.
 */
#include "common/listen.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/proxy.h"
#include "common/slice.h"
#include "common/tls_rule.h"

#define ACCEPT_MAX	32	/* connections, between two looks around */
#define CROWD_US	100	/* from one to the next */
#define ACCEPT_PAUSE	1	/* seconds, when descriptors run out */

struct listener {
	TAILQ_ENTRY(listener)	 entry;
	struct event_base	*base;
	const struct listen_ops	*ops;
	struct event		 ev;
	struct event		 ev_pause;
	int			 fd;
	struct timeval		 last;		/* when one came */
	bool			 implicit;
	char			 url[512];	/* protocol://address */
};
static TAILQ_HEAD(, listener) listeners = TAILQ_HEAD_INITIALIZER(listeners);

static bool
is_loopback(const struct sockaddr_storage *ss)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;

	switch (ss->ss_family) {
	case AF_INET:
		memcpy(&in, ss, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		memcpy(&in6, ss, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
		    (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) &&
		    in6.sin6_addr.s6_addr[12] == 127);
	default:
		return false;
	}
}

static void
listen_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener	*l = arg;

	(void)fd;
	(void)what;
	event_add(&l->ev, NULL);
}

static void
turn_away(const struct listener *l, const struct listen_from *from,
    const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT("connection refused");

	if (log_limit(&limit))
		log_warnx("remote=%s connection refused: %s", from->remote,
		    why);
	if (!l->implicit)
		(void)send(from->fd, l->ops->busy, strlen(l->ops->busy),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(from->fd);
}

static void
name_of(char *dst, size_t size, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in	*in = (const void *)sa;

	strlcpy(dst, "unknown", size);
	if (sa->sa_family == AF_INET && len >= sizeof(*in))
		(void)inet_ntop(AF_INET, &in->sin_addr, dst,
		    (socklen_t)size);
	else if (len < offsetof(struct sockaddr, sa_data) ||
	    sa->sa_family == AF_UNIX)
		strlcpy(dst, "local", size);
	else
		(void)getnameinfo(sa, len, dst, (socklen_t)size, NULL, 0,
		    NI_NUMERICHOST);
}

/* A client, at its own address. */
static void
listen_serve(void *arg, int fd, const struct sockaddr *sa, socklen_t len,
    bool tls)
{
	struct listener		*l = arg;
	struct listen_from	 from = { .fd = fd, .implicit = l->implicit,
				    .tls_outside = tls, .len = len,
				    .tls_rule = tls_rule_of(l->url) };
	const char		*why;

	memcpy(&from.ss, sa, len);
	from.loopback = is_loopback(&from.ss);
	name_of(from.remote, sizeof(from.remote), sa, len);
	if (!l->ops->room(from.remote, &why))
		turn_away(l, &from, why);
	else if (l->ops->serve(l->base, &from) == -1)
		log_warnx("remote=%s out of memory", from.remote);
}

/* One connection; false: there is none. */
static bool
accept_one(struct listener *l, int lfd)
{
	static struct log_limit	 limit = LOG_LIMIT("cannot accept connections");
	struct timeval		 tv = { .tv_sec = ACCEPT_PAUSE };
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);
	char			 remote[64];
	int			 fd;

	fd = accept4(lfd, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			if (log_limit(&limit))
				log_warn("accept, pausing");
			event_del(&l->ev);
			evtimer_add(&l->ev_pause, &tv);
		}
		return false;
	}
	if (!proxy_from((struct sockaddr *)&ss, len)) {
		listen_serve(l, fd, (struct sockaddr *)&ss, len, false);
		return true;
	}
	name_of(remote, sizeof(remote), (struct sockaddr *)&ss, len);
	proxy_wait(l->base, fd, remote, (struct sockaddr *)&ss, len,
	    listen_serve, l);
	return true;
}

/* Did the last one come just now?  (To look for another that is not there is
 * what accepting costs once more.) */
static bool
is_crowd(struct listener *l)
{
	struct timeval	now, since;

	if (event_base_gettimeofday_cached(l->base, &now) == -1)
		return true;
	timersub(&now, &l->last, &since);
	l->last = now;
	return since.tv_sec == 0 && since.tv_usec < CROWD_US;
}

/* Some at once: a crowd at the door must not fill the kernel's queue, in
 * which an honest one stands too. */
static void
on_accept(evutil_socket_t lfd, short what, void *arg)
{
	int	 n = 0, max = is_crowd(arg) ? ACCEPT_MAX : 1;

	(void)what;
	while (n < max && accept_one(arg, lfd))
		n++;
}

/* The same socket, or another that is bound to the same address. */
static bool
same_socket(int a, int b)
{
	struct sockaddr_storage	 sa = { 0 }, sb = { 0 };
	socklen_t		 na = sizeof(sa), nb = sizeof(sb);

	return getsockname(a, (struct sockaddr *)&sa, &na) == 0 &&
	    getsockname(b, (struct sockaddr *)&sb, &nb) == 0 && na == nb &&
	    memcmp(&sa, &sb, na) == 0;
}

void
listen_add(struct event_base *base, const struct listen_ops *ops,
    const char *protocol, const char *address, int fd)
{
	struct listener	*l, *o;
	int		 on = 1;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("calloc");
	l->base = base;
	l->fd = fd;
	l->ops = ops;
	l->implicit = strcmp(protocol, ops->implicit) == 0;
	/* As "listen" has it: lmtp+unix:/run/pail/lmtp.sock is one, too. */
	snprintf(l->url, sizeof(l->url), "%s:%s%s", protocol,
	    address[0] == '/' ? "" : "//", address);
	/* paild sends all of them again when one was lost on its way. */
	TAILQ_FOREACH(o, &listeners, entry)
		if (strcmp(o->url, l->url) == 0 && same_socket(o->fd, fd)) {
			close(fd);
			free(l);
			return;
		}
	evutil_make_socket_nonblocking(fd);
	/* Whoever it accepts has them, too; a Unix socket has no use for
	 * them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	event_assign(&l->ev, base, fd, EV_READ | EV_PERSIST, on_accept, l);
	evtimer_assign(&l->ev_pause, base, listen_resume, l);
	event_add(&l->ev, NULL);
	TAILQ_INSERT_TAIL(&listeners, l, entry);
	log_debug("listen protocol=%s address=%s", protocol, address);
}

static void
listener_free(struct listener *l)
{
	TAILQ_REMOVE(&listeners, l, entry);
	proxy_forget(l);
	event_del(&l->ev);
	event_del(&l->ev_pause);
	close(l->fd);
	free(l);
}

void
listen_keep(const struct slice *s)
{
	struct listener	*l, *next;
	const char	*url;
	unsigned int	 i;

	TAILQ_FOREACH_SAFE(l, &listeners, entry, next) {
		for (i = 0; (url = slice_at(s, "listen.%u", i)) != NULL; i++)
			if (strcmp(url, l->url) == 0)
				break;
		if (url == NULL)
			listener_free(l);
	}
}

void
listen_close(void)
{
	struct listener	*l;

	while ((l = TAILQ_FIRST(&listeners)) != NULL)
		listener_free(l);
}
