/*
 * Accepting, within limits: connections of this process, those that are
 * not logged in, and those of one address that are not.
 */
#include "imapd/listen.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/slice.h"
#include "imapd/client.h"
#include "imapd/conf.h"

#define ACCEPT_PAUSE	1	/* seconds, when descriptors run out */

struct listener {
	TAILQ_ENTRY(listener)	 entry;
	struct event_base	*base;
	struct event		 ev;
	struct event		 ev_pause;
	int			 fd;
	bool			 imaps;
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

static bool
address_full(const char *remote)
{
	const struct client	*c;
	unsigned int		 n = 0;

	/* few strangers, many clients: cheap until an attack */
	if (nstrangers < conf.max_per_address)
		return false;
	TAILQ_FOREACH(c, &clients, entry)
		if (c->state == CLIENT_STRANGER &&
		    strcmp(c->remote, remote) == 0)
			n++;
	return n >= conf.max_per_address;
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
turn_away(int fd, const char *remote, const char *why, bool imaps)
{
	static const char	 bye[] =
	    "* BYE [UNAVAILABLE] Too many connections\r\n";

	log_warnx("remote=%s turned away: %s", remote, why);
	if (!imaps)
		(void)send(fd, bye, sizeof(bye) - 1,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
on_accept(evutil_socket_t lfd, short what, void *arg)
{
	struct timeval		 tv = { .tv_sec = ACCEPT_PAUSE };
	struct sockaddr_storage	 ss;
	struct listener		*l = arg;
	socklen_t		 len = sizeof(ss);
	char			 remote[64] = "unknown";
	int			 fd, on = 1;

	(void)what;
	fd = accept4(lfd, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS) {
			log_warn("accept: a pause");
			event_del(&l->ev);
			evtimer_add(&l->ev_pause, &tv);
		}
		return;
	}
	(void)getnameinfo((struct sockaddr *)&ss, len, remote, sizeof(remote),
	    NULL, 0, NI_NUMERICHOST);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (nclients >= conf.max_clients)
		turn_away(fd, remote, "all connections", l->imaps);
	else if (nstrangers >= conf.max_strangers)
		turn_away(fd, remote, "those not logged in", l->imaps);
	else if (address_full(remote))
		turn_away(fd, remote, "those of its address", l->imaps);
	else if (client_new(l->base, fd, l->imaps, remote,
	    is_loopback(&ss)) == NULL)
		log_warnx("remote=%s out of memory", remote);
}

void
listen_add(struct event_base *base, const char *protocol,
    const char *address, int fd)
{
	struct listener	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("calloc");
	l->base = base;
	l->fd = fd;
	l->imaps = strcmp(protocol, "imaps") == 0;
	snprintf(l->url, sizeof(l->url), "%s://%s", protocol, address);
	evutil_make_socket_nonblocking(fd);
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
