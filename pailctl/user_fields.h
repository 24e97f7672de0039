/*
 * What follows the hash in a line of the users' file (authd(8)), and how
 * pailctl changes it: --quota, --alias, --no-alias.
 */
#ifndef PAILCTL_USER_FIELDS_H
#define PAILCTL_USER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/user.h"

#define USER_ALIASES_MAX	100	/* in one change */

struct user_alias {
	char	 id[USER_ID_MAX + 1];	/* normalized */
	bool	 gone;			/* --no-alias */
	bool	 met;			/* in the line already */
};

/* All zero: no change. */
struct user_fields {
	const char		*quota;	/* NULL: as it is; "": the default */
	struct user_alias	*v;
	size_t			 n;
};

/* 0; 1: option is none of these; -1: why. */
int	 user_fields_option(struct user_fields *f, const char *option,
	    const char *value, char *why, size_t size);
void	 user_fields_free(struct user_fields *f);
/* The first of the new aliases that is a name of this other user, or NULL:
 * his id, and his aliases as userline_read() has them. */
const char *user_fields_taken(const struct user_fields *f, const char *id,
	    struct str aliases);
/*
 * Appends what follows the hash of name's line from now on, with the space
 * before each; rest: what did.  -1: why.
 */
int	 user_fields_edit(struct user_fields *f, const char *name,
	    struct str rest, struct buf *out, char *why, size_t size);

#endif
