/* pailctl app-password: passwords of single programs (common/appline.h). */
#ifndef PAILCTL_APP_PASSWORD_H
#define PAILCTL_APP_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

struct conf;

#define APP_PASSWORD_USAGE						\
	"app-password add [--scope scope] [--expires when] user [name]\n" \
	"       pailctl [-f file] app-password list [user]\n"		\
	"       pailctl [-f file] app-password revoke user [name | id]\n"

/*
 * argv[0] is "app-password".  revoked ends a user's sessions: 0, or 1 if that
 * may have failed.  The exit status; -1: usage.
 */
int	 app_password(const struct conf *conf, int argc, char *argv[],
	    int (*revoked)(const char *user));
/* All of a user who is deleted, if there is a file of them: 0 or 1. */
int	 app_password_forget(const struct conf *conf, const char *user);
/* "2027-01-31", "2027-01-31T12:00:00Z", or from now "12h", "90d", "2w", "1y".
 * -1: none of them, or over already. */
int	 app_password_when(const char *text, int64_t now, int64_t *when);

#endif
