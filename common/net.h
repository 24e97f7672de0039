/*
 * How credd and authd's workers ask over the network from their sandbox: names
 * are resolved by libevent, and certificates checked against what was read
 * before.  Never through a proxy, never after a redirect; what is sent and
 * what comes back is wiped.
 */
#ifndef COMMON_NET_H
#define COMMON_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"

#define NET_BODY_MAX	65536	/* of an answer */

struct event_base;
struct net;
struct net_request;

struct net_call {
	const char	*method;
	const char	*url;		/* http or https */
	const char *const *headers;	/* "Name: value" */
	size_t		 nheaders;
	const char	*body;		/* borrowed; NULL: none */
	unsigned	 connect_ms;
	unsigned	 timeout_ms;	/* in all, without the name's lookup */
	struct http	*trust;		/* of net_trust(); NULL: as net_new() */
};

/* Before the sandbox: reads resolv.conf, hosts and the CA certificates
 * (ca_file, "": the system's).  NULL with the reason in why. */
struct net *net_new(struct event_base *base, const char *ca_file, char *why,
	    size_t size);
void	 net_free(struct net *n);	/* NULL is fine */
/* Other CA certificates (PEM, borrowed) for some of its requests: the caller's
 * http_free(), before net_free().  NULL with the reason in why. */
struct http *net_trust(struct net *n, const void *pem, size_t len, char *why,
	    size_t size);
/*
 * The strings are copied, but for the body.  From the loop: exactly one
 * callback, unless it is cancelled; r dies with it.  A name that cannot be
 * found is HTTP_CONNECT.
 */
struct net_request *net_start(struct net *n, const struct net_call *call,
	    http_cb cb, void *arg);
void	 net_cancel(struct net_request *q);	/* NULL is fine */

#endif
