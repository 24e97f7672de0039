/*
 * One login's life, from AUTH_START to AUTH_OK or AUTH_NO:
 * SASL -> gate -> check -> grant (of admind's: a token from paild, instead of a
 * session); with SCRAM the salt is asked for before, and
 * the client's last message comes after the check.
 */
#ifndef AUTHD_REQUEST_H
#define AUTHD_REQUEST_H

#include "authd/sasl.h"
#include "authd/state.h"
#include "authd/who.h"
#include "common/appline.h"
#include "common/msg_auth.h"
#include "common/msg_setup.h"
#include "common/user.h"

#define LOGIN_STEP_MS	180000	/* timeout for the client's next SASL
				   message */
#define LOGIN_TOKEN_MS	5000	/* for paild's word on a token */
#define LOGIN_WAIT_MS	60000	/* at the gate: then it is told to come back */
#define LOGIN_GRANT_MS	10000	/* timeout for imapd or storaged to take
				   it */

enum login_state {
	LOGIN_NEW,
	LOGIN_SASL,		/* the client's next message */
	LOGIN_ASK,		/* the workers': SCRAM's salt, or a master's
				   user */
	LOGIN_WAIT,		/* its turn at the gate */
	LOGIN_CHECK,		/* the workers' */
	LOGIN_HELD,		/* wrong; the time of the answer */
	LOGIN_YIELDED,		/* pushed out; the same */
	LOGIN_TOKEN,		/* paild's word */
	LOGIN_PAILD,		/* yes, an administrator; paild's token */
	LOGIN_LAST,		/* yes; the client's last, empty message */
	LOGIN_TOLD,		/* no, with an error; the client's answer */
	LOGIN_GRANT,		/* yes; imapd or storaged to keep up */
	LOGIN_STATES
};

struct login {
	TAILQ_ENTRY(login)	 entry;
	struct channel		*channel;
	uint32_t		 id;
	uint64_t		 session;	/* imapd's, for the logs */
	enum login_state	 state;
	struct sasl		 sasl;
	struct attempt		*attempt;	/* NULL: none */
	struct work_job		*job;		/* a salt's */
	uint32_t		 asked;		/* backends, for a salt */
	bool			 keys;		/* salt is of the user's */
	bool			 alike;		/* or looks like a user's */
	bool			 unsure;	/* one who may know was away */
	char			 salt[WORK_DATA_MAX + 1];
	struct tally		*address;
	struct addr_key		 from;
	struct event		*timer;
	int64_t			 began;		/* clock_ms() */
	bool			 tls;
	bool			 cached;
	bool			 looked;	/* a lookup knows user */
	char			 backend[48];	/* verified it; "": none */
	bool			 parked;	/* not counted as in flight */
	char			 remote[64];
	char			 user[USER_ID_MAX + 1];	/* name, normalized */
	char			 granted[USER_ID_MAX + 1]; /* id it proved */
	char			 app[APP_NAME_MAX + 1];	/* password's name */
	char			 target[USER_ID_MAX + 1]; /* whom user, a
						 * master, acts for; or "" */
	struct who		 who;		/* of target */
	struct found_quota	 quota;
	char			 signature[WORK_DATA_MAX]; /* meanwhile */
	size_t			 signature_len;
	int64_t			 proved;	/* clock_ms(), then */
	uint32_t		 wanted;	/* of LOGIN_PAILD: its number */
	enum auth_code		 no;		/* of LOGIN_TOLD */
	char			 why[160];	/* the same */
};

/* The login may be over when these return. */
void	 login_start(struct channel *c, uint32_t id,
	    const struct auth_start *start);
void	 login_step(struct login *l, struct str data);
void	 login_cancel(struct login *l);
void	 login_drain(struct login *l);	/* unless it is being checked */
/* Invalidates the user's logins so far, even one that has been verified and is
 * still waiting. */
void	 login_revoke(struct login *l, const char *user);
/* More have come than there is room for: it is told to come back, a while
 * later, for it would come back at once. */
bool	 login_can_yield(const struct login *l);
void	 login_yield(struct login *l);
/* If it waits for paild's word, of a token or that sessions may be granted,
 * looks again. */
void	 login_again(struct login *l);
/* paild has answered: the administrator's token. */
void	 login_admin_given(struct login *l, const struct setup_give *g);
void	 login_free(struct login *l);	/* without an answer */
/* AUTH_NO, for what may never have become a login. */
void	 login_refuse(struct channel *c, uint32_t id, enum auth_code code,
	    const char *text);
/* Reports that a draining authd has no login left, if so. */
void	 login_settled(struct authd *a);

#endif
