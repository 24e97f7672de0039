/*
 * A process that serves TLS without its private keys: certificates come from
 * credd over the channel SIGN, and each handshake's signature.
 *
 * A handshake waits for its signature right where OpenSSL wants it, inside
 * SSL_accept(): that is the time which the process would have spent on it
 * itself (RSA 2048: a millisecond), and each process has but one under way, so
 * that credd's queue is never longer than there are processes.  (OpenSSL's
 * asynchronous jobs would need a stack of 32 KiB for each handshake, and do not
 * exist on OpenBSD.)  If credd does not answer in SIGN_CLIENT_MS, all
 * handshakes fail at once until it does, or until it is replaced.
 */
#ifndef COMMON_SIGN_CLIENT_H
#define COMMON_SIGN_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#define SIGN_CLIENT_MS	1000

struct event_base;

/*
 * Before the sandbox. protocol: of ALPN, kept by reference. changed() is called
 * with the first context of each new set, which the callee owns (see
 * tls_context_name()), or with NULL: there is no certificate.  0, or -1 with
 * the reason in why.
 */
int	 sign_client_init(const char *protocol, void (*changed)(SSL_CTX *),
	    char *why, size_t size);
/* The channel to credd number index, which replaces the older one.  Takes
 * fd. */
void	 sign_client_channel(struct event_base *base, uint32_t index, int fd);

#endif
