/*
 * Session tickets (RFC 8446 section 4.6.1) of processes that serve TLS: credd
 * gives all of them the same keys.  TLS 1.3 only, where a resumed connection
 * has keys of its own; a ticket of TLS 1.2 holds those of the connection
 * (RFC 9325 section 4.4.1).
 */
#ifndef COMMON_TLS_TICKET_H
#define COMMON_TLS_TICKET_H

#include <openssl/types.h>

#include "common/buf.h"

#define TLS_TICKET_LIFE		(6 * 3600)	/* seconds; then the keys are
						 * others */
#define TLS_TICKET_NAME		16
#define TLS_TICKET_SECRET	32		/* of the cipher, of the MAC */
#define TLS_TICKET_LEN		(TLS_TICKET_NAME + 2 * TLS_TICKET_SECRET)

/* The keys of all contexts (TLS_TICKET_LEN bytes each, copied): new tickets
 * have the first; the second is for those from before.  Empty: none. */
void	 tls_ticket_keys(struct str now, struct str before);
/* Clients of ctx are given tickets, and may return them as long as its
 * certificate is this one: what is bound to it (tls-server-end-point) stays
 * true.  0, or -1. */
int	 tls_ticket_use(SSL_CTX *ctx, const X509 *own);

#endif
