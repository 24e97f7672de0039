/* pailctl app-password: passwords of single programs (common/appline.h). */
#ifndef PAILCTL_APP_PASSWORD_H
#define PAILCTL_APP_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

struct conf;

/* What paild does. */
struct app_ops {
	/* Ends a user's sessions: 0, or 1 if that may have failed. */
	int	(*revoked)(const char *user);
	/* A command of the control socket, whose answer's last line is in
	 * last: 0 if it begins with "done"; else the reason. */
	int	(*ask)(const char *command, const char *arg, char *last,
		    size_t size);
};

#define APP_PASSWORD_USAGE						\
	"app-password add [--scope scope] [--expires when] user [name]\n" \
	"       pailctl [-f file] app-password list [user]\n"		\
	"       pailctl [-f file] app-password revoke user [name | id]\n" \
	"       pailctl [-f file] app-password import file\n"

/* argv[0] is "app-password".  The exit status; -1: usage. */
int	 app_password(const struct conf *conf, int argc, char *argv[],
	    const struct app_ops *ops);
/* All of a user who is deleted, if there are any: 0 or 1. */
int	 app_password_forget(const struct conf *conf, const char *user,
	    const struct app_ops *ops);
/* "2027-01-31", "2027-01-31T12:00:00Z", or from now "12h", "90d", "2w", "1y".
 * -1: none of them, or over already. */
int	 app_password_when(const char *text, int64_t now, int64_t *when);

#endif
