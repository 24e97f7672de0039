/*
 * Connections from a proxy (proxy-protocol): each waits here until its header
 * has said whose it is.
 */
#ifndef COMMON_PROXY_H
#define COMMON_PROXY_H

#include <sys/socket.h>

#include <stdbool.h>

struct event_base;
struct networks;

/* The networks of proxies ("proxy-protocol"), from now on. */
void	 proxy_use(const struct networks *l);
/* Is this one of them? */
bool	 proxy_from(const struct sockaddr *sa, socklen_t len);

/*
 * Takes fd, which is the proxy's (remote: its address).  If the header comes
 * within PROXY_SECONDS, done() takes the descriptor over, with the client's
 * address; tls: the client speaks TLS to the proxy.  A LOCAL connection is the
 * proxy's own.  Otherwise fd is closed, and the reason logged.
 */
#define PROXY_SECONDS	5
#define PROXY_WAITING	1024	/* more: the oldest is closed */
typedef void proxy_done_fn(void *arg, int fd, const struct sockaddr *sa,
	    socklen_t len, bool tls);
void	 proxy_wait(struct event_base *base, int fd, const char *remote,
	    const struct sockaddr *sa, socklen_t len, proxy_done_fn *done,
	    void *arg);
/* Those that came by this listener are closed. */
void	 proxy_forget(const void *arg);

#endif
