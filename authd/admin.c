/* See admin.h. */
#include "common/compat.h"

#include "authd/admin.h"

enum work_result_code
admin_verdict(const struct names *n, enum work_result_code code,
    const char *user)
{
	switch (code) {
	case WORK_YES:
		return names_admin(n, user) ? WORK_YES : WORK_NO;
	case WORK_EXPIRED:
	case WORK_LOCKED:
		return WORK_NO;		/* whose it is, is not told */
	default:
		return code;
	}
}

bool
admin_password(enum work_how how)
{
	return how == WORK_PASSWORD || how == WORK_ADMIN;
}
