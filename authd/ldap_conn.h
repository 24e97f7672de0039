/*
 * A connection to a directory: to the first of its servers that is not away,
 * made when it is needed and kept.  Blocks, each call until a time (clock_ms())
 * at the most.
 */
#ifndef AUTHD_LDAP_CONN_H
#define AUTHD_LDAP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/ldap_op.h"

#define LDAP_FAR_MS	5000	/* a server that is away is passed over, while
				 * others are not; twice as long each time, */
#define LDAP_FAR_MAX_MS	60000	/* but no longer */
#define LDAP_AGAIN_MS	1000	/* or so long, if all are away */

struct ldap_conn;

/* c is borrowed; service: whatever is asked is asked as its service account,
 * else only what ldap_conn_bind() made of it.  NULL on ENOMEM. */
struct ldap_conn *ldap_conn_new(const struct ldap_conf *c, bool service);
void	 ldap_conn_free(struct ldap_conn *k);	/* NULL is fine */
/* 0 and the server's answer, or -1: none has answered, the reason is in why. */
int	 ldap_conn_bind(struct ldap_conn *k, const char *dn,
	    struct str password, int64_t until, struct ldap_reply *r,
	    char *why, size_t size);
/* 0 and what was found, or -1 and why. */
int	 ldap_conn_search(struct ldap_conn *k, const struct ldap_query *q,
	    int64_t until, struct ldap_entry *e, char *why, size_t size);
/* Was the service account's password refused?  The servers are asked again
 * without a pause, then: it may be another by now. */
bool	 ldap_conn_refused(struct ldap_conn *k);

#endif
