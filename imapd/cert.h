/* Client certificates: whom we ask for them, and what a client has shown. */
#ifndef IMAPD_CERT_H
#define IMAPD_CERT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "common/buf.h"

struct slice;

/* Of "clients.ca" (PEM; empty: no certificates are asked for) and
 * "clients.name", which paild adds to the slice; tls is set for new handshakes,
 * if it is not NULL.  0, or -1 with the reason in why, and all is as it was. */
int	 cert_conf(const struct slice *s, SSL_CTX *tls, char *why, size_t size);
/* Sets the contexts for new handshakes; NULL: there are none. */
void	 cert_apply(SSL_CTX *first);
/*
 * Has the client shown a certificate that was verified, and that names a user?
 * The name as it stands there.  ssl NULL: there is no TLS.
 */
bool	 cert_name(const SSL *ssl, char *name, size_t size);
/* The same with the chain in DER, to be freed by the caller. */
bool	 cert_show(const SSL *ssl, char *name, size_t size,
	    struct buf *chain);

#endif
