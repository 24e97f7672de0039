/* What the files of request.h share. */
#ifndef AUTHD_REQUEST_IMPL_H
#define AUTHD_REQUEST_IMPL_H

#include "authd/request.h"
#include "common/log_context.h"

/* A legal move, or the end of authd. */
void	 login_enter(struct login *l, enum login_state state);
/* The last word on a login that does not succeed: l is gone. */
void	 login_no(struct login *l, enum auth_code code, const char *why);
int	 login_arm(struct login *l, int64_t ms);
/* request_log.c: why is "" of one that succeeds. */
void	 login_log(const struct login *l, const char *result,
	    const char *why);
/* The client has LOGIN_STEP_MS to answer it, in that state.  l may be gone. */
void	 login_challenge(struct login *l, enum login_state state,
	    struct str data);

/* What was proved is the user's, by his id.  l may be gone. */
void	 login_yes(struct login *l, const char *user);

/* request_name.c: from the name that the client says to l->user, and with a
 * master user l->target.  -1: it is none. */
int	 login_map(struct login *l);
/* May name (a user id, borrowed) log in?  done is called once, with l.  l may
 * be gone. */
void	 login_who(struct login *l, const char *name,
	    void (*done)(void *, const struct who_answer *));
/* What is kept of an answer that says yes. */
void	 login_verified(struct login *l, const struct check_answer *a);
/* Was it a master user who proved that?  Then the login goes on by itself, with
 * a proof's signature.  l may be gone. */
bool	 login_master(struct login *l, struct str signature);

/* request_session.c: is a limit of sessions reached?  Then l is gone. */
bool	 login_full(struct login *l);
bool	 login_limited(const struct login *l);	/* is there any such limit? */
/* It has one more. */
void	 login_opened(const struct login *l);

/* request_app.c: l's password was an app password, "ID NAME" of granted; notes
 * its use. */
void	 login_app(struct login *l, const char *granted, struct str data);
/* The app password was right, but its user may be locked: then the login goes
 * on by itself, or ends.  l may be gone. */
bool	 login_app_may(struct login *l, const struct check_answer *a);
/* What was proved, a password or an app password, is granted's. */
void	 login_granted(struct login *l, const char *granted, bool app);

/* request_scram.c: begins the exchange with what the client's connection may be
 * bound to; false: mech needs that, and it has nothing. */
bool	 login_bind(struct login *l, const struct sasl_mech *mech,
	    const struct auth_start *start);
/* The salt, and then the challenge with it. */
void	 login_ask(struct login *l);
/* user's proof was right: what is left is one empty message of the client's. */
void	 login_last(struct login *l, const char *user, struct str signature);

/* request_admin.c: is it one of admind's? */
bool	 login_is_admin(const struct login *l);
/* granted is an administrator, by an app password or his own: paild is asked
 * for his token.  l may be gone. */
void	 login_admin(struct login *l, const char *granted, bool app);

/* request_yield.c: it only waits to be told; others have its place.  false: too
 * many do. */
bool	 login_park(struct login *l);
#define LOGIN_CROWD	"too many logins, most of them from this address"

/* request_bearer.c: what the gate counts a token as when its client names
 * nobody. */
const char *login_nameless(const struct login *l, char *dst, size_t size);
/* It was wrong; of a token the client is told first what it would have to
 * bring. */
void	 login_fail(struct login *l, enum auth_code no, const char *why);

#endif
