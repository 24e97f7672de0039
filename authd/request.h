/*
 * One login's life, from AUTH_START to AUTH_OK or AUTH_NO:
 * SASL -> delay -> check -> grant.
 */
#ifndef AUTHD_REQUEST_H
#define AUTHD_REQUEST_H

#include "authd/authd.h"
#include "authd/sasl.h"
#include "common/msg_auth.h"
#include "common/user.h"

#define LOGIN_STEP_MS	180000	/* for the client's next SASL message */
#define LOGIN_TOKEN_MS	5000	/* for paild's word on a token */

enum login_state {
	LOGIN_NEW,
	LOGIN_SASL,		/* the client's next message */
	LOGIN_DELAY,		/* the throttle's */
	LOGIN_CHECK,		/* the workers' */
	LOGIN_TOKEN,		/* paild's word */
	LOGIN_STATES
};

struct login {
	TAILQ_ENTRY(login)	 entry;
	struct channel		*channel;
	uint32_t		 id;
	enum login_state	 state;
	struct sasl		 sasl;
	struct check_wait	 wait;
	struct event		*timer;
	int64_t			 began;		/* clock_ms() */
	bool			 tls;
	bool			 cached;
	char			 remote[64];
	char			 user[USER_ID_MAX + 1];	/* name, normalized */
};

/* The login may be over when these return. */
void	 login_start(struct channel *c, uint32_t id,
	    const struct auth_start *start);
void	 login_step(struct login *l, struct str data);
void	 login_cancel(struct login *l);
void	 login_drain(struct login *l);	/* unless it is being checked */
void	 login_token(struct login *l);	/* if it waits for one: look again */
void	 login_free(struct login *l);	/* without an answer */

#endif
