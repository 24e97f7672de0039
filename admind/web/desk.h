/*
 * What admind asks for an administrator: of authd whether he is one, and of
 * paild that it does what he wants.  admind knows no sessions and has no
 * rights: what it shows to paild is the token that his login has brought.
 */
#ifndef ADMIND_WEB_DESK_H
#define ADMIND_WEB_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_admin.h"
#include "common/user.h"

#define DESK_TOKEN	ADMIN_TOKEN	/* hex digits */
#define DESK_MAX	64		/* logins and commands at once */
#define DESK_JSON_MAX	(4 * 1024 * 1024) /* bytes of an answer */
#define DESK_MS		120000		/* then paild has not answered */

enum desk_code {
	DESK_OK,
	DESK_ERROR,	/* text says why, in words for people */
	DESK_SESSION,	/* the token is not valid: log in */
	DESK_AWAY	/* paild or authd does not answer, or not now */
};

/* All borrowed, for the call. */
struct desk_answer {
	enum desk_code	 code;
	struct str	 text;		/* why it is not DESK_OK */
	struct str	 json;		/* of a command: one object, perhaps
					 * with DESK_ERROR, too; or empty */
	char		 token[DESK_TOKEN + 1];	/* of a login */
	char		 user[USER_ID_MAX + 1];	/* who it is; "": unknown */
};

/* Once, never from within the call that has begun it. */
typedef void desk_cb(const struct desk_answer *a, void *arg);

/* How it is sent: daemon_admin(). */
struct desk_ops {
	void	(*command)(uint32_t id, const struct admin_do *what, int fd);
	void	(*lost)(const char *why);	/* authd's channel */
};

struct desk;		/* a login or a command under way */
struct event_base;

/* ops is kept by reference. */
void	 desk_init(struct event_base *base, const struct desk_ops *ops);
void	 desk_end(void);		/* no callbacks */
/* authd's channel, from paild; takes fd. */
void	 desk_channel(int fd);
/* NULL: no memory, or too many (then cb is not called).  Strings are
 * copied. */
struct desk *desk_login(struct str user, struct str password,
	    const char *remote, bool tls, desk_cb *cb, void *arg);
/* args: as paild/desk_cmd.c has them; secret: what the command reads from its
 * standard input, or empty. */
struct desk *desk_do(const char *token, const struct str *args, size_t nargs,
	    struct str secret, const char *remote, desk_cb *cb, void *arg);
/* cb is called no more; a command is done all the same.  NULL is fine. */
void	 desk_forget(struct desk *d);

#endif
