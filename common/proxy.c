/*
 * Headers of the PROXY protocol that are still to come.  Must never read
 * an octet of the client's, nor serve a proxy's connection without a header.
 */
#include "common/compat.h"

#include "common/proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/networks.h"
#include "common/proxy_header.h"

struct proxied {
	TAILQ_ENTRY(proxied)	 entry;
	struct event		 ev;
	int			 fd;
	char			 remote[64];		/* the proxy's */
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	proxy_done_fn		*done;
	void			*arg;
	int64_t			 until;
	size_t			 have, want;
	uint8_t			 header[PROXY_HEADER_MAX];
};
TAILQ_HEAD(proxieds, proxied);

static struct proxieds	 waiting = TAILQ_HEAD_INITIALIZER(waiting);
static size_t		 nwaiting;
static struct networks	 proxies;

void
proxy_use(const struct networks *l)
{
	proxies = *l;
}

bool
proxy_from(const struct sockaddr *sa, socklen_t len)
{
	return networks_have(&proxies, sa, len);
}

static void
proxied_free(struct proxied *p)
{
	TAILQ_REMOVE(&waiting, p, entry);
	nwaiting--;
	event_del(&p->ev);
	if (p->fd != -1)
		close(p->fd);
	free(p);
}

static void
proxied_refuse(struct proxied *p, const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT("proxy refused");

	if (log_limit(&limit))
		log_warnx("proxy=%s connection refused: %s", p->remote, why);
	proxied_free(p);
}

static void
proxied_done(struct proxied *p, const struct proxy_header *h, bool local)
{
	proxy_done_fn		*done = p->done;
	struct sockaddr_storage	 ss = local ? p->ss : h->address;
	socklen_t		 len = local ? p->len : h->len;
	void			*arg = p->arg;
	int			 fd = p->fd;

	p->fd = -1;
	proxied_free(p);
	done(arg, fd, (struct sockaddr *)&ss, len, !local && h->tls);
}

/* 0, or -1: there is no time left. */
static int
proxied_watch(struct proxied *p)
{
	int64_t		 ms = p->until - (int64_t)clock_ms();
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	return ms <= 0 ? -1 : event_add(&p->ev, &tv);
}

static void
proxied_read(evutil_socket_t fd, short what, void *arg)
{
	struct proxied		*p = arg;
	struct proxy_header	 h;
	ssize_t			 n;

	for (;;) {
		n = what & EV_READ ? read(fd, p->header + p->have, p->want) :
		    -1;
		if ((what & EV_READ) == 0 || (n == -1 && errno == EAGAIN)) {
			if (proxied_watch(p) == -1)
				proxied_refuse(p,
				    "no PROXY protocol header in time");
			return;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			proxied_refuse(p, "closed before its PROXY protocol "
			    "header");
			return;
		}
		p->have += (size_t)n;
		switch (proxy_header_parse(&h, p->header, p->have)) {
		case PROXY_HEADER_MORE:
			p->want = h.want;
			continue;
		case PROXY_HEADER_BAD:
			proxied_refuse(p, h.why);
			return;
		case PROXY_HEADER_CLIENT:
			proxied_done(p, &h, false);
			return;
		case PROXY_HEADER_LOCAL:
			proxied_done(p, &h, true);
			return;
		}
	}
}

void
proxy_wait(struct event_base *base, int fd, const char *remote,
    const struct sockaddr *sa, socklen_t len, proxy_done_fn *done, void *arg)
{
	struct proxy_header	 h;
	struct proxied		*p;

	if (nwaiting >= PROXY_WAITING)
		proxied_refuse(TAILQ_FIRST(&waiting),
		    "too many connections without a PROXY protocol header");
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		log_warnx("proxy=%s out of memory", remote);
		close(fd);
		return;
	}
	p->fd = fd;
	strlcpy(p->remote, remote, sizeof(p->remote));
	memcpy(&p->ss, sa, len < sizeof(p->ss) ? len : sizeof(p->ss));
	p->len = len;
	p->done = done;
	p->arg = arg;
	p->until = (int64_t)clock_ms() + PROXY_SECONDS * 1000;
	(void)proxy_header_parse(&h, p->header, 0);
	p->want = h.want;
	TAILQ_INSERT_TAIL(&waiting, p, entry);
	nwaiting++;
	event_assign(&p->ev, base, fd, EV_READ, proxied_read, p);
	if (proxied_watch(p) == -1)
		proxied_refuse(p, "no event");
}

void
proxy_forget(const void *arg)
{
	struct proxied	*p, *next;

	TAILQ_FOREACH_SAFE(p, &waiting, entry, next)
		if (p->arg == arg)
			proxied_free(p);
}
