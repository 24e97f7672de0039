/*
 * What TLS is like on one listener: what its entry of "listen" says besides the
 * URL, and for the rest what is configured for all of them.
 */
#ifndef COMMON_TLS_RULE_H
#define COMMON_TLS_RULE_H

#include <stddef.h>

#include <openssl/types.h>

struct slice;
struct tls_rule;
struct tls_rules;

/* Those of a slice, not used yet; NULL with the reason in why. */
struct tls_rules *tls_rules_read(const struct slice *s, char *why,
	    size_t size);
/* New connections have these from now on; takes them. */
void	 tls_rules_use(struct tls_rules *r);
void	 tls_rules_free(struct tls_rules *r);	/* NULL is fine */
/* Of the listener with this URL (protocol://address), borrowed until the next
 * tls_rules_use(); NULL: nothing of its own. */
struct tls_rule *tls_rule_of(const char *url);
/* A connection keeps the rule that it came with, until its handshake.  r may be
 * NULL. */
struct tls_rule *tls_rule_ref(struct tls_rule *r);
void	 tls_rule_unref(struct tls_rule *r);
/* Before the handshake of ssl, a server's, whose context is one of
 * tls_context.h.  0, or -1: out of memory.  r NULL: there is nothing to do. */
int	 tls_rule_apply(const struct tls_rule *r, SSL *ssl);

#endif
