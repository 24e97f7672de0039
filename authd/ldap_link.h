/* A connection to one of a directory's servers. */
#ifndef AUTHD_LDAP_LINK_H
#define AUTHD_LDAP_LINK_H

#include <stddef.h>
#include <stdint.h>

#include <ldap.h>

#include "authd/ldap_conf.h"

/* Before anything else, once for a configuration: can the CA file be read?  -1
 * and the reason in why. */
int	 ldap_link_try(const struct ldap_conf *c, char *why, size_t size);
/* Connects to c->server[server], with the CA file as it is now, until then
 * (clock_ms()) or c->connect_ms.  NULL and the reason in why. */
LDAP	*ldap_link_open(const struct ldap_conf *c, size_t server,
	    int64_t until, char *why, size_t size);
void	 ldap_link_close(LDAP *ld);		/* NULL is fine */
/* In words: why an operation on ld has ended with rc. */
void	 ldap_link_why(LDAP *ld, const struct ldap_addr *a, int rc, char *why,
	    size_t size);

#endif
