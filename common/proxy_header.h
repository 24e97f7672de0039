/*
 * The header with which a proxy begins a connection, to say whose it is: the
 * PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt).
 */
#ifndef COMMON_PROXY_HEADER_H
#define COMMON_PROXY_HEADER_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROXY_HEADER_MAX	2048	/* octets */

enum proxy_header_code {
	PROXY_HEADER_MORE,	/* want octets are missing at least */
	PROXY_HEADER_CLIENT,	/* address and tls are the client's */
	PROXY_HEADER_LOCAL,	/* the proxy's own connection (a health check),
				 * or one of which it cannot say whose */
	PROXY_HEADER_BAD	/* why says what is wrong */
};

struct proxy_header {
	size_t			 want;
	struct sockaddr_storage	 address;
	socklen_t		 len;
	bool			 tls;	/* the client speaks TLS to the proxy
					 * (version 2 only) */
	const char		*why;	/* static */
};

/*
 * Of the n octets that have been read.  Whoever reads no more than it wants
 * never reads beyond the header.
 */
enum proxy_header_code proxy_header_parse(struct proxy_header *h,
	    const uint8_t *p, size_t n);

#endif
