/*
 * What admind asks of authd and of paild for an administrator: who may log in,
 * and commands as pailctl has them.  admind itself decides nothing.
 */
#ifndef ADMIND_WEB_DESK_H
#define ADMIND_WEB_DESK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/user.h"

#define DESK_TOKEN	64	/* hex digits, in lower case */

enum desk_code {
	DESK_OK,
	DESK_ERROR,		/* text says why, in words for people */
	DESK_SESSION,		/* the token is not valid: log in */
	DESK_AWAY		/* paild or authd does not answer, or has too
				   much to do */
};

/* Borrowed during the call. */
struct desk_answer {
	enum desk_code	 code;
	struct str	 text;
	struct str	 json;			/* of a command: an object */
	char		 token[DESK_TOKEN + 1];	/* of a login */
	char		 user[USER_ID_MAX + 1];	/* whose token it is, or "" */
};
/* Once, never from within the call that began it. */
typedef void desk_cb(const struct desk_answer *a, void *arg);

struct desk;			/* a login or a command under way */

/* NULL: no memory, or too many (then cb is not called).  Strings are copied. */
struct desk *desk_login(struct str user, struct str password,
	    const char *remote, bool tls, desk_cb *cb, void *arg);
struct desk *desk_do(const char *token, const struct str *args, size_t nargs,
	    struct str secret, const char *remote, desk_cb *cb, void *arg);
void	 desk_forget(struct desk *d);	/* cb is called no more; NULL is fine */

#endif
