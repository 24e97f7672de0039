/*
 * Who has logged in on the admin page (desk.h): a token for each login, which
 * whoever shows it is the administrator.  Tokens end when they are not used, or
 * too old, or when what the login has proved is void.  Pure.
 */
#ifndef PAILD_DESK_TOKEN_H
#define PAILD_DESK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_admin.h"
#include "common/user.h"

#define DESK_TOKENS	64		/* at once */
#define DESK_PER_USER	8		/* of these, of one administrator */
#define DESK_IDLE_MS	(30 * 60 * 1000LL)
#define DESK_LIFE_MS	(12 * 3600 * 1000LL)

struct desk_tokens;

struct desk_login {
	char	user[USER_ID_MAX + 1];
	char	remote[64];
	bool	app;			/* by an app password */
	uint64_t serial;		/* of its token; no other has it */
};

struct desk_tokens *desk_tokens_new(void);
void	 desk_tokens_free(struct desk_tokens *t);	/* NULL is fine */
/*
 * A new one, random, for a login of now (ms, monotonic).  If there is no room,
 * the one of the same user that was not used for longest makes it, or if he has
 * none, of any.  -1: no random numbers.
 */
int	 desk_tokens_make(struct desk_tokens *t, const struct desk_login *l,
	    int64_t now, char token[ADMIN_TOKEN + 1]);
/* Whose it is, which is a use of it; NULL: none.  The time does not tell how
 * much of it was right. */
const struct desk_login *desk_tokens_use(struct desk_tokens *t,
	    struct str token, int64_t now);
/* Is the token with that serial as good as when it was used? */
bool	 desk_tokens_live(struct desk_tokens *t, uint64_t serial, int64_t now);
/* The user logs out. */
void	 desk_tokens_end(struct desk_tokens *t, struct str token);
/* All of the user's are over; how many there were. */
size_t	 desk_tokens_revoke(struct desk_tokens *t, const char *user);
size_t	 desk_tokens_count(struct desk_tokens *t, int64_t now);

#endif
