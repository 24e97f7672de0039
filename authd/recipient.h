/*
 * From the address of a recipient to the names that the databases are asked
 * for, in this order (lmtpd(8)); the first that one of them knows is the user:
 *
 *	the whole address		ann+lists@example.org
 *	its local part, if the domain is one of `domains:`	ann+lists
 *	the same two without the detail	ann@example.org, ann
 *	lmtp.postmaster, if it is postmaster's, here
 *
 * Each by the rules of login-names but the detail's, which is this one's; an
 * international domain as U-labels, then as A-labels.  Pure.
 */
#ifndef AUTHD_RECIPIENT_H
#define AUTHD_RECIPIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "authd/names.h"
#include "common/buf.h"
#include "common/domain.h"
#include "common/msg_deliver.h"
#include "common/slice.h"
#include "common/user.h"

#define RECIPIENT_DOMAINS_MAX	256
#define RECIPIENT_NAMES_MAX	7

struct recipient_conf {
	char	domain[RECIPIENT_DOMAINS_MAX][DOMAIN_MAX + 1];
	size_t	n;
	char	separator;		/* of a detail; NUL: there is none */
	char	postmaster[USER_ID_MAX + 1];	/* or "" */
};

struct recipient {
	struct {
		char	 name[USER_ID_MAX + 1];
		bool	 cut;		/* without the detail */
	}	 try[RECIPIENT_NAMES_MAX];
	size_t	 n;
	char	 detail[RCPT_ADDRESS_MAX + 1];
};

/* From a slice (domains.N, lmtp.detail-separator, lmtp.postmaster): 0, or -1
 * with what is wrong in why. */
int	 recipient_conf_read(struct recipient_conf *c, const struct slice *s,
	    char *why, size_t size);
/* Is it one of `domains:`?  In any form. */
bool	 recipient_local(const struct recipient_conf *c, struct str domain);
/*
 * address: of RCPT TO, without the angle brackets; with a source route, which
 * counts for nothing (RFC 5321 appendix C).  -1: it is none that any user
 * could have.
 */
int	 recipient_read(struct recipient *r, const struct recipient_conf *c,
	    const struct names *n, struct str address);

#endif
