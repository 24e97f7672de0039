/* Answers of directories to a bind: what they say of the password. */
#include "common/compat.h"

#include <ldap.h>

#include "authd/ldap_answer.h"
#include "common/test.h"

#define AD "80090308: LdapErr: DSID-0C09041C, comment: " \
    "AcceptSecurityContext error, data "

int
main(void)
{
	static const struct {
		int			 result, policy;
		const char		*text;
		enum work_result_code	 code;
		const char		*why;
	} t[] = {
		{ LDAP_SUCCESS, LDAP_POLICY_NONE, "", WORK_YES, "" },
		{ LDAP_SUCCESS, PP_noError, "", WORK_YES, "" },
		{ LDAP_SUCCESS, PP_changeAfterReset, "", WORK_EXPIRED, "changed" },
		{ LDAP_SUCCESS, PP_passwordExpired, "", WORK_EXPIRED, "expired" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, "", WORK_NO,
		  "wrong password" },
		{ LDAP_INVALID_CREDENTIALS, PP_noError, "x", WORK_NO,
		  "wrong password" },
		{ LDAP_INVALID_CREDENTIALS, PP_accountLocked, "", WORK_NO,
		  "locked" },
		{ LDAP_INVALID_CREDENTIALS, PP_passwordExpired, "", WORK_EXPIRED,
		  "expired" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "52e, v4563",
		  WORK_NO, "wrong password" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "775, v4563",
		  WORK_NO, "locked" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "532, v4563",
		  WORK_EXPIRED, "expired" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "533, v4563",
		  WORK_LOCKED, "disabled" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "525, v4563",
		  WORK_UNKNOWN, "unknown" },
		{ LDAP_UNWILLING_TO_PERFORM, LDAP_POLICY_NONE, AD "533, v4563",
		  WORK_NO, "refuses" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD "7750",
		  WORK_NO, "wrong password" },
		{ LDAP_INVALID_CREDENTIALS, LDAP_POLICY_NONE, AD, WORK_NO,
		  "wrong password" },
		{ LDAP_INAPPROPRIATE_AUTH, LDAP_POLICY_NONE, "", WORK_NO,
		  "no password" },
		{ LDAP_NO_SUCH_OBJECT, LDAP_POLICY_NONE, "", WORK_UNKNOWN,
		  "unknown user" },
		{ LDAP_INVALID_DN_SYNTAX, LDAP_POLICY_NONE, "invalid DN",
		  WORK_UNKNOWN, "unknown user" },
		{ LDAP_CONSTRAINT_VIOLATION, LDAP_POLICY_NONE,
		  "Exceed password retry limit.", WORK_NO, "retry limit" },
		{ LDAP_UNWILLING_TO_PERFORM, LDAP_POLICY_NONE, "inactivated",
		  WORK_NO, "inactivated" },
		/* Of these none says anything of a password. */
		{ LDAP_SERVER_DOWN, LDAP_POLICY_NONE, "", WORK_UNAVAILABLE,
		  "contact" },
		{ LDAP_TIMEOUT, LDAP_POLICY_NONE, "", WORK_UNAVAILABLE,
		  "imed out" },
		{ LDAP_BUSY, LDAP_POLICY_NONE, "", WORK_UNAVAILABLE, "busy" },
		{ LDAP_UNAVAILABLE, LDAP_POLICY_NONE, "going down",
		  WORK_UNAVAILABLE, "going down" },
		{ LDAP_CONFIDENTIALITY_REQUIRED, LDAP_POLICY_NONE, "",
		  WORK_UNAVAILABLE, "onfidentiality" },
		{ LDAP_STRONG_AUTH_REQUIRED, LDAP_POLICY_NONE, "",
		  WORK_UNAVAILABLE, "" },
		{ LDAP_INSUFFICIENT_ACCESS, LDAP_POLICY_NONE, "",
		  WORK_UNAVAILABLE, "nsufficient" },
		{ LDAP_REFERRAL, LDAP_POLICY_NONE, "", WORK_UNAVAILABLE,
		  "eferral" },
		{ LDAP_OTHER, PP_accountLocked, "", WORK_UNAVAILABLE, "" },
		{ LDAP_PROTOCOL_ERROR, LDAP_POLICY_NONE, "",
		  WORK_UNAVAILABLE, "rotocol" },
		{ 4711, LDAP_POLICY_NONE, "", WORK_UNAVAILABLE, "" },
	};
	struct ldap_reply	r;
	enum work_result_code	code;
	char			why[128];
	size_t			i;

	for (i = 0; i < nitems(t); i++) {
		memset(&r, 0, sizeof(r));
		r.result = t[i].result;
		r.policy = t[i].policy;
		strlcpy(r.text, t[i].text, sizeof(r.text));
		code = ldap_answer(&r, why, sizeof(why));
		CHECK_ROW(code == t[i].code, "%zu: %d, %s", i, (int)code, why);
		CHECK_ROW(strstr(why, t[i].why) != NULL, "%zu: %s", i, why);
		CHECK_ROW((why[0] == '\0') == (code == WORK_YES), "%zu", i);
	}
	return TEST_END();
}
