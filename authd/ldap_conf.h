/* An entry of `auth:` of type ldap, from the worker's slice. */
#ifndef AUTHD_LDAP_CONF_H
#define AUTHD_LDAP_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ldap_addr.h"
#include "common/ldap_name.h"

#define LDAP_SERVERS_MAX	4
#define LDAP_PASSWORD_MAX	1024	/* bytes, of the service's */
#define LDAP_ATTRIBUTE_MAX	64

struct slice;
struct sandbox;

struct ldap_conf {
	uint32_t	 entry;			/* of auth: the log */
	size_t		 nservers;
	struct ldap_addr server[LDAP_SERVERS_MAX];
	bool		 start_tls;		/* on ldap:// */
	bool		 tls13;			/* the least; else 1.2 */
	char		 ca_file[1001];		/* "": the system's */
	char		 bind_dn[LDAP_DN_MAX + 1];	/* "": a search */
	char		 base[LDAP_DN_MAX + 1];
	int		 scope;			/* LDAP_SCOPE_ */
	char		 filter[LDAP_FILTER_MAX + 1];
	char		 service_dn[LDAP_DN_MAX + 1];	/* "": anonymous */
	char		 password[LDAP_PASSWORD_MAX + 1];
	char		 group_base[LDAP_DN_MAX + 1];
	char		 group_filter[LDAP_FILTER_MAX + 1];	/* "": none */
	char		 id[LDAP_ATTRIBUTE_MAX + 1];	/* "": the login name */
	char		 quota[LDAP_ATTRIBUTE_MAX + 1];	/* "": there is none */
	int64_t		 timeout_ms;		/* of all that a login asks */
	int64_t		 connect_ms;
};

/* 0, or -1 and the reason in why. */
int	 ldap_conf_read(struct ldap_conf *c, const struct slice *conf,
	    uint32_t entry, char *why, size_t size);
/* Does it use TLS anywhere? */
bool	 ldap_conf_tls(const struct ldap_conf *c);
/* The CA file, the system's if none is set; "" if there is none at all. */
const char *ldap_conf_ca_file(const struct ldap_conf *c);

#endif
