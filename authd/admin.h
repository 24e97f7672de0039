/* Who is an administrator, and who may have a session as one.  Pure. */
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

/*
 * Those who have logged in last are looked up again like users with sessions
 * (live.h): their sessions are paild's, which does not know a directory.
 */
#define ADMINS_MAX	64		/* as many as paild has tokens */
struct live_user;
struct admins {
	struct live_user	*v[ADMINS_MAX];
	size_t			 next;
};
/* Takes u, which is held; NULL is fine. */
void	 admins_hold(struct admins *a, struct live_user *u);
/* Of that user id (NULL: of all) there are no sessions any more. */
void	 admins_end(struct admins *a, const char *user);

#endif
