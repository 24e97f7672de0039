/*
 * What a token says of its bearer (RFC 7519 section 4, RFC 9068; or an answer
 * of introspection, RFC 7662), against what the configuration asks for.
 */
#ifndef AUTHD_CLAIMS_H
#define AUTHD_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/user.h"

#define CLAIMS_LIST	16	/* scopes, and required claims */

struct claims_rules {
	const char	*issuer;
	const char	*audience;
	const char	*claim;			/* that is the login name */
	int64_t		 leeway;		/* seconds */
	const char	*scopes[CLAIMS_LIST];	/* each is required */
	size_t		 nscopes;
	const char	*require[CLAIMS_LIST];	/* "name=value" */
	size_t		 nrequire;
};

enum claims_code {
	CLAIMS_OK,
	CLAIMS_OTHER,		/* another issuer's */
	CLAIMS_EXPIRED,
	CLAIMS_NO
};

struct claims_answer {
	char		 user[USER_ID_MAX + 1];	/* CLAIMS_OK: normalized */
	int64_t		 ends;			/* seconds since 1970 */
	const char	*why;			/* static words, else */
};

/* Is it this issuer's, as far as it says so itself? */
bool	 claims_are_of(struct str claims, const char *issuer);
/*
 * claims is a strict JSON object that has been proved, at now (seconds since
 * 1970).  introspected: the provider's own answer, which may leave out what it
 * would say of itself (iss), when it ends (ends is 0), and the audience if its
 * client_id is that.
 */
enum claims_code claims_check(const struct claims_rules *r, struct str claims,
	    bool introspected, int64_t now, struct claims_answer *a);

#endif
