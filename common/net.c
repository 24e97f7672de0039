/*
 * HTTP for sources (net.h).  libcurl would resolve names with the C library,
 * which opens files: so an address is found first, and libcurl told it.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <netdb.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/net.h"

#define NET_ADDRESSES	4	/* of a name, tried one after the other */
#define NET_HEADERS	16
#define NET_CA_MAX	(4 * 1024 * 1024)

struct net {
	struct event_base *base;
	struct evdns_base *dns;
	struct http	*http;
	void		*ca;
	size_t		 ca_len;
};

struct net_request {
	struct net	*net;
	char		*url, *method, *headers[NET_HEADERS];
	size_t		 nheaders;
	struct http_piece body;
	struct http	*trust;
	unsigned	 connect_ms, timeout_ms;
	char		 addresses[NET_ADDRESSES][64];
	size_t		 naddresses, at;
	struct evdns_getaddrinfo_request *lookup;
	struct http_request *http;
	struct event	*soon;
	char		 why[256];
	http_cb		 cb;
	void		*arg;
};

/* -- before the sandbox -- */

static int
read_ca(struct net *n, const char *path, char *why, size_t size)
{
	off_t	len;
	int	fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    (len = lseek(fd, 0, SEEK_END)) <= 0 || len > NET_CA_MAX) {
		snprintf(why, size, "%s: %s", path, fd == -1 ?
		    strerror(errno) : "empty, or too large");
		if (fd != -1)
			close(fd);
		return -1;
	}
	n->ca = mem_new((size_t)len, 1);
	if (pread(fd, n->ca, (size_t)len, 0) != (ssize_t)len) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	n->ca_len = (size_t)len;
	close(fd);
	return 0;
}

/* Where libcurl, or who started us, says that the system's are. */
static const char *
system_ca(void)
{
	const char	*s = getenv("SSL_CERT_FILE");

	if (s != NULL && *s != '\0')
		return s;
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

struct http *
net_trust(struct net *n, const void *pem, size_t len, char *why, size_t size)
{
	struct http_conf	conf = { .connect_ms = 2000,
				    .stall_ms = 5000, .idle_s = 4,
				    .connections = 4, .ca_pem = pem,
				    .ca_len = len };

	return http_new(n->base, &conf, why, size);
}

struct net *
net_new(struct event_base *base, const char *ca_file, char *why, size_t size)
{
	struct net		*n = mem_new(1, sizeof(*n));
	const char		*path = *ca_file != '\0' ? ca_file :
				    system_ca();

	n->base = base;
	if ((n->dns = evdns_base_new(base,
	    EVDNS_BASE_DISABLE_WHEN_INACTIVE)) == NULL) {
		snprintf(why, size, "cannot initialize the resolver");
		net_free(n);
		return NULL;
	}
	if (evdns_base_resolv_conf_parse(n->dns, DNS_OPTIONS_ALL,
	    "/etc/resolv.conf") != 0)
		log_debug("no usable /etc/resolv.conf: names are asked for at "
		    "127.0.0.1");
	(void)evdns_base_set_option(n->dns, "timeout", "1");
	(void)evdns_base_set_option(n->dns, "attempts", "2");
	/* Not for http only, and not for a store of type file. */
	if (path == NULL || read_ca(n, path, why, size) == -1) {
		if (*ca_file != '\0') {
			net_free(n);
			return NULL;
		}
		log_debug("no CA certificates: %s", path != NULL ? why :
		    "libcurl knows of none");
	}
	if ((n->http = net_trust(n, n->ca, n->ca_len, why, size)) == NULL) {
		net_free(n);
		return NULL;
	}
	return n;
}

void
net_free(struct net *n)
{
	if (n == NULL)
		return;
	http_free(n->http);
	if (n->dns != NULL)
		evdns_base_free(n->dns, 0);
	free(n->ca);
	free(n);
}

/* -- one request -- */

static void
request_free(struct net_request *q)
{
	size_t	i;

	if (q->soon != NULL)
		event_free(q->soon);
	for (i = 0; i < q->nheaders; i++)
		freezero(q->headers[i], strlen(q->headers[i]));
	free(q->url);
	free(q->method);
	free(q);
}

static void request_try(struct net_request *);

static void
request_fail(evutil_socket_t fd, short what, void *arg)
{
	struct net_request	*q = arg;
	struct http_result	 r = { .error = HTTP_CONNECT, .why = q->why };

	(void)fd;
	(void)what;
	q->cb(&r, q->arg);
	request_free(q);
}

static void
request_fail_soon(struct net_request *q)
{
	const struct timeval	now = { 0, 0 };

	evtimer_add(q->soon, &now);
}

static void
request_done(const struct http_result *r, void *arg)
{
	struct net_request	*q = arg;

	q->http = NULL;
	/* Not one byte has gone out: the name's next address. */
	if (r->error == HTTP_CONNECT && q->at < q->naddresses) {
		request_try(q);
		return;
	}
	q->cb(r, q->arg);
	request_free(q);
}

static void
request_try(struct net_request *q)
{
	struct http_call	 c = { .method = q->method, .url = q->url,
				    .headers =
				    (const char *const *)q->headers,
				    .nheaders = q->nheaders, .fd = -1,
				    .fresh = true, .secret = true,
				    .max_body = NET_BODY_MAX,
				    .timeout_ms = q->timeout_ms,
				    .connect_ms = q->connect_ms,
				    .address = q->addresses[q->at++] };

	if (q->body.p != NULL) {
		c.pieces = &q->body;
		c.npieces = 1;
	}
	if ((q->http = http_start(q->trust, &c, request_done, q)) !=
	    NULL)
		return;
	snprintf(q->why, sizeof(q->why), "out of memory");
	request_fail_soon(q);
}

static void
add_address(struct net_request *q, const struct sockaddr *sa)
{
	const void	*p = NULL;

	if (q->naddresses == NET_ADDRESSES)
		return;
	if (sa->sa_family == AF_INET)
		p = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		p = &((const struct sockaddr_in6 *)(const void *)
		    sa)->sin6_addr;
	if (p != NULL && inet_ntop(sa->sa_family, p,
	    q->addresses[q->naddresses], sizeof(q->addresses[0])) != NULL)
		q->naddresses++;
}

static void
request_resolved(int error, struct evutil_addrinfo *found, void *arg)
{
	struct net_request	*q = arg;
	struct evutil_addrinfo	*ai;

	/* evdns calls back even for what was cancelled, and at once for what
	 * is in the hosts file. */
	if (error == EVUTIL_EAI_CANCEL) {
		request_free(q);
		return;
	}
	q->lookup = NULL;
	for (ai = found; ai != NULL; ai = ai->ai_next)
		add_address(q, ai->ai_addr);
	if (found != NULL)
		evutil_freeaddrinfo(found);
	if (q->naddresses > 0) {
		request_try(q);
		return;
	}
	snprintf(q->why, sizeof(q->why), "name lookup: %s",
	    evutil_gai_strerror(error));
	request_fail_soon(q);
}

/* The URL's host: -1 if it has none that can be. */
static int
url_host(const char *url, char *dst, size_t size)
{
	CURLU	*u = curl_url();
	char	*host = NULL;
	size_t	 n;
	int	 r = -1;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    (n = strlen(host)) > 0 && n < size) {
		if (host[0] == '[' && host[n - 1] == ']') {
			memcpy(dst, host + 1, n - 2);
			dst[n - 2] = '\0';
		} else
			memcpy(dst, host, n + 1);
		r = 0;
	}
	curl_free(host);
	curl_url_cleanup(u);
	return r;
}

