/*
 * HTTP/1.1 requests on the event loop: libcurl's multi interface driven by
 * libevent, one per process, with its connections kept and used again.  Knows
 * nothing about the requests themselves; never follows redirects or answers a
 * challenge, and uses a proxy only if told to, whatever the environment says.
 */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http_cert.h"
#include "common/http_piece.h"

struct event_base;
struct http;
struct http_request;

struct http_conf {
	unsigned	 connect_ms;	/* to connect, TLS included */
	unsigned	 stall_ms;	/* without a byte in either direction;
					   rounded up to seconds */
	unsigned	 idle_s;	/* a connection idle for longer is not
					   used again */
	unsigned	 connections;	/* kept open when idle */
	const char	*ca_file;	/* NULL: the system's */
	bool		 any_cert;	/* whoever's, for whatever name */
	/* Instead of ca_file, for who cannot open it later: PEM, borrowed. */
	const void	*ca_pem;	/* NULL: none */
	size_t		 ca_len;
	const char	*proxy;		/* http, https or socks5h; NULL: none */
	const char	*no_proxy;	/* hosts and domains, separated by a
					   space; NULL: none */
};

struct http_call {
	const char	*method;
	const char	*url;		/* http or https, sent as it is */
	const char *const *headers;	/* "Name: value" */
	size_t		 nheaders;
	/* The body, borrowed until the callback: pieces, or fd (-1: none)
	 * from fd_offset, fd_len bytes. */
	const struct http_piece *pieces;
	size_t		 npieces;
	int		 fd;
	uint64_t	 fd_offset, fd_len;
	bool		 once;		/* never resent, not even if a reused
					   connection turns out to be closed */
	bool		 fresh;		/* on a new connection */
	bool		 certs;		/* and its certificates are told */
	const char	*address;	/* connect there; NULL: as url says, or
					   with a proxy */
	size_t		 max_body;	/* of a 2xx answer; others: 64 KiB */
	unsigned	 timeout_ms;	/* in all */
	unsigned	 connect_ms;	/* of it; 0: as http_conf says */
	bool		 secret;	/* bodies and headers are wiped, the
					   connection is not kept */
};

enum http_error {
	HTTP_OK,		/* an answer, whatever its status */
	HTTP_CONNECT,		/* name, proxy, connection, TLS: nothing was
				   sent */
	HTTP_TIMEOUT,
	HTTP_BROKEN,		/* cut, or not HTTP */
	HTTP_TOO_LONG,		/* answer over its bound */
	HTTP_LOCAL		/* our own fault: bad URL, no memory */
};

/* How long a request took: microseconds of each phase, 0 for what it did not
 * need. */
struct http_times {
	uint64_t	 name;		/* to look it up */
	uint64_t	 connect;	/* to the server or the proxy */
	uint64_t	 tls;		/* and a proxy's CONNECT */
	uint64_t	 first;		/* from then until the first byte */
	uint64_t	 all;
	uint64_t	 out, in;	/* bytes, headers included */
	bool		 kept;		/* on a connection that was there */
};

struct http_result {
	enum http_error	 error;
	bool		 sent;		/* some of it may have reached the
					   server */
	bool		 cut;		/* HTTP_BROKEN: an answer had begun */
	int		 status;	/* 0 unless HTTP_OK; HTTP_TOO_LONG: 0
					   unless it is the body */
	const uint8_t	*body;
	uint8_t		**own;		/* owns the body; to keep it, set this
					   to NULL */
	size_t		 len;
	const char	*headers;	/* raw, for http_header() */
	size_t		 headers_len;
	const char	*why;		/* for the log when error is set */
	struct http_times times;
	const char	*peer;		/* the address that it went to, or "" */
	const struct http_cert *certs;	/* the server's first */
	size_t		 ncerts;
};
/* Called from the loop, never from within http_start(); what r points to is
 * valid only during the call. */
typedef void (*http_cb)(const struct http_result *r, void *arg);

/* conf is copied.  NULL with the reason in why. */
struct http *http_new(struct event_base *base, const struct http_conf *conf,
	    char *why, size_t size);
void	 http_free(struct http *h);	/* cancels all; NULL is fine */
/*
 * Starts a request; the call's strings are copied, its body is not.  NULL if
 * out of memory, without a callback; otherwise there is exactly one.
 */
struct http_request *http_start(struct http *h, const struct http_call *call,
	    http_cb cb, void *arg);
/* Bytes transferred so far, in both directions; only changes are meaningful. */
uint64_t http_moved(const struct http_request *q);
void	 http_cancel(struct http_request *q);	/* no callback; NULL is fine */

/* The value of the first header of that name, without surrounding white space;
 * false and "" if it is absent or does not fit. */
bool	 http_header(const struct http_result *r, const char *name, char *dst,
	    size_t size);
/* An IMF-fixdate or one of the older forms (RFC 9110 section 5.6.7) as seconds;
 * 0 if it is invalid. */
int64_t	 http_date(const char *s);

#endif
