/* What a directory's answer to a bind says of a password (RFC 4511, section
 * 4.1.9; draft-behera-ldap-password-policy). */
#ifndef AUTHD_LDAP_ANSWER_H
#define AUTHD_LDAP_ANSWER_H

#include <stddef.h>

#include "common/msg_auth.h"

#define LDAP_POLICY_NONE	(-1)	/* no control came with it */

struct ldap_reply {
	int	 result;		/* LDAP_SUCCESS, ... */
	int	 policy;		/* PP_..., or LDAP_POLICY_NONE */
	char	 text[256];		/* the diagnostic message; hostile */
};

#define LDAP_WRONG	"wrong password"	/* the why of most */

/*
 * YES, NO and UNKNOWN (the user's, whatever the reason that why then holds),
 * EXPIRED and LOCKED (the password was right), or UNAVAILABLE: it says nothing
 * of the user.  why is not "" unless it is YES.
 */
enum work_result_code ldap_answer(const struct ldap_reply *r, char *why,
	    size_t size);

#endif
