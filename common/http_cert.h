/* What a server's certificates say, as libcurl tells it (http.h). */
#ifndef COMMON_HTTP_CERT_H
#define COMMON_HTTP_CERT_H

#include <stddef.h>

/* Of a certificate, as text that was not checked. */
#define HTTP_CERTS_MAX	8	/* of a chain */
struct http_cert {
	const char	*subject, *issuer;	/* names */
	const char	*from, *until;		/* for http_date() */
	const char	*names;			/* "DNS:a.example, ..." or "" */
};

/*
 * The chain of the connection that this request (a CURL *) had, the server's
 * own first; borrowed from it.  Returns how many there are.
 */
size_t	 http_certs(void *easy, struct http_cert v[HTTP_CERTS_MAX]);

#endif
