/* One bind or search on a connection of libldap's. */
#ifndef AUTHD_LDAP_OP_H
#define AUTHD_LDAP_OP_H

#include <sys/time.h>

#include <stddef.h>
#include <stdint.h>

#include <ldap.h>

#include "authd/ldap_answer.h"
#include "authd/ldap_conf.h"
#include "common/buf.h"

struct ldap_query {
	const char	*base;
	int		 scope;		/* LDAP_SCOPE_ */
	const char	*filter;
	const char	*attribute;	/* the one that is wanted, or "" */
	const char	*other;		/* another, or "" */
};

struct ldap_values {
	size_t	 n;			/* 0, 1, or 2: more, or no text, or too
					 * long */
	char	 first[512];
};

/* What a search has found. */
struct ldap_entry {
	size_t	 n;			/* 0, 1, or 2: more than one */
	char	 dn[LDAP_DN_MAX + 1];	/* of the first; "": too long */
	struct ldap_values attribute, other;
};

/*
 * Each: LDAP_SUCCESS if the server has answered, and then *r says what;
 * otherwise libldap's code (LDAP_SERVER_DOWN, LDAP_TIMEOUT, ...), also for an
 * answer that it cannot serve now.  until: clock_ms().
 */
int	 ldap_op_bind(LDAP *ld, const char *dn, struct str secret,
	    int64_t until, struct ldap_reply *r);
int	 ldap_op_search(LDAP *ld, const struct ldap_query *q, int64_t until,
	    struct ldap_entry *e, struct ldap_reply *r);
/* The time until then, a millisecond at least. */
struct timeval ldap_op_left(int64_t until);

#endif
