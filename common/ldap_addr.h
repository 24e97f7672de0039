/*
 * The address of a directory's server, as auth.url of pail.yaml(5) has it: an
 * LDAP URL (RFC 4516) without what such a URL may ask for.
 */
#ifndef COMMON_LDAP_ADDR_H
#define COMMON_LDAP_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LDAP_ADDR_HOST_MAX	253	/* bytes */
#define LDAP_ADDR_PATH_MAX	100	/* of a socket's path */
#define LDAP_ADDR_URL_MAX	330	/* of what ldap_addr_url() writes */

enum ldap_scheme {
	LDAP_SCHEME_LDAP,	/* plain, or with StartTLS */
	LDAP_SCHEME_LDAPS,
	LDAP_SCHEME_LDAPI	/* a socket of this host */
};

struct ldap_addr {
	enum ldap_scheme scheme;
	char		 host[LDAP_ADDR_HOST_MAX + 1];	/* no brackets */
	uint16_t	 port;				/* 0: ldapi */
	char		 path[LDAP_ADDR_PATH_MAX + 1];	/* ldapi */
};

/* 0, or -1 with what is wrong in why (without the URL itself). */
int	 ldap_addr_parse(const char *url, struct ldap_addr *a, char *why,
	    size_t size);
/* The URL of it, with its port; a socket's path is percent-encoded, as
 * libldap wants it. */
void	 ldap_addr_url(const struct ldap_addr *a, char *dst, size_t size);
/* Does a name have to be resolved to reach it? */
bool	 ldap_addr_named(const struct ldap_addr *a);

#endif
