/*
 * Whose name a request is for (RFC 9110, section 7.2).  A page in somebody's
 * browser can have its own name point here (DNS rebinding), and would then
 * read what is meant for who sits at this host: it cannot change the name that
 * the browser sends.
 */
#ifndef ADMIND_AUTHORITY_H
#define ADMIND_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "common/buf.h"

#define AUTHORITY_HOSTS	16
#define AUTHORITY_NAME	256

/* The key "http-hosts": names, without ports. */
struct authority_hosts {
	char	 v[AUTHORITY_HOSTS][AUTHORITY_NAME];
	size_t	 n;
};

/*
 * said: a host, and perhaps a port, as Host or the target says.  True if the
 * port is the listener's (0: it has none; then any) and the host is localhost,
 * an address of the loopback, or a name of the certificate (NULL: no TLS); or
 * if the host is one of hosts, at any port.
 */
bool	 authority_ok(struct str said, unsigned int port, X509 *cert,
	    const struct authority_hosts *hosts);

#endif
