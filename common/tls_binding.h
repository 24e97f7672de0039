/*
 * Channel bindings of a TLS connection (RFC 5056): bytes that both ends know,
 * and that differ if somebody is in between.
 */
#ifndef COMMON_TLS_BINDING_H
#define COMMON_TLS_BINDING_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#define TLS_BINDING_EXPORTER	32	/* bytes */
#define TLS_BINDING_ENDPOINT	64	/* bytes at most */

/* Of a server whose handshake is done; ssl NULL: no TLS.  The number of bytes;
 * 0: it has none of this type. */

/* tls-exporter, RFC 9266: with TLS 1.2 only if it has the extended master
 * secret, without which a relay could make two connections with the same. */
size_t	 tls_binding_exporter(SSL *ssl, uint8_t dst[TLS_BINDING_EXPORTER]);
/* tls-server-end-point, RFC 5929 section 4: the hash of our certificate; none
 * if its signature has no hash of its own (Ed25519). */
size_t	 tls_binding_endpoint(SSL *ssl, uint8_t dst[TLS_BINDING_ENDPOINT]);

#endif
