/* Who is an administrator.  Pure. */
#ifndef AUTHD_ADMIN_H
#define AUTHD_ADMIN_H

#include "authd/names.h"
#include "common/msg_auth.h"

/*
 * What a database's answer to WORK_ADMIN counts as.  A right password of who is
 * no administrator is a wrong one, also in what it costs and how long it takes:
 * nobody tries passwords of mail on the admin page.
 */
enum work_result_code admin_verdict(const struct names *n,
	    enum work_result_code code, const char *user);
/* Is what is asked a password, which may be an app password, too? */
bool	 admin_password(enum work_how how);

#endif
