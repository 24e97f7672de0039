/*
 * From result codes to answers.  Must never take a directory's trouble for a
 * wrong password, nor the other way round.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>

#include <ldap.h>

#include "authd/ldap_answer.h"

static const struct {
	int			 result;
	enum work_result_code	 code;
	const char		*why;
} results[] = {
	{ LDAP_INVALID_CREDENTIALS, WORK_NO, LDAP_WRONG },
	{ LDAP_INAPPROPRIATE_AUTH, WORK_NO, "the entry has no password" },
	{ LDAP_NO_SUCH_OBJECT, WORK_UNKNOWN, "unknown user" },
	{ LDAP_INVALID_DN_SYNTAX, WORK_UNKNOWN, "unknown user" },
	/* 389 Directory Server locks and disables with these, before it has
	 * looked at the password. */
	{ LDAP_CONSTRAINT_VIOLATION, WORK_NO, "the directory refuses" },
	{ LDAP_UNWILLING_TO_PERFORM, WORK_NO, "the directory refuses" },
};

/* The policy's: a lock may be told of before the password is looked at. */
static const struct {
	int			 policy;
	enum work_result_code	 code;
	const char		*why;
} policies[] = {
	{ PP_passwordExpired, WORK_EXPIRED, "the password has expired" },
	{ PP_accountLocked, WORK_NO, "the account is locked" },
	{ PP_changeAfterReset, WORK_EXPIRED, "the password must be changed" },
};

/* Active Directory says more in its text: "... AcceptSecurityContext error,
 * data 775, v4563"; all but 525 and 775 only for the right password. */
static const struct {
	const char		*data;
	enum work_result_code	 code;
	const char		*why;
} actives[] = {
	{ "525", WORK_UNKNOWN, "unknown user" },
	{ "530", WORK_LOCKED, "not permitted at this time" },
	{ "531", WORK_LOCKED, "not permitted from this host" },
	{ "532", WORK_EXPIRED, "the password has expired" },
	{ "533", WORK_LOCKED, "the account is disabled" },
	{ "701", WORK_EXPIRED, "the account has expired" },
	{ "773", WORK_EXPIRED, "the password must be changed" },
	{ "775", WORK_NO, "the account is locked" },
};

/* The row that the text is of, or SIZE_MAX. */
static size_t
active(const char *text)
{
	const char	*p = strstr(text, "AcceptSecurityContext");
	size_t		 i;

	if (p == NULL || (p = strstr(p, "data ")) == NULL)
		return SIZE_MAX;
	for (i = 0; i < nitems(actives); i++)
		if (strncmp(p + 5, actives[i].data, 3) == 0 &&
		    !isalnum((unsigned char)p[8]))
			return i;
	return SIZE_MAX;
}

enum work_result_code
ldap_answer(const struct ldap_reply *r, char *why, size_t size)
{
	size_t	i, a;

	why[0] = '\0';
	for (i = 0; i < nitems(policies); i++)
		if (r->policy == policies[i].policy && (r->result ==
		    LDAP_SUCCESS || r->result == LDAP_INVALID_CREDENTIALS)) {
			strlcpy(why, policies[i].why, size);
			return policies[i].code;
		}
	if (r->result == LDAP_SUCCESS)
		return WORK_YES;
	a = r->result == LDAP_INVALID_CREDENTIALS ? active(r->text) :
	    SIZE_MAX;
	if (a != SIZE_MAX) {
		strlcpy(why, actives[a].why, size);
		return actives[a].code;
	}
	for (i = 0; i < nitems(results); i++)
		if (r->result == results[i].result)
			break;
	if (i == nitems(results))
		snprintf(why, size, "%s%s%s", ldap_err2string(r->result),
		    r->text[0] != '\0' ? ": " : "", r->text);
	else if (i > 0 && results[i].code == WORK_NO && r->text[0] != '\0')
		snprintf(why, size, "%s: %s", results[i].why, r->text);
	else
		strlcpy(why, results[i].why, size);
	return i < nitems(results) ? results[i].code : WORK_UNAVAILABLE;
}
