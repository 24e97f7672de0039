/*
 * The templates of pail.yaml(5) that make a DN (RFC 4514) or a search filter
 * (RFC 4515) of a login name: %u is the name, %n what is before its last @,
 * %d what is behind it, %D the DN that was found, %% a percent sign.
 */
#ifndef COMMON_LDAP_NAME_H
#define COMMON_LDAP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define LDAP_DN_MAX	1000	/* bytes, of a template and of a DN */
#define LDAP_FILTER_MAX	4000	/* of a filter that was made */

/* What is wrong with a template, or NULL; the text is constant.  dn: %D may
 * be in it, too. */
const char *ldap_name_wrong(const char *template, bool dn);
/* The same of a filter, whose parentheses have to match. */
const char *ldap_name_wrong_filter(const char *template, bool dn);
/*
 * Writes the template with the name and the DN in it: every octet of theirs
 * that could be read as anything but itself becomes \XX.  -1: it does not fit,
 * or a part that is asked for is empty (no domain); dst is "" then.
 */
int	 ldap_name_expand(const char *template, struct str user,
	    struct str dn, char *dst, size_t size);
/*
 * Would a directory take this name (UTF-8) for no other?  They compare without
 * regard to case, width, composition and repeated spaces (RFC 4518): only a
 * name that all of this leaves alone may be a user id as it is.
 */
bool	 ldap_name_plain(const char *name);

#endif
