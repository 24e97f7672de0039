/*
 * From a login name to the name that the databases are asked for: the rules of
 * login-names (pail.yaml(5)).  Without rules it is the user id that DESIGN
 * section 3 makes of it; no rule is on by default, so nobody's id changes.
 * Pure.
 */
#ifndef AUTHD_NAMES_H
#define AUTHD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/slice.h"
#include "common/user.h"

#define NAMES_MAX	16	/* of a list */

struct names {
	bool	 precis;		/* RFC 8265, UsernameCaseMapped */
	char	 strip[NAMES_MAX][USER_ID_MAX + 1];	/* domains */
	size_t	 nstrip;
	char	 domain[USER_ID_MAX + 1];	/* for names without; or "" */
	char	 detail;		/* what begins it; NUL: nothing does */
	char	 separator;		/* user, this, master user */
	char	 master[NAMES_MAX][USER_ID_MAX + 1];	/* who may be any */
	size_t	 nmaster;
	char	 admin[NAMES_MAX][USER_ID_MAX + 1];	/* administrators */
	size_t	 nadmin;
};

/* From a slice: 0, or -1 with what is wrong in why. */
int	 names_read(struct names *n, const struct slice *s, char *why,
	    size_t size);
/* -1: it is no name. */
int	 names_map(const struct names *n, struct str login, char *dst,
	    size_t size);
/* The same, but a detail stays: addresses of mail have a rule of their own for
 * that. */
int	 names_map_whole(const struct names *n, struct str name, char *dst,
	    size_t size);
/* Is it "user*master", of one who is a master user?  Then *user is within
 * login, and who acts for it, mapped, is in master. */
bool	 names_master(const struct names *n, struct str login,
	    struct str *user, char master[USER_ID_MAX + 1]);
/* Is that user id one of `admins`? */
bool	 names_admin(const struct names *n, const char *user);

#endif
