/* The certificates that a client has shown in TLS; not in client_cert.h, whose
 * other users link without TLS. */
#ifndef COMMON_CLIENT_CHAIN_H
#define COMMON_CLIENT_CHAIN_H

#include <openssl/ssl.h>

#include "common/buf.h"

/* Appends them to out as client_cert_verify() takes them.  0; -1: it has shown
 * none, or out has no room. */
int	 client_chain(const SSL *ssl, struct buf *out);

#endif