/* This host, whatever a name server says (RFC 6761, section 6.3): what is
 * sent there is for no one else. */
static bool
this_host(const char *host)
{
	static const char	 name[] = ".localhost";
	size_t			 n = strlen(host);

	return strcasecmp(host, name + 1) == 0 || (n >= sizeof(name) &&
	    strcasecmp(host + n - (sizeof(name) - 1), name) == 0);
}

struct net_request *
net_start(struct net *n, const struct net_call *call, http_cb cb, void *arg)
{
	struct evutil_addrinfo	 hints = { .ai_family = PF_UNSPEC,
				    .ai_socktype = SOCK_STREAM };
	struct net_request	*q = mem_new(1, sizeof(*q));
	struct evdns_getaddrinfo_request *lookup;
	struct in6_addr		 raw;
	char			 host[256];
	size_t			 i;

	q->net = n;
	q->trust = call->trust != NULL ? call->trust : n->http;
	q->cb = cb;
	q->arg = arg;
	q->method = mem_dup(call->method);
	q->url = mem_dup(call->url);
	for (i = 0; i < call->nheaders && i < NET_HEADERS; i++)
		q->headers[q->nheaders++] = mem_dup(call->headers[i]);
	if (call->body != NULL)
		q->body = (struct http_piece){ call->body,
		    strlen(call->body) };
	q->connect_ms = call->connect_ms;
	q->timeout_ms = call->timeout_ms;
	if ((q->soon = evtimer_new(n->base, request_fail, q)) == NULL)
		fatalx("evtimer_new");
	if (url_host(call->url, host, sizeof(host)) == -1) {
		snprintf(q->why, sizeof(q->why), "not a valid URL");
		request_fail_soon(q);
	} else if (inet_pton(AF_INET, host, &raw) == 1 ||
	    inet_pton(AF_INET6, host, &raw) == 1) {
		strlcpy(q->addresses[0], host, sizeof(q->addresses[0]));
		q->naddresses = 1;
		request_try(q);
	} else if (this_host(host)) {
		strlcpy(q->addresses[0], "127.0.0.1", sizeof(q->addresses[0]));
		strlcpy(q->addresses[1], "::1", sizeof(q->addresses[1]));
		q->naddresses = 2;
		request_try(q);
	} else {
		lookup = evdns_getaddrinfo(n->dns, host, NULL, &hints,
		    request_resolved, q);
		/* NULL: it has called back already. */
		if (lookup != NULL)
			q->lookup = lookup;
	}
	return q;
}

void
net_cancel(struct net_request *q)
{
	struct evdns_getaddrinfo_request	*lookup;

	if (q == NULL)
		return;
	if ((lookup = q->lookup) != NULL) {
		/* Its callback, now or later, frees the request. */
		q->lookup = NULL;
		q->cb = NULL;
		evdns_getaddrinfo_cancel(lookup);
		return;
	}
	http_cancel(q->http);
	request_free(q);
}
